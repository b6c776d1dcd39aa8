#include "drivers/qemu/platform.h"

#include <sys/utsname.h>

#include "base/error.h"

namespace virtue::qemu {

std::string QemuPlatform::default_arch() const {
    utsname system{};
    ::uname(&system);
    std::string arch = system.machine;
    return arch == "i386" || arch == "i586" ? "i686" : arch;
}

std::string QemuPlatform::emulator(model::DomainType, std::string_view arch) const {
    return cache_.default_emulator(std::string(arch));
}

std::string QemuPlatform::machine(const model::Domain&, std::string_view name) const {
    if (!capabilities_) return std::string(name);
    if (name.empty()) {
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
        if (model.type == type) return model.name;
    }
    return {};
}

bool QemuPlatform::has_device(const model::Domain&, std::string_view name) const {
    return !capabilities_ || capabilities_->has_device(name);
}

void QemuPlatform::check(const model::Domain& domain) const {
    using enum model::DomainType;
    if (domain.type != qemu && domain.type != kvm && domain.type != kqemu) {
        fail(ErrorCode::config_unsupported, ErrorDomain::domain, "could not find capabilities for domaintype={}",
             xml::Codec<model::DomainType>::format(domain.type));
    }
    if (domain.os.type != model::OsType::absent && domain.os.type != model::OsType::hvm) {
        fail(ErrorCode::config_unsupported, ErrorDomain::domain, "could not find capabilities for ostype={}",
             xml::Codec<model::OsType>::format(domain.os.type));
    }
    if (!capabilities_ || domain.os.machine.empty()) return;
    const MachineType* machine = capabilities_->find_machine(domain.os.machine);
    if (!machine) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "Emulator '{}' does not support machine type '{}'",
             capabilities_->binary, domain.os.machine);
    }
    if (machine->max_cpus > 0 && domain.vcpus.maximum > machine->max_cpus) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "Maximum CPUs greater than specified machine type limit {}", machine->max_cpus);
    }
}

}  // namespace virtue::qemu
