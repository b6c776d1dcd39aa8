// Snapshots of guests: taking, going back to, deleting. Each is one job of the guest; the calls of clients come here
// with the guest's modify job held. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"
#include "drivers/qemu/snapshots/moments.h"

namespace virtue::qemu {

/// Takes one, or enters the metadata of one that is there (`flags` of virDomainSnapshotCreateXML). When it returns, the
/// metadata are on disk. Throws as libvirt does.
Task<SnapshotOwner> create_snapshot(Core& core, DomainOwner domain, std::string xml, uint32_t flags,
                                    io::Deadline deadline);
/// Goes back to it (`flags` of virDomainRevertToSnapshot). A running guest's process is ended, and started again if
/// the snapshot is of a running guest or the flags say so.
Task<void> revert_to_snapshot(Core& core, DomainOwner domain, std::string name, uint32_t flags, io::Deadline deadline);
/// Deletes it, what is behind it, or both (`flags` of virDomainSnapshotDelete).
Task<void> delete_snapshot(Core& core, DomainOwner domain, std::string name, uint32_t flags, io::Deadline deadline);

/// The snapshot of that name. Throws no_domain_snapshot.
SnapshotOwner snapshot_at(const Domain& domain, const std::string& name);

/// Makes it the one that the guest goes on from; on disk before in memory. An empty name takes the mark away.
Task<void> make_current(Core& core, DomainOwner domain, std::string name);

}  // namespace virtue::qemu
