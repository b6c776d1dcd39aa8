// Watches a descriptor that somebody else owns: netlink, inotify, pidfd, or the socket of a Socket. Callbacks for
// hot paths, waits for coroutines. The kernel is told only when the interest changes. Loop thread only.
#pragma once
#include <functional>

#include "io/condition.h"

namespace virtue::io {

/// Tells when a descriptor is readable or writable (level-triggered). It may be destroyed inside its own callbacks.
/// Close or destroy it before closing the descriptor.
class FdWatch {
public:
    /// Makes `fd` non-blocking. Throws system_error if it cannot be waited for (a plain file) or is
    /// being watched already.
    FdWatch(Loop& loop, int fd);
    ~FdWatch();
    FdWatch(const FdWatch&) = delete;
    FdWatch& operator=(const FdWatch&) = delete;

    /// Called again and again while readable / writable or at an error or hang-up; an empty function stops watching.
    void on_readable(std::function<void()> callback);
    void on_writable(std::function<void()> callback);
    /// `WakeReason reason = co_await watch.wait_readable(deadline);` Cancelled when closed.
    Condition::Waiter wait_readable(Deadline deadline);
    Condition::Waiter wait_writable(Deadline deadline);
    /// Stops watching for good; waits under way wake as cancelled.
    void close();
    bool is_open() const { return state_ != nullptr; }

private:
    struct State;
    State* state_;
};

}  // namespace virtue::io
