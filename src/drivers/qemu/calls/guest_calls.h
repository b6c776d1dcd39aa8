// Calls that the agent inside the guest answers: time, host name, file systems, addresses, users. Without an agent they
// fail at once with agent_unresponsive. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_guest.h"

namespace virtue::qemu {

class GuestCalls {
public:
    explicit GuestCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::DomainGetTime::Ret> get_time(driver::Call& call, proc::DomainGetTime::Args args);
    Task<wire::Void> set_time(driver::Call& call, proc::DomainSetTime::Args args);
    Task<proc::DomainGetHostname::Ret> hostname(driver::Call& call, proc::DomainGetHostname::Args args);
    Task<proc::DomainGetFsinfo::Ret> file_systems(driver::Call& call, proc::DomainGetFsinfo::Args args);
    Task<proc::DomainFsfreeze::Ret> freeze(driver::Call& call, proc::DomainFsfreeze::Args args);
    Task<proc::DomainFsthaw::Ret> thaw(driver::Call& call, proc::DomainFsthaw::Args args);
    Task<wire::Void> trim(driver::Call& call, proc::DomainFstrim::Args args);
    Task<wire::Void> set_password(driver::Call& call, proc::DomainSetUserPassword::Args args);
    Task<proc::DomainInterfaceAddresses::Ret> addresses(driver::Call& call, proc::DomainInterfaceAddresses::Args args);
    Task<proc::DomainAgentSetResponseTimeout::Ret> set_timeout(driver::Call& call,
                                                               proc::DomainAgentSetResponseTimeout::Args args);

    Task<Json> ask(driver::Call& call, proc::DomainRef which, const char* api, std::string command, Json arguments);

    Core& core_;
};

}  // namespace virtue::qemu
