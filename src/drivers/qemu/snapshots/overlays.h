// New files over the disks of a guest: what external snapshots are made of. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"
#include "model/snapshot/snapshot.h"

namespace virtue::qemu {

/// Makes the files of all external disks of a guest that does not run, and puts them into its definition. Files of a
/// snapshot that fails are removed again. `reuse`: they are there already.
Task<void> lay_overlays_offline(Core& core, DomainOwner domain, const model::Snapshot& snapshot, bool reuse,
                                io::Deadline deadline);
/// The same of a running guest, all disks in the same moment; both definitions go on with the new files.
Task<void> lay_overlays_live(Core& core, DomainOwner domain, const model::Snapshot& snapshot, bool reuse,
                             io::Deadline deadline);

}  // namespace virtue::qemu
