// A task that runs at once beside its owner, and is joined later: for commands that are sent together and awaited one
// after the other. Destroying it ends the task where it stands. Loop thread only.
#pragma once
#include <coroutine>
#include <exception>
#include <memory>

#include "io/condition.h"
#include "io/task.h"

namespace virtue::qemu {

/// Owns a running task of result T.
template <typename T>
class Started {
public:
    /// Starts `task`, up to its first suspension.
    Started(io::Loop& loop, Task<T> task) : done_(std::make_unique<io::Completion<T>>(loop)) {
        root_ = run(*done_, std::move(task));
        root_.handle.resume();
    }
    Started(Started&& other) noexcept : done_(std::move(other.done_)), root_(std::exchange(other.root_, {})) {}
    Started& operator=(Started&&) = delete;
    ~Started() {
        if (root_.handle) root_.handle.destroy();
    }
    /// Waits for its result; throws what it threw. Once.
    Task<T> join() { return done_->take(io::Deadline::never(), "a task under way"); }
    /// Waits for the end, but not longer than `deadline`; true if it has ended, well or not.
    Task<bool> ended_by(io::Deadline deadline) {
        try {
            co_await done_->take(deadline, "a task under way");
        } catch (...) {
            co_return done_->is_set();
        }
        co_return true;
    }
    bool has_ended() const { return done_->is_set(); }

private:
    struct Root {
        struct promise_type {
            Root get_return_object() { return Root{std::coroutine_handle<promise_type>::from_promise(*this)}; }
            std::suspend_always initial_suspend() noexcept { return {}; }
            std::suspend_always final_suspend() noexcept { return {}; }
            void return_void() {}
            void unhandled_exception() { std::terminate(); }
        };
        std::coroutine_handle<promise_type> handle;
    };
    static Root run(io::Completion<T>& done, Task<T> task) {
        try {
            T result = co_await task;
            done.set(std::move(result));
        } catch (...) {
            done.set_error(std::current_exception());
        }
    }
    std::unique_ptr<io::Completion<T>> done_;
    Root root_;
};

}  // namespace virtue::qemu
