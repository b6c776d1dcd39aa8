// <nvram> in <devices>: the NVRAM device of pSeries. The struct, and map(), which reads, writes, checks and describes
// it. Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

struct Nvram {
    static constexpr const char* element = "nvram";
    DeviceInfo info;
    bool operator==(const Nvram&) const = default;
};

inline void map(xml::Mapper& m, Nvram& n) {
    map_info(m, n.info);
}

}  // namespace virtue::model
