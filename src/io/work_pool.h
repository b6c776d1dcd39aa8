// The threads that blocking work runs on: a few, as long as the work comes to an end; more while some of it hangs, in a
// file system whose server is gone for example, so that what has nothing to do with that goes on. Owned by the Loop
// that the work's results go to; loop thread only, but for the threads themselves.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "io/timer.h"

namespace virtue::io {

class WorkPool {
public:
    struct Options {
        size_t threads = 4;              ///< that work at once, those not counted that hang
        size_t most = 64;                ///< in all
        Milliseconds hangs_after{1000};  ///< a thread that is longer at one piece of work does not count any more
    };
    WorkPool(Loop& loop, Options options);
    /// Waits for all work, also for that which did not begin yet.
    ~WorkPool();
    WorkPool(const WorkPool&) = delete;
    WorkPool& operator=(const WorkPool&) = delete;

    /// Runs `work` on one of the threads, in the order of the calls, then `done` on the loop, and on the thread
    /// `afterwards`, if there is one, which must own what it touches. None may throw.
    void run(std::function<void()> work, std::function<void()> done, std::function<void()> afterwards = {});
    /// The pool of a loop.
    static WorkPool& of(Loop& loop);

private:
    struct Item {
        std::function<void()> work;
        std::function<void()> done;
        std::function<void()> afterwards;
    };
    struct Worker {
        std::thread thread;
        TimePoint began = TimePoint::max();  // with its present work; max while it has none
    };
    void work_on(Worker& me);
    /// How many do not hang.
    size_t count_useful() const;
    bool needs_thread() const { return workers_.size() < options_.most && count_useful() < options_.threads; }
    void add_thread();
    void look_again();

    Loop& loop_;
    const Options options_;
    Timer timer_;
    bool looking_ = false;  // the timer runs

    std::mutex mutex_;  // of what follows
    std::condition_variable came_;
    std::deque<std::unique_ptr<Item>> waiting_;
    std::list<Worker> workers_;
    std::vector<std::thread> left_;  // to be joined
    size_t idle_ = 0;
    bool ending_ = false;
};

}  // namespace virtue::io
