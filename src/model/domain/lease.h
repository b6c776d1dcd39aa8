// <lease>: a lock that a lock manager holds while the guest runs. The struct, and map(), which reads, writes, checks
// and describes it. Value types.
#pragma once
#include "xml/mapper.h"

namespace virtue::model {

struct Lease {
    static constexpr const char* element = "lease";
    std::string lockspace, key, path;
    uint64_t offset = 0;
    bool operator==(const Lease&) const = default;
};

inline void map(xml::Mapper& m, Lease& l) {
    m.value("lockspace", l.lockspace);
    m.value("key", l.key);
    m.group("target", [&] {
        m.attribute("path", l.path);
        m.attribute("offset", l.offset, 0);
    });
    if (m.writing()) return;
    if (l.key.empty()) m.fail("Missing 'key' element for lease");
    if (l.path.empty()) m.fail("Missing 'target' element for lease");
}

}  // namespace virtue::model
