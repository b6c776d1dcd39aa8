// docs/shell.md, made from the commands. Constant data.
#pragma once
#include <span>
#include <string>

#include "shell/command.h"

namespace virtue::shell {

/// The reference of all commands as Markdown.
std::string manual(std::span<const CommandGroup> groups);

}  // namespace virtue::shell
