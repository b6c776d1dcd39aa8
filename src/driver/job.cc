#include "driver/job.h"

#include "base/error.h"

namespace virtue::driver {

JobQueue::JobQueue(io::Loop& loop, std::string object_name)
    : object_name_(std::move(object_name)),
      modify_(loop),
      agent_(loop),
      cancel_(std::make_unique<io::CancelSource>()),
      self_(std::make_shared<JobQueue*>(this)) {}

JobQueue::~JobQueue() {
    *self_ = nullptr;
}

Task<Job> JobQueue::begin(JobKind kind, std::string what, io::Deadline deadline) {
    std::shared_ptr<JobQueue*> self = self_;
    Lane& lane = lane_of(kind);
    if (kind == JobKind::destroy && lane.busy) cancel_->cancel();
    if (kind == JobKind::destroy) lane.waiting_destroys++;
    while (lane.busy || (lane.waiting_destroys > 0 && kind != JobKind::destroy)) {
        io::WakeReason reason = co_await lane.free.wait(deadline);
        if (!*self) fail(ErrorCode::operation_failed, ErrorDomain::qemu, "domain '{}' is gone", object_name_);
        if (reason == io::WakeReason::notified) continue;
        if (kind == JobKind::destroy) lane.waiting_destroys--;
        if (!lane.busy) lane.free.notify_one();
        if (reason == io::WakeReason::cancelled) io::require_notified(reason, "the state change lock");
        throw Error(ErrorCode::operation_timeout, ErrorDomain::qemu,
                    fmt::format("cannot acquire state change lock of '{}' for {} (held by {})", object_name_, what,
                                lane.holder.empty() ? "a call that waits before it" : lane.holder),
                    "the guest's monitor may be stuck: read calls still answer, and destroy works");
    }
    if (kind == JobKind::destroy) lane.waiting_destroys--;
    lane.busy = true;
    lane.holder = std::move(what);
    if (kind != JobKind::agent && cancel_->is_cancelled()) {
        // Deadlines of calls that hold no lane may name it still.
        cancelled_ = std::exchange(cancel_, std::make_unique<io::CancelSource>());
    }
    co_return Job(self, kind);
}

void JobQueue::release(JobKind kind) {
    Lane& lane = lane_of(kind);
    lane.busy = false;
    lane.holder.clear();
    // All look again: a destroy among them must not be held up by a modify that was notified first.
    lane.free.notify_all();
}

JobQueue::Job::Job(Job&& other) noexcept : queue_(std::move(other.queue_)), kind_(other.kind_) {}

JobQueue::Job& JobQueue::Job::operator=(Job&& other) noexcept {
    if (this != &other) {
        release();
        queue_ = std::move(other.queue_);
        kind_ = other.kind_;
    }
    return *this;
}

JobQueue::Job::~Job() {
    release();
}

void JobQueue::Job::release() {
    if (queue_ && *queue_) (*queue_)->release(kind_);
    queue_.reset();
}

}  // namespace virtue::driver
