#include "io/gate.h"

#include <cstdio>
#include <cstdlib>

namespace virtue::io {

/// The coroutine under each background task; it frees itself at its end.
struct Gate::Root {
    struct promise_type {
        Root get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

Gate::Gate(Loop& loop, std::function<void(std::exception_ptr)> on_error)
    : on_error_(std::move(on_error)), empty_(loop) {}

Gate::~Gate() {
    if (running_ == 0) return;
    std::fprintf(stderr, "a Gate is destroyed with %zu tasks under way; close() it first\n", running_);
    std::abort();
}

Gate::Root Gate::run(Gate& gate, Task<void> task) {
    {
        // The task's frame goes before it stops counting: its locals may refer to what the gate's owner holds.
        Task<void> held = std::move(task);
        try {
            co_await held;
        } catch (...) {
            gate.on_error_(std::current_exception());
        }
    }
    if (--gate.running_ == 0) gate.empty_.notify_all();
}

void Gate::spawn(Task<void> task) {
    if (closed_) return;
    ++running_;
    run(*this, std::move(task));
}

Task<void> Gate::close() {
    closed_ = true;
    cancel_.cancel();
    while (running_ > 0) {
        co_await empty_.wait(Deadline::never());
    }
}

}  // namespace virtue::io
