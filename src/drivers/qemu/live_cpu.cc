#include "drivers/qemu/live_cpu.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/capabilities/host_model.h"
#include "drivers/qemu/capabilities/hypervisor_cpu.h"
#include "host/cpu_map.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::Cpu;
using model::CpuFeature;
using model::CpuFeaturePolicy;
using model::CpuMode;

bool has_named_model(const model::Domain& domain) {
    bool is_x86 = domain.os.arch == "x86_64" || domain.os.arch == "i686";
    return is_x86 && domain.cpu && domain.cpu->mode == CpuMode::custom && !domain.cpu->model.empty();
}

CpuFeature* find_feature(Cpu& cpu, std::string_view name) {
    auto found = std::find_if(cpu.features.begin(), cpu.features.end(),
                              [name](const CpuFeature& feature) { return feature.name == name; });
    return found == cpu.features.end() ? nullptr : &*found;
}

void set_feature(Cpu& cpu, std::string_view name, CpuFeaturePolicy policy) {
    if (CpuFeature* feature = find_feature(cpu, name)) {
        feature->policy = policy;
        return;
    }
    cpu.features.push_back({policy, std::string(name)});
}

bool wants(CpuFeaturePolicy policy) {
    return policy == CpuFeaturePolicy::force || policy == CpuFeaturePolicy::require;
}

/// What QEMU said: which features are on, and which it knows at all.
struct Shown {
    host::CpuFeatures on;
    host::CpuFeatures known;
};

Shown read_answer(const Json& answer) {
    Shown shown;
    const Json* model = answer.find("model");
    const Json* properties = model ? model->find("props") : nullptr;
    if (!properties) return shown;
    for (const auto& [name, value] : properties->members()) {
        std::optional<size_t> index = host::find_cpu_feature(name);
        if (!index || !value.is_bool()) continue;
        shown.known.set(*index);
        if (value.as_bool()) shown.on.set(*index);
    }
    return shown;
}

/// Features that the definition has by its model and its own list.
host::CpuFeatures expected_features(const Cpu& cpu) {
    host::CpuFeatures expected = host::cpu_model_features(cpu.model).value_or(host::CpuFeatures());
    for (const CpuFeature& feature : cpu.features) {
        std::optional<size_t> index = host::find_cpu_feature(feature.name);
        if (index) expected.set(*index, wants(feature.policy));
    }
    return expected;
}

void append_name(std::string& list, std::string_view name) {
    if (!list.empty()) list += ',';
    list += name;
}

}  // namespace

namespace {

/// The host's model in the CPU's place; what the document says of features stands, in its place of the list.
void become(Cpu& cpu, const host::NamedCpu& host) {
    std::vector<CpuFeature> own = std::move(cpu.features);
    cpu.features.clear();
    for (const std::string& name : host.require) set_feature(cpu, name, CpuFeaturePolicy::require);
    for (const std::string& name : host.disable) set_feature(cpu, name, CpuFeaturePolicy::disable);
    for (const CpuFeature& feature : own) set_feature(cpu, feature.name, feature.policy);
    cpu.mode = CpuMode::custom;
    cpu.match = model::CpuMatch::exact;
    cpu.model = host.model;
    cpu.vendor = host.vendor;
}

/// Features that the emulator can show are there.
void decide_optional(Cpu& cpu, const host::NamedCpu& host) {
    const host::CpuFeatures offered = host::features_of(host);
    for (CpuFeature& feature : cpu.features) {
        if (feature.policy != CpuFeaturePolicy::optional) continue;
        const std::optional<size_t> index = host::find_cpu_feature(feature.name);
        const bool on = index && offered.test(*index);
        feature.policy = on ? CpuFeaturePolicy::require : CpuFeaturePolicy::disable;
    }
}

void name_removed(Cpu& cpu) {
    const host::CpuFeatures removed = host::cpu_model_removed(cpu.model);
    for (size_t index = 0; removed.any() && index < removed.size(); index++) {
        const std::string name(removed.test(index) ? host::cpu_feature_name(index) : "");
        if (!name.empty() && !find_feature(cpu, name)) cpu.features.push_back({CpuFeaturePolicy::disable, name});
    }
}

/// What this QEMU has never heard of is off without being told.
void drop_unknown(Cpu& cpu, const AcceleratorCapabilities& accelerator) {
    const bool any_off = std::any_of(cpu.features.begin(), cpu.features.end(),
                                     [](const CpuFeature& feature) { return !wants(feature.policy); });
    if (!any_off || accelerator.host_model.empty()) return;
    const host::CpuFeatures known = known_features(accelerator);
    std::erase_if(cpu.features, [&known](const CpuFeature& feature) {
        const std::optional<size_t> index = host::find_cpu_feature(feature.name);
        const bool off = feature.policy == CpuFeaturePolicy::disable || feature.policy == CpuFeaturePolicy::forbid;
        return off && index && !known.test(*index);
    });
}

}  // namespace

Cpu settled_cpu(Cpu cpu, const AcceleratorCapabilities& accelerator, std::string_view arch) {
    if (arch != "x86_64" && arch != "i686") return cpu;
    const bool named = cpu.mode == CpuMode::custom && !cpu.model.empty();
    if (!named && cpu.mode != CpuMode::host_model) return cpu;
    const bool nearest = cpu.mode == CpuMode::host_model || cpu.match == model::CpuMatch::minimum;
    const bool has_optional = std::any_of(cpu.features.begin(), cpu.features.end(), [](const CpuFeature& feature) {
        return feature.policy == CpuFeaturePolicy::optional;
    });
    // Looking for the host's model takes a while.
    if (nearest || has_optional) {
        const auto host = name_host_model(accelerator, arch);
        if (host && nearest) become(cpu, *host);
        if (host) decide_optional(cpu, *host);
    }
    name_removed(cpu);
    drop_unknown(cpu, accelerator);
    return cpu;
}

void settle_cpu(model::Domain& domain, const QemuCapabilities& capabilities) {
    if (!domain.cpu) return;
    Cpu& cpu = *domain.cpu;
    cpu = settled_cpu(std::move(cpu), capabilities.accelerator(domain.is_kvm()), domain.os.arch);
    if (cpu.mode == CpuMode::custom && !cpu.model.empty()) cpu.fallback = model::CpuFallback::forbid;
}

std::optional<Json> cpu_question(const model::Domain& domain) {
    if (!has_named_model(domain)) return std::nullopt;
    Json properties = Json::object({});
    for (const CpuFeature& feature : domain.cpu->features) {
        if (feature.policy == CpuFeaturePolicy::optional) continue;
        // QEMU takes libvirt's spelling of a feature as an alias of its own.
        properties.set(feature.name, wants(feature.policy));
    }
    Json model = Json::object({{"name", domain.cpu->model}, {"props", std::move(properties)}});
    return Json::object({{"type", "full"}, {"model", std::move(model)}});
}

void take_cpu(model::Domain& domain, const Json& answer) {
    if (!has_named_model(domain)) return;
    Cpu& cpu = *domain.cpu;
    Shown shown = read_answer(answer);
    if (shown.known.none()) return;
    for (CpuFeature& feature : cpu.features) {
        std::optional<size_t> index = host::find_cpu_feature(feature.name);
        if (feature.policy != CpuFeaturePolicy::optional || !index) continue;
        feature.policy = shown.on.test(*index) ? CpuFeaturePolicy::require : CpuFeaturePolicy::disable;
    }
    host::CpuFeatures expected = expected_features(cpu);
    bool strict = cpu.check == model::CpuCheck::full;
    std::string added;
    std::string removed;
    for (size_t index = 0; index < expected.size(); index++) {
        bool on = shown.on.test(index);
        if (!shown.known.test(index) || on == expected.test(index)) continue;
        std::string_view name = host::cpu_feature_name(index);
        append_name(on ? added : removed, name);
        if (!strict) set_feature(cpu, name, on ? CpuFeaturePolicy::require : CpuFeaturePolicy::disable);
    }
    if (strict && !(added.empty() && removed.empty())) {
        std::string difference;
        if (!added.empty()) difference = "extra features: " + added;
        if (!removed.empty()) difference += (difference.empty() ? "" : ", ") + ("missing features: " + removed);
        fail(ErrorCode::operation_failed, ErrorDomain::cpu, "guest CPU doesn't match specification: {}", difference);
    }
    cpu.check = model::CpuCheck::full;
}

}  // namespace virtue::qemu
