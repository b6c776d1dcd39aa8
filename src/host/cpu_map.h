// The CPU models and features that clients know by name, and the naming of a CPU by the model it is nearest to.
// Constant tables; any thread.
#pragma once
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtue::host {

/// Where a feature bit stands: a register of a CPUID leaf, or half of an MSR.
enum class CpuRegister : uint8_t { eax, ebx, ecx, edx, msr_low, msr_high };

namespace detail {
struct X86Feature {
    const char* name;
    uint32_t leaf;  // or the MSR's index
    uint32_t subleaf;
    CpuRegister where;
    uint32_t mask;
    bool migratable;
};
struct X86Alias {
    const char* alias;
    const char* name;
};
struct X86Signature {
    uint16_t family;
    uint16_t model;
    uint16_t steppings;  // a bit each; all for any
};
struct X86Model {
    const char* name;
    const char* vendor;  // "Intel", "AMD", "Hygon", or ""
    bool decode_host;
    bool decode_guest;
    X86Signature signatures[5];  // family 0 ends the list
    const char* features;        // separated by blanks
    const char* removed;         // features that hypervisors took out of the model later
};
extern const X86Feature x86_features[];
extern const size_t x86_feature_count;
extern const X86Alias x86_aliases[];
extern const size_t x86_alias_count;
extern const X86Model x86_models[];
extern const size_t x86_model_count;
}  // namespace detail

/// A set of x86 features, by their place in the table.
using CpuFeatures = std::bitset<256>;

/// What a CPU shows.
struct CpuData {
    CpuFeatures features;
    std::string vendor;  ///< "Intel", "AMD", "Hygon", or empty
    uint32_t family = 0;
    uint32_t model = 0;
    uint32_t stepping = 0;
};

/// A CPU as a model and the features that differ from it, in the table's order.
struct NamedCpu {
    std::string model;
    std::string vendor;
    std::vector<std::string> require;
    std::vector<std::string> disable;
};

/// Names of all models of an architecture, in the order in which clients get them; empty for one without.
std::vector<std::string_view> cpu_model_names(std::string_view arch);
/// The vendor of a model ("Intel"), "unknown" when it has none; nothing if no such model exists.
std::optional<std::string_view> cpu_model_vendor(std::string_view model);
/// A feature's place in the table, by its name, an alias of it, or QEMU's spelling; nothing if unknown.
std::optional<size_t> find_cpu_feature(std::string_view name);
/// The same by its name in libvirt alone.
std::optional<size_t> find_cpu_feature_by_exact_name(std::string_view name);
std::string_view cpu_feature_name(size_t index);
/// True if a guest with this feature can be moved to another host.
bool cpu_feature_is_migratable(size_t index);
/// All features that can be moved.
CpuFeatures migratable_features();
/// The features of a model; nothing if no such model exists.
std::optional<CpuFeatures> cpu_model_features(std::string_view model);
/// Features that hypervisors took out of the model after guests had run with it.
CpuFeatures cpu_model_removed(std::string_view model);

/// What narrows the choice of a model.
struct CpuNaming {
    bool for_host = false;            ///< as in the host capabilities: features may only be added to the model
    std::string preferred;            ///< taken whenever it may be; empty for none
    std::vector<std::string> listed;  ///< better than any newer one of which more has to be taken away
    bool migratable = false;          ///< leaves out features that a guest cannot take to another host
    /// False for models that may not be used; `blockers` gets features that have to be taken out of the model although
    /// its table does not name them. Empty allows all.
    std::function<bool(std::string_view model, CpuFeatures& blockers)> offer;
};

/// Names a CPU: the nearest of the models that may be used. For a host features may only be added to the model; for a
/// guest also taken away. Nothing if no model fits.
std::optional<NamedCpu> name_cpu(const CpuData& data, const CpuNaming& naming);
/// The same with a plain choice of models.
std::optional<NamedCpu> name_cpu(const CpuData& data, bool for_host,
                                 const std::function<bool(std::string_view)>& allowed);

/// The features that a named CPU has in all.
CpuFeatures features_of(const NamedCpu& cpu);

/// The CPU that this process runs on, by CPUID; only features are known elsewhere than on x86.
CpuData read_host_cpu();

}  // namespace virtue::host
