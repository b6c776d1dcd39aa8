#include "drivers/network/commands.h"

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"

namespace virtue::network {

Task<std::string> run_tool(io::Loop& loop, std::vector<std::string> command, CommandOptions options,
                           io::Milliseconds patience) {
    std::string shown;
    for (const std::string& word : options.environment) shown += word + ' ';
    shown += join(command, " ");
    io::ProcessOptions process;
    process.arguments = std::move(command);
    const char* path = std::getenv("PATH");
    process.environment = {std::string("PATH=") + (path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL=C"};
    for (const std::string& word : options.environment) process.environment.push_back(word);
    const bool may_fail = options.may_fail;
    io::Deadline deadline = io::Deadline::after(patience);
    io::CommandResult result = co_await io::run_command(loop, std::move(process), std::move(options.input), deadline);
    if (!result.status.success() && !may_fail) {
        std::string how = result.status.signal != 0 ? fmt::format("fatal signal {}", result.status.signal)
                                                    : fmt::format("exit status {}", result.status.code);
        fail(ErrorCode::internal_error, ErrorDomain::none, "Child process ({}) unexpected {}: {}", shown, how,
             result.errors);
    }
    co_return std::move(result.output);
}

}  // namespace virtue::network
