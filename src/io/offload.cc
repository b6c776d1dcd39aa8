#include "io/offload.h"

#include "io/started.h"
#include "io/work_pool.h"

namespace virtue::io {

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
    WorkPool::of(loop).run(std::move(guarded), std::move(tell), std::move(afterwards));
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
