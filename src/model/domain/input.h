// <input>: keyboards, mice, tablets, and input devices of the host. The struct, and map(), which reads, writes, checks
// and describes it. Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

enum class InputType : uint8_t { mouse, tablet, keyboard, passthrough, evdev };
VIRTUE_XML_NAMES(InputType, "mouse", "tablet", "keyboard", "passthrough", "evdev")
enum class InputBus : uint8_t { absent, ps2, usb, xen, parallels, virtio, none };
VIRTUE_XML_NAMES(InputBus, "", "ps2", "usb", "xen", "parallels", "virtio", "none")

struct Input {
    static constexpr const char* element = "input";
    InputType type = InputType::mouse;
    InputBus bus = InputBus::absent;
    VirtioModel model = VirtioModel::absent;
    VirtioOptions virtio;
    std::string evdev;  ///< passthrough: <source evdev>; evdev: <source dev>
    std::string grab, grab_toggle;
    xml::Switch repeat = xml::Switch::absent;
    DeviceInfo info;
    bool operator==(const Input&) const = default;
};

inline void map(xml::Mapper& m, Input& i) {
    m.required("type", i.type);
    m.attribute("bus", i.bus);
    m.attribute("model", i.model);
    m.group("driver", [&] { map(m, i.virtio); });
    static constexpr std::string_view grabs[] = {"all"};
    static constexpr std::string_view toggles[] = {"ctrl-ctrl", "alt-alt",    "shift-shift",
                                                   "meta-meta", "scrolllock", "ctrl-scrolllock"};
    if (i.type == InputType::passthrough || i.type == InputType::evdev) {
        m.group("source", [&] {
            m.attribute(i.type == InputType::evdev ? "dev" : "evdev", i.evdev);
            m.words("grab", grabs);
            m.words("grabToggle", toggles);
            m.attribute("grab", i.grab);
            m.attribute("grabToggle", i.grab_toggle);
            m.attribute("repeat", i.repeat);
        });
    }
    map_info(m, i.info);
    if (m.writing() || !m.has("source")) return;
    const bool named = m.element().child("source").attribute(i.type == InputType::evdev ? "dev" : "evdev").has_value();
    const bool wanted = i.type == InputType::evdev ? i.evdev.empty() : i.type == InputType::passthrough && !named;
    if (wanted) m.fail("Missing evdev path for input device");
}

}  // namespace virtue::model
