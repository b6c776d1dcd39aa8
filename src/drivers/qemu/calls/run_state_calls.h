// Calls that change whether and how a guest runs. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_lifecycle.h"

namespace virtue::qemu {

class RunStateCalls {
public:
    explicit RunStateCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<wire::Void> create(driver::Call& call, proc::DomainCreate::Args args);
    Task<proc::DomainCreateWithFlags::Ret> create_flags(driver::Call& call, proc::DomainCreateWithFlags::Args args);
    Task<proc::DomainCreateXml::Ret> create_xml(driver::Call& call, proc::DomainCreateXml::Args args);
    Task<wire::Void> destroy(driver::Call& call, proc::DomainDestroy::Args args);
    Task<wire::Void> destroy_flags(driver::Call& call, proc::DomainDestroyFlags::Args args);
    Task<wire::Void> suspend(driver::Call& call, proc::DomainSuspend::Args args);
    Task<wire::Void> resume(driver::Call& call, proc::DomainResume::Args args);
    Task<wire::Void> reset(driver::Call& call, proc::DomainReset::Args args);
    Task<wire::Void> shutdown(driver::Call& call, proc::DomainShutdown::Args args);
    Task<wire::Void> shutdown_flags(driver::Call& call, proc::DomainShutdownFlags::Args args);
    Task<wire::Void> reboot(driver::Call& call, proc::DomainReboot::Args args);
    Task<wire::Void> pm_suspend(driver::Call& call, proc::DomainPmSuspendForDuration::Args args);
    Task<wire::Void> pm_wakeup(driver::Call& call, proc::DomainPmWakeup::Args args);
    Task<wire::Void> inject_nmi(driver::Call& call, proc::DomainInjectNmi::Args args);
    proc::DomainHasManagedSaveImage::Ret has_managed_save(driver::Call& call,
                                                          proc::DomainHasManagedSaveImage::Args args);

    Task<proc::DomainRef> start(driver::Call& call, proc::DomainRef which, uint32_t flags, const char* api);
    Task<void> destroy_domain(driver::Call& call, proc::DomainRef which, bool graceful);
    Task<void> power_down(driver::Call& call, proc::DomainRef which, uint32_t flags, bool reboot);
    void tie_to_session(driver::Call& call, const DomainOwner& domain);

    Core& core_;
};

}  // namespace virtue::qemu
