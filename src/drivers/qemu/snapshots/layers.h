// The layers of a running guest's disks as its QEMU has them: what a daemon that was cut off in the middle of a change
// did not come to write down. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"
#include "model/domain/storage_source.h"

namespace virtue::qemu {

/// A source as a persistent definition keeps it: its layers without the numbers of a run.
model::StorageSource without_numbers(model::StorageSource source);
/// Takes the layer at a path out of a disk's source; `base` is what it lay over. False if it is not there.
bool cut_layer(model::StorageSource& top, const std::string& path, const model::StorageSource& base);

/// Compares both definitions with what QEMU writes to, and corrects them: a snapshot or a merge that happened, but was
/// not noted. Guests whose disks cannot be compared are left as they are. Does not throw.
Task<void> settle_layers(Core& core, DomainOwner domain, io::Deadline deadline);

}  // namespace virtue::qemu
