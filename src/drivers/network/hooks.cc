#include "drivers/network/hooks.h"

#include <unistd.h>

#include "base/error.h"
#include "drivers/network/commands.h"
#include "io/files.h"
#include "xml/mapper.h"

namespace virtue::network {
namespace {

std::vector<std::string> hook_programs(const std::string& folder) {
    std::vector<std::string> programs;
    auto add = [&programs](const std::string& path) {
        if (::access(path.c_str(), X_OK) == 0) programs.push_back(path);
    };
    add(folder + "/network");
    for (const std::string& name : io::list_folder(folder + "/network.d")) add(folder + "/network.d/" + name);
    return programs;
}

std::string hook_input(const model::Network& network, const model::NetworkPort* port) {
    xml::Options options;
    options.domain = ErrorDomain::network;
    options.inactive = false;
    options.indent = 1;
    std::string text = "<hookData>\n" + xml::format(network, options);
    if (port) text += xml::format(*port, options);
    return text + "</hookData>\n";
}

}  // namespace

Task<void> run_hooks(io::Loop& loop, const Settings& settings, const model::Network& network,
                     const model::NetworkPort* port, std::string operation, std::string step) {
    const std::vector<std::string> programs = hook_programs(settings.hooks());
    if (programs.empty()) co_return;
    const std::string input = hook_input(network, port);
    const std::string name = network.name;
    for (const std::string& program : programs) {
        std::vector<std::string> command{program, name, operation, step, "-"};
        CommandOptions options;
        options.input = input;
        std::string problem;
        try {
            co_await run_tool(loop, std::move(command), std::move(options), settings.command_deadline);
        } catch (const Error& error) {
            problem = error.message();
        }
        if (!problem.empty())
            fail(ErrorCode::hook_script_failed, ErrorDomain::none, "Hook script execution failed: {}", problem);
    }
}

}  // namespace virtue::network
