// Processors of a running guest: which of them QEMU can plug and unplug, and doing so. Callers hold the guest's modify
// job. Loop thread only.
#pragma once
#include "base/bitmap.h"
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Plugs the processors that the definition has online and that can be unplugged: QEMU was started without them.
/// Before the guest runs.
Task<void> plug_defined_vcpus(Core& core, DomainOwner domain, io::Deadline deadline);

/// Brings the number of processors to `count`. Throws config_unsupported when those that can be plugged do not add up
/// to it, operation_timeout when the guest does not let go of one in time, QEMU's own errors.
Task<void> plug_vcpu_count(Core& core, DomainOwner domain, unsigned count, io::Deadline deadline);

/// Plugs or unplugs these. Throws invalid_arg for one that is not there, is so already, or cannot be switched; the rest
/// as plug_vcpu_count().
Task<void> plug_vcpus(Core& core, DomainOwner domain, Bitmap which, bool on, io::Deadline deadline);

/// True if `alias` is a processor's.
bool is_vcpu_alias(const std::string& alias);
/// A processor is gone that the guest let go of late.
Task<void> finish_vcpu_unplug(Core& core, DomainOwner domain);

/// Puts each thread of the guest where its definition wants it: processors, I/O threads, the emulator itself.
Task<void> place_threads(DomainOwner domain, io::Deadline deadline);

}  // namespace virtue::qemu
