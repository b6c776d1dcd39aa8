// The interactive shell: prompt, history, completion. On a terminal by libedit, else line by line. Loop thread only.
#pragma once
#include "shell/context.h"

namespace virtue::shell {

/// Reads and runs lines until quit or the end of the input. Returns the exit status. Not called from inside the loop.
int run_interactive(Context& context);

}  // namespace virtue::shell
