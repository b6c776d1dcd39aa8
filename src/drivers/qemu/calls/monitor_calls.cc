#include "drivers/qemu/calls/monitor_calls.h"

#include "drivers/qemu/calls/support.h"

namespace virtue::qemu {

void MonitorCalls::bind(driver::HandlerTable& on) {
    on.call<proc::QemuDomainMonitorCommand>(this, &MonitorCalls::monitor_command);
    on.call<proc::QemuDomainMonitorCommandWithFiles>(this, &MonitorCalls::monitor_command_with_files);
    on.call<proc::QemuDomainAgentCommand>(this, &MonitorCalls::agent_command);
}

Task<std::string> MonitorCalls::run_command(driver::Call& call, proc::DomainRef which, std::string text,
                                            uint32_t flags) {
    require_flags(flags, api::domain_qemu_monitor_command_hmp, "qemuDomainQemuMonitorCommandWithFiles");
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainQemuMonitorCommand", call.deadline);
    domain->running();
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    std::string answer;
    if (flags & api::domain_qemu_monitor_command_hmp) {
        answer = co_await domain->monitor()->human_command(std::move(text), deadline);
    } else {
        answer = co_await domain->monitor()->raw_command(std::move(text), deadline);
    }
    co_return answer;
}

Task<proc::QemuDomainMonitorCommand::Ret> MonitorCalls::monitor_command(driver::Call& call,
                                                                        proc::QemuDomainMonitorCommand::Args args) {
    proc::QemuDomainMonitorCommand::Ret ret;
    ret.result = co_await run_command(call, std::move(args.domain), std::move(args.cmd), args.flags);
    co_return ret;
}

Task<proc::QemuDomainMonitorCommandWithFiles::Ret> MonitorCalls::monitor_command_with_files(
    driver::Call& call, proc::QemuDomainMonitorCommandWithFiles::Args args) {
    if (call.received.size() > 1) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                    "at most 1 fd can be passed to qemu along with a command");
    }
    proc::QemuDomainMonitorCommandWithFiles::Ret ret;
    if (call.received.empty()) {
        ret.result = co_await run_command(call, std::move(args.domain), std::move(args.cmd), args.flags);
        co_return ret;
    }
    require_flags(args.flags, 0, "qemuDomainQemuMonitorCommandWithFiles");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainQemuMonitorCommandWithFiles", call.deadline);
    domain->running();
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    Json command = Json::parse(args.cmd);
    Json arguments;
    if (const Json* given = command.find("arguments")) arguments = *given;
    std::vector<const Fd*> fds = {&call.received.front()};
    std::string name = command.at("execute").as_string();
    Json result = co_await domain->monitor()->command_with_fds(name, std::move(arguments), std::move(fds), deadline);
    ret.result = Json::object({{"return", std::move(result)}}).to_text();
    co_return ret;
}

Task<proc::QemuDomainAgentCommand::Ret> MonitorCalls::agent_command(driver::Call& call,
                                                                    proc::QemuDomainAgentCommand::Args args) {
    require_flags(args.flags, 0, "qemuDomainQemuAgentCommand");
    if (args.timeout < api::domain_qemu_agent_command_block) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "guest agent timeout '{}' is less than the minimum '{}'",
             args.timeout, api::domain_qemu_agent_command_block);
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn =
        co_await domain->jobs().begin(driver::JobKind::agent, "virDomainQemuAgentCommand", call.deadline);
    domain->running();
    std::shared_ptr<Agent> agent = domain->agent();
    io::Deadline deadline = call.deadline;
    if (args.timeout == api::domain_qemu_agent_command_default)
        deadline = deadline.within(core_.settings.agent_deadline);
    if (args.timeout == api::domain_qemu_agent_command_nowait) deadline = deadline.within(io::Milliseconds(50));
    if (args.timeout > 0) deadline = deadline.within(io::Milliseconds(1000LL * args.timeout));
    proc::QemuDomainAgentCommand::Ret ret;
    std::string answer = co_await agent->raw_command(std::move(args.cmd), deadline);
    ret.result = std::move(answer);
    co_return ret;
}

}  // namespace virtue::qemu
