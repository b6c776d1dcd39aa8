// What one QEMU binary can do, as QEMU itself told over QMP: version, machines, CPU models, devices, commands.
// Immutable once probed; shared by everything that needs it. A value type; any thread.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/monitor/json.h"

namespace virtue::qemu {

/// A machine type.
struct MachineType {
    std::string name;   ///< "pc-q35-7.2"
    std::string alias;  ///< "q35", empty if none
    unsigned max_cpus = 0;
    std::string default_cpu;  ///< QOM type, "qemu64-x86_64-cpu"
    std::string default_ram;  ///< id of the default RAM block, "pc.ram"; empty if it has none
    bool cpu_hotplug = false;
    bool numa = false;
    bool deprecated = false;
    bool is_default = false;
    bool operator==(const MachineType&) const = default;
};

/// Whether a CPU model can be used with an accelerator on this host.
enum class Usable : uint8_t { unknown, yes, no };

/// A CPU model that QEMU knows.
struct CpuModel {
    std::string name;  ///< "EPYC"
    std::string type;  ///< QOM type
    Usable usable = Usable::unknown;
    std::vector<std::string> blockers;  ///< features that are missing
    bool deprecated = false;
    bool operator==(const CpuModel&) const = default;
};

/// What depends on the accelerator.
struct AcceleratorCapabilities {
    std::vector<CpuModel> cpu_models;
    /// Features of CPU model "max" (TCG) or "host" (KVM) as QEMU expands it: name → "true"/"false"/number as text.
    std::map<std::string, std::string> host_model;
    bool operator==(const AcceleratorCapabilities&) const = default;
};

/// The capabilities of one binary.
struct QemuCapabilities {
    std::string binary;   ///< path that was asked for
    std::string arch;     ///< libvirt's name: "x86_64", "i686", "aarch64", …
    int version = 0;      ///< major * 1000000 + minor * 1000 + micro
    std::string package;  ///< "Debian 1:7.2+dfsg-7"
    std::vector<MachineType> machines;
    std::set<std::string, std::less<>> commands;  ///< QMP commands
    std::set<std::string, std::less<>> devices;   ///< QOM types that -device or -object take, and back ends
    std::map<std::string, std::set<std::string, std::less<>>, std::less<>> properties;  ///< of some devices
    std::set<std::string, std::less<>> options;  ///< "OPTION.PARAMETER" of query-command-line-options
    std::set<std::string, std::less<>> schema;   ///< facts from query-qmp-schema that a command line depends on
    std::vector<std::string> tpm_models;
    std::vector<std::string> tpm_types;
    bool kvm = false;        ///< KVM works with this binary on this host
    std::string kvm_reason;  ///< why not, a sentence; empty when it works
    AcceleratorCapabilities tcg;
    AcceleratorCapabilities with_kvm;

    bool has_command(std::string_view name) const { return commands.contains(name); }
    bool has_device(std::string_view type) const { return devices.contains(type); }
    bool has_property(std::string_view type, std::string_view property) const;
    bool has_option(std::string_view option_parameter) const { return options.contains(option_parameter); }

    /// A machine type by name or alias; nothing if QEMU has none. An empty name gives the default machine.
    const MachineType* find_machine(std::string_view name) const;
    /// The canonical name of a machine type ("q35" → "pc-q35-7.2"), or `name` itself if QEMU does not know it.
    std::string canonical_machine(std::string_view name) const;
    const AcceleratorCapabilities& accelerator(bool use_kvm) const { return use_kvm ? with_kvm : tcg; }

    /// Our own format on disk.
    Json to_json() const;
    static QemuCapabilities from_json(const Json& json);
    bool operator==(const QemuCapabilities&) const = default;
};

using CapabilitiesRef = std::shared_ptr<const QemuCapabilities>;

}  // namespace virtue::qemu
