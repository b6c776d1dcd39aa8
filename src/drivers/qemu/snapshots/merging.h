// Deleting external snapshots: the new file of each disk is written back into the one below it. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"
#include "drivers/qemu/snapshots/moments.h"

namespace virtue::qemu {

/// Refuses what cannot be merged: branches, and snapshots inside the images on the way. Throws config_unsupported,
/// operation_unsupported in libvirt's words.
void require_mergeable(const Domain& domain, const model::Snapshot& snapshot);
/// Writes the disks' new files back and lets definitions and later snapshots go on without them. Gives the files that
/// are needed no more, for the caller to remove when the snapshot is forgotten. Until then a second attempt is safe.
Task<std::vector<std::string>> merge_external(Core& core, DomainOwner domain, SnapshotOwner snapshot,
                                              io::Deadline deadline);

}  // namespace virtue::qemu
