// Calls about definitions: define, undefine, rename, autostart, metadata. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_define.h"

namespace virtue::qemu {

class DefinitionCalls {
public:
    explicit DefinitionCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::DomainDefineXml::Ret> define(driver::Call& call, proc::DomainDefineXml::Args args);
    Task<proc::DomainDefineXmlFlags::Ret> define_flags(driver::Call& call, proc::DomainDefineXmlFlags::Args args);
    Task<wire::Void> undefine(driver::Call& call, proc::DomainUndefine::Args args);
    Task<wire::Void> undefine_flags(driver::Call& call, proc::DomainUndefineFlags::Args args);
    Task<proc::DomainRename::Ret> rename(driver::Call& call, proc::DomainRename::Args args);
    proc::DomainGetAutostart::Ret get_autostart(driver::Call& call, proc::DomainGetAutostart::Args args);
    Task<wire::Void> set_autostart(driver::Call& call, proc::DomainSetAutostart::Args args);
    proc::DomainGetAutostartOnce::Ret get_autostart_once(driver::Call& call, proc::DomainGetAutostartOnce::Args args);
    Task<wire::Void> set_autostart_once(driver::Call& call, proc::DomainSetAutostartOnce::Args args);
    proc::DomainGetMetadata::Ret get_metadata(driver::Call& call, proc::DomainGetMetadata::Args args);
    Task<wire::Void> set_metadata(driver::Call& call, proc::DomainSetMetadata::Args args);

    Task<proc::DomainRef> define_xml(driver::Call& call, std::string xml, uint32_t flags);
    Task<void> undefine_domain(driver::Call& call, proc::DomainRef which, uint32_t flags);
    Task<void> mark_autostart(driver::Call& call, proc::DomainRef which, bool wanted, bool once);

    Core& core_;
};

}  // namespace virtue::qemu
