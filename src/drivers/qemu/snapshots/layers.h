// The layers of a running guest's disks as its QEMU has them: what a daemon that was cut off in the middle of a change
// did not come to write down. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Compares both definitions with what QEMU writes to, and corrects them: a snapshot or a merge that happened, but was
/// not noted. Guests whose disks cannot be compared are left as they are. Does not throw.
Task<void> settle_layers(Core& core, DomainOwner domain, io::Deadline deadline);

}  // namespace virtue::qemu
