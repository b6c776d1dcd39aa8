#include "host/cpu_map.h"

#include <doctest/doctest.h>

using namespace virtue::host;

namespace {

// A CPU with the features of a model, some more, and without some.
CpuData cpu_with(const char* model, std::initializer_list<const char*> more,
                 std::initializer_list<const char*> without) {
    CpuData data;
    data.vendor = "AMD";
    data.features = *cpu_model_features(model);
    for (const char* name : more) data.features.set(*find_cpu_feature(name));
    for (const char* name : without) data.features.reset(*find_cpu_feature(name));
    return data;
}

// What QEMU 7.2 emulates for 32 bits.
CpuData emulated_in_32_bits() {
    return cpu_with(
        "Opteron_G2",
        {"acpi",     "ss",       "pclmuldq",   "monitor", "ssse3",         "fma",       "sse4.1", "sse4.2",
         "movbe",    "popcnt",   "aes",        "xsave",   "avx",           "f16c",      "rdrand", "arat",
         "fsgsbase", "bmi1",     "avx2",       "smep",    "bmi2",          "erms",      "mpx",    "adx",
         "smap",     "pcommit",  "clflushopt", "clwb",    "umip",          "pku",       "vaes",   "la57",
         "pks",      "xsaveopt", "xgetbv1",    "mmxext",  "pdpe1gb",       "3dnowext",  "3dnow",  "cr8legacy",
         "abm",      "sse4a",    "npt",        "vgif",    "svme-addr-chk", "hypervisor"},
        {"syscall", "lm"});
}

}  // namespace

TEST_CASE("the model of an older CPU is taken where much would have to be taken away from a newer one's") {
    CpuData data = emulated_in_32_bits();
    CpuNaming naming;
    naming.offer = [](std::string_view name, CpuFeatures& blockers) {
        // As QEMU tells of its models: what it does not emulate.
        if (name.starts_with("EPYC")) blockers.set(*find_cpu_feature("topoext")).set(*find_cpu_feature("nrip-save"));
        if (name == "Opteron_G4" || name == "Opteron_G5") blockers.set(*find_cpu_feature("nrip-save"));
        return true;
    };
    const auto narrow = name_cpu(data, naming);
    REQUIRE(narrow);
    CHECK(narrow->model == "Opteron_G2");
    CHECK(narrow->disable == std::vector<std::string>{"syscall", "lm"});
    data.features.set(*find_cpu_feature("syscall")).set(*find_cpu_feature("lm"));
    const auto wide = name_cpu(data, naming);
    REQUIRE(wide);
    CHECK(wide->model == "EPYC");
    CHECK(wide->disable.size() == 10);
}

TEST_CASE("a model that was given is better than a newer one with more to be taken away") {
    CpuData data = emulated_in_32_bits();
    data.features.set(*find_cpu_feature("syscall")).set(*find_cpu_feature("lm"));
    CpuNaming naming;
    CHECK(name_cpu(data, naming)->model == "EPYC");
    // As libvirt 9.0.0 answers: not the given one, but what is still nearer.
    naming.listed = {"486", "kvm64"};
    CHECK(name_cpu(data, naming)->model == "qemu64");
    naming.listed = {"486", "Opteron_G1"};
    CHECK(name_cpu(data, naming)->model == "phenom");
    naming.listed = {"486", "Opteron_G5"};
    CHECK(name_cpu(data, naming)->model == "486");
}
