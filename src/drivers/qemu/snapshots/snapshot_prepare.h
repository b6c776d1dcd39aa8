// Looks at a snapshot that is wanted before anything is done: what is refused, and what is filled in. Loop thread only.
#pragma once
#include <string>

#include "drivers/qemu/core.h"
#include "drivers/qemu/snapshots/moments.h"

namespace virtue::qemu {

/// What a snapshot comes to.
struct SnapshotParts {
    bool internal = false;  ///< some disks keep it inside their image
    bool external = false;  ///< some disks go on in a new file
};

/// Reads the document as its flags say, and refuses names that make no file. Throws xml_error, xml_detail and so on.
model::Snapshot read_snapshot(const Domain& domain, const std::string& xml, uint32_t flags);
/// Refuses flags that contradict each other or the guest's state. Throws invalid_arg, operation_invalid.
void require_snapshot_flags(uint32_t flags);
/// Enters the definition of the moment, the state, and a line for every disk.
Task<void> align_snapshot(Core& core, DomainOwner domain, model::Snapshot& snapshot, uint32_t flags,
                          io::Deadline deadline);
/// Refuses what cannot be taken: formats, places, mixtures. Throws config_unsupported in libvirt's words.
Task<SnapshotParts> prepare_snapshot(Core& core, DomainOwner domain, model::Snapshot& snapshot, uint32_t flags,
                                     io::Deadline deadline);
/// Checks metadata that a client brings for a snapshot that is there already, against the one of its name.
Task<void> prepare_redefined(Core& core, DomainOwner domain, model::Snapshot& snapshot, io::Deadline deadline);

}  // namespace virtue::qemu
