// Disks that name a volume of a storage pool: where the volume is, asked of the storage driver at each start. Loop
// thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// The definition with every disk of type volume turned into the file or device that the volume is; the same object if
/// it has none. Throws no_storage_pool, no_storage_vol, config_unsupported for a pool that is not active. A disk that
/// may be missing is left empty instead.
Task<std::shared_ptr<const model::Domain>> with_volumes(Core& core, std::shared_ptr<const model::Domain> domain,
                                                        io::Deadline deadline);

/// A definition that went on meanwhile, with the disks that with_volumes() made of its earlier self.
std::shared_ptr<const model::Domain> with_disks_of(std::shared_ptr<const model::Domain> domain,
                                                   const std::shared_ptr<const model::Domain>& opened);

}  // namespace virtue::qemu
