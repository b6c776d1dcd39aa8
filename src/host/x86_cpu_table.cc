// table
// The x86 CPU features and models that libvirt's clients know by name: where CPUID (or an MSR) shows a feature, which
// features make a model, and by which family and model number it is recognised.
// clang-format off
#include "host/cpu_map.h"

namespace virtue::host::detail {

using enum CpuRegister;

const X86Feature x86_features[] = {
    {"fpu", 0x1, 0x0, edx, 0x00000001, true},
    {"vme", 0x1, 0x0, edx, 0x00000002, true},
    {"de", 0x1, 0x0, edx, 0x00000004, true},
    {"pse", 0x1, 0x0, edx, 0x00000008, true},
    {"tsc", 0x1, 0x0, edx, 0x00000010, true},
    {"msr", 0x1, 0x0, edx, 0x00000020, true},
    {"pae", 0x1, 0x0, edx, 0x00000040, true},
    {"mce", 0x1, 0x0, edx, 0x00000080, true},
    {"cx8", 0x1, 0x0, edx, 0x00000100, true},
    {"apic", 0x1, 0x0, edx, 0x00000200, true},
    {"sep", 0x1, 0x0, edx, 0x00000800, true},
    {"mtrr", 0x1, 0x0, edx, 0x00001000, true},
    {"pge", 0x1, 0x0, edx, 0x00002000, true},
    {"mca", 0x1, 0x0, edx, 0x00004000, true},
    {"cmov", 0x1, 0x0, edx, 0x00008000, true},
    {"pat", 0x1, 0x0, edx, 0x00010000, true},
    {"pse36", 0x1, 0x0, edx, 0x00020000, true},
    {"pn", 0x1, 0x0, edx, 0x00040000, true},
    {"clflush", 0x1, 0x0, edx, 0x00080000, true},
    {"ds", 0x1, 0x0, edx, 0x00200000, true},
    {"acpi", 0x1, 0x0, edx, 0x00400000, true},
    {"mmx", 0x1, 0x0, edx, 0x00800000, true},
    {"fxsr", 0x1, 0x0, edx, 0x01000000, true},
    {"sse", 0x1, 0x0, edx, 0x02000000, true},
    {"sse2", 0x1, 0x0, edx, 0x04000000, true},
    {"ss", 0x1, 0x0, edx, 0x08000000, true},
    {"ht", 0x1, 0x0, edx, 0x10000000, true},
    {"tm", 0x1, 0x0, edx, 0x20000000, true},
    {"ia64", 0x1, 0x0, edx, 0x40000000, true},
    {"pbe", 0x1, 0x0, edx, 0x80000000, true},
    {"pni", 0x1, 0x0, ecx, 0x00000001, true},
    {"pclmuldq", 0x1, 0x0, ecx, 0x00000002, true},
    {"dtes64", 0x1, 0x0, ecx, 0x00000004, true},
    {"monitor", 0x1, 0x0, ecx, 0x00000008, true},
    {"ds_cpl", 0x1, 0x0, ecx, 0x00000010, true},
    {"vmx", 0x1, 0x0, ecx, 0x00000020, true},
    {"smx", 0x1, 0x0, ecx, 0x00000040, true},
    {"est", 0x1, 0x0, ecx, 0x00000080, true},
    {"tm2", 0x1, 0x0, ecx, 0x00000100, true},
    {"ssse3", 0x1, 0x0, ecx, 0x00000200, true},
    {"cid", 0x1, 0x0, ecx, 0x00000400, true},
    {"fma", 0x1, 0x0, ecx, 0x00001000, true},
    {"cx16", 0x1, 0x0, ecx, 0x00002000, true},
    {"xtpr", 0x1, 0x0, ecx, 0x00004000, true},
    {"pdcm", 0x1, 0x0, ecx, 0x00008000, true},
    {"pcid", 0x1, 0x0, ecx, 0x00020000, true},
    {"dca", 0x1, 0x0, ecx, 0x00040000, true},
    {"sse4.1", 0x1, 0x0, ecx, 0x00080000, true},
    {"sse4.2", 0x1, 0x0, ecx, 0x00100000, true},
    {"x2apic", 0x1, 0x0, ecx, 0x00200000, true},
    {"movbe", 0x1, 0x0, ecx, 0x00400000, true},
    {"popcnt", 0x1, 0x0, ecx, 0x00800000, true},
    {"tsc-deadline", 0x1, 0x0, ecx, 0x01000000, true},
    {"aes", 0x1, 0x0, ecx, 0x02000000, true},
    {"xsave", 0x1, 0x0, ecx, 0x04000000, true},
    {"osxsave", 0x1, 0x0, ecx, 0x08000000, true},
    {"avx", 0x1, 0x0, ecx, 0x10000000, true},
    {"f16c", 0x1, 0x0, ecx, 0x20000000, true},
    {"rdrand", 0x1, 0x0, ecx, 0x40000000, true},
    {"hypervisor", 0x1, 0x0, ecx, 0x80000000, true},
    {"arat", 0x6, 0x0, eax, 0x00000004, true},
    {"fsgsbase", 0x7, 0x0, ebx, 0x00000001, true},
    {"tsc_adjust", 0x7, 0x0, ebx, 0x00000002, true},
    {"sgx", 0x7, 0x0, ebx, 0x00000004, true},
    {"bmi1", 0x7, 0x0, ebx, 0x00000008, true},
    {"hle", 0x7, 0x0, ebx, 0x00000010, true},
    {"avx2", 0x7, 0x0, ebx, 0x00000020, true},
    {"smep", 0x7, 0x0, ebx, 0x00000080, true},
    {"bmi2", 0x7, 0x0, ebx, 0x00000100, true},
    {"erms", 0x7, 0x0, ebx, 0x00000200, true},
    {"invpcid", 0x7, 0x0, ebx, 0x00000400, true},
    {"rtm", 0x7, 0x0, ebx, 0x00000800, true},
    {"cmt", 0x7, 0x0, ebx, 0x00001000, true},
    {"mpx", 0x7, 0x0, ebx, 0x00004000, true},
    {"avx512f", 0x7, 0x0, ebx, 0x00010000, true},
    {"avx512dq", 0x7, 0x0, ebx, 0x00020000, true},
    {"rdseed", 0x7, 0x0, ebx, 0x00040000, true},
    {"adx", 0x7, 0x0, ebx, 0x00080000, true},
    {"smap", 0x7, 0x0, ebx, 0x00100000, true},
    {"avx512ifma", 0x7, 0x0, ebx, 0x00200000, true},
    {"pcommit", 0x7, 0x0, ebx, 0x00400000, true},
    {"clflushopt", 0x7, 0x0, ebx, 0x00800000, true},
    {"clwb", 0x7, 0x0, ebx, 0x01000000, true},
    {"intel-pt", 0x7, 0x0, ebx, 0x02000000, true},
    {"avx512pf", 0x7, 0x0, ebx, 0x04000000, true},
    {"avx512er", 0x7, 0x0, ebx, 0x08000000, true},
    {"avx512cd", 0x7, 0x0, ebx, 0x10000000, true},
    {"sha-ni", 0x7, 0x0, ebx, 0x20000000, true},
    {"avx512bw", 0x7, 0x0, ebx, 0x40000000, true},
    {"avx512vl", 0x7, 0x0, ebx, 0x80000000, true},
    {"avx512vbmi", 0x7, 0x0, ecx, 0x00000002, true},
    {"umip", 0x7, 0x0, ecx, 0x00000004, true},
    {"pku", 0x7, 0x0, ecx, 0x00000008, true},
    {"ospke", 0x7, 0x0, ecx, 0x00000010, true},
    {"waitpkg", 0x7, 0x0, ecx, 0x00000020, true},
    {"avx512vbmi2", 0x7, 0x0, ecx, 0x00000040, true},
    {"gfni", 0x7, 0x0, ecx, 0x00000100, true},
    {"vaes", 0x7, 0x0, ecx, 0x00000200, true},
    {"vpclmulqdq", 0x7, 0x0, ecx, 0x00000400, true},
    {"avx512vnni", 0x7, 0x0, ecx, 0x00000800, true},
    {"avx512bitalg", 0x7, 0x0, ecx, 0x00001000, true},
    {"avx512-vpopcntdq", 0x7, 0x0, ecx, 0x00004000, true},
    {"la57", 0x7, 0x0, ecx, 0x00010000, true},
    {"rdpid", 0x7, 0x0, ecx, 0x00400000, true},
    {"bus-lock-detect", 0x7, 0x0, ecx, 0x01000000, true},
    {"cldemote", 0x7, 0x0, ecx, 0x02000000, true},
    {"movdiri", 0x7, 0x0, ecx, 0x08000000, true},
    {"movdir64b", 0x7, 0x0, ecx, 0x10000000, true},
    {"sgxlc", 0x7, 0x0, ecx, 0x40000000, true},
    {"pks", 0x7, 0x0, ecx, 0x80000000, true},
    {"avx512-4vnniw", 0x7, 0x0, edx, 0x00000004, true},
    {"avx512-4fmaps", 0x7, 0x0, edx, 0x00000008, true},
    {"fsrm", 0x7, 0x0, edx, 0x00000010, true},
    {"avx512-vp2intersect", 0x7, 0x0, edx, 0x00000100, true},
    {"md-clear", 0x7, 0x0, edx, 0x00000400, true},
    {"serialize", 0x7, 0x0, edx, 0x00004000, true},
    {"tsx-ldtrk", 0x7, 0x0, edx, 0x00010000, true},
    {"pconfig", 0x7, 0x0, edx, 0x00040000, true},
    {"arch-lbr", 0x7, 0x0, edx, 0x00080000, true},
    {"amx-bf16", 0x7, 0x0, edx, 0x00400000, true},
    {"avx512-fp16", 0x7, 0x0, edx, 0x00800000, true},
    {"amx-tile", 0x7, 0x0, edx, 0x01000000, true},
    {"amx-int8", 0x7, 0x0, edx, 0x02000000, true},
    {"spec-ctrl", 0x7, 0x0, edx, 0x04000000, true},
    {"stibp", 0x7, 0x0, edx, 0x08000000, true},
    {"arch-capabilities", 0x7, 0x0, edx, 0x20000000, true},
    {"core-capability", 0x7, 0x0, edx, 0x40000000, true},
    {"ssbd", 0x7, 0x0, edx, 0x80000000, true},
    {"avx-vnni", 0x7, 0x1, eax, 0x00000010, true},
    {"avx512-bf16", 0x7, 0x1, eax, 0x00000020, true},
    {"xsaveopt", 0xd, 0x1, eax, 0x00000001, true},
    {"xsavec", 0xd, 0x1, eax, 0x00000002, true},
    {"xgetbv1", 0xd, 0x1, eax, 0x00000004, true},
    {"xsaves", 0xd, 0x1, eax, 0x00000008, false},
    {"xfd", 0xd, 0x1, eax, 0x00000010, true},
    {"mbm_total", 0xf, 0x1, edx, 0x00000002, true},
    {"mbm_local", 0xf, 0x1, edx, 0x00000004, true},
    {"sgx1", 0x12, 0x0, eax, 0x00000001, true},
    {"sgx2", 0x12, 0x0, eax, 0x00000002, true},
    {"sgx-exinfo", 0x12, 0x0, ebx, 0x00000001, true},
    {"sgx-debug", 0x12, 0x1, eax, 0x00000002, true},
    {"sgx-mode64", 0x12, 0x1, eax, 0x00000004, true},
    {"sgx-provisionkey", 0x12, 0x1, eax, 0x00000010, true},
    {"sgx-tokenkey", 0x12, 0x1, eax, 0x00000020, true},
    {"sgx-kss", 0x12, 0x1, eax, 0x00000080, true},
    {"intel-pt-lip", 0x14, 0x0, ecx, 0x80000000, true},
    {"syscall", 0x80000001, 0x0, edx, 0x00000800, true},
    {"nx", 0x80000001, 0x0, edx, 0x00100000, true},
    {"mmxext", 0x80000001, 0x0, edx, 0x00400000, true},
    {"fxsr_opt", 0x80000001, 0x0, edx, 0x02000000, true},
    {"pdpe1gb", 0x80000001, 0x0, edx, 0x04000000, true},
    {"rdtscp", 0x80000001, 0x0, edx, 0x08000000, true},
    {"lm", 0x80000001, 0x0, edx, 0x20000000, true},
    {"3dnowext", 0x80000001, 0x0, edx, 0x40000000, true},
    {"3dnow", 0x80000001, 0x0, edx, 0x80000000, true},
    {"lahf_lm", 0x80000001, 0x0, ecx, 0x00000001, true},
    {"cmp_legacy", 0x80000001, 0x0, ecx, 0x00000002, true},
    {"svm", 0x80000001, 0x0, ecx, 0x00000004, true},
    {"extapic", 0x80000001, 0x0, ecx, 0x00000008, true},
    {"cr8legacy", 0x80000001, 0x0, ecx, 0x00000010, true},
    {"abm", 0x80000001, 0x0, ecx, 0x00000020, true},
    {"sse4a", 0x80000001, 0x0, ecx, 0x00000040, true},
    {"misalignsse", 0x80000001, 0x0, ecx, 0x00000080, true},
    {"3dnowprefetch", 0x80000001, 0x0, ecx, 0x00000100, true},
    {"osvw", 0x80000001, 0x0, ecx, 0x00000200, true},
    {"ibs", 0x80000001, 0x0, ecx, 0x00000400, true},
    {"xop", 0x80000001, 0x0, ecx, 0x00000800, true},
    {"skinit", 0x80000001, 0x0, ecx, 0x00001000, true},
    {"wdt", 0x80000001, 0x0, ecx, 0x00002000, true},
    {"lwp", 0x80000001, 0x0, ecx, 0x00008000, true},
    {"fma4", 0x80000001, 0x0, ecx, 0x00010000, true},
    {"tce", 0x80000001, 0x0, ecx, 0x00020000, true},
    {"cvt16", 0x80000001, 0x0, ecx, 0x00040000, true},
    {"nodeid_msr", 0x80000001, 0x0, ecx, 0x00080000, true},
    {"tbm", 0x80000001, 0x0, ecx, 0x00200000, true},
    {"topoext", 0x80000001, 0x0, ecx, 0x00400000, true},
    {"perfctr_core", 0x80000001, 0x0, ecx, 0x00800000, true},
    {"perfctr_nb", 0x80000001, 0x0, ecx, 0x01000000, true},
    {"invtsc", 0x80000007, 0x0, edx, 0x00000100, false},
    {"clzero", 0x80000008, 0x0, ebx, 0x00000001, true},
    {"xsaveerptr", 0x80000008, 0x0, ebx, 0x00000004, true},
    {"wbnoinvd", 0x80000008, 0x0, ebx, 0x00000200, true},
    {"ibpb", 0x80000008, 0x0, ebx, 0x00001000, true},
    {"ibrs", 0x80000008, 0x0, ebx, 0x00004000, true},
    {"amd-stibp", 0x80000008, 0x0, ebx, 0x00008000, true},
    {"amd-ssbd", 0x80000008, 0x0, ebx, 0x01000000, true},
    {"virt-ssbd", 0x80000008, 0x0, ebx, 0x02000000, true},
    {"amd-no-ssb", 0x80000008, 0x0, ebx, 0x04000000, true},
    {"npt", 0x8000000a, 0x0, edx, 0x00000001, true},
    {"lbrv", 0x8000000a, 0x0, edx, 0x00000002, true},
    {"svm-lock", 0x8000000a, 0x0, edx, 0x00000004, true},
    {"nrip-save", 0x8000000a, 0x0, edx, 0x00000008, true},
    {"tsc-scale", 0x8000000a, 0x0, edx, 0x00000010, true},
    {"vmcb-clean", 0x8000000a, 0x0, edx, 0x00000020, true},
    {"flushbyasid", 0x8000000a, 0x0, edx, 0x00000040, true},
    {"decodeassists", 0x8000000a, 0x0, edx, 0x00000080, true},
    {"pause-filter", 0x8000000a, 0x0, edx, 0x00000400, true},
    {"pfthreshold", 0x8000000a, 0x0, edx, 0x00001000, true},
    {"avic", 0x8000000a, 0x0, edx, 0x00002000, true},
    {"v-vmsave-vmload", 0x8000000a, 0x0, edx, 0x00008000, true},
    {"vgif", 0x8000000a, 0x0, edx, 0x00010000, true},
    {"svme-addr-chk", 0x8000000a, 0x0, edx, 0x10000000, true},
    {"rdctl-no", 0x10a, 0x0, msr_low, 0x00000001, true},
    {"ibrs-all", 0x10a, 0x0, msr_low, 0x00000002, true},
    {"rsba", 0x10a, 0x0, msr_low, 0x00000004, true},
    {"skip-l1dfl-vmentry", 0x10a, 0x0, msr_low, 0x00000008, true},
    {"ssb-no", 0x10a, 0x0, msr_low, 0x00000010, true},
    {"mds-no", 0x10a, 0x0, msr_low, 0x00000020, true},
    {"pschange-mc-no", 0x10a, 0x0, msr_low, 0x00000040, true},
    {"tsx-ctrl", 0x10a, 0x0, msr_low, 0x00000080, true},
    {"taa-no", 0x10a, 0x0, msr_low, 0x00000100, true},
    {"split-lock-detect", 0xcf, 0x0, msr_low, 0x00000020, true},
};
const size_t x86_feature_count = sizeof x86_features / sizeof *x86_features;

const X86Alias x86_aliases[] = {
    {"sse3", "pni"},
    {"pclmulqdq", "pclmuldq"},
    {"ds-cpl", "ds_cpl"},
    {"sse4-1", "sse4.1"},
    {"sse4_1", "sse4.1"},
    {"sse4-2", "sse4.2"},
    {"sse4_2", "sse4.2"},
    {"tsc-adjust", "tsc_adjust"},
    {"cqm", "cmt"},
    {"md_clear", "md-clear"},
    {"arch_capabilities", "arch-capabilities"},
    {"xd", "nx"},
    {"ffxsr", "fxsr_opt"},
    {"fxsr-opt", "fxsr_opt"},
    {"i64", "lm"},
    {"lahf-lm", "lahf_lm"},
    {"cmp-legacy", "cmp_legacy"},
    {"nodeid-msr", "nodeid_msr"},
    {"perfctr-core", "perfctr_core"},
    {"perfctr-nb", "perfctr_nb"},
    {"svm_lock", "svm-lock"},
    {"nrip_save", "nrip-save"},
    {"tsc_scale", "tsc-scale"},
    {"vmcb_clean", "vmcb-clean"},
    {"pause_filter", "pause-filter"},
};
const size_t x86_alias_count = sizeof x86_aliases / sizeof *x86_aliases;

const X86Model x86_models[] = {
    {"486", "", true, true, {},
     "fpu pse vme ", ""},
    {"pentium", "", true, true, {},
     "cx8 de fpu mce mmx msr pse tsc vme ", ""},
    {"pentium2", "", true, true, {},
     "cmov cx8 de fpu fxsr mca mce mmx msr mtrr pae pat pge pse pse36 sep tsc vme ", ""},
    {"pentium3", "", true, true, {},
     "cmov cx8 de fpu fxsr mca mce mmx msr mtrr pae pat pge pse pse36 sep sse tsc vme ", ""},
    {"pentiumpro", "", true, true, {},
     "apic cmov cx8 de fpu fxsr mce mmx msr pae pat pge pse sep sse sse2 tsc ", ""},
    {"coreduo", "Intel", true, true, {},
     "apic clflush cmov cx8 de fpu fxsr mca mce mmx monitor msr mtrr nx pae pat pge pni pse sep sse sse2 "
     "tsc vme ", ""},
    {"n270", "Intel", true, true, {},
     "apic clflush cmov cx8 de fpu fxsr mca mce mmx monitor msr mtrr nx pae pat pge pni pse sep sse sse2 "
     "ssse3 tsc vme ", ""},
    {"core2duo", "Intel", true, true, {},
     "apic clflush cmov cx8 de fpu fxsr lm mca mce mmx monitor msr mtrr nx pae pat pge pni pse pse36 sep "
     "sse sse2 ssse3 syscall tsc vme ", ""},
    {"qemu32", "", true, true, {},
     "apic cmov cx8 de fpu fxsr mce mmx msr pae pat pge pni pse sep sse sse2 tsc ", ""},
    {"kvm32", "", true, true, {},
     "apic clflush cmov cx8 de fpu fxsr mca mce mmx msr mtrr pae pat pge pni pse pse36 sep sse sse2 tsc ", ""},
    {"cpu64-rhel5", "", false, false, {},
     "apic clflush cmov cx8 de fpu fxsr lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 sep sse sse2 "
     "syscall tsc ", ""},
    {"cpu64-rhel6", "", false, false, {},
     "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 "
     "sep sse sse2 syscall tsc ", ""},
    {"qemu64", "", true, true, {},
     "apic clflush cmov cx16 cx8 de fpu fxsr lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 sep sse "
     "sse2 svm syscall tsc ", ""},
    {"kvm64", "", true, true, {},
     "apic clflush cmov cx16 cx8 de fpu fxsr lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 sep sse "
     "sse2 syscall tsc ", ""},
    {"Conroe", "Intel", true, true, {{6, 15, 0xffff}, {6, 22, 0xffff}},
     "apic clflush cmov cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 sep "
     "sse sse2 ssse3 syscall tsc ", ""},
    {"Penryn", "Intel", true, true, {{6, 23, 0xffff}, {6, 29, 0xffff}},
     "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 "
     "sep sse sse2 sse4.1 ssse3 syscall tsc ", ""},
    {"Nehalem", "Intel", true, true, {{6, 26, 0xffff}, {6, 30, 0xffff}, {6, 31, 0xffff}, {6, 46, 0xffff}},
     "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni popcnt "
     "pse pse36 sep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc ", ""},
    {"Nehalem-IBRS", "Intel", true, true, {{6, 26, 0xffff}, {6, 30, 0xffff}, {6, 31, 0xffff}, {6, 46, 0xffff}},
     "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni popcnt "
     "pse pse36 sep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc ", ""},
    {"Westmere", "Intel", true, true, {{6, 44, 0xffff}, {6, 47, 0xffff}, {6, 37, 0xffff}},
     "aes apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni "
     "popcnt pse pse36 sep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc ", ""},
    {"Westmere-IBRS", "Intel", true, true, {{6, 44, 0xffff}},
     "aes apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni "
     "popcnt pse pse36 sep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc ", ""},
    {"SandyBridge", "Intel", true, true, {{6, 42, 0xffff}, {6, 45, 0xffff}},
     "aes apic avx clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pclmuldq "
     "pge pni popcnt pse pse36 rdtscp sep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic "
     "xsave ", ""},
    {"SandyBridge-IBRS", "Intel", true, true, {{6, 42, 0xffff}, {6, 45, 0xffff}},
     "aes apic avx clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pclmuldq "
     "pge pni popcnt pse pse36 rdtscp sep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline "
     "x2apic xsave ", ""},
    {"IvyBridge", "Intel", true, true, {{6, 58, 0xffff}, {6, 62, 0xffff}},
     "aes apic avx clflush cmov cx16 cx8 de erms f16c fpu fsgsbase fxsr lahf_lm lm mca mce mmx msr mtrr "
     "nx pae pat pclmuldq pge pni popcnt pse pse36 rdrand rdtscp sep smep sse sse2 sse4.1 sse4.2 ssse3 "
     "syscall tsc tsc-deadline vme x2apic xsave ", ""},
    {"IvyBridge-IBRS", "Intel", true, true, {{6, 58, 0xffff}, {6, 62, 0xffff}},
     "aes apic avx clflush cmov cx16 cx8 de erms f16c fpu fsgsbase fxsr lahf_lm lm mca mce mmx msr mtrr "
     "nx pae pat pclmuldq pge pni popcnt pse pse36 rdrand rdtscp sep smep spec-ctrl sse sse2 sse4.1 "
     "sse4.2 ssse3 syscall tsc tsc-deadline vme x2apic xsave ", ""},
    {"Haswell-noTSX", "Intel", true, true, {{6, 60, 0xffff}, {6, 63, 0xffff}, {6, 69, 0xffff}, {6, 70, 0xffff}},
     "aes apic avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms fma fpu fsgsbase fxsr invpcid lahf_lm lm "
     "mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt pse pse36 rdtscp sep smep sse "
     "sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave ", ""},
    {"Haswell-noTSX-IBRS", "Intel", true, true, {{6, 60, 0xffff}, {6, 63, 0xffff}, {6, 69, 0xffff}, {6, 70, 0xffff}},
     "aes apic avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms fma fpu fsgsbase fxsr invpcid lahf_lm lm "
     "mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt pse pse36 rdtscp sep smep "
     "spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave ", ""},
    {"Haswell", "Intel", true, true, {{6, 60, 0xffff}, {6, 63, 0xffff}, {6, 69, 0xffff}, {6, 70, 0xffff}},
     "aes apic avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms fma fpu fsgsbase fxsr hle invpcid lahf_lm "
     "lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt pse pse36 rdtscp rtm sep smep "
     "sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave ", ""},
    {"Haswell-IBRS", "Intel", true, true, {{6, 60, 0xffff}, {6, 63, 0xffff}, {6, 69, 0xffff}, {6, 70, 0xffff}},
     "aes apic avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms fma fpu fsgsbase fxsr hle invpcid lahf_lm "
     "lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt pse pse36 rdtscp rtm sep smep "
     "spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave ", ""},
    {"Broadwell-noTSX", "Intel", true, true, {{6, 61, 0xffff}, {6, 71, 0xffff}, {6, 79, 0xffff}, {6, 86, 0xffff}},
     "3dnowprefetch adx aes apic avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms fma fpu fsgsbase fxsr "
     "invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt pse pse36 "
     "rdseed rdtscp sep smap smep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave ", ""},
    {"Broadwell-noTSX-IBRS", "Intel", true, true, {{6, 61, 0xffff}, {6, 71, 0xffff}, {6, 79, 0xffff}, {6, 86, 0xffff}},
     "3dnowprefetch adx aes apic avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms fma fpu fsgsbase fxsr "
     "invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt pse pse36 "
     "rdseed rdtscp sep smap smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic "
     "xsave ", ""},
    {"Broadwell", "Intel", true, true, {{6, 61, 0xffff}, {6, 71, 0xffff}, {6, 79, 0xffff}, {6, 86, 0xffff}},
     "3dnowprefetch adx aes apic avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms fma fpu fsgsbase fxsr "
     "hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt pse pse36 "
     "rdseed rdtscp rtm sep smap smep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave ", ""},
    {"Broadwell-IBRS", "Intel", true, true, {{6, 61, 0xffff}, {6, 71, 0xffff}, {6, 79, 0xffff}, {6, 86, 0xffff}},
     "3dnowprefetch adx aes apic avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms fma fpu fsgsbase fxsr "
     "hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt pse pse36 "
     "rdseed rdtscp rtm sep smap smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline "
     "x2apic xsave ", ""},
    {"Skylake-Client", "Intel", true, true, {{6, 94, 0xffff}, {6, 78, 0xffff}, {6, 142, 0xffff}, {6, 158, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu "
     "fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx movbe mpx msr mtrr nx pae pat pcid pclmuldq pge "
     "pni popcnt pse pse36 rdrand rdseed rdtscp rtm sep smap smep sse sse2 sse4.1 sse4.2 ssse3 syscall "
     "tsc tsc-deadline vme x2apic xgetbv1 xsave xsavec xsaveopt ", ""},
    {"Skylake-Client-IBRS", "Intel", true, true, {{6, 94, 0xffff}, {6, 78, 0xffff}, {6, 142, 0xffff}, {6, 158, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu "
     "fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx movbe mpx msr mtrr nx pae pat pcid pclmuldq pge "
     "pni popcnt pse pse36 rdrand rdseed rdtscp rtm sep smap smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 "
     "syscall tsc tsc-deadline vme x2apic xgetbv1 xsave xsavec xsaveopt ", ""},
    {"Skylake-Client-noTSX-IBRS", "Intel", true, false, {{6, 94, 0xffff}, {6, 78, 0xffff}, {6, 142, 0xffff}, {6, 158, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu "
     "fsgsbase fxsr invpcid lahf_lm lm mca mce mmx movbe mpx msr mtrr nx pae pat pcid pclmuldq pge pni "
     "popcnt pse pse36 rdrand rdseed rdtscp sep smap smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall "
     "tsc tsc-deadline vme x2apic xgetbv1 xsave xsavec xsaveopt ", ""},
    {"Skylake-Server", "Intel", true, true, {{6, 85, 0x1f}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl bmi1 bmi2 "
     "clflush clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx "
     "movbe mpx msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pni popcnt pse pse36 rdrand rdseed rdtscp "
     "rtm sep smap smep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline vme x2apic xgetbv1 xsave "
     "xsavec xsaveopt ", ""},
    {"Skylake-Server-IBRS", "Intel", true, true, {{6, 85, 0x1f}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl bmi1 bmi2 "
     "clflush clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx "
     "movbe mpx msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pni popcnt pse pse36 rdrand rdseed rdtscp "
     "rtm sep smap smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline vme x2apic "
     "xgetbv1 xsave xsavec xsaveopt ", ""},
    {"Skylake-Server-noTSX-IBRS", "Intel", true, false, {{6, 85, 0x1f}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl bmi1 bmi2 "
     "clflush clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr invpcid lahf_lm lm mca mce mmx movbe "
     "mpx msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pni popcnt pse pse36 rdrand rdseed rdtscp sep "
     "smap smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline vme x2apic xgetbv1 xsave "
     "xsavec xsaveopt ", ""},
    {"Cascadelake-Server", "Intel", true, true, {{6, 85, 0xe0}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl avx512vnni "
     "bmi1 bmi2 clflush clflushopt clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr hle invpcid "
     "lahf_lm lm mca mce mmx movbe mpx msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pni popcnt pse pse36 "
     "rdrand rdseed rdtscp rtm sep smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
     "tsc-deadline vme x2apic xgetbv1 xsave xsavec xsaveopt ", ""},
    {"Cascadelake-Server-noTSX", "Intel", true, false, {{6, 85, 0xe0}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl avx512vnni "
     "bmi1 bmi2 clflush clflushopt clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr invpcid lahf_lm "
     "lm mca mce mmx movbe mpx msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pni popcnt pse pse36 rdrand "
     "rdseed rdtscp sep smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline "
     "vme x2apic xgetbv1 xsave xsavec xsaveopt ", ""},
    {"Icelake-Client", "Intel", true, true, {{6, 126, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512-vpopcntdq avx512bitalg avx512vbmi avx512vbmi2 "
     "avx512vnni bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr gfni hle invpcid "
     "lahf_lm lm mca mce mmx movbe mpx msr mtrr nx pae pat pcid pclmuldq pge pku pni popcnt pse pse36 "
     "rdrand rdseed rdtscp rtm sep smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
     "tsc-deadline umip vaes vme vpclmulqdq wbnoinvd x2apic xgetbv1 xsave xsavec xsaveopt ", "intel-pt"},
    {"Icelake-Client-noTSX", "Intel", true, false, {{6, 126, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512-vpopcntdq avx512bitalg avx512vbmi avx512vbmi2 "
     "avx512vnni bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr gfni invpcid lahf_lm "
     "lm mca mce mmx movbe mpx msr mtrr nx pae pat pcid pclmuldq pge pku pni popcnt pse pse36 rdrand "
     "rdseed rdtscp sep smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline "
     "umip vaes vme vpclmulqdq wbnoinvd x2apic xgetbv1 xsave xsavec xsaveopt ", "intel-pt"},
    {"Icelake-Server", "Intel", true, true, {{6, 106, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512-vpopcntdq avx512bitalg avx512bw avx512cd "
     "avx512dq avx512f avx512vbmi avx512vbmi2 avx512vl avx512vnni bmi1 bmi2 clflush clflushopt clwb cmov "
     "cx16 cx8 de erms f16c fma fpu fsgsbase fxsr gfni hle invpcid la57 lahf_lm lm mca mce mmx movbe mpx "
     "msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pku pni popcnt pse pse36 rdrand rdseed rdtscp rtm sep "
     "smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline umip vaes vme "
     "vpclmulqdq wbnoinvd x2apic xgetbv1 xsave xsavec xsaveopt ", "intel-pt"},
    {"Icelake-Server-noTSX", "Intel", true, false, {{6, 106, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 avx512-vpopcntdq avx512bitalg avx512bw avx512cd "
     "avx512dq avx512f avx512vbmi avx512vbmi2 avx512vl avx512vnni bmi1 bmi2 clflush clflushopt clwb cmov "
     "cx16 cx8 de erms f16c fma fpu fsgsbase fxsr gfni invpcid la57 lahf_lm lm mca mce mmx movbe mpx msr "
     "mtrr nx pae pat pcid pclmuldq pdpe1gb pge pku pni popcnt pse pse36 rdrand rdseed rdtscp sep smap "
     "smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline umip vaes vme vpclmulqdq "
     "wbnoinvd x2apic xgetbv1 xsave xsavec xsaveopt ", "intel-pt"},
    {"Cooperlake", "Intel", true, true, {{6, 85, 0xc00}},
     "3dnowprefetch abm adx aes apic arat arch-capabilities avx avx2 avx512-bf16 avx512bw avx512cd "
     "avx512dq avx512f avx512vl avx512vnni bmi1 bmi2 clflush clflushopt clwb cmov cx16 cx8 de erms f16c "
     "fma fpu fsgsbase fxsr hle ibrs-all invpcid lahf_lm lm mca mce mds-no mmx movbe msr mtrr nx pae pat "
     "pcid pclmuldq pdpe1gb pge pku pni popcnt pschange-mc-no pse pse36 rdctl-no rdrand rdseed rdtscp rtm "
     "sep skip-l1dfl-vmentry smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 stibp syscall taa-no "
     "tsc tsc-deadline vme x2apic xgetbv1 xsave xsavec xsaveopt ", ""},
    {"Snowridge", "Intel", true, true, {{6, 134, 0xffff}},
     "3dnowprefetch aes apic arat arch-capabilities cldemote clflush clflushopt clwb cmov core-capability "
     "cx16 cx8 de erms fpu fsgsbase fxsr gfni lahf_lm lm mca mce mmx movbe movdir64b movdiri msr mtrr nx "
     "pae pat pclmuldq pdpe1gb pge pni popcnt pse pse36 rdrand rdseed rdtscp sep sha-ni smap smep "
     "spec-ctrl split-lock-detect ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline umip vme "
     "x2apic xgetbv1 xsave xsavec xsaveopt ", ""},
    {"athlon", "AMD", true, true, {},
     "3dnow 3dnowext apic cmov cx8 de fpu fxsr mce mmx mmxext msr mtrr pae pat pge pse pse36 sep sse sse2 "
     "tsc vme ", ""},
    {"phenom", "AMD", true, true, {},
     "3dnow 3dnowext apic clflush cmov cx8 de fpu fxsr fxsr_opt lm mca mce mmx mmxext monitor msr mtrr nx "
     "pae pat pge pni pse pse36 sep sse sse2 svm syscall tsc ", ""},
    {"Opteron_G1", "AMD", true, true, {{15, 6, 0xffff}},
     "apic clflush cmov cx8 de fpu fxsr lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 sep sse sse2 "
     "syscall tsc ", ""},
    {"Opteron_G2", "AMD", true, true, {{15, 6, 0xffff}},
     "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 "
     "rdtscp sep sse sse2 svm syscall tsc ", ""},
    {"Opteron_G3", "AMD", true, true, {{15, 6, 0xffff}},
     "abm apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce misalignsse mmx msr mtrr nx pae pat "
     "pge pni popcnt pse pse36 rdtscp sep sse sse2 sse4a svm syscall tsc ", "monitor"},
    {"Opteron_G4", "AMD", true, true, {{21, 1, 0xffff}},
     "3dnowprefetch abm aes apic avx clflush cmov cx16 cx8 de fma4 fpu fxsr lahf_lm lm mca mce "
     "misalignsse mmx msr mtrr nx pae pat pclmuldq pdpe1gb pge pni popcnt pse pse36 rdtscp sep sse sse2 "
     "sse4.1 sse4.2 sse4a ssse3 svm syscall tsc xop xsave ", ""},
    {"Opteron_G5", "AMD", true, true, {{21, 2, 0xffff}},
     "3dnowprefetch abm aes apic avx clflush cmov cx16 cx8 de f16c fma fma4 fpu fxsr lahf_lm lm mca mce "
     "misalignsse mmx msr mtrr nx pae pat pclmuldq pdpe1gb pge pni popcnt pse pse36 rdtscp sep sse sse2 "
     "sse4.1 sse4.2 sse4a ssse3 svm syscall tbm tsc xop xsave ", ""},
    {"EPYC", "AMD", true, true, {{23, 1, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush clflushopt cmov cr8legacy cx16 cx8 "
     "de f16c fma fpu fsgsbase fxsr fxsr_opt lahf_lm lm mca mce misalignsse mmx mmxext movbe msr mtrr nx "
     "osvw pae pat pclmuldq pdpe1gb pge pni popcnt pse pse36 rdrand rdseed rdtscp sep sha-ni smap smep "
     "sse sse2 sse4.1 sse4.2 sse4a ssse3 svm syscall tsc vme xgetbv1 xsave xsavec xsaveopt ", "monitor"},
    {"EPYC-IBPB", "AMD", true, true, {{23, 1, 0xffff}},
     "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush clflushopt cmov cr8legacy cx16 cx8 "
     "de f16c fma fpu fsgsbase fxsr fxsr_opt ibpb lahf_lm lm mca mce misalignsse mmx mmxext movbe msr "
     "mtrr nx osvw pae pat pclmuldq pdpe1gb pge pni popcnt pse pse36 rdrand rdseed rdtscp sep sha-ni smap "
     "smep sse sse2 sse4.1 sse4.2 sse4a ssse3 svm syscall tsc vme xgetbv1 xsave xsavec xsaveopt ", "monitor"},
    {"EPYC-Rome", "AMD", true, true, {{23, 49, 0xffff}},
     "3dnowprefetch abm adx aes amd-stibp apic arat avx avx2 bmi1 bmi2 clflush clflushopt clwb clzero "
     "cmov cr8legacy cx16 cx8 de f16c fma fpu fsgsbase fxsr fxsr_opt ibpb lahf_lm lm mca mce misalignsse "
     "mmx mmxext movbe msr mtrr npt nrip-save nx osvw pae pat pclmuldq pdpe1gb perfctr_core pge pni "
     "popcnt pse pse36 rdpid rdrand rdseed rdtscp sep sha-ni smap smep sse sse2 sse4.1 sse4.2 sse4a ssse3 "
     "svm syscall tsc umip vme wbnoinvd xgetbv1 xsave xsavec xsaveerptr xsaveopt ", ""},
    {"EPYC-Milan", "AMD", true, true, {{25, 1, 0xffff}},
     "3dnowprefetch abm adx aes amd-ssbd amd-stibp apic arat avx avx2 bmi1 bmi2 clflush clflushopt clwb "
     "clzero cmov cr8legacy cx16 cx8 de erms f16c fma fpu fsgsbase fsrm fxsr fxsr_opt ibpb ibrs invpcid "
     "lahf_lm lm mca mce misalignsse mmx mmxext movbe msr mtrr npt nrip-save nx osvw pae pat pcid "
     "pclmuldq pdpe1gb perfctr_core pge pku pni popcnt pse pse36 rdpid rdrand rdseed rdtscp sep sha-ni "
     "smap smep sse sse2 sse4.1 sse4.2 sse4a ssse3 svm svme-addr-chk syscall tsc umip vme wbnoinvd "
     "xgetbv1 xsave xsavec xsaveerptr xsaveopt xsaves ", ""},
    {"Dhyana", "Hygon", true, true, {{24, 0, 0xffff}},
     "3dnowprefetch abm adx apic arat avx avx2 bmi1 bmi2 clflush clflushopt cmov cr8legacy cx16 cx8 de "
     "f16c fma fpu fsgsbase fxsr fxsr_opt ibpb lahf_lm lm mca mce misalignsse mmx mmxext movbe msr mtrr "
     "nx osvw pae pat pdpe1gb pge pni popcnt pse pse36 rdrand rdseed rdtscp sep smap smep sse sse2 sse4.1 "
     "sse4.2 sse4a ssse3 svm syscall tsc vme xgetbv1 xsave xsavec xsaveopt ", "monitor"},
};
const size_t x86_model_count = sizeof x86_models / sizeof *x86_models;

}  // namespace virtue::host::detail
