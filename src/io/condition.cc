#include "io/condition.h"

#include "base/error.h"

namespace virtue::io {

Condition::~Condition() {
    auto orphan = [](List& list) {
        while (Waiter* waiter = list.first) {
            waiter->leave_list();
            waiter->condition_ = nullptr;
            waiter->orphaned_ = true;
            waiter->wake(WakeReason::cancelled);
        }
    };
    orphan(waiting_);
    orphan(woken_);
}

void Condition::notify_one() {
    Waiter* waiter = waiting_.first;
    if (!waiter) return;
    waiter->single_ = true;
    waiter->wake(WakeReason::notified);
}

void Condition::notify_all() {
    while (Waiter* waiter = waiting_.first) waiter->wake(WakeReason::notified);
}

void Condition::cancel_all() {
    while (Waiter* waiter = waiting_.first) waiter->wake(WakeReason::cancelled);
}

bool Condition::has_unfinished() const {
    if (waiting_.first) return true;
    for (Waiter* waiter = woken_.first; waiter; waiter = waiter->next_) {
        if (waiter->reason_ == WakeReason::notified) return true;
    }
    return false;
}

Condition::Waiter::~Waiter() {
    if (!list_) return;
    bool pass_on = single_;  // and did not run since, or it would be in no list
    Condition* condition = condition_;
    leave_list();
    if (pass_on && condition) condition->notify_one();
}

bool Condition::Waiter::await_ready() {
    if (over_) return true;
    if (!deadline_.is_over()) return false;
    bool was_cancelled = deadline_.cancel && deadline_.cancel->is_cancelled();
    reason_ = was_cancelled ? WakeReason::cancelled : WakeReason::deadline;
    return true;
}

void Condition::Waiter::await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    append(condition_->waiting_);
    condition_->loop_->add_timed(*this, deadline_.at);
    heap_loop = condition_->loop_;
    if (deadline_.cancel) link(*deadline_.cancel);
}

WakeReason Condition::Waiter::await_resume() {
    leave_list();
    if (orphaned_) fail(ErrorCode::operation_aborted, ErrorDomain::none, "what was waited for is gone");
    return reason_;
}

// Wakes once: from here on neither the deadline, nor the source, nor another notification finds this waiter.
void Condition::Waiter::wake(WakeReason reason) {
    leave_list();
    leave_heap();
    unlink();
    if (in_ready_queue()) return;
    reason_ = reason;
    if (condition_) append(condition_->woken_);
    heap_loop->enqueue(*this);
}

void Condition::Waiter::append(List& list) {
    list_ = &list;
    previous_ = list.last;
    next_ = nullptr;
    (list.last ? list.last->next_ : list.first) = this;
    list.last = this;
}

void Condition::Waiter::leave_list() noexcept {
    if (!list_) return;
    (previous_ ? previous_->next_ : list_->first) = next_;
    (next_ ? next_->previous_ : list_->last) = previous_;
    list_ = nullptr;
}

void Semaphore::Permit::release() {
    Semaphore* owner = std::exchange(owner_, nullptr);
    if (!owner) return;
    ++owner->permits_;
    owner->condition_.notify_one();
}

Task<Semaphore::Permit> Semaphore::acquire(Deadline deadline, const char* what) {
    // Who comes while a woken one has not run yet queues behind it.
    bool must_wait = permits_ == 0 || condition_.has_unfinished();
    while (must_wait) {
        WakeReason reason = co_await condition_.wait(deadline);
        if (permits_ == 0) require_notified(reason, what);
        must_wait = permits_ == 0;
    }
    --permits_;
    // One that queued behind us while more than one permit was free.
    if (permits_ > 0) condition_.notify_one();
    co_return Permit(*this);
}

}  // namespace virtue::io
