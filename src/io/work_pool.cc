#include "io/work_pool.h"

#include <algorithm>
#include <system_error>

#include <uv.h>

#include "base/error.h"
#include "io/loop.h"

namespace virtue::io {

WorkPool& WorkPool::of(Loop& loop) {
    return *static_cast<WorkPool*>(loop.raw()->data);
}

WorkPool::WorkPool(Loop& loop, Options options)
    : loop_(loop), options_(options), timer_(loop, [this] { look_again(); }) {}

WorkPool::~WorkPool() {
    {
        std::lock_guard lock(mutex_);
        ending_ = true;
        for (Worker& worker : workers_) left_.push_back(std::move(worker.thread));
    }
    came_.notify_all();
    for (std::thread& thread : left_) thread.join();
}

void WorkPool::run(std::function<void()> work, std::function<void()> done, std::function<void()> afterwards) {
    auto item = std::make_unique<Item>(Item{std::move(work), std::move(done), std::move(afterwards)});
    bool is_taken = false;
    {
        std::lock_guard lock(mutex_);
        if (waiting_.size() >= idle_ && needs_thread()) add_thread();
        waiting_.push_back(std::move(item));
        is_taken = waiting_.size() <= idle_;
    }
    came_.notify_one();
    if (is_taken || looking_) return;
    looking_ = true;
    timer_.start_after(options_.hangs_after / 4);
}

/// While something waits: a thread may have begun to hang since.
void WorkPool::look_again() {
    std::vector<std::thread> left;
    {
        std::lock_guard lock(mutex_);
        left.swap(left_);
        looking_ = !waiting_.empty();
        for (size_t i = 0; i < waiting_.size() && needs_thread(); i++) add_thread();
    }
    if (looking_) timer_.start_after(options_.hangs_after / 4);
    for (std::thread& thread : left) thread.join();
}

size_t WorkPool::count_useful() const {
    const TimePoint now = Clock::now();
    const auto is_useful = [&](const Worker& worker) {
        return worker.began == TimePoint::max() || worker.began + options_.hangs_after > now;
    };
    return static_cast<size_t>(std::count_if(workers_.begin(), workers_.end(), is_useful));
}

void WorkPool::add_thread() {
    Worker& worker = workers_.emplace_back();
    try {
        worker.thread = std::thread([this, &worker] { work_on(worker); });
    } catch (const std::system_error& error) {
        workers_.pop_back();
        // The others take it in turn.
        if (workers_.empty()) throw Error::from_errno(error.code().value(), ErrorDomain::none, "cannot make a thread");
    }
}

void WorkPool::work_on(Worker& me) {
    std::unique_lock lock(mutex_);
    for (;;) {
        while (waiting_.empty()) {
            if (ending_) return;
            if (count_useful() > options_.threads) {
                // It came while another hung.
                left_.push_back(std::move(me.thread));
                workers_.remove_if([&](const Worker& worker) { return &worker == &me; });
                return;
            }
            idle_++;
            came_.wait(lock);
            idle_--;
        }
        Item* item = waiting_.front().release();
        waiting_.pop_front();
        me.began = Clock::now();
        lock.unlock();
        item->work();
        std::function<void()> afterwards = std::move(item->afterwards);
        // What the work holds goes where it came from.
        loop_.post_from_any_thread([item] {
            const std::unique_ptr<Item> owner(item);
            owner->done();
        });
        if (afterwards) afterwards();
        afterwards = {};
        lock.lock();
        me.began = TimePoint::max();
    }
}

}  // namespace virtue::io
