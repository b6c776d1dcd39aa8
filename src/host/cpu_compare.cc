#include "host/cpu_compare.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace virtue::host {

namespace {

[[noreturn]] void refuse(ErrorCode code, std::string detail) {
    throw Error(code, ErrorDomain::cpu, std::move(detail));
}

bool is_x86(std::string_view arch) {
    return arch == "x86_64" || arch == "i686";
}

size_t feature_at(const std::string& name) {
    const auto index = find_cpu_feature_by_exact_name(name);
    if (!index) refuse(ErrorCode::internal_error, "Unknown CPU feature " + name);
    return *index;
}

CpuFeatures model_features(const CpuDescription& cpu) {
    if (!cpu.has_model || cpu.model.empty()) return {};
    const auto features = cpu_model_features(cpu.model);
    if (!features) refuse(ErrorCode::internal_error, "Unknown CPU model " + cpu.model);
    return *features;
}

// All that the CPU has.
CpuFeatures features_of(const CpuDescription& cpu) {
    CpuFeatures set = model_features(cpu);
    for (const DescribedFeature& feature : cpu.features) {
        const FeaturePolicy policy = cpu.is_host ? FeaturePolicy::require : feature.policy;
        if (policy == FeaturePolicy::optional) continue;
        set.set(feature_at(feature.name), policy == FeaturePolicy::require || policy == FeaturePolicy::force);
    }
    return set;
}

// The features with that policy; those of the model count as required.
CpuFeatures features_with(const CpuDescription& cpu, FeaturePolicy policy) {
    if (cpu.is_host && policy != FeaturePolicy::require) return {};
    CpuFeatures set;
    if (policy == FeaturePolicy::require) set = model_features(cpu);
    for (const DescribedFeature& feature : cpu.features) {
        if (cpu.is_host || feature.policy == policy) set.set(feature_at(feature.name));
    }
    return set;
}

std::string names_of(const CpuFeatures& features) {
    std::string text;
    for (size_t i = 0; i < features.size(); i++) {
        if (!features.test(i)) continue;
        if (!text.empty()) text += ", ";
        text += cpu_feature_name(i);
    }
    return text;
}

// Why the host cannot run it, empty if it can; `match` then says how well.
std::string obstacle(const CpuDescription& host, const CpuDescription& wanted, CpuMatch& match) {
    if (!wanted.arch.empty() && !is_x86(wanted.arch)) return "CPU arch " + wanted.arch + " does not match host arch";
    if (!wanted.vendor.empty() && wanted.vendor != host.vendor) {
        return "host CPU vendor does not match required CPU vendor " + wanted.vendor;
    }
    const CpuFeatures has = features_of(host);
    const CpuFeatures force = features_with(wanted, FeaturePolicy::force);
    CpuFeatures require = features_with(wanted, FeaturePolicy::require);
    const CpuFeatures optional = features_with(wanted, FeaturePolicy::optional);
    const CpuFeatures disable = features_with(wanted, FeaturePolicy::disable);
    const CpuFeatures forbid = features_with(wanted, FeaturePolicy::forbid);
    if ((forbid & has).any()) return "Host CPU provides forbidden features: " + names_of(forbid & has);
    // What is forced is there without the host's help.
    require &= ~(force | forbid | optional | disable);
    if ((require & ~has).any()) return "Host CPU does not provide required features: " + names_of(require & ~has);
    const CpuFeatures extra = has & ~(optional | require | disable | force);
    match = extra.any() ? CpuMatch::superset : CpuMatch::identical;
    if (extra.any() && wanted.strict && !wanted.is_host) {
        return "Host CPU does not strictly match guest CPU: Extra features: " + names_of(extra);
    }
    return {};
}

// The vendor that all agree on; throws where they do not.
class VendorCheck {
public:
    // A name that nobody knows is refused; one without a name leaves the result without.
    void add(const CpuDescription& cpu, bool use_model) {
        std::string vendor = cpu.vendor;
        if (vendor.empty()) {
            all_named_ = false;
            const auto of_model = cpu_model_vendor(cpu.model);
            if (use_model && of_model && *of_model != "unknown") vendor = *of_model;
        }
        if (vendor.empty()) return;
        if (agreed_.empty()) {
            if (vendor != "Intel" && vendor != "AMD" && vendor != "Hygon") {
                refuse(ErrorCode::operation_failed, "Unknown CPU vendor " + vendor);
            }
            agreed_ = vendor;
        } else if (agreed_ != vendor) {
            refuse(ErrorCode::operation_failed, "CPU vendors do not match");
        }
    }
    const std::string& agreed() const { return agreed_; }
    bool all_named() const { return all_named_; }

private:
    std::string agreed_;
    bool all_named_ = true;
};

void require_vendor_of_model(const CpuDescription& cpu) {
    const auto of_model = cpu_model_vendor(cpu.model);
    if (cpu.vendor.empty() || !of_model || *of_model == "unknown" || *of_model == cpu.vendor) return;
    refuse(ErrorCode::operation_failed,
           "CPU vendor " + std::string(*of_model) + " of model " + cpu.model + " differs from vendor " + cpu.vendor);
}

CpuDescription x86_baseline(std::span<const CpuDescription> cpus, const BaselineRules& rules) {
    CpuData data;
    data.features = features_of(cpus[0]);
    VendorCheck vendors;
    vendors.add(cpus[0], false);
    std::string common_model = cpus[0].model;
    for (const CpuDescription& cpu : cpus.subspan(1)) {
        if (cpu.model != common_model) common_model.clear();
        const CpuFeatures features = features_of(cpu);
        require_vendor_of_model(cpu);
        vendors.add(cpu, true);
        data.features &= features;
    }
    if (rules.usable) data.features &= *rules.usable;
    if (data.features.none()) refuse(ErrorCode::operation_failed, "CPUs are incompatible");
    data.vendor = vendors.agreed();
    CpuNaming naming;
    naming.preferred = common_model;
    for (const CpuDescription& cpu : cpus) naming.listed.push_back(cpu.model);
    naming.migratable = rules.migratable;
    naming.offer = rules.offer;
    const auto named = name_cpu(data, naming);
    if (!named) refuse(ErrorCode::internal_error, "Cannot find suitable CPU model for given data");
    CpuDescription result = describe(*named, "");
    result.fallback_allowed = named->model != common_model;
    if (!vendors.all_named()) result.vendor.clear();
    return result;
}

std::string ppc64_vendor_of(std::string_view model) {
    return model.starts_with("POWERPC_") ? "Freescale" : "IBM";
}

CpuDescription ppc64_baseline(std::span<const CpuDescription> cpus) {
    const std::string& model = cpus[0].model;
    const auto known = cpu_model_names("ppc64");
    if (std::find(known.begin(), known.end(), model) == known.end()) {
        refuse(ErrorCode::internal_error, "Unknown CPU model " + model);
    }
    for (const CpuDescription& cpu : cpus) {
        if (cpu.model != model) refuse(ErrorCode::operation_failed, "CPUs are incompatible");
        if (cpu.vendor.empty()) continue;
        if (cpu.vendor != "IBM" && cpu.vendor != "Freescale") {
            refuse(ErrorCode::operation_failed, "Unknown CPU vendor " + cpu.vendor);
        }
        const std::string made_by = ppc64_vendor_of(model);
        if (cpu.vendor != made_by) {
            refuse(ErrorCode::operation_failed,
                   "CPU vendor " + made_by + " of model " + model + " differs from vendor " + cpu.vendor);
        }
    }
    CpuDescription result;
    result.has_model = true;
    result.model = model;
    result.fallback_allowed = false;
    return result;
}

}  // namespace

CpuMatch compare_cpu(const CpuDescription& host, const CpuDescription& wanted, bool explain) {
    if (!host.has_model) {
        if (explain) refuse(ErrorCode::cpu_incompatible, "unknown host CPU");
        return CpuMatch::incompatible;
    }
    CpuMatch match = CpuMatch::incompatible;
    const std::string why_not = obstacle(host, wanted, match);
    if (why_not.empty()) return match;
    if (explain) refuse(ErrorCode::cpu_incompatible, why_not);
    return CpuMatch::incompatible;
}

CpuDescription baseline_cpu(std::string arch, std::span<const CpuDescription> cpus, const BaselineRules& rules) {
    for (size_t i = 0; i < cpus.size(); i++) {
        if (!cpus[i].has_model) {
            refuse(ErrorCode::invalid_arg, "no CPU model specified at index " + std::to_string(i));
        }
    }
    if (arch.empty() && !cpus.empty()) arch = cpus[0].arch;
    if (is_x86(arch)) return x86_baseline(cpus, rules);
    if (arch == "ppc64" || arch == "ppc64le") return ppc64_baseline(cpus);
    if (arch == "aarch64" || arch == "armv6l" || arch == "armv7l" || arch == "armv7b") {
        CpuDescription result;
        result.has_model = true;
        result.model = cpus[0].model;
        return result;
    }
    if (arch == "s390" || arch == "s390x") {
        refuse(ErrorCode::no_support, "cannot compute baseline CPU of " + arch + " architecture");
    }
    refuse(ErrorCode::no_support, "'" + arch + "' architecture is not supported by CPU driver");
}

void expand_features(std::string_view arch, CpuDescription& cpu) {
    if (!is_x86(arch)) return;
    std::map<std::string, FeaturePolicy> all;
    const CpuFeatures features = model_features(cpu);
    for (size_t i = 0; i < features.size(); i++) {
        if (features.test(i)) all[std::string(cpu_feature_name(i))] = FeaturePolicy::require;
    }
    for (const DescribedFeature& feature : cpu.features) {
        if (feature.policy == FeaturePolicy::require || feature.policy == FeaturePolicy::disable) {
            all[feature.name] = feature.policy;
        }
    }
    cpu.features.clear();
    for (const auto& [name, policy] : all) cpu.features.push_back({name, policy});
}

CpuDescription describe(const NamedCpu& cpu, std::string_view host_arch) {
    CpuDescription result;
    result.is_host = !host_arch.empty();
    result.arch = host_arch;
    result.has_model = true;
    result.model = cpu.model;
    result.vendor = cpu.vendor;
    for (const std::string& name : cpu.require) result.features.push_back({name, FeaturePolicy::require});
    for (const std::string& name : cpu.disable) result.features.push_back({name, FeaturePolicy::disable});
    return result;
}

}  // namespace virtue::host
