// Snapshots and checkpoints: this driver makes none, so the lists are empty and a name is never found. Owned by
// QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/checkpoint.h"
#include "protocol/remote/snapshot.h"

namespace virtue::qemu {

class SnapshotCalls {
public:
    explicit SnapshotCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    proc::DomainSnapshotNum::Ret count(driver::Call&, proc::DomainSnapshotNum::Args args);
    proc::DomainSnapshotListNames::Ret names(driver::Call&, proc::DomainSnapshotListNames::Args args);
    proc::DomainListAllSnapshots::Ret list(driver::Call&, proc::DomainListAllSnapshots::Args args);
    proc::DomainSnapshotLookupByName::Ret find(driver::Call&, proc::DomainSnapshotLookupByName::Args args);
    proc::DomainHasCurrentSnapshot::Ret has_current(driver::Call&, proc::DomainHasCurrentSnapshot::Args args);
    proc::DomainSnapshotCurrent::Ret current(driver::Call&, proc::DomainSnapshotCurrent::Args args);
    proc::DomainListAllCheckpoints::Ret list_checkpoints(driver::Call&, proc::DomainListAllCheckpoints::Args args);
    proc::DomainCheckpointLookupByName::Ret find_checkpoint(driver::Call&,
                                                            proc::DomainCheckpointLookupByName::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
