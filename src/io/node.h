// The links by which waits hang on the loop: an entry of the ready queue and an entry of the deadline heap. They
// live inside whatever waits (often a coroutine frame) and unlink themselves, so a frame that is destroyed while it
// waits is never resumed. Loop thread only.
#pragma once
#include <cstddef>
#include <cstdint>

#include "io/deadline.h"

namespace virtue::io {

class Loop;

namespace detail {

/// An entry of the ready queue: run_ready() is called once, from Loop::drain(), after the entry left the queue.
struct ReadyNode {
    ReadyNode* ready_previous = nullptr;
    ReadyNode* ready_next = nullptr;

    ReadyNode() = default;
    ReadyNode(const ReadyNode&) = delete;
    ReadyNode& operator=(const ReadyNode&) = delete;
    virtual void run_ready() = 0;
    /// The loop ends before the entry's turn came; entries that own themselves delete themselves.
    virtual void discard() {}
    bool in_ready_queue() const noexcept { return ready_next != nullptr; }
    void leave_ready_queue() noexcept {
        if (!ready_next) return;
        ready_previous->ready_next = ready_next;
        ready_next->ready_previous = ready_previous;
        ready_previous = ready_next = nullptr;
    }

protected:
    ~ReadyNode() { leave_ready_queue(); }
};

/// An entry of the deadline heap: expired() is called once, when `time` has come.
struct TimedNode {
    TimePoint time;
    size_t heap_index = SIZE_MAX;
    Loop* heap_loop = nullptr;

    TimedNode() = default;
    TimedNode(const TimedNode&) = delete;
    TimedNode& operator=(const TimedNode&) = delete;
    virtual void expired() = 0;
    bool in_heap() const noexcept { return heap_index != SIZE_MAX; }
    void leave_heap() noexcept;

protected:
    ~TimedNode() { leave_heap(); }
};

/// Something that the loop itself owns until it is done, such as the reaper of a child nobody watches any more.
struct Resident {
    virtual ~Resident() = default;
};

}  // namespace detail
}  // namespace virtue::io
