// Calls about checkpoints and backups: lists and XML from what the driver holds; making and deleting as jobs. Owned by
// QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/checkpoint.h"

namespace virtue::qemu {

class CheckpointCalls {
public:
    explicit CheckpointCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::DomainCheckpointCreateXml::Ret> create(driver::Call& call, proc::DomainCheckpointCreateXml::Args args);
    Task<wire::Void> remove(driver::Call& call, proc::DomainCheckpointDelete::Args args);
    Task<proc::DomainCheckpointGetXmlDesc::Ret> xml(driver::Call& call, proc::DomainCheckpointGetXmlDesc::Args args);
    proc::DomainListAllCheckpoints::Ret list(driver::Call&, proc::DomainListAllCheckpoints::Args args);
    proc::DomainCheckpointListAllChildren::Ret list_children(driver::Call&,
                                                             proc::DomainCheckpointListAllChildren::Args args);
    proc::DomainCheckpointLookupByName::Ret find(driver::Call&, proc::DomainCheckpointLookupByName::Args args);
    proc::DomainCheckpointGetParent::Ret parent(driver::Call&, proc::DomainCheckpointGetParent::Args args);

    Task<wire::Void> begin_backup(driver::Call& call, proc::DomainBackupBegin::Args args);
    proc::DomainBackupGetXmlDesc::Ret backup_xml(driver::Call&, proc::DomainBackupGetXmlDesc::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
