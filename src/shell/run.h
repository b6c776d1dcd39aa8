// Runs what was typed: finds the command, checks its words, prints its result or its error. Loop thread only.
#pragma once
#include <span>

#include "shell/context.h"

namespace virtue::shell {

/// Runs one command; its words begin with its name. True if it succeeded; otherwise the error was printed.
Task<bool> run_words(Context& context, std::vector<std::string> words);
/// Runs a typed line of commands; true if the last one succeeded.
Task<bool> run_line(Context& context, std::string line);

}  // namespace virtue::shell
