// Calls about snapshots: lists, trees and XML from what the driver holds; taking, reverting and deleting as jobs. Owned
// by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/snapshot.h"

namespace virtue::qemu {

class SnapshotCalls {
public:
    explicit SnapshotCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::DomainSnapshotCreateXml::Ret> create(driver::Call& call, proc::DomainSnapshotCreateXml::Args args);
    Task<wire::Void> revert(driver::Call& call, proc::DomainRevertToSnapshot::Args args);
    Task<wire::Void> remove(driver::Call& call, proc::DomainSnapshotDelete::Args args);

    proc::DomainSnapshotGetXmlDesc::Ret xml(driver::Call&, proc::DomainSnapshotGetXmlDesc::Args args);
    proc::DomainSnapshotNum::Ret count(driver::Call&, proc::DomainSnapshotNum::Args args);
    proc::DomainSnapshotListNames::Ret names(driver::Call&, proc::DomainSnapshotListNames::Args args);
    proc::DomainListAllSnapshots::Ret list(driver::Call&, proc::DomainListAllSnapshots::Args args);
    proc::DomainSnapshotNumChildren::Ret count_children(driver::Call&, proc::DomainSnapshotNumChildren::Args args);
    proc::DomainSnapshotListChildrenNames::Ret child_names(driver::Call&,
                                                           proc::DomainSnapshotListChildrenNames::Args args);
    proc::DomainSnapshotListAllChildren::Ret list_children(driver::Call&,
                                                           proc::DomainSnapshotListAllChildren::Args args);
    proc::DomainSnapshotLookupByName::Ret find(driver::Call&, proc::DomainSnapshotLookupByName::Args args);
    proc::DomainHasCurrentSnapshot::Ret has_current(driver::Call&, proc::DomainHasCurrentSnapshot::Args args);
    proc::DomainSnapshotCurrent::Ret current(driver::Call&, proc::DomainSnapshotCurrent::Args args);
    proc::DomainSnapshotGetParent::Ret parent(driver::Call&, proc::DomainSnapshotGetParent::Args args);
    proc::DomainSnapshotIsCurrent::Ret is_current(driver::Call&, proc::DomainSnapshotIsCurrent::Args args);
    proc::DomainSnapshotHasMetadata::Ret has_metadata(driver::Call&, proc::DomainSnapshotHasMetadata::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
