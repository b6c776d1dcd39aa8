// What options mean, by their names: most names mean the same in every command. Constant data; any thread.
#pragma once
#include <string_view>

namespace virtue::shell {

/// One line about an option of a command; a sentence made of its name when there is no entry.
std::string_view option_help(std::string_view command, std::string_view option);

}  // namespace virtue::shell
