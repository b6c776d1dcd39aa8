#include "driver/hooks.h"

#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "io/files.h"

namespace virtue::driver {
namespace {

/// A hook waits for whatever its owner wants; one that hangs must not hold its object for ever.
constexpr io::Milliseconds patience{300000};

io::ProcessOptions options_of(std::vector<std::string> arguments) {
    io::ProcessOptions options;
    options.arguments = std::move(arguments);
    options.environment.push_back("LC_ALL=C");
    for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR"}) {
        if (const char* value = std::getenv(name)) options.environment.push_back(fmt::format("{}={}", name, value));
    }
    return options;
}

void require_success(const io::ProcessOptions& options, const io::CommandResult& result) {
    if (result.status.success()) return;
    const std::string how = result.status.signal != 0 ? fmt::format("fatal signal {}", result.status.signal)
                                                      : fmt::format("exit status {}", result.status.code);
    fail(ErrorCode::hook_script_failed, ErrorDomain::hook, "internal error: Child process ({} {}) unexpected {}: {}",
         join(options.environment, " "), join(options.arguments, " "), how, result.errors);
}

}  // namespace

std::vector<std::string> hook_programs(const std::string& folder, const std::string& kind) {
    std::vector<std::string> programs;
    auto add = [&programs](const std::string& path) {
        if (::access(path.c_str(), X_OK) == 0) programs.push_back(path);
    };
    add(folder + "/" + kind);
    const std::string more = fmt::format("{}/{}.d", folder, kind);
    for (const std::string& name : io::list_folder(more)) add(more + "/" + name);
    return programs;
}

Task<std::string> run_hooks(io::Loop& loop, HookCall call, io::Deadline deadline) {
    std::string printed;
    for (const std::string& program : hook_programs(call.folder, call.kind)) {
        std::vector<std::string> arguments{program, call.object, call.operation, call.step, call.extra};
        const io::ProcessOptions options = options_of(std::move(arguments));
        io::Deadline within = deadline.within(patience);
        std::string input = call.input;
        io::CommandResult result = co_await io::run_command(loop, options, std::move(input), within);
        require_success(options, result);
        if (!result.output.empty()) printed = std::move(result.output);
    }
    co_return printed;
}

}  // namespace virtue::driver
