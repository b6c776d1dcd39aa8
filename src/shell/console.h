// The guest's console on this terminal. Loop thread only.
#pragma once
#include <optional>
#include <string>

#include "protocol/references.h"
#include "shell/context.h"

namespace virtue::shell {

/// Opens the console and connects it with standard input and output until the guest ends it, the input ends, or the
/// escape character is typed. A terminal is in raw mode meanwhile. Throws Failure when it cannot be opened.
Task<void> run_console(Context& context, proc::DomainRef domain, std::optional<std::string> device, uint32_t flags);

}  // namespace virtue::shell
