#include "host/cpu_map.h"

#include <algorithm>
#include <map>
#include <utility>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace virtue::host {

using namespace detail;

namespace {

constexpr std::string_view ppc64_models[] = {"POWER6",  "POWER7",        "POWER8",       "POWER9",
                                             "POWER10", "POWERPC_e5500", "POWERPC_e6500"};

const X86Model* find_model(std::string_view name) {
    for (size_t i = 0; i < x86_model_count; i++) {
        if (x86_models[i].name == name) return &x86_models[i];
    }
    return nullptr;
}

CpuFeatures features_of(std::string_view words) {
    CpuFeatures set;
    while (!words.empty()) {
        const size_t end = std::min(words.find(' '), words.size());
        if (auto index = find_cpu_feature(words.substr(0, end))) set.set(*index);
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return set;
}

bool matches_signature(const X86Model& model, const CpuData& data) {
    for (const X86Signature& signature : model.signatures) {
        if (signature.family == 0) break;
        if (signature.family == data.family && signature.model == data.model &&
            (signature.steppings >> std::min(data.stepping, 15u) & 1) != 0) {
            return true;
        }
    }
    return false;
}

struct Candidate {
    const X86Model* model = nullptr;
    CpuFeatures require;
    CpuFeatures disable;
    bool listed = false;
    // Features that are taken away count in pairs: a system may fail for lack of what it saw in the model's name.
    size_t losses() const { return (disable.count() + 1) / 2; }
    // Each further pair weighs one more than the pair before. Measured on libvirt with models made for it.
    size_t size() const { return require.count() + disable.count() + losses() * (losses() + 1) / 2; }
};

// Whether `candidate` describes the CPU better than `best`.
bool is_better(const Candidate& best, const Candidate& candidate, const CpuData& data) {
    if (best.model == nullptr) return true;
    const bool best_matches = matches_signature(*best.model, data);
    const bool candidate_matches = matches_signature(*candidate.model, data);
    if (best_matches != candidate_matches) return candidate_matches;
    if (candidate.listed && candidate.losses() < best.losses()) return true;
    if (candidate.size() != best.size()) return candidate.size() < best.size();
    return candidate.losses() < best.losses();
}

void append_names(std::vector<std::string>& names, const CpuFeatures& features) {
    for (size_t i = 0; i < x86_feature_count; i++) {
        if (features.test(i)) names.emplace_back(x86_features[i].name);
    }
}

}  // namespace

std::vector<std::string_view> cpu_model_names(std::string_view arch) {
    std::vector<std::string_view> names;
    if (arch == "x86_64" || arch == "i686") {
        for (size_t i = 0; i < x86_model_count; i++) names.emplace_back(x86_models[i].name);
    } else if (arch == "ppc64" || arch == "ppc64le") {
        names.assign(std::begin(ppc64_models), std::end(ppc64_models));
    }
    return names;
}

std::optional<std::string_view> cpu_model_vendor(std::string_view name) {
    const X86Model* model = find_model(name);
    if (model == nullptr) return std::nullopt;
    return *model->vendor == '\0' ? std::string_view("unknown") : std::string_view(model->vendor);
}

std::optional<size_t> find_cpu_feature(std::string_view name) {
    for (size_t i = 0; i < x86_feature_count; i++) {
        if (x86_features[i].name == name) return i;
    }
    for (size_t i = 0; i < x86_alias_count; i++) {
        if (x86_aliases[i].alias == name) return find_cpu_feature(x86_aliases[i].name);
    }
    return std::nullopt;
}

std::string_view cpu_feature_name(size_t index) {
    return x86_features[index].name;
}

CpuFeatures migratable_features() {
    CpuFeatures set;
    for (size_t i = 0; i < x86_feature_count; i++) set.set(i, x86_features[i].migratable);
    return set;
}

std::optional<size_t> find_cpu_feature_by_exact_name(std::string_view name) {
    for (size_t i = 0; i < x86_feature_count; i++) {
        if (x86_features[i].name == name) return i;
    }
    return std::nullopt;
}

bool cpu_feature_is_migratable(size_t index) {
    return x86_features[index].migratable;
}

std::optional<CpuFeatures> cpu_model_features(std::string_view name) {
    const X86Model* model = find_model(name);
    if (model == nullptr) return std::nullopt;
    return features_of(model->features);
}

CpuFeatures cpu_model_removed(std::string_view name) {
    const X86Model* model = find_model(name);
    return model == nullptr ? CpuFeatures() : features_of(model->removed);
}

namespace {

std::optional<Candidate> candidate_for(const X86Model& model, const CpuData& data, const CpuNaming& naming) {
    if (naming.for_host ? !model.decode_host : !model.decode_guest) return std::nullopt;
    CpuFeatures blockers;
    if (naming.offer && !naming.offer(model.name, blockers)) return std::nullopt;
    if (*model.vendor != '\0' && !data.vendor.empty() && data.vendor != model.vendor) return std::nullopt;
    const CpuFeatures features = features_of(model.features);
    Candidate candidate{&model, data.features & ~features, features & ~data.features};
    candidate.listed = std::find(naming.listed.begin(), naming.listed.end(), model.name) != naming.listed.end();
    candidate.disable |= blockers & ~candidate.require;
    if (naming.for_host && candidate.disable.any()) return std::nullopt;
    return candidate;
}

// libvirt names them in hosts only: no hypervisor ever offered them, or their value is the guest system's.
const CpuFeatures& host_only_features() {
    static const CpuFeatures set = features_of("cmt mbm_total mbm_local osxsave ospke");
    return set;
}

}  // namespace

std::optional<NamedCpu> name_cpu(const CpuData& data, const CpuNaming& naming) {
    Candidate best;
    // From the newest model down: of equals, the newer one is taken.
    for (size_t i = x86_model_count; i-- > 0;) {
        auto candidate = candidate_for(x86_models[i], data, naming);
        if (!candidate) continue;
        const bool preferred = naming.preferred == candidate->model->name;
        if (preferred || is_better(best, *candidate, data)) best = *candidate;
        if (preferred) break;
    }
    if (best.model == nullptr) return std::nullopt;
    NamedCpu named;
    named.model = best.model->name;
    named.vendor = data.vendor;
    if (!naming.for_host) {
        best.require &= ~host_only_features();
        best.disable &= ~host_only_features();
    }
    const CpuFeatures fixed = naming.migratable ? migratable_features() : CpuFeatures().set();
    append_names(named.require, best.require & fixed);
    append_names(named.disable, best.disable & fixed);
    const CpuFeatures removed = features_of(best.model->removed) & ~data.features & ~best.disable;
    if (!naming.for_host) append_names(named.disable, removed);
    return named;
}

std::optional<NamedCpu> name_cpu(const CpuData& data, bool for_host,
                                 const std::function<bool(std::string_view)>& allowed) {
    CpuNaming naming;
    naming.for_host = for_host;
    if (allowed) naming.offer = [&allowed](std::string_view name, CpuFeatures&) { return allowed(name); };
    return name_cpu(data, naming);
}

CpuFeatures features_of(const NamedCpu& cpu) {
    CpuFeatures set = cpu_model_features(cpu.model).value_or(CpuFeatures());
    for (const std::string& name : cpu.require) {
        if (auto index = find_cpu_feature(name)) set.set(*index);
    }
    for (const std::string& name : cpu.disable) {
        if (auto index = find_cpu_feature(name)) set.reset(*index);
    }
    return set;
}

#if defined(__x86_64__) || defined(__i386__)

namespace {

uint32_t pick(CpuRegister where, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    switch (where) {
        case CpuRegister::eax:
            return a;
        case CpuRegister::ebx:
            return b;
        case CpuRegister::ecx:
            return c;
        case CpuRegister::edx:
            return d;
        // MSRs are the kernel's to read; it shows them through /dev/kvm only.
        case CpuRegister::msr_low:
        case CpuRegister::msr_high:
            return 0;
    }
    return 0;
}

/// What the CPU says of itself, each leaf asked once: under a hypervisor every question is a trap of up to 70 µs.
class CpuLeaves {
public:
    struct Answer {
        uint32_t a = 0, b = 0, c = 0, d = 0;
    };
    /// Zeros for a leaf that the CPU does not have.
    const Answer& ask(uint32_t leaf, uint32_t subleaf) {
        auto [at, fresh] = answers_.try_emplace({leaf, subleaf});
        Answer& answer = at->second;
        if (fresh && leaf <= greatest(leaf & 0x80000000u))
            __cpuid_count(leaf, subleaf, answer.a, answer.b, answer.c, answer.d);
        return answer;
    }

private:
    uint32_t greatest(uint32_t range) {
        auto [at, fresh] = greatest_.try_emplace(range);
        if (fresh) at->second = __get_cpuid_max(range, nullptr);
        return at->second;
    }

    std::map<std::pair<uint32_t, uint32_t>, Answer> answers_;
    std::map<uint32_t, uint32_t> greatest_;
};

CpuData ask_host_cpu() {
    CpuData data;
    CpuLeaves leaves;
    const auto [most, b, c, d] = leaves.ask(0, 0);
    if (most == 0) return data;
    if (b == signature_INTEL_ebx && d == signature_INTEL_edx) data.vendor = "Intel";
    if (b == signature_AMD_ebx && d == signature_AMD_edx) data.vendor = "AMD";
    if (b == signature_HYGON_ebx && d == signature_HYGON_edx) data.vendor = "Hygon";
    const uint32_t a = leaves.ask(1, 0).a;
    data.family = a >> 8 & 0xf;
    data.model = a >> 4 & 0xf;
    data.stepping = a & 0xf;
    if (data.family == 0xf) data.family += a >> 20 & 0xff;
    if (data.family == 6 || data.family >= 0xf) data.model |= (a >> 16 & 0xf) << 4;
    for (size_t i = 0; i < x86_feature_count; i++) {
        const X86Feature& feature = x86_features[i];
        if (feature.where >= CpuRegister::msr_low) continue;
        const CpuLeaves::Answer& answer = leaves.ask(feature.leaf, feature.subleaf);
        if ((pick(feature.where, answer.a, answer.b, answer.c, answer.d) & feature.mask) != 0) data.features.set(i);
    }
    return data;
}

}  // namespace

CpuData read_host_cpu() {
    static const CpuData data = ask_host_cpu();  // the CPU does not change
    return data;
}

#else

CpuData read_host_cpu() {
    return {};
}

#endif

}  // namespace virtue::host
