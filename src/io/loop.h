// The loop: one thread, on which all state lives and all coroutines run. A facade over libuv, which no other
// header of ours shows. main() owns it; everything else holds a reference.
#pragma once
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "io/deadline.h"
#include "io/node.h"
#include "io/task.h"

struct uv_loop_s;

namespace virtue::io {

/// An event loop. Functions given to it (and to all that watches on it) must not throw: that ends the process.
/// Everything that watches on it is destroyed before it. Neither copied nor moved. Members are for the loop's own
/// thread unless they say otherwise.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Runs until stop().
    void run();
    /// Makes run() return after the present callback; before run(), makes the next run() return at once.
    void stop();
    /// Runs the loop until `task` has ended and returns its result, or throws its error: for tests, for main()
    /// and for callers that are not coroutines. Not to be called from inside run().
    template <typename T>
    T run_until(Task<T> task);

    /// Calls `function` on the loop soon. Any thread.
    void post_from_any_thread(std::function<void()> function);
    /// Resumes `handle` after what runs now has suspended, so that waking others never cuts a transaction in two.
    /// The frame must live until then; what may be dropped while it waits uses a Condition.
    void schedule(std::coroutine_handle<> handle);
    /// Calls `function` after what runs now has suspended.
    void defer(std::function<void()> function);

    /// Waits until the deadline; true when its time came, false when it was cancelled.
    Task<bool> sleep_until(Deadline deadline);
    Task<bool> sleep(Milliseconds duration);

    /// Resumes everything that was scheduled. Every callback from libuv ends with it (called in io/ only).
    void drain() noexcept;
    uv_loop_s* raw() { return raw_; }

    /// The next are for the waiting objects of io/: the ready queue, the deadline heap, what the loop keeps.
    void enqueue(detail::ReadyNode& node) noexcept;
    void add_timed(detail::TimedNode& node, TimePoint time);
    void remove_timed(detail::TimedNode& node) noexcept;
    void keep(std::unique_ptr<detail::Resident> resident);
    void dismiss(const detail::Resident* resident);

private:
    struct State;
    void run_root(Task<void> task);

    std::unique_ptr<State> state_;
    uv_loop_s* raw_;
};

template <typename T>
T Loop::run_until(Task<T> task) {
    if constexpr (std::is_void_v<T>) {
        run_root(std::move(task));
    } else {
        std::optional<T> result;
        auto body = [](Task<T> inner, std::optional<T>& out) -> Task<void> {
            T value = co_await inner;
            out.emplace(std::move(value));
        };
        run_root(body(std::move(task), result));
        return std::move(*result);
    }
}

}  // namespace virtue::io
