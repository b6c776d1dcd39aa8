// <reconnect enabled='yes' timeout='10'/> of sockets. Value type.
#pragma once
#include "xml/mapper.h"

namespace virtue::model {

/// Whether QEMU connects again when the other side goes away, and after how many seconds.
struct Reconnect {
    xml::YesNo enabled = xml::YesNo::absent;
    uint32_t timeout = 0;
    bool operator==(const Reconnect&) const = default;
};

inline void map(xml::Mapper& m, Reconnect& r) {
    m.attribute("enabled", r.enabled);
    if (r.enabled == xml::YesNo::yes) m.attribute("timeout", r.timeout);
    if (m.reading() && r.enabled == xml::YesNo::yes && !m.element().attribute("timeout")) {
        throw xml::Disagreement(ErrorCode::xml_error, ErrorDomain::xml,
                                m.element().path() + ": attribute 'timeout' is missing");
    }
}

}  // namespace virtue::model
