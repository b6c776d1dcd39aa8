// Calls that put a guest's state into a file and bring it back: save, managed save, restore, saved definitions, core
// dumps. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_lifecycle.h"

namespace virtue::qemu {

class SaveCalls {
public:
    explicit SaveCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<wire::Void> save(driver::Call& call, proc::DomainSave::Args args);
    Task<wire::Void> save_flags(driver::Call& call, proc::DomainSaveFlags::Args args);
    Task<wire::Void> managed_save(driver::Call& call, proc::DomainManagedSave::Args args);
    Task<wire::Void> managed_save_remove(driver::Call& call, proc::DomainManagedSaveRemove::Args args);
    Task<wire::Void> restore(driver::Call& call, proc::DomainRestore::Args args);
    Task<wire::Void> restore_flags(driver::Call& call, proc::DomainRestoreFlags::Args args);
    Task<proc::DomainSaveImageGetXmlDesc::Ret> image_xml(driver::Call& call,
                                                         proc::DomainSaveImageGetXmlDesc::Args args);
    Task<wire::Void> image_define(driver::Call& call, proc::DomainSaveImageDefineXml::Args args);
    Task<proc::DomainManagedSaveGetXmlDesc::Ret> managed_xml(driver::Call& call,
                                                             proc::DomainManagedSaveGetXmlDesc::Args args);
    Task<wire::Void> managed_define(driver::Call& call, proc::DomainManagedSaveDefineXml::Args args);
    Task<wire::Void> save_params(driver::Call& call, proc::DomainSaveParams::Args args);
    Task<wire::Void> restore_params(driver::Call& call, proc::DomainRestoreParams::Args args);
    Task<wire::Void> core_dump(driver::Call& call, proc::DomainCoreDump::Args args);
    Task<wire::Void> core_dump_format(driver::Call& call, proc::DomainCoreDumpWithFormat::Args args);

    Task<void> save_to(driver::Call& call, proc::DomainRef which, std::string path, std::string xml, uint32_t flags,
                       bool managed);
    Task<void> restore_from(driver::Call& call, std::string path, std::string xml, uint32_t flags);
    Task<void> dump(driver::Call& call, proc::DomainRef which, std::string path, uint32_t format, uint32_t flags);

    Core& core_;
};

}  // namespace virtue::qemu
