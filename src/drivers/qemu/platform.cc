#include "drivers/qemu/platform.h"

#include <sys/utsname.h>

#include "base/error.h"

namespace virtue::qemu {
namespace {

/// A 64-bit emulator runs the 32-bit guests of its family, too.
bool runs_arch(const QemuCapabilities& capabilities, std::string_view arch) {
    const std::string& own = capabilities.arch;
    if (arch.empty() || arch == own) return true;
    return (own == "x86_64" && arch == "i686") || (own == "aarch64" && arch == "armv7l") ||
           (own == "ppc64" && arch == "ppc64le");
}

void require_arch(const QemuCapabilities& capabilities, const std::string& arch) {
    if (runs_arch(capabilities, arch)) return;
    fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "Emulator '{}' does not support arch '{}'",
         capabilities.binary, arch);
}

}  // namespace

std::string QemuPlatform::default_arch() const {
    utsname system{};
    ::uname(&system);
    std::string arch = system.machine;
    return arch == "i386" || arch == "i586" ? "i686" : arch;
}

std::string QemuPlatform::emulator(model::DomainType, std::string_view arch) const {
    return cache_.default_emulator(std::string(arch));
}

std::string QemuPlatform::machine(const model::Domain& domain, std::string_view name) const {
    if (!capabilities_) return std::string(name);
    if (name.empty()) {
        if (domain.is_kvm() && !capabilities_->kvm) {
            throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                        fmt::format("could not get preferred machine for {} type={}", capabilities_->binary,
                                    xml::to_name(domain.type)),
                        capabilities_->kvm_reason);
        }
        const MachineType* machine = capabilities_->find_machine("");
        return machine ? machine->name : std::string();
    }
    return capabilities_->canonical_machine(name);
}

std::string QemuPlatform::default_cpu(const model::Domain& domain) const {
    if (!capabilities_) return {};
    const MachineType* machine = capabilities_->find_machine(domain.os.machine);
    std::string type = machine ? machine->default_cpu : "";
    for (const CpuModel& model : capabilities_->accelerator(domain.is_kvm()).cpu_models) {
        if (model.type != type) continue;
        // QEMU calls them power9 since 2.11; libvirt, and so every definition, POWER9.
        std::string name = model.name;
        if (domain.os.arch.starts_with("ppc64") && name.starts_with("power"))
            for (char& c : name)
                if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        return name;
    }
    return {};
}

bool QemuPlatform::has_device(const model::Domain&, std::string_view name) const {
    if (!capabilities_ || capabilities_->has_device(name)) return true;
    // Where there is no ISA bus it is a device of the system bus.
    return name == "tpm-tis" && capabilities_->has_device("tpm-tis-device");
}

void QemuPlatform::check(const model::Domain& domain) const {
    using enum model::DomainType;
    if (!capabilities_) return;
    const std::string& binary = capabilities_->binary;
    if (domain.os.type != model::OsType::absent && domain.os.type != model::OsType::hvm) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "Emulator '{}' does not support os type '{}'", binary,
             xml::Codec<model::OsType>::format(domain.os.type));
    }
    require_arch(*capabilities_, domain.os.arch);
    if (domain.type != qemu && !(domain.is_kvm() && capabilities_->kvm)) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                    fmt::format("Emulator '{}' does not support virt type '{}'", binary, xml::to_name(domain.type)),
                    domain.is_kvm() ? capabilities_->kvm_reason : "");
    }
    if (domain.os.machine.empty()) return;
    const MachineType* machine = capabilities_->find_machine(domain.os.machine);
    if (!machine) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "Emulator '{}' does not support machine type '{}'",
             binary, domain.os.machine);
    }
    if (machine->max_cpus > 0 && domain.vcpus.maximum > machine->max_cpus) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "Maximum CPUs greater than specified machine type limit {}", machine->max_cpus);
    }
}

}  // namespace virtue::qemu
