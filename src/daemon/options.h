// The command line of virtued. A value, made by main().
#pragma once
#include <optional>
#include <string>

namespace virtue::daemon {

/// What was asked for.
struct Options {
    enum class Action : uint8_t { run, help, version, print_config };
    Action action = Action::run;
    std::string root;            ///< --root: every path lies below it
    std::string config;          ///< --config: must exist then
    std::optional<bool> system;  ///< --system, --session; by the user otherwise
    bool background = false;
    std::string pid_file;
    std::optional<uint32_t> idle_timeout;  ///< seconds
    std::string log_level;
};

/// Throws invalid_arg with a sentence for the person at the keyboard.
Options parse_options(int count, char** arguments);
/// What --help prints.
std::string help_text();

}  // namespace virtue::daemon
