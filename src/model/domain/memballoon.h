// <memballoon>: gives memory back to the host. The struct, and map(), which reads, writes, checks and describes it.
// Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

enum class MemballoonModel : uint8_t { virtio, xen, none, virtio_transitional, virtio_non_transitional };
VIRTUE_XML_NAMES(MemballoonModel, "virtio", "xen", "none", "virtio-transitional", "virtio-non-transitional")

struct Memballoon {
    static constexpr const char* element = "memballoon";
    MemballoonModel model = MemballoonModel::virtio;
    xml::Switch autodeflate = xml::Switch::absent;
    xml::Switch free_page_reporting = xml::Switch::absent;
    uint32_t stats_period = 0;  ///< seconds
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Memballoon&) const = default;
};

inline void map(xml::Mapper& m, Memballoon& b) {
    m.required("model", b.model);
    m.attribute("autodeflate", b.autodeflate);
    m.attribute("freePageReporting", b.free_page_reporting);
    if (m.reading() || b.stats_period != 0) m.attribute_of("stats", "period", b.stats_period);
    map_info(m, b.info);
    m.group("driver", [&] { map(m, b.virtio); });
}

}  // namespace virtue::model
