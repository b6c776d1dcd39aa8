// Blocking work that begins before anybody waits for it, where its thread can wake while the loop still prepares what
// it needs. As offload() otherwise. Owned by the coroutine that starts it; loop thread only.
#pragma once
#include <functional>
#include <memory>

#include "io/loop.h"
#include "io/task.h"

namespace virtue::io {

/// Work that runs on the pool while its starter goes on. What it touches it owns, or it outlives result(), which must
/// be awaited then.
class Started {
public:
    /// `afterwards` runs on the same thread when the result has been told; it must not throw, and owns what it touches.
    Started(Loop& loop, std::function<void()> work, std::function<void()> afterwards = {});
    /// Waits until it has run, once; throws what it threw, and operation_timeout when the deadline passes first.
    Task<void> result(Deadline deadline = Deadline::never());

private:
    struct Outcome;
    std::shared_ptr<Outcome> outcome_;
};

}  // namespace virtue::io
