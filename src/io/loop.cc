#include "io/loop.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include <uv.h>

#include "base/error.h"
#include "io/condition.h"
#include "io/work_pool.h"

namespace virtue::io {

namespace {

// After so many resumptions in a row the loop looks at its descriptors before it goes on.
constexpr int drain_batch = 10000;

struct ReadyHead final : detail::ReadyNode {
    ReadyHead() { ready_previous = ready_next = this; }
    ~ReadyHead() { ready_previous = ready_next = nullptr; }
    void run_ready() override {}
};

struct HandleNode final : detail::ReadyNode {
    explicit HandleNode(std::coroutine_handle<> h) : handle(h) {}
    void run_ready() override {
        std::coroutine_handle<> resumed = handle;
        delete this;
        resumed.resume();
    }
    void discard() override { delete this; }
    std::coroutine_handle<> handle;
};

struct FunctionNode final : detail::ReadyNode {
    explicit FunctionNode(std::function<void()> f) : function(std::move(f)) {}
    void run_ready() override {
        std::unique_ptr<FunctionNode> owner(this);
        function();
    }
    void discard() override { delete this; }
    std::function<void()> function;
};

void require_success(int result, const char* what) {
    if (result < 0) throw Error::from_errno(-result, ErrorDomain::none, what);
}

}  // namespace

struct Loop::State {
    uv_loop_t loop;
    uv_async_t async;
    uv_timer_t timer;
    uv_idle_t idle;
    Loop* owner = nullptr;

    std::mutex mutex;
    std::vector<std::function<void()>> posted;  // guarded by mutex

    ReadyHead ready;
    std::vector<detail::TimedNode*> heap;
    TimePoint armed = TimePoint::max();
    bool draining = false;
    std::vector<std::unique_ptr<detail::Resident>> residents;
    std::unique_ptr<WorkPool> pool;

    void place(detail::TimedNode* node, size_t index) {
        heap[index] = node;
        node->heap_index = index;
    }
    void sift_up(size_t index);
    void sift_down(size_t index);
    void arm();
    void expire();
    void run_posted();
    void discard_ready();
};

void Loop::State::sift_up(size_t index) {
    detail::TimedNode* node = heap[index];
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (heap[parent]->time <= node->time) break;
        place(heap[parent], index);
        index = parent;
    }
    place(node, index);
}

void Loop::State::sift_down(size_t index) {
    detail::TimedNode* node = heap[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= heap.size()) break;
        if (child + 1 < heap.size() && heap[child + 1]->time < heap[child]->time) ++child;
        if (node->time <= heap[child]->time) break;
        place(heap[child], index);
        index = child;
    }
    place(node, index);
}

// One timer of libuv serves all deadlines. It is moved only to an earlier time: most deadlines never come, and a
// firing that finds nothing due is cheaper than moving the timer at every request.
void Loop::State::arm() {
    if (heap.empty()) {
        if (armed != TimePoint::max()) uv_timer_stop(&timer);
        armed = TimePoint::max();
        return;
    }
    TimePoint next = heap.front()->time;
    if (next >= armed) return;
    armed = next;
    // steady_clock and libuv's clock are the same CLOCK_MONOTONIC; rounding up keeps us from firing early.
    int64_t target = std::chrono::ceil<Milliseconds>(next.time_since_epoch()).count();
    int64_t now = static_cast<int64_t>(uv_now(&loop));
    auto fire = [](uv_timer_t* handle) noexcept { static_cast<State*>(handle->data)->expire(); };
    uv_timer_start(&timer, fire, static_cast<uint64_t>(std::max<int64_t>(0, target - now)), 0);
}

void Loop::State::expire() {
    armed = TimePoint::max();
    TimePoint now = Clock::now();
    // The count bounds a timer that restarts itself for the past.
    for (size_t left = heap.size(); left > 0 && !heap.empty() && heap.front()->time <= now; --left) {
        detail::TimedNode* node = heap.front();
        owner->remove_timed(*node);
        node->expired();
    }
    owner->drain();
    arm();
}

void Loop::State::run_posted() {
    std::vector<std::function<void()>> work;
    {
        std::lock_guard<std::mutex> lock(mutex);
        work.swap(posted);
    }
    for (auto& function : work) function();
    owner->drain();
}

void Loop::State::discard_ready() {
    while (ready.ready_next != &ready) {
        detail::ReadyNode* node = ready.ready_next;
        node->leave_ready_queue();
        node->discard();
    }
}

Loop::Loop() : state_(std::make_unique<State>()), raw_(&state_->loop) {
    State& s = *state_;
    s.owner = this;
    require_success(uv_loop_init(&s.loop), "cannot create an event loop");
    // From here nothing but running out of descriptors can fail, and that leaves the process of no use anyway.
    auto wake = [](uv_async_t* handle) noexcept { static_cast<State*>(handle->data)->run_posted(); };
    require_success(uv_async_init(&s.loop, &s.async, wake), "cannot create the wake-up of an event loop");
    uv_timer_init(&s.loop, &s.timer);
    uv_idle_init(&s.loop, &s.idle);
    s.async.data = s.timer.data = s.idle.data = &s;
    s.pool = std::make_unique<WorkPool>(*this, WorkPool::Options{});
    s.loop.data = s.pool.get();
}

Loop::~Loop() {
    State& s = *state_;
    s.draining = true;  // nothing is resumed any more
    // Work on the pool must end before what it works with goes.
    s.pool.reset();
    s.run_posted();
    s.residents.clear();
    s.discard_ready();
    uv_close(reinterpret_cast<uv_handle_t*>(&s.async), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&s.timer), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&s.idle), nullptr);
    auto refuse = [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle)) return;
        std::fprintf(stderr, "a Loop is destroyed before a %s that watches on it\n",
                     uv_handle_type_name(uv_handle_get_type(handle)));
        std::abort();
    };
    uv_walk(&s.loop, refuse, nullptr);
    // Closing ends in callbacks.
    while (uv_loop_close(&s.loop) == UV_EBUSY) uv_run(&s.loop, UV_RUN_DEFAULT);
    s.discard_ready();
    for (detail::TimedNode* node : s.heap) node->heap_index = SIZE_MAX;
}

void Loop::run() {
    drain();
    uv_run(&state_->loop, UV_RUN_DEFAULT);
}

void Loop::stop() {
    uv_stop(&state_->loop);
}

void Loop::post_from_any_thread(std::function<void()> function) {
    State& s = *state_;
    {
        std::lock_guard<std::mutex> lock(s.mutex);
        s.posted.push_back(std::move(function));
    }
    uv_async_send(&s.async);
}

void Loop::schedule(std::coroutine_handle<> handle) {
    enqueue(*new HandleNode(handle));
}

void Loop::defer(std::function<void()> function) {
    enqueue(*new FunctionNode(std::move(function)));
}

void Loop::enqueue(detail::ReadyNode& node) noexcept {
    if (node.in_ready_queue()) return;
    ReadyHead& head = state_->ready;
    node.ready_previous = head.ready_previous;
    node.ready_next = &head;
    head.ready_previous->ready_next = &node;
    head.ready_previous = &node;
}

void Loop::drain() noexcept {
    State& s = *state_;
    if (s.draining) return;
    s.draining = true;
    for (int count = 0; s.ready.ready_next != &s.ready; ++count) {
        if (count == drain_batch) {
            auto resume = [](uv_idle_t* handle) noexcept {
                uv_idle_stop(handle);
                static_cast<State*>(handle->data)->owner->drain();
            };
            uv_idle_start(&s.idle, resume);
            break;
        }
        detail::ReadyNode* node = s.ready.ready_next;
        node->leave_ready_queue();
        node->run_ready();
    }
    s.draining = false;
}

void Loop::add_timed(detail::TimedNode& node, TimePoint time) {
    node.leave_heap();
    if (time == TimePoint::max()) return;
    State& s = *state_;
    node.time = time;
    s.heap.push_back(&node);
    node.heap_loop = this;
    s.sift_up(s.heap.size() - 1);
    s.arm();
}

void Loop::remove_timed(detail::TimedNode& node) noexcept {
    if (!node.in_heap()) return;
    State& s = *state_;
    size_t index = node.heap_index;
    detail::TimedNode* last = s.heap.back();
    s.heap.pop_back();
    node.heap_index = SIZE_MAX;
    if (last == &node) return;
    s.place(last, index);
    s.sift_up(index);
    s.sift_down(last->heap_index);
}

void Loop::keep(std::unique_ptr<detail::Resident> resident) {
    state_->residents.push_back(std::move(resident));
}

void Loop::dismiss(const detail::Resident* resident) {
    auto& all = state_->residents;
    auto is_it = [resident](const std::unique_ptr<detail::Resident>& other) { return other.get() == resident; };
    auto found = std::find_if(all.begin(), all.end(), is_it);
    if (found == all.end()) return;
    std::unique_ptr<detail::Resident> gone = std::move(*found);
    all.erase(found);
}

Task<bool> Loop::sleep_until(Deadline deadline) {
    Condition never(*this);
    WakeReason reason = co_await never.wait(deadline);
    co_return reason == WakeReason::deadline;
}

Task<bool> Loop::sleep(Milliseconds duration) {
    return sleep_until(Deadline::after(duration));
}

namespace {

// The coroutine at the bottom of run_until(): nobody awaits it, it frees itself.
struct Root {
    struct promise_type {
        Root get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

struct RootState {
    std::exception_ptr error;
    bool started = false;
    bool done = false;
};

Root run_to_end(uv_loop_t& loop, Task<void>& task, RootState& state) {
    try {
        co_await task;
    } catch (...) {
        state.error = std::current_exception();
    }
    state.done = true;
    // A task that never waited ends before the loop runs; a stop would then hit the next run().
    if (state.started) uv_stop(&loop);
}

}  // namespace

void Loop::run_root(Task<void> task) {
    RootState root;
    run_to_end(state_->loop, task, root);
    root.started = true;
    while (!root.done) run();
    if (root.error) std::rethrow_exception(root.error);
}

namespace detail {
void TimedNode::leave_heap() noexcept {
    if (in_heap()) heap_loop->remove_timed(*this);
}
}  // namespace detail

}  // namespace virtue::io
