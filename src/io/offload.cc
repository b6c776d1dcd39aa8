#include "io/offload.h"

#include <uv.h>

#include "base/error.h"
#include "io/started.h"

namespace virtue::io {

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

}  // namespace

struct Started::Outcome {
    explicit Outcome(Loop& loop) : done(loop) {}
    std::exception_ptr error;
    Completion<bool> done;
};

Started::Started(Loop& loop, std::function<void()> work, std::function<void()> afterwards)
    : outcome_(std::make_shared<Outcome>(loop)) {
    auto guarded = [outcome = outcome_, work = std::move(work)] {
        try {
            work();
        } catch (...) {
            outcome->error = std::current_exception();
        }
    };
    auto tell = [outcome = outcome_] { outcome->done.set(true); };
    if (!afterwards) {
        queue_work(loop, std::move(guarded), std::move(tell));
        return;
    }
    auto both = [&loop, guarded = std::move(guarded), tell = std::move(tell), afterwards = std::move(afterwards)] {
        guarded();
        loop.post_from_any_thread(tell);
        afterwards();
    };
    queue_work(loop, std::move(both), [] {});
}

Task<void> Started::result(Deadline deadline) {
    std::shared_ptr<Outcome> outcome = outcome_;
    co_await outcome->done.take(deadline, "work on the blocking pool");
    if (outcome->error) std::rethrow_exception(outcome->error);
}

Task<void> detail::run_on_pool(Loop& loop, std::function<void()> work, Deadline deadline) {
    Started started(loop, std::move(work));
    co_await started.result(deadline);
}

}  // namespace virtue::io
