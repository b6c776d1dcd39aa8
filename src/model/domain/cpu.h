// <cpu>: which CPU the guest sees, its topology and its NUMA cells. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/size.h"

namespace virtue::model {

enum class CpuMode : uint8_t { custom, host_model, host_passthrough, maximum };
VIRTUE_XML_NAMES(CpuMode, "custom", "host-model", "host-passthrough", "maximum")
enum class CpuMatch : uint8_t { minimum, exact, strict };
VIRTUE_XML_NAMES(CpuMatch, "minimum", "exact", "strict")
enum class CpuCheck : uint8_t { absent, none, partial, full };
VIRTUE_XML_NAMES(CpuCheck, "", "none", "partial", "full")
enum class CpuFallback : uint8_t { allow, forbid };
VIRTUE_XML_NAMES(CpuFallback, "allow", "forbid")
enum class CpuFeaturePolicy : uint8_t { force, require, optional, disable, forbid };
VIRTUE_XML_NAMES(CpuFeaturePolicy, "force", "require", "optional", "disable", "forbid")
enum class CpuCacheMode : uint8_t { emulate, passthrough, disable };
VIRTUE_XML_NAMES(CpuCacheMode, "emulate", "passthrough", "disable")
enum class MemoryAccess : uint8_t { absent, shared, priv };
VIRTUE_XML_NAMES(MemoryAccess, "", "shared", "private")

struct CpuFeature {
    CpuFeaturePolicy policy = CpuFeaturePolicy::require;
    std::string name;
    bool operator==(const CpuFeature&) const = default;
};
void map(xml::Mapper& m, CpuFeature& feature);

struct CpuTopology {
    uint32_t sockets = 0, dies = 1, cores = 0, threads = 0;
    bool operator==(const CpuTopology&) const = default;
};
void map(xml::Mapper& m, CpuTopology& topology);

struct CpuCache {
    int level = -1;
    CpuCacheMode mode = CpuCacheMode::emulate;
    bool operator==(const CpuCache&) const = default;
};
void map(xml::Mapper& m, CpuCache& cache);

struct CpuAddressBits {
    std::string mode;
    std::optional<uint32_t> bits;
    bool operator==(const CpuAddressBits&) const = default;
};
void map(xml::Mapper& m, CpuAddressBits& bits);

struct NumaSibling {
    uint32_t id = 0, value = 0;
    bool operator==(const NumaSibling&) const = default;
};
void map(xml::Mapper& m, NumaSibling& sibling);

struct NumaCache {
    uint32_t level = 0;
    std::string associativity, policy;
    SizeWithUnit size;
    uint32_t line = 0;
    std::string line_unit;
    bool operator==(const NumaCache&) const = default;
};
void map(xml::Mapper& m, NumaCache& cache);

struct NumaCell {
    std::optional<uint32_t> id;
    Bitmap cpus;
    Kibibytes memory;
    xml::YesNo discard = xml::YesNo::absent;
    MemoryAccess access = MemoryAccess::absent;
    std::vector<NumaSibling> distances;
    std::vector<NumaCache> caches;
    bool operator==(const NumaCell&) const = default;
};
void map(xml::Mapper& m, NumaCell& cell);

struct NumaInterconnect {
    bool is_bandwidth = false;
    uint32_t initiator = 0, target = 0;
    std::optional<uint32_t> cache;
    std::string type;
    uint64_t value = 0;  ///< nanoseconds, or KiB/s
    bool operator==(const NumaInterconnect&) const = default;
};

struct CpuNuma {
    std::vector<NumaCell> cells;
    std::vector<NumaInterconnect> interconnects;
    bool operator==(const CpuNuma&) const = default;
};
void map(xml::Mapper& m, CpuNuma& numa);

/// A guest's CPU. Where it stands alone (compare, baseline) the root is <cpu> as well.
struct Cpu {
    VIRTUE_BIG_VALUE(Cpu);
    static constexpr const char* element = "cpu";
    CpuMode mode = CpuMode::custom;
    bool mode_given = true;
    CpuMatch match = CpuMatch::exact;
    CpuCheck check = CpuCheck::absent;
    xml::Switch migratable = xml::Switch::absent;
    std::string arch;  ///< host CPUs only
    std::string model;
    CpuFallback fallback = CpuFallback::allow;
    std::string vendor_id;
    std::string vendor;
    std::optional<CpuTopology> topology;
    std::optional<CpuCache> cache;
    std::optional<CpuAddressBits> address_bits;
    std::vector<CpuFeature> features;
    CpuNuma numa;
    bool operator==(const Cpu&) const = default;
};
void map(xml::Mapper& m, Cpu& cpu);

}  // namespace virtue::model
