// What the builders of one command line share: where arguments go, and what they may ask about the guest. Private to
// command/; lives during one build_command().
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "drivers/qemu/command/command.h"
#include "model/domain/controller.h"
#include "model/domain/device_info.h"

namespace virtue::qemu {

/// The facts about a guest's hardware that decide how its devices are written.
struct GuestShape {
    std::string name;
    std::string arch;
    std::string machine;  ///< canonical
    std::string folder;   ///< its private folder
    std::span<const model::Controller> controllers;

    bool is_x86() const { return arch == "x86_64" || arch == "i686"; }
    bool is_arm() const { return arch == "aarch64" || arch == "armv7l" || arch == "armv6l"; }
    bool is_riscv() const { return arch == "riscv64" || arch == "riscv32"; }
    bool is_ppc64() const { return arch == "ppc64" || arch == "ppc64le"; }
    bool is_s390() const { return arch == "s390x" || arch == "s390"; }
    bool is_q35() const;
    bool is_i440fx() const;
    bool is_pseries() const { return is_ppc64() && machine.starts_with("pseries"); }
    bool is_virt() const;
    bool has_pcie_root() const;
    /// The alias of a controller, as devices name their bus by it ("pci.1", "ide", "usb").
    std::string controller_alias(model::ControllerType type, unsigned index) const;
    const model::Controller* find_controller(model::ControllerType type, unsigned index) const;
};

/// Collects a command line.
struct Builder {
    const GuestShape& shape;
    LaunchContext& context;
    LaunchPlan& plan;

    const QemuCapabilities& qemu() const { return *context.capabilities; }
    void add(std::string option) { plan.arguments.push_back(std::move(option)); }
    void add(std::string option, std::string value) {
        plan.arguments.push_back(std::move(option));
        plan.arguments.push_back(std::move(value));
    }
    void add_json(std::string option, const Json& value) { add(std::move(option), value.to_text()); }
    /// -device with the guest's own override of properties, if it has one for this alias.
    void add_device(Json properties);
    /// Passes a descriptor and gives its number in QEMU.
    int pass(Fd fd);
    /// A number for one that is not opened because only the text is wanted.
    int imagine() { return plan.imagined++; }
    /// Appends where a device sits: bus, slot and so on. What has to stand before the device on the command line for
    /// that is added at once.
    void set_address(Json& properties, const model::DeviceInfo& info) const;
    void set_boot_index(Json& properties, const model::DeviceInfo& info) const;
    /// {"driver":"virtio-rng-pci", options…}: the variant of a virtio device for its bus and model.
    Json virtio_device(std::string_view base, const model::DeviceInfo& info, std::string_view model_word,
                       const model::VirtioOptions* options) const;
    void add_zpci(const model::DeviceInfo& info) const;
    std::vector<std::pair<std::string, Json>> overrides;  ///< of the document: alias → properties to replace
    std::map<std::string, unsigned> boot_indexes;         ///< alias → place in the boot order
};

/// "a,b" → "a,,b": commas inside a value of QEMU's option syntax.
std::string escape_commas(std::string_view text);
/// The word for a switch in QEMU's option syntax.
inline const char* on_off_word(bool on) {
    return on ? "on" : "off";
}
/// Adds `"key":true|false` if the document says on or off.
void set_switch(Json& properties, const char* key, xml::Switch value);

[[noreturn]] void refuse_config(std::string message);

}  // namespace virtue::qemu
