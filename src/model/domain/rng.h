// <rng>: random numbers for the guest. The struct, and map(), which reads, writes, checks and describes it. Value
// types.
#pragma once
#include "model/domain/chardev.h"

namespace virtue::model {

enum class RngModel : uint8_t { virtio, virtio_transitional, virtio_non_transitional };
VIRTUE_XML_NAMES(RngModel, "virtio", "virtio-transitional", "virtio-non-transitional")
enum class RngBackendModel : uint8_t { random, egd, builtin };
VIRTUE_XML_NAMES(RngBackendModel, "random", "egd", "builtin")

struct RngRate {
    uint32_t bytes = 0;
    std::optional<uint32_t> period;  ///< milliseconds
    bool operator==(const RngRate&) const = default;
};

struct Rng {
    static constexpr const char* element = "rng";
    RngModel model = RngModel::virtio;
    std::optional<RngRate> rate;
    RngBackendModel backend = RngBackendModel::random;
    std::string device;    ///< random: "/dev/urandom"
    ChardevSource source;  ///< egd
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Rng&) const = default;
};

inline void map(xml::Mapper& m, RngRate& r) {
    m.required("bytes", r.bytes);
    m.attribute("period", r.period);
}

inline void map_rng_backend(xml::Mapper& m, Rng& r) {
    m.required("model", r.backend);
    switch (r.backend) {
        case RngBackendModel::random:
            if (m.reading() || !r.device.empty()) m.text(r.device);
            break;
        case RngBackendModel::egd:
            if (m.reading() && !m.given("type")) m.fail("missing EGD backend type");
            m.attribute("type", r.source.type);
            map_chardev_source(m, r.source);
            break;
        case RngBackendModel::builtin:
            break;
    }
}

inline void map(xml::Mapper& m, Rng& r) {
    m.required("model", r.model);
    m.child("rate", r.rate);
    if (m.reading() && (!m.has("backend") || m.element().count("backend") != 1))
        m.fail("only one RNG backend is supported, and one is needed");
    m.group("backend", [&] { map_rng_backend(m, r); });
    m.group("driver", [&] { map(m, r.virtio); });
    map_info(m, r.info);
}

}  // namespace virtue::model
