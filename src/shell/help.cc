#include <fmt/core.h>

#include "shell/command.h"

namespace virtue::shell {
namespace {

bool is_number(const Option& option) {
    return option.kind == OptionKind::number || option.kind == OptionKind::named_number;
}

// As virsh writes them: a required word may stand without its name.
std::string synopsis_of(const Option& option) {
    const char* value = is_number(option) ? "<number>" : "<string>";
    if (option.kind == OptionKind::flag) return "[--" + option.name + "]";
    if (option.kind == OptionKind::rest) {
        // Names of domains for domstats come last of all, and without a name of the option.
        bool nameless = !option.required && option.name == "domain";
        std::string word = nameless ? "<domain>" : "[--" + option.name + "] <string>";
        return (option.required ? "{" + word + "}" : "[" + word + "]") + "...";
    }
    if (!option.required) return fmt::format("[--{} {}]", option.name, value);
    bool named = option.kind == OptionKind::named_text || option.kind == OptionKind::named_number;
    return named ? fmt::format("--{} {}", option.name, value) : "<" + option.name + ">";
}

std::string title_of(const Option& option) {
    const char* value = is_number(option) ? "<number>" : "<string>";
    if (option.kind == OptionKind::flag) return "--" + option.name;
    if (option.kind == OptionKind::rest && !option.required && option.name == "domain") return "<domain>";
    bool placed = option.kind == OptionKind::rest ||
                  (option.required && option.kind != OptionKind::named_text && option.kind != OptionKind::named_number);
    return placed ? fmt::format("[--{}] {}", option.name, value) : fmt::format("--{} {}", option.name, value);
}

}  // namespace

std::string help_of(const Command& command) {
    std::string text =
        fmt::format("  NAME\n    {} - {}\n\n  SYNOPSIS\n    {}", command.name, command.summary, command.name);
    for (const Option& option : command.options) text += " " + synopsis_of(option);
    text += "\n\n  DESCRIPTION\n    " + (command.description.empty() ? command.summary : command.description) + "\n\n";
    if (!command.options.empty()) {
        text += "  OPTIONS\n";
        for (const Option& option : command.options) {
            text += fmt::format("    {:<15}  {}\n", title_of(option), option.help);
        }
        text += "\n";
    }
    return text + "\n";
}

std::string help_of_group(const CommandGroup& group) {
    std::string text = fmt::format(" {} (help keyword '{}'):\n", group.title, group.keyword);
    for (const Command& command : group.commands) {
        if (!command.hidden) text += fmt::format("    {:<30} {}\n", command.name, command.summary);
    }
    return text + "\n";
}

std::string help_overview(std::span<const CommandGroup> groups) {
    std::string text = "Grouped commands:\n\n";
    for (const CommandGroup& group : groups) text += help_of_group(group);
    return text;
}

}  // namespace virtue::shell
