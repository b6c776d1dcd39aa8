// <vsock>: sockets between host and guest. The struct, and map(), which reads, writes, checks and describes it. Value
// types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

struct Vsock {
    static constexpr const char* element = "vsock";
    VirtioModel model = VirtioModel::absent;
    xml::YesNo automatic_cid = xml::YesNo::absent;
    uint32_t cid = 0;
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Vsock&) const = default;
};

inline void map(xml::Mapper& m, Vsock& v) {
    m.attribute("model", v.model);
    m.group("cid", [&] {
        m.attribute("auto", v.automatic_cid);
        if (m.reading() || (v.cid != 0 && !(v.automatic_cid == xml::YesNo::yes && m.options().inactive)))
            m.attribute("address", v.cid);
        if (m.reading() && m.given("address") && v.cid < 3) m.fail_value("address", std::to_string(v.cid), "3 or more");
    });
    map_info(m, v.info);
    m.group("driver", [&] { map(m, v.virtio); });
}

}  // namespace virtue::model
