// <iommu>: translates the addresses that devices use. The struct, and map(), which reads, writes, checks and describes
// it. Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

enum class IommuModel : uint8_t { intel, smmuv3, virtio };
VIRTUE_XML_NAMES(IommuModel, "intel", "smmuv3", "virtio")

struct Iommu {
    static constexpr const char* element = "iommu";
    IommuModel model = IommuModel::intel;
    xml::Switch intremap = xml::Switch::absent, caching_mode = xml::Switch::absent, eim = xml::Switch::absent,
                iotlb = xml::Switch::absent;
    uint32_t aw_bits = 0;
    DeviceInfo info;
    bool operator==(const Iommu&) const = default;
};

inline void map(xml::Mapper& m, Iommu& i) {
    m.required("model", i.model);
    m.group("driver", [&] {
        m.attribute("intremap", i.intremap);
        m.attribute("caching_mode", i.caching_mode);
        m.attribute("eim", i.eim);
        m.attribute("iotlb", i.iotlb);
        m.attribute("aw_bits", i.aw_bits, 0);
    });
    map_info(m, i.info);
}

}  // namespace virtue::model
