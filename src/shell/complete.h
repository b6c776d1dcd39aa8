// What may stand at the cursor: commands, options, names of objects. For the interactive shell and, by the hidden
// command `complete`, for bash, zsh and fish. Loop thread only.
#pragma once
#include <string>
#include <vector>

#include "shell/context.h"

namespace virtue::shell {

/// Candidates for the last of `words` (which may be empty), whole words. Connects if names of objects are needed; what
/// cannot be asked gives none.
Task<std::vector<std::string>> complete_words(Context& context, std::vector<std::string> words);
/// The script for "bash", "zsh" or "fish". Throws Failure for others.
std::string completion_script(const std::string& shell);

}  // namespace virtue::shell
