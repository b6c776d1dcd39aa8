// <crypto>: a virtio crypto device. The struct, and map(), which reads, writes, checks and describes it. Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

struct Crypto {
    static constexpr const char* element = "crypto";
    std::string model = "virtio";
    std::string type = "qemu";
    std::string backend = "builtin";
    uint32_t queues = 0;
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Crypto&) const = default;
};

inline void map(xml::Mapper& m, Crypto& c) {
    m.required("model", c.model);
    m.required("type", c.type);
    m.group("backend", [&] {
        m.required("model", c.backend);
        m.attribute("queues", c.queues, 0);
    });
    m.group("driver", [&] { map(m, c.virtio); });
    map_info(m, c.info);
}

}  // namespace virtue::model
