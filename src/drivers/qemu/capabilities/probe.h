// Asks a QEMU binary over QMP what it can do, by starting it once an accelerator without a guest. Loop thread only.
#pragma once
#include <optional>
#include <string>

#include "drivers/qemu/capabilities/capabilities.h"
#include "io/loop.h"

namespace virtue::qemu {

/// How to probe.
struct ProbeOptions {
    std::string binary;           ///< absolute path
    bool kvm_works = false;       ///< the result of the timing probe
    std::string kvm_reason;       ///< why KVM is not to be used
    std::optional<uint32_t> uid;  ///< run QEMU as this user
    std::optional<uint32_t> gid;
};

/// Probes. Throws internal_error "failed to probe capabilities of BINARY: …" with QEMU's last words when it does not
/// start or speak QMP, operation_timeout at the deadline.
Task<QemuCapabilities> probe_binary(io::Loop& loop, ProbeOptions options, io::Deadline deadline);

}  // namespace virtue::qemu
