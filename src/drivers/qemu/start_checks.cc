#include "drivers/qemu/start_checks.h"

#include <bit>

#include "base/error.h"
#include "driver/constants.h"
#include "drivers/qemu/capabilities/firmware.h"
#include "drivers/qemu/capabilities/host_model.h"
#include "drivers/qemu/capabilities/hypervisor_cpu.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/host_checks.h"
#include "drivers/qemu/live_definition.h"
#include "host/cpu_map.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::CpuMode;

bool has_cpu_model(const AcceleratorCapabilities& accelerator, std::string_view name) {
    for (const CpuModel& model : accelerator.cpu_models) {
        if (model.name == name) return true;
    }
    return false;
}

bool supports_mode(const model::Domain& domain, const QemuCapabilities& capabilities, CpuMode mode) {
    const AcceleratorCapabilities& accelerator = capabilities.accelerator(domain.is_kvm());
    switch (mode) {
        case CpuMode::host_passthrough:
            return domain.is_kvm();
        case CpuMode::host_model:
            return name_host_model(accelerator, domain.os.arch).has_value();
        case CpuMode::maximum:
            return has_cpu_model(accelerator, "max");
        default:
            return !accelerator.cpu_models.empty();
    }
}

void require_cpu(const model::Domain& domain, const QemuCapabilities& capabilities) {
    if (!domain.cpu || (domain.cpu->mode == CpuMode::custom && domain.cpu->model.empty())) return;
    if (!supports_mode(domain, capabilities, domain.cpu->mode)) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "CPU mode '{}' for {} {} domain on x86_64 host is not supported by hypervisor",
             xml::to_name(domain.cpu->mode), domain.os.arch, xml::to_name(domain.type));
    }
}

bool is_x86(const model::Domain& domain) {
    return domain.os.arch == "x86_64" || domain.os.arch == "i686";
}

void require_cpu_features(const model::Domain& domain) {
    if (!domain.cpu) return;
    const bool x86 = is_x86(domain);
    for (const model::CpuFeature& feature : domain.cpu->features) {
        if (x86 && !host::find_cpu_feature(feature.name)) {
            fail(ErrorCode::config_unsupported, ErrorDomain::cpu, "unknown CPU feature: {}", feature.name);
        }
    }
}

void require_cpu_words(const model::Domain& domain) {
    require_cpu_features(domain);
    if (!domain.cpu) return;
    const std::string& model = domain.cpu->model;
    if (!is_x86(domain) || domain.cpu->mode != CpuMode::custom || model.empty()) return;
    if (!host::cpu_model_vendor(model)) {
        fail(ErrorCode::internal_error, ErrorDomain::cpu, "Unknown CPU model {}", model);
    }
}

void require_sysinfo(const model::Domain& domain) {
    if (domain.os.smbios != model::SmbiosMode::sysinfo) return;
    bool found = false;
    for (const model::Sysinfo& info : domain.sysinfo) {
        if (info.type != "smbios") continue;
        found = true;
        if (info.baseboards.size() > 1) {
            throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                        "qemu does not support more than one entry to Type 2 in SMBIOS table");
        }
    }
    if (!found) fail(ErrorCode::xml_error, ErrorDomain::qemu, "Domain '{}' sysinfo are not available", domain.name);
}

void require_devices(const model::Domain& domain) {
    for (const model::Shmem& shmem : domain.shmems) {
        if (shmem.size != 0 && !std::has_single_bit(shmem.size)) {
            throw Error(ErrorCode::xml_error, ErrorDomain::qemu, "shmem size must be a power of two");
        }
    }
    const bool pseries = domain.os.machine.starts_with("pseries");
    for (const model::Disk& disk : domain.disks) {
        if (disk.bus == model::DiskBus::fdc && pseries) {
            throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                        "PowerPC pseries machines do not support floppy device");
        }
    }
    for (const model::Graphics& graphics : domain.graphics) {
        if (graphics.listens.size() > 1) {
            throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                        "QEMU does not support multiple listens for one graphics device.");
        }
    }
}

}  // namespace

void require_startable(const model::Domain& domain, const QemuCapabilities& capabilities) {
    require_accelerator(domain, capabilities);
    require_cpu(domain, capabilities);
    require_cpu_words(domain);
    require_sysinfo(domain);
    require_devices(domain);
    require_host(domain);
}

void require_cpu_fits(const model::Domain& domain, const QemuCapabilities& capabilities) {
    const bool x86 = domain.os.arch == "x86_64" || domain.os.arch == "i686";
    if (!x86 || !domain.cpu || domain.cpu->mode != CpuMode::custom || domain.cpu->model.empty()) return;
    if (domain.cpu->check == model::CpuCheck::absent || domain.cpu->check == model::CpuCheck::none) return;
    if (!name_host_model(capabilities.accelerator(domain.is_kvm()), domain.os.arch)) return;
    const HypervisorCpu emulator{capabilities, domain.os.arch, domain.is_kvm()};
    emulator.compare(xml::format(*domain.cpu), api::connect_compare_cpu_fail_incompatible);
}

void require_copyable(const model::Domain& domain) {
    require_cpu_features(domain);
    for (const model::SecurityLabel& label : domain.security_labels) {
        if (label.model.empty() || label.model == "dac" || label.model == "none") continue;
        fail(ErrorCode::config_unsupported, ErrorDomain::security, "Security driver model '{}' is not available",
             label.model);
    }
    constexpr int most_isa_ports = 4;
    for (const model::Serial& serial : domain.serials) {
        if (serial.target != model::SerialTarget::isa_serial || serial.port < most_isa_ports) continue;
        fail(ErrorCode::internal_error, ErrorDomain::domain, "Maximum supported number of ISA serial ports is '{}'",
             most_isa_ports);
    }
}

void prepare_firmware(const Settings& settings, model::Domain& domain) {
    const bool wants_template = domain.os.loader && !domain.os.loader->path.empty() && domain.os.nvram &&
                                domain.os.nvram->template_path.empty();
    if (domain.os.firmware == model::OsFirmware::absent && !wants_template) return;
    const std::vector<Firmware> firmwares = read_firmwares({"/usr/share/qemu/firmware", "/etc/qemu/firmware"});
    if (domain.os.firmware == model::OsFirmware::absent) {
        // A loader that somebody named himself may be one that is described.
        for (const Firmware& firmware : firmwares) {
            if (firmware.executable != domain.os.loader->path || firmware.nvram_template.empty()) continue;
            domain.os.nvram->template_path = firmware.nvram_template;
            return;
        }
        return;
    }
    LaunchPaths paths;
    paths.library = settings.library();
    choose_firmware(domain, firmwares, paths);
}

}  // namespace virtue::qemu
