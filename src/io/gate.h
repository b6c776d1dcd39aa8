// A gate counts the background tasks of one owner, and joins them: nothing runs on after its owner is gone.
// Loop thread only.
#pragma once
#include <functional>

#include "io/condition.h"

namespace virtue::io {

/// Runs tasks in the background. close() waits for all of them; destroying an open gate with tasks aborts.
class Gate {
public:
    /// `on_error` hears what a spawned task throws (it is the root: it handles, usually logs).
    Gate(Loop& loop, std::function<void(std::exception_ptr)> on_error);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    /// Starts `task` at once, up to its first suspension. After close() began it is dropped unstarted.
    void spawn(Task<void> task);
    /// Refuses new tasks, cancels `cancel_source()` and waits for those under way.
    Task<void> close();
    /// Tasks put this into their deadlines so that close() ends their waits.
    CancelSource& cancel_source() { return cancel_; }
    size_t running() const { return running_; }

private:
    struct Root;
    static Root run(Gate& gate, Task<void> task);
    std::function<void(std::exception_ptr)> on_error_;
    CancelSource cancel_;
    Condition empty_;
    size_t running_ = 0;
    bool closed_ = false;
};

}  // namespace virtue::io
