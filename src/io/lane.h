// A share of the blocking pool's threads, for work that may hang together: that of one storage pool, for example. What
// is beyond the share waits in line on the loop, so that a file system whose server is gone takes no more threads than
// these. Shared by its owner and the work under way; loop thread only.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "io/condition.h"
#include "io/offload.h"

namespace virtue::io {

class Lane {
public:
    /// `what` names the place in the sentence of a wait that took too long: "the storage pool 'x'".
    Lane(Loop& loop, int threads, std::string what) : loop_(loop), threads_(loop, threads), what_(std::move(what)) {}

    Loop& loop() const { return loop_; }

    /// A thread of the share, for as long as the work that holds it is there.
    struct Place {
        std::shared_ptr<Lane> lane;
        Semaphore::Permit permit;
    };
    /// Throws operation_timeout, operation_aborted.
    static Task<std::shared_ptr<const Place>> enter(std::shared_ptr<Lane> lane, Deadline deadline) {
        const char* what = lane->what_.c_str();
        Semaphore::Permit permit = co_await lane->threads_.acquire(deadline, what);
        co_return std::make_shared<const Place>(Place{std::move(lane), std::move(permit)});
    }

private:
    Loop& loop_;
    Semaphore threads_;
    const std::string what_;
};

/// As offload() on the loop, with a thread of the lane's share. Work that is given up keeps its thread until its end.
template <typename Function>
Task<std::invoke_result_t<Function>> offload(std::shared_ptr<Lane> lane, Function function,
                                             Deadline deadline = Deadline::never()) {
    Loop& loop = lane->loop();
    std::shared_ptr<const Lane::Place> place = co_await Lane::enter(std::move(lane), deadline);
    auto work = [place = std::move(place), function = std::move(function)]() mutable { return function(); };
    if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
        co_await offload(loop, std::move(work), deadline);
    } else {
        auto result = co_await offload(loop, std::move(work), deadline);
        co_return result;
    }
}

}  // namespace virtue::io
