// CPUs compared with what an emulator can show, and the richest one that it can show for several hosts. Pure
// functions on probed capabilities; any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/qemu/capabilities/capabilities.h"
#include "host/cpu_compare.h"

namespace virtue::qemu {

/// Which emulator is asked, and with which accelerator.
struct HypervisorCpu {
    const QemuCapabilities& emulator;
    std::string arch;  ///< of the guest
    bool kvm = false;

    /// virConnectCompareHypervisorCPU; `flags` are VIR_CONNECT_COMPARE_CPU_*. Throws operation_unsupported where the
    /// emulator does not tell about its CPU, cpu_incompatible when that is asked for.
    host::CpuMatch compare(const std::string& xml, uint32_t flags) const;
    /// virConnectBaselineHypervisorCPU; `flags` are VIR_CONNECT_BASELINE_CPU_*. The result as XML.
    std::string baseline(const std::vector<std::string>& xmls, uint32_t flags) const;
};

/// Features that the emulator knows, switched on or not; all where it does not tell.
host::CpuFeatures known_features(const AcceleratorCapabilities& accelerator);

}  // namespace virtue::qemu
