// The <cpu> element where it stands alone, as clients send it to be compared, and as a baseline is answered. Pure
// functions; any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "host/cpu_compare.h"

namespace virtue::driver {

/// What the element has to be.
enum class CpuElement : uint8_t {
    host,      ///< of host capabilities: an architecture is demanded, a mode refused
    automatic  ///< a host's if it names an architecture, else a guest's
};

/// Reads it. With `validate` what libvirt's schema does not know is xml_invalid_schema. Throws libvirt's errors.
host::CpuDescription read_cpu(std::string_view xml, CpuElement kind, bool validate = false);
std::vector<host::CpuDescription> read_cpus(const std::vector<std::string>& xmls, CpuElement kind);

/// Writes a guest's CPU as libvirt does.
std::string write_cpu(const host::CpuDescription& cpu);

/// virConnectBaselineCPU: the baseline of host CPUs as XML; `flags` are VIR_CONNECT_BASELINE_CPU_*.
std::string baseline_of_hosts(const std::vector<std::string>& xmls, uint32_t flags);

/// True if libvirt knows an architecture of that name ("x86_64").
bool is_architecture(std::string_view name);

}  // namespace virtue::driver
