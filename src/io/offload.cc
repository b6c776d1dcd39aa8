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
}  // namespace

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

}  // namespace virtue::io::detail
