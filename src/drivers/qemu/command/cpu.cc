#include <fmt/format.h>

#include "drivers/qemu/command/machine.h"
#include "drivers/qemu/live_cpu.h"

namespace virtue::qemu {

using model::Cpu;
using model::CpuFeaturePolicy;
using model::CpuMode;
using model::Domain;

namespace {

// libvirt's names of features that QEMU spells otherwise.
constexpr std::pair<std::string_view, std::string_view> feature_names[] = {
    {"cmp_legacy", "cmp-legacy"},       {"ds_cpl", "ds-cpl"},
    {"fxsr_opt", "fxsr-opt"},           {"kvm_pv_eoi", "kvm-pv-eoi"},
    {"kvm_pv_unhalt", "kvm-pv-unhalt"}, {"lahf_lm", "lahf-lm"},
    {"nodeid_msr", "nodeid-msr"},       {"pclmuldq", "pclmulqdq"},
    {"perfctr_core", "perfctr-core"},   {"perfctr_nb", "perfctr-nb"},
    {"tsc_adjust", "tsc-adjust"}};

std::string_view qemu_feature(std::string_view name) {
    for (const auto& [libvirt, qemu] : feature_names) {
        if (libvirt == name) return qemu;
    }
    return name;
}

void feature(std::string& text, std::string_view name, bool on) {
    text += fmt::format(",{}={}", qemu_feature(name), on_off_word(on));
}

std::string named_model(Builder& builder, const Cpu& cpu) {
    std::string text;
    switch (cpu.mode) {
        case CpuMode::custom:
            text = cpu.model;
            break;
        case CpuMode::maximum:
            text = "max";
            break;
        case CpuMode::host_passthrough:
            text = "host";
            if (cpu.migratable != xml::Switch::absent)
                text += fmt::format(",migratable={}", xml::to_name(cpu.migratable));
            break;
        // What it stands for has been put in its place, where there is anything.
        case CpuMode::host_model:
            refuse_config(
                fmt::format("CPU mode 'host-model' for {} {} domain on this host is not supported by hypervisor",
                            builder.shape.arch, builder.context.use_kvm ? "kvm" : "qemu"));
    }
    if (!cpu.vendor_id.empty()) text += fmt::format(",vendor={}", cpu.vendor_id);
    return text;
}

void add_own_features(std::string& text, const Cpu& cpu) {
    for (const model::CpuFeature& own : cpu.features) {
        if (own.policy == CpuFeaturePolicy::optional) continue;
        feature(text, own.name, own.policy == CpuFeaturePolicy::force || own.policy == CpuFeaturePolicy::require);
    }
}

void add_timers(std::string& text, const Domain& domain) {
    for (const model::Timer& timer : domain.clock.timers) {
        const bool on = timer.present == xml::YesNo::yes;
        if (timer.present == xml::YesNo::absent && timer.name != model::TimerName::tsc) continue;
        if (timer.name == model::TimerName::kvmclock) feature(text, "kvmclock", on);
        if (timer.name == model::TimerName::hypervclock && on) text += ",hv-time=on";
        if (timer.name == model::TimerName::tsc && timer.frequency > 0)
            text += fmt::format(",tsc-frequency={}", timer.frequency);
    }
}

void add_hyperv(std::string& text, const model::HypervFeatures& hyperv) {
    using xml::Switch;
    if (hyperv.mode == model::HypervMode::passthrough) {
        text += ",hv-passthrough=on";
        return;
    }
    auto on = [&text](Switch state, const char* name) {
        if (state == Switch::on) text += fmt::format(",{}=on", name);
    };
    on(hyperv.relaxed, "hv-relaxed");
    on(hyperv.vapic, "hv-vapic");
    if (hyperv.spinlocks == Switch::on) text += fmt::format(",hv-spinlocks=0x{:x}", hyperv.spinlock_retries);
    on(hyperv.vpindex, "hv-vpindex");
    on(hyperv.runtime, "hv-runtime");
    on(hyperv.synic, "hv-synic");
    on(hyperv.stimer, "hv-stimer");
    if (hyperv.stimer == Switch::on) on(hyperv.stimer_direct, "hv-stimer-direct");
    on(hyperv.reset, "hv-reset");
    if (hyperv.vendor_id == Switch::on) text += fmt::format(",hv-vendor-id={}", escape_commas(hyperv.vendor_id_value));
    on(hyperv.frequencies, "hv-frequencies");
    on(hyperv.reenlightenment, "hv-reenlightenment");
    on(hyperv.tlbflush, "hv-tlbflush");
    on(hyperv.ipi, "hv-ipi");
    on(hyperv.evmcs, "hv-evmcs");
    on(hyperv.avic, "hv-avic");
}

void add_features(std::string& text, const Domain& domain) {
    using xml::Switch;
    const model::Features& features = domain.features;
    if (features.apic_eoi != Switch::absent) feature(text, "kvm-pv-eoi", features.apic_eoi == Switch::on);
    if (features.pvspinlock != Switch::absent) feature(text, "kvm-pv-unhalt", features.pvspinlock == Switch::on);
    if (features.hyperv) add_hyperv(text, *features.hyperv);
    for (const model::Panic& panic : domain.panics) {
        if (panic.model == model::PanicModel::hyperv) text += ",hv-crash";
    }
    if (features.kvm) {
        if (features.kvm->hidden == Switch::on) text += ",kvm=off";
        if (features.kvm->hint_dedicated == Switch::on) text += ",kvm-hint-dedicated=on";
        if (features.kvm->poll_control == Switch::on) text += ",kvm-poll-control=on";
        if (features.kvm->pv_ipi == Switch::off) text += ",kvm-pv-ipi=off";
    }
    if (features.pmu != Switch::absent) feature(text, "pmu", features.pmu == Switch::on);
}

}  // namespace

void add_cpu(Builder& builder, const Domain& domain) {
    std::string text;
    if (domain.cpu && (domain.cpu->mode != CpuMode::custom || !domain.cpu->model.empty())) {
        const Cpu cpu =
            settled_cpu(*domain.cpu, builder.qemu().accelerator(builder.context.use_kvm), builder.shape.arch);
        text = named_model(builder, cpu);
        add_own_features(text, cpu);
    }
    std::string more;
    if (domain.cpu && domain.cpu->cache) {
        using model::CpuCacheMode;
        const model::CpuCache& cache = *domain.cpu->cache;
        if (cache.mode == CpuCacheMode::passthrough) more += ",host-cache-info=on,l3-cache=off";
        if (cache.mode == CpuCacheMode::emulate) more += ",l3-cache=on";
        if (cache.mode == CpuCacheMode::disable) {
            const bool whole = domain.cpu->mode == CpuMode::host_passthrough || domain.cpu->mode == CpuMode::maximum;
            more += whole ? ",host-cache-info=off,l3-cache=off" : ",l3-cache=off";
        }
    }
    std::string tail;
    add_timers(tail, domain);
    add_features(tail, domain);
    if (text.empty() && (tail + more).empty()) return;
    if (text.empty()) text = builder.shape.arch == "i686" ? "qemu32" : "qemu64";
    if (domain.cpu && domain.cpu->address_bits) {
        const model::CpuAddressBits& bits = *domain.cpu->address_bits;
        if (bits.mode == "passthrough") more += ",host-phys-bits=on";
        if (bits.mode == "emulate" && bits.bits) more += fmt::format(",phys-bits={}", *bits.bits);
    }
    builder.add("-cpu", text + tail + more);
}

}  // namespace virtue::qemu
