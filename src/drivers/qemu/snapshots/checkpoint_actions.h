// Checkpoints of guests: noting by dirty bitmaps what changes from a moment on. Each change is one job of the guest;
// the calls of clients come here with the guest's modify job held. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"
#include "drivers/qemu/snapshots/bitmaps.h"
#include "drivers/qemu/snapshots/moments.h"

namespace virtue::qemu {

/// Makes one, or enters the metadata of one that is there (`flags` of virDomainCheckpointCreateXML). When it returns,
/// the metadata are on disk. Throws as libvirt does.
Task<CheckpointOwner> create_checkpoint(Core& core, DomainOwner domain, std::string xml, uint32_t flags,
                                        io::Deadline deadline);
/// Deletes it, what is behind it, or both (`flags` of virDomainCheckpointDelete).
Task<void> delete_checkpoint(Core& core, DomainOwner domain, std::string name, uint32_t flags, io::Deadline deadline);
/// Its XML (`flags` of virDomainCheckpointGetXMLDesc); the sizes are asked of the running guest.
Task<std::string> checkpoint_xml(Core& core, DomainOwner domain, std::string name, uint32_t flags,
                                 io::Deadline deadline);

/// The checkpoint of that name. Throws no_domain_checkpoint.
CheckpointOwner checkpoint_at(const Domain& domain, const std::string& name);

// For a backup, which makes one in its own moment:

/// Reads and checks one that is wanted, with a line for every disk. Throws as create_checkpoint().
Task<std::shared_ptr<model::Checkpoint>> prepare_checkpoint(Core& core, DomainOwner domain, std::string xml,
                                                            io::Deadline deadline);
/// The actions that begin its bitmaps.
void add_checkpoint_actions(const model::Domain& live, const model::Checkpoint& checkpoint, Json& actions);
/// Writes its metadata; then it counts.
Task<void> keep_checkpoint(Core& core, DomainOwner domain, std::shared_ptr<const model::Checkpoint> checkpoint);

/// Where the layers of a disk note a bitmap, the top layer first.
std::vector<BitmapPlace> bitmap_places(const model::Disk& disk, const BlockNodes& nodes, const std::string& bitmap);

}  // namespace virtue::qemu
