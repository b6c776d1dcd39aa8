// Signals to this process as calls on the loop. For main(); loop thread only.
#pragma once
#include <functional>

#include "io/loop.h"

namespace virtue::io {

/// Calls a function whenever the process gets a signal (SIGTERM, SIGHUP, SIGWINCH, ...) while this object lives.
class SignalWatch {
public:
    /// Throws system_error for a signal that cannot be caught.
    SignalWatch(Loop& loop, int number, std::function<void()> on_signal);
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    struct State;
    static void close(State* state);
    State* state_;
};

}  // namespace virtue::io
