#include "io/timer.h"

#include "io/loop.h"

namespace virtue::io {

/// Hangs in the loop's heap of deadlines. While its function runs it may be restarted or let go by its owner.
struct Timer::Handle final : detail::TimedNode {
    Handle(Loop& on, std::function<void()> f) : loop(on), function(std::move(f)) {}
    void expired() override {
        running = true;
        function();
        running = false;
        if (abandoned) delete this;
    }
    Loop& loop;
    std::function<void()> function;
    bool running = false;
    bool abandoned = false;
};

Timer::Timer(Loop& loop, std::function<void()> on_expiry) : handle_(new Handle(loop, std::move(on_expiry))) {}

Timer::~Timer() {
    handle_->leave_heap();
    if (handle_->running) {
        handle_->abandoned = true;
    } else {
        delete handle_;
    }
}

void Timer::start_at(TimePoint when) {
    handle_->loop.add_timed(*handle_, when);
}

void Timer::stop() {
    handle_->leave_heap();
}

}  // namespace virtue::io
