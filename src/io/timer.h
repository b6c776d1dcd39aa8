// A restartable one-shot timer on the loop. Owned by whoever wants to be called; loop thread only.
#pragma once
#include <functional>
#include <memory>

#include "io/deadline.h"

namespace virtue::io {

class Loop;

/// Calls a function at a point in time, unless stopped or destroyed before.
class Timer {
public:
    Timer(Loop& loop, std::function<void()> on_expiry);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    /// Starts or restarts; TimePoint::max() stops.
    void start_at(TimePoint when);
    void start_after(Milliseconds duration) { start_at(Clock::now() + duration); }
    void stop();

private:
    struct Handle;
    Handle* handle_;
};

}  // namespace virtue::io
