#include "drivers/qemu/calls/monitor_calls.h"

#include <regex.h>
#include <strings.h>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/launch.h"

namespace virtue::qemu {
namespace {

// A pattern is compiled and run in the daemon's one thread: longer ones could hold up everybody.
constexpr size_t longest_pattern = 256;

/// A compiled pattern, freed with its last holder.
class Pattern {
public:
    Pattern(const std::string& text, bool ignore_case) {
        int failed = ::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0));
        if (failed == 0) return;
        char reason[200];
        ::regerror(failed, &compiled_, reason, sizeof reason);
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "failed to compile regex '{}': {}", text, reason);
    }
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    ~Pattern() { ::regfree(&compiled_); }

    bool matches(const std::string& text) const { return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0; }

private:
    regex_t compiled_{};
};

/// Which events a client wants, by their name.
std::function<bool(const std::string&)> event_filter(const std::optional<std::string>& event, uint32_t flags) {
    if (!event) return {};
    bool ignore_case = (flags & api::connect_domain_qemu_monitor_event_register_nocase) != 0;
    if (flags & api::connect_domain_qemu_monitor_event_register_regex) {
        if (event->size() > longest_pattern) {
            fail(ErrorCode::invalid_arg, ErrorDomain::domain, "the pattern of {} bytes is longer than {}",
                 event->size(), longest_pattern);
        }
        auto pattern = std::make_shared<const Pattern>(*event, ignore_case);
        return [pattern](const std::string& name) { return pattern->matches(name); };
    }
    if (ignore_case) {
        return [wanted = *event](const std::string& name) { return ::strcasecmp(name.c_str(), wanted.c_str()) == 0; };
    }
    return [wanted = *event](const std::string& name) { return name == wanted; };
}

}  // namespace

void MonitorCalls::bind(driver::HandlerTable& on) {
    on.call<proc::QemuDomainMonitorCommand>(this, &MonitorCalls::monitor_command);
    on.call<proc::QemuDomainMonitorCommandWithFiles>(this, &MonitorCalls::monitor_command_with_files);
    on.call<proc::QemuDomainAgentCommand>(this, &MonitorCalls::agent_command);
    on.call<proc::QemuConnectDomainMonitorEventRegister>(this, &MonitorCalls::register_event);
    on.call<proc::QemuConnectDomainMonitorEventDeregister>(this, &MonitorCalls::deregister_event);
}

Task<std::string> MonitorCalls::run_command(driver::Call& call, proc::DomainRef which, std::string text,
                                            uint32_t flags) {
    require_flags(flags, api::domain_qemu_monitor_command_hmp, "qemuDomainQemuMonitorCommandWithFiles");
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainQemuMonitorCommand", call.deadline);
    domain->running();
    taint_guest(core_, domain, Taint::custom_monitor);
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
    taint_guest(core_, domain, Taint::custom_monitor);
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
    taint_guest(core_, domain, Taint::custom_ga_command);
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

proc::QemuConnectDomainMonitorEventRegister::Ret MonitorCalls::register_event(
    driver::Call& call, proc::QemuConnectDomainMonitorEventRegister::Args args) {
    constexpr uint32_t known =
        api::connect_domain_qemu_monitor_event_register_regex | api::connect_domain_qemu_monitor_event_register_nocase;
    require_flags(args.flags, known, "qemuConnectDomainQemuMonitorEventRegister");
    int32_t id = core_.events.subscribe({.callback_id = -1,
                                         .event_class = driver::EventClass::qemu_monitor,
                                         .event_id = 0,
                                         .object = args.domain ? args.domain->uuid.to_string() : "",
                                         .legacy = false,
                                         .session = &call.session,
                                         .filter = event_filter(args.event, args.flags)});
    return {.callback_id = id};
}

wire::Void MonitorCalls::deregister_event(driver::Call& call,
                                          proc::QemuConnectDomainMonitorEventDeregister::Args args) {
    core_.events.unsubscribe(call.session, driver::EventClass::qemu_monitor, args.callback_id);
    return {};
}

}  // namespace virtue::qemu
