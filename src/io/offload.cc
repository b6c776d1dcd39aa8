#include "io/offload.h"

#include <uv.h>

#include "base/error.h"

namespace virtue::io::detail {

namespace {
struct Work {
    uv_work_t request;
    Loop* loop;
    std::function<void()> work;
    std::function<void()> done;
};

/// Runs `work` on the pool, then `done` on the loop.
void queue_work(Loop& loop, std::function<void()> work, std::function<void()> done) {
    auto item = std::make_unique<Work>(Work{{}, &loop, std::move(work), std::move(done)});
    item->request.data = item.get();
    auto run = [](uv_work_t* request) noexcept { static_cast<Work*>(request->data)->work(); };
    auto after = [](uv_work_t* request, int) noexcept {
        std::unique_ptr<Work> owner(static_cast<Work*>(request->data));
        Loop& on = *owner->loop;
        owner->done();
        owner.reset();
        on.drain();
    };
    int result = uv_queue_work(loop.raw(), &item->request, run, after);
    if (result < 0) throw Error::from_errno(-result, ErrorDomain::none, "cannot queue blocking work");
    item.release();
}

struct Outcome {
    explicit Outcome(Loop& loop) : done(loop) {}
    std::exception_ptr error;
    Completion<bool> done;
};

}  // namespace

Task<void> run_on_pool(Loop& loop, std::function<void()> work, Deadline deadline) {
    auto outcome = std::make_shared<Outcome>(loop);
    auto guarded = [outcome, work = std::move(work)] {
        try {
            work();
        } catch (...) {
            outcome->error = std::current_exception();
        }
    };
    queue_work(loop, std::move(guarded), [outcome] { outcome->done.set(true); });
    co_await outcome->done.take(deadline, "work on the blocking pool");
    if (outcome->error) std::rethrow_exception(outcome->error);
}

}  // namespace virtue::io::detail
