#include "drivers/qemu/capabilities/hypervisor_cpu.h"

#include <fmt/format.h>

#include "base/error.h"
#include "driver/constants.h"
#include "driver/cpu_xml.h"
#include "drivers/qemu/capabilities/host_model.h"

namespace virtue::qemu {

namespace {

bool is_x86(const std::string& arch) {
    return arch == "x86_64" || arch == "i686";
}

}  // namespace

host::CpuFeatures known_features(const AcceleratorCapabilities& accelerator) {
    host::CpuFeatures known;
    for (const auto& [name, value] : accelerator.host_model) {
        if (value != "true" && value != "false") continue;
        if (const auto index = host::find_cpu_feature(name)) known.set(*index);
    }
    return known.any() ? known : known.set();
}

host::CpuMatch HypervisorCpu::compare(const std::string& xml, uint32_t flags) const {
    const auto own = name_host_model(emulator.accelerator(kvm), arch);
    if (!own) {
        fail(ErrorCode::operation_unsupported, ErrorDomain::qemu,
             "QEMU '{}' does not support reporting CPU model for virttype '{}'", emulator.binary, kvm ? "kvm" : "qemu");
    }
    const host::CpuDescription wanted =
        driver::read_cpu(xml, driver::CpuElement::automatic, (flags & api::connect_compare_cpu_validate_xml) != 0);
    host::CpuDescription described = host::describe(*own, "");
    return host::compare_cpu(described, wanted, (flags & api::connect_compare_cpu_fail_incompatible) != 0);
}

std::string HypervisorCpu::baseline(const std::vector<std::string>& xmls, uint32_t flags) const {
    const std::vector<host::CpuDescription> cpus = driver::read_cpus(xmls, driver::CpuElement::automatic);
    if (!is_x86(arch)) {
        fail(ErrorCode::operation_unsupported, ErrorDomain::qemu,
             "computing baseline hypervisor CPU is not supported for arch {}", arch);
    }
    const AcceleratorCapabilities& accelerator = emulator.accelerator(kvm);
    host::BaselineRules rules;
    rules.usable = known_features(accelerator);
    // An emulated CPU can move whatever it has.
    rules.migratable = kvm && (flags & api::connect_baseline_cpu_migratable) != 0;
    rules.offer = [&](std::string_view name, host::CpuFeatures& blockers) {
        return offer_model(accelerator, name, blockers);
    };
    host::CpuDescription result = host::baseline_cpu(arch, cpus, rules);
    result.fallback_allowed = false;
    if ((flags & api::connect_baseline_cpu_expand_features) != 0) host::expand_features(arch, result);
    return driver::write_cpu(result);
}

}  // namespace virtue::qemu
