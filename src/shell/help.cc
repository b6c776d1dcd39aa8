#include <fmt/core.h>

#include "shell/command.h"

namespace virtue::shell {
namespace {

std::string synopsis_of(const Option& option) {
    std::string name = option.name;
    switch (option.kind) {
        case OptionKind::flag:
            name = "--" + name;
            break;
        case OptionKind::text:
        case OptionKind::number:
        case OptionKind::size:
            name = "<" + name + ">";
            break;
        case OptionKind::named_text:
            name = "--" + name + " <string>";
            break;
        case OptionKind::named_number:
            name = "--" + name + " <number>";
            break;
        case OptionKind::rest:
            return option.required ? "<" + name + ">..." : "[<" + name + ">]...";
    }
    return option.required && option.kind != OptionKind::flag ? name : "[" + name + "]";
}

std::string title_of(const Option& option) {
    switch (option.kind) {
        case OptionKind::flag:
            return "--" + option.name;
        case OptionKind::text:
            return "[--" + option.name + "] <string>";
        case OptionKind::number:
        case OptionKind::size:
            return "[--" + option.name + "] <number>";
        case OptionKind::named_text:
            return "--" + option.name + " <string>";
        case OptionKind::named_number:
            return "--" + option.name + " <number>";
        case OptionKind::rest:
            return option.required ? "<" + option.name + ">" : "[<" + option.name + ">]";
    }
    return option.name;
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
        if (command.alias_of.empty()) text += fmt::format("    {:<30} {}\n", command.name, command.summary);
    }
    return text + "\n";
}

std::string help_overview(std::span<const CommandGroup> groups) {
    std::string text = "Grouped commands:\n\n";
    for (const CommandGroup& group : groups) text += help_of_group(group);
    return text;
}

}  // namespace virtue::shell
