// A guest's state to and from a file, by QEMU's own migration. Callers hold the guest's modify job; loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Writes the state of a stopped guest to `file`, behind what stands there. Throws operation_failed with QEMU's words.
Task<void> write_state(Core& core, DomainOwner domain, const Fd& file, io::Deadline deadline);
/// Loads a state into a QEMU that was started with -incoming defer. Throws operation_failed.
Task<void> load_state(Core& core, DomainOwner domain, const Fd& file, io::Deadline deadline);

}  // namespace virtue::qemu
