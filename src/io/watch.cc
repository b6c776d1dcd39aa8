#include "io/watch.h"

#include <memory>
#include <utility>

#include <uv.h>

#include "base/error.h"

namespace virtue::io {

namespace {

/// One direction: a callback, coroutines that wait, or both.
struct Side {
    explicit Side(Loop& loop) : waiters(loop) {}
    std::function<void()> callback;
    bool has_callback = false;  // also while `callback` is moved out because it runs
    bool replaced = false;      // set anew while it ran
    Condition waiters;

    bool is_wanted() const { return has_callback || waiters.has_waiters(); }
    void set(std::function<void()> function) {
        has_callback = static_cast<bool>(function);
        callback = std::move(function);
        replaced = true;
    }
    void fire() {
        waiters.notify_all();
        if (!has_callback) return;
        // The function may replace itself or destroy the watch: it must not go while it runs.
        std::function<void()> running = std::move(callback);
        replaced = false;
        running();
        if (!replaced) callback = std::move(running);
    }
};

}  // namespace

/// Lives until libuv has closed the handle, which is after the callback in which the watch may be destroyed.
struct FdWatch::State {
    explicit State(Loop& on) : loop(on), readable(on), writable(on) {}
    uv_poll_t poll;
    Loop& loop;
    Side readable;
    Side writable;
    int armed = 0;
    bool closed = false;

    int wanted() const { return (readable.is_wanted() ? UV_READABLE : 0) | (writable.is_wanted() ? UV_WRITABLE : 0); }
    void arm(int events) {
        if (events == armed) return;
        armed = events;
        if (events == 0) {
            uv_poll_stop(&poll);
        } else {
            uv_poll_start(&poll, events, event);
        }
    }
    static void event(uv_poll_t* handle, int status, int events) noexcept;
};

// A direction that nobody wants any more stays armed for reading until it fires once more: a coroutine that reads
// in a loop would otherwise change the kernel's interest twice a message. Writability is there at once, so it goes.
void FdWatch::State::event(uv_poll_t* handle, int status, int events) noexcept {
    State& s = *static_cast<State*>(handle->data);
    if (status < 0) {
        // The descriptor has an error; libuv stopped the handle. Whoever reads or writes will learn which.
        s.armed = 0;
        events = UV_READABLE | UV_WRITABLE;
    }
    bool surplus = (events & UV_READABLE) && !s.readable.is_wanted();
    if ((events & UV_READABLE) && !s.closed) s.readable.fire();
    if ((events & UV_WRITABLE) && !s.closed) s.writable.fire();
    s.loop.drain();
    if (s.closed) return;
    int keep = surplus ? 0 : s.armed & UV_READABLE;
    s.arm(s.wanted() | keep);
}

FdWatch::FdWatch(Loop& loop, int fd) {
    auto state = std::make_unique<State>(loop);
    int result = uv_poll_init(loop.raw(), &state->poll, fd);
    if (result < 0) throw Error::from_errno(-result, ErrorDomain::none, "cannot watch a file descriptor");
    state->poll.data = state.get();
    state_ = state.release();
}

FdWatch::~FdWatch() {
    close();
}

void FdWatch::on_readable(std::function<void()> callback) {
    if (!state_) return;
    state_->readable.set(std::move(callback));
    if (state_->readable.has_callback) state_->arm(state_->armed | UV_READABLE);
}

void FdWatch::on_writable(std::function<void()> callback) {
    if (!state_) return;
    state_->writable.set(std::move(callback));
    if (state_->writable.has_callback) state_->arm(state_->armed | UV_WRITABLE);
}

Condition::Waiter FdWatch::wait_readable(Deadline deadline) {
    if (!state_) return Condition::Waiter(WakeReason::cancelled);
    state_->arm(state_->armed | UV_READABLE);
    return Condition::Waiter(state_->readable.waiters, deadline);
}

Condition::Waiter FdWatch::wait_writable(Deadline deadline) {
    if (!state_) return Condition::Waiter(WakeReason::cancelled);
    state_->arm(state_->armed | UV_WRITABLE);
    return Condition::Waiter(state_->writable.waiters, deadline);
}

void FdWatch::close() {
    State* state = std::exchange(state_, nullptr);
    if (!state) return;
    state->closed = true;
    state->readable.waiters.cancel_all();
    state->writable.waiters.cancel_all();
    auto release = [](uv_handle_t* handle) noexcept { delete static_cast<State*>(handle->data); };
    uv_close(reinterpret_cast<uv_handle_t*>(&state->poll), release);
    // The functions may hold what must not outlive the owner; only one that runs now has to stay.
    state->readable.set(nullptr);
    state->writable.set(nullptr);
}

}  // namespace virtue::io
