// Blocking work off the loop: a disk, a name look-up, a library that waits. The work runs on libuv's pool and
// must own everything it touches; its result comes back to the loop thread.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "io/condition.h"

namespace virtue::io {

namespace detail {
/// Runs `work` on the pool, then `done` on the loop.
void queue_work(Loop& loop, std::function<void()> work, std::function<void()> done);
}  // namespace detail

/// Runs `function` on the blocking pool and returns its result, or throws what it threw.
/// When the deadline passes first, operation_timeout is thrown; the function runs on to its end unheard, which is
/// why it must own its data.
template <typename Function>
Task<std::invoke_result_t<Function>> offload(Loop& loop, Function function, Deadline deadline = Deadline::never()) {
    using Result = std::invoke_result_t<Function>;
    using Stored = std::conditional_t<std::is_void_v<Result>, bool, Result>;
    struct Shared {
        explicit Shared(Loop& on, Function f) : function(std::move(f)), done(on) {}
        Function function;
        std::optional<Stored> value;
        std::exception_ptr error;
        Completion<bool> done;
    };
    auto shared = std::make_shared<Shared>(loop, std::move(function));
    detail::queue_work(
        loop,
        [shared] {
            try {
                if constexpr (std::is_void_v<Result>) {
                    shared->function();
                    shared->value = true;
                } else {
                    shared->value.emplace(shared->function());
                }
            } catch (...) {
                shared->error = std::current_exception();
            }
        },
        [shared] { shared->done.set(true); });
    co_await shared->done.take(deadline, "work on the blocking pool");
    if (shared->error) std::rethrow_exception(shared->error);
    if constexpr (!std::is_void_v<Result>) co_return std::move(*shared->value);
}

}  // namespace virtue::io
