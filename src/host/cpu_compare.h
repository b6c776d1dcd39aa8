// Whether one CPU can stand in for another, and the richest CPU that several hosts share: virConnectCompareCPU,
// virConnectBaselineCPU and their twins for an emulator. Pure functions on values; any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/cpu_map.h"

namespace virtue::host {

/// What is said of a feature. Hosts say nothing, which means "require".
enum class FeaturePolicy : uint8_t { force, require, optional, disable, forbid };

/// A feature of a described CPU.
struct DescribedFeature {
    std::string name;
    FeaturePolicy policy = FeaturePolicy::require;
    bool operator==(const DescribedFeature&) const = default;
};

/// A CPU as a <cpu> element describes it: a host's (with an architecture) or what a guest wants.
struct CpuDescription {
    bool is_host = false;
    std::string arch;        ///< of a host: libvirt's name
    bool has_model = false;  ///< false if there is no <model> at all
    std::string model;
    std::string vendor;   ///< empty if absent
    bool strict = false;  ///< match='strict': nothing beyond what is asked
    bool fallback_allowed = true;
    std::vector<DescribedFeature> features;
};

/// virCPUCompareResult.
enum class CpuMatch : int32_t { incompatible = 0, identical = 1, superset = 2 };

/// Compares what is asked for with a host (or with what an emulator can show), both x86. With `explain` an
/// incompatible one is thrown as cpu_incompatible with the reason. Throws internal_error for unknown names.
CpuMatch compare_cpu(const CpuDescription& host, const CpuDescription& wanted, bool explain);

/// What a baseline may be made of.
struct BaselineRules {
    bool migratable = false;
    /// Features that may be used at all; nothing for any.
    std::optional<CpuFeatures> usable;
    /// See CpuNaming::offer.
    std::function<bool(std::string_view model, CpuFeatures& blockers)> offer;
};

/// The richest CPU that all of `cpus` can run, for a guest. `arch` empty takes that of the first. Throws invalid_arg
/// for one without a model, no_support for an architecture without CPU models, operation_failed when nothing is left.
CpuDescription baseline_cpu(std::string arch, std::span<const CpuDescription> cpus, const BaselineRules& rules);

/// Replaces the features by all of the model's and its own, by name.
void expand_features(std::string_view arch, CpuDescription& cpu);

/// A named CPU as a description, of a host or for a guest.
CpuDescription describe(const NamedCpu& cpu, std::string_view host_arch);

}  // namespace virtue::host
