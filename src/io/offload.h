// Blocking work off the loop: a disk, a name look-up, a library that waits. The work runs on the loop's pool and
// must own everything it touches; its result comes back to the loop thread.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "io/condition.h"

namespace virtue::io {

namespace detail {
/// Runs `work` on the pool, and throws here what it threw there. It and what it holds live until it has run.
Task<void> run_on_pool(Loop& loop, std::function<void()> work, Deadline deadline);
}  // namespace detail

/// Runs `function` on the blocking pool and returns its result, or throws what it threw.
/// When the deadline passes first, operation_timeout is thrown; the function runs on to its end unheard, which is
/// why it must own its data.
template <typename Function>
Task<std::invoke_result_t<Function>> offload(Loop& loop, Function function, Deadline deadline = Deadline::never()) {
    using Result = std::invoke_result_t<Function>;
    auto held = std::make_shared<Function>(std::move(function));
    if constexpr (std::is_void_v<Result>) {
        std::function<void()> work = [held] { (*held)(); };
        co_await detail::run_on_pool(loop, std::move(work), deadline);
    } else {
        auto result = std::make_shared<std::optional<Result>>();
        std::function<void()> work = [held, result] { result->emplace((*held)()); };
        co_await detail::run_on_pool(loop, std::move(work), deadline);
        co_return std::move(**result);
    }
}

}  // namespace virtue::io
