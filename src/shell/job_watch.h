// Goes along with a long call about a domain: shows its progress, acts when it takes too long, and asks the daemon to
// abort it when the user presses Ctrl-C. Loop thread only.
#pragma once
#include <functional>
#include <optional>

#include "protocol/references.h"
#include "shell/context.h"

namespace virtue::shell {

/// How to go along with a call.
struct JobWatch {
    std::string label;                           ///< before the per cent: "Save"
    bool verbose = false;                        ///< shows the progress on standard error
    std::optional<io::Milliseconds> limit = {};  ///< then `on_limit` runs, once
    std::function<Task<void>()> on_limit = {};
};

/// Runs `work`, which calls the daemon about `domain`. Throws what `work` throws.
Task<void> watch_job(Context& context, proc::DomainRef domain, JobWatch watch, Task<void> work);

/// "\rSave: [ 42 %]" on standard error.
void show_progress(Context& context, const std::string& label, uint64_t remaining, uint64_t total);

}  // namespace virtue::shell
