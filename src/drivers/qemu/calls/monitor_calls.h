// The QEMU program: raw monitor and agent commands, monitor events. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/qemu/qemu.h"

namespace virtue::qemu {

class MonitorCalls {
public:
    explicit MonitorCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::QemuDomainMonitorCommand::Ret> monitor_command(driver::Call& call,
                                                              proc::QemuDomainMonitorCommand::Args args);
    Task<proc::QemuDomainMonitorCommandWithFiles::Ret> monitor_command_with_files(
        driver::Call& call, proc::QemuDomainMonitorCommandWithFiles::Args args);
    Task<proc::QemuDomainAgentCommand::Ret> agent_command(driver::Call& call, proc::QemuDomainAgentCommand::Args args);
    proc::QemuConnectDomainMonitorEventRegister::Ret register_event(
        driver::Call& call, proc::QemuConnectDomainMonitorEventRegister::Args args);
    wire::Void deregister_event(driver::Call& call, proc::QemuConnectDomainMonitorEventDeregister::Args args);

    Task<std::string> run_command(driver::Call& call, proc::DomainRef which, std::string text, uint32_t flags);

    Core& core_;
};

}  // namespace virtue::qemu
