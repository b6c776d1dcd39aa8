#include "io/signals.h"

#include <memory>
#include <utility>

#include <fmt/core.h>
#include <uv.h>

#include "base/error.h"

namespace virtue::io {

/// Lives until libuv has closed the handle, for the function may destroy the watch.
struct SignalWatch::State {
    uv_signal_t handle;
    Loop* loop;
    std::function<void()> function;
};

SignalWatch::SignalWatch(Loop& loop, int number, std::function<void()> on_signal) {
    auto state = std::make_unique<State>();
    state->loop = &loop;
    state->function = std::move(on_signal);
    state->handle.data = state.get();
    int result = uv_signal_init(loop.raw(), &state->handle);
    if (result < 0) throw Error::from_errno(-result, ErrorDomain::none, "cannot watch for signals");
    state_ = state.release();
    auto arrived = [](uv_signal_t* handle, int) noexcept {
        State& s = *static_cast<State*>(handle->data);
        s.function();
        s.loop->drain();
    };
    result = uv_signal_start(&state_->handle, arrived, number);
    if (result == 0) return;
    close(std::exchange(state_, nullptr));
    throw Error::from_errno(-result, ErrorDomain::none, fmt::format("cannot watch for signal {}", number));
}

SignalWatch::~SignalWatch() {
    close(state_);
}

void SignalWatch::close(State* state) {
    auto release = [](uv_handle_t* handle) noexcept { delete static_cast<State*>(handle->data); };
    uv_close(reinterpret_cast<uv_handle_t*>(&state->handle), release);
}

}  // namespace virtue::io
