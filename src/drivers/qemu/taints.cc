#include "drivers/qemu/taints.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "drivers/qemu/capabilities/capabilities.h"
#include "host/system_files.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

struct Words {
    std::string_view name;
    std::string_view sentence;
};

constexpr Words words[taint_count] = {
    {"custom-argv", "custom configuration parameters specified"},
    {"custom-monitor", "custom monitor control commands issued"},
    {"high-privileges", "running with undesirable elevated privileges"},
    {"shell-scripts", "network configuration using opaque shell scripts"},
    {"disk-probing", "potentially unsafe disk format probing"},
    {"external-launch", "managing externally launched configuration"},
    {"host-cpu", "potentially unsafe use of host CPU passthrough"},
    {"hook-script", "configuration potentially modified by hook script"},
    {"cdrom-passthrough", "use of host cdrom passthrough"},
    {"custom-dtb", "custom device tree blob used"},
    {"custom-ga-command", "custom guest agent control commands issued"},
    {"custom-hypervisor-feature", "hypervisor feature autodetection override"},
    {"deprecated-config", "use of deprecated configuration settings"},
    {"custom-device", "custom device configuration"},
};

bool is_raw_scsi(const model::Hostdev& hostdev) {
    return hostdev.mode == model::HostdevMode::subsystem && hostdev.type == model::HostdevType::scsi &&
           hostdev.rawio == xml::YesNo::yes;
}

/// A real drive with a tray, which the kernel knows as such: nobody has to open it for that.
bool is_optical_drive(const std::string& path) {
    struct stat status {};
    if (path.empty() || ::stat(path.c_str(), &status) != 0 || !S_ISBLK(status.st_mode)) return false;
    const std::string place =
        fmt::format("/sys/dev/block/{}:{}/device/type", major(status.st_rdev), minor(status.st_rdev));
    constexpr std::string_view rom = "5";  // of the SCSI peripheral device types (SPC-4, 6.6.2)
    return host::SystemFiles().text(place).value_or("").starts_with(rom);
}

void add_devices(const model::Domain& domain, Taints& taints) {
    for (const model::Disk& disk : domain.disks) {
        if (disk.rawio == xml::YesNo::yes) taints.add(Taint::high_privileges);
        const bool host_drive = disk.device == model::DiskDevice::cdrom &&
                                disk.source.type == model::StorageType::block && is_optical_drive(disk.source.path);
        if (host_drive) taints.add(Taint::cdrom_passthrough);
    }
    for (const model::Hostdev& hostdev : domain.hostdevs) {
        if (is_raw_scsi(hostdev)) taints.add(Taint::high_privileges);
    }
    for (const model::Interface& interface : domain.interfaces) {
        const bool script = interface.type == model::InterfaceType::ethernet && !interface.script.empty();
        if (script) taints.add(Taint::shell_scripts);
    }
}

}  // namespace

std::string_view taint_name(Taint taint) {
    return words[static_cast<size_t>(taint)].name;
}

std::optional<Taint> find_taint(std::string_view name) {
    for (size_t i = 0; i < taint_count; i++) {
        if (words[i].name == name) return static_cast<Taint>(i);
    }
    return std::nullopt;
}

std::string_view taint_sentence(Taint taint) {
    return words[static_cast<size_t>(taint)].sentence;
}

std::vector<Taint> Taints::list() const {
    std::vector<Taint> all;
    for (size_t i = 0; i < taint_count; i++) {
        if (has(static_cast<Taint>(i))) all.push_back(static_cast<Taint>(i));
    }
    return all;
}

Taints taints_of(const model::Domain& domain, const QemuCapabilities& capabilities, bool as_root) {
    Taints taints;
    if (as_root) taints.add(Taint::high_privileges);
    if (!domain.qemu.arguments.empty() || !domain.qemu.environment.empty()) taints.add(Taint::custom_argv);
    if (!domain.qemu.added.empty() || !domain.qemu.removed.empty()) taints.add(Taint::custom_hypervisor_feature);
    if (!domain.qemu.overrides.empty()) taints.add(Taint::custom_device);
    if (domain.cpu && domain.cpu->mode == model::CpuMode::host_passthrough) taints.add(Taint::host_cpu);
    if (!deprecations_of(domain, capabilities).empty()) taints.add(Taint::deprecated_config);
    if (!domain.os.dtb.empty()) taints.add(Taint::custom_dtb);
    add_devices(domain, taints);
    return taints;
}

std::vector<std::string> deprecations_of(const model::Domain& domain, const QemuCapabilities& capabilities) {
    std::vector<std::string> all;
    const MachineType* machine = capabilities.find_machine(domain.os.machine);
    if (machine != nullptr && machine->deprecated) all.push_back(fmt::format("machine type '{}'", domain.os.machine));
    if (!domain.cpu || domain.cpu->mode != model::CpuMode::custom) return all;
    for (const CpuModel& model : capabilities.accelerator(domain.is_kvm()).cpu_models) {
        if (!model.deprecated || model.name != domain.cpu->model) continue;
        all.push_back(fmt::format("CPU model '{}'", model.name));
    }
    return all;
}

std::string taint_note(int id, Taint taint) {
    return fmt::format("Domain id={} is tainted: {}", id, taint_name(taint));
}

}  // namespace virtue::qemu
