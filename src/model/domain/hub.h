// <hub>: a USB hub. The struct, and map(), which reads, writes, checks and describes it. Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

struct Hub {
    static constexpr const char* element = "hub";
    std::string type = "usb";
    DeviceInfo info;
    bool operator==(const Hub&) const = default;
};

inline void map(xml::Mapper& m, Hub& h) {
    static constexpr std::string_view types[] = {"usb"};
    m.words("type", types);
    m.required("type", h.type);
    if (m.reading() && h.type != "usb") m.fail_value("type", h.type, "'usb'");
    map_info(m, h.info);
}

}  // namespace virtue::model
