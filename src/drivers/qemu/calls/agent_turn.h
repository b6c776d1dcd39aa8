// Asking the agent inside a guest: in the guest's turn for such questions, with the time that its owner allows. Loop
// thread only.
#pragma once
#include "drivers/qemu/core.h"
#include "protocol/references.h"

namespace virtue::qemu {

/// Asks, and gives the content of "return". Throws operation_invalid when the guest does not run, argument_unsupported
/// without a channel for an agent, agent_unresponsive, the agent's own refusals as internal_error.
Task<Json> ask_agent(Core& core, driver::Call& call, DomainOwner domain, const char* api, std::string command,
                     Json arguments);

/// The same, with the whole reply: {"return":…} or {"error":…}.
Task<Json> exchange_with_agent(Core& core, driver::Call& call, DomainOwner domain, const char* api, std::string command,
                               Json arguments);

}  // namespace virtue::qemu
