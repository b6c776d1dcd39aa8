#include "drivers/qemu/calls/agent_turn.h"

#include "drivers/qemu/calls/support.h"

namespace virtue::qemu {
namespace {

io::Deadline agent_deadline(const Core& core, const driver::Call& call, int timeout) {
    if (timeout >= 0) return call.deadline.within(io::Milliseconds(std::max<int64_t>(50, 1000LL * timeout)));
    return call.deadline.within(core.settings.agent_deadline);
}

}  // namespace

Task<Json> ask_agent(Core& core, driver::Call& call, DomainOwner domain, const char* api, std::string command,
                     Json arguments) {
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::agent, api, call.deadline);
    std::shared_ptr<Agent> agent = domain->agent();
    io::Deadline deadline = agent_deadline(core, call, domain->agent_timeout);
    Json answer = co_await agent->command(std::move(command), std::move(arguments), deadline);
    co_return answer;
}

Task<Json> exchange_with_agent(Core& core, driver::Call& call, DomainOwner domain, const char* api, std::string command,
                               Json arguments) {
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::agent, api, call.deadline);
    std::shared_ptr<Agent> agent = domain->agent();
    io::Deadline deadline = agent_deadline(core, call, domain->agent_timeout);
    Json reply = co_await agent->try_command(std::move(command), std::move(arguments), deadline);
    co_return reply;
}

}  // namespace virtue::qemu
