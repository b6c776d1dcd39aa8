#include "io/deadline.h"

#include <algorithm>

#include "base/error.h"

namespace virtue::io {

namespace detail {

void CancelLink::link(CancelSource& source) noexcept {
    unlink();
    previous = source.head_.previous;
    next = &source.head_;
    previous->next = this;
    next->previous = this;
}

void CancelLink::unlink() noexcept {
    if (!next) return;
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
}

}  // namespace detail

CancelSource::CancelSource() noexcept {
    head_.previous = head_.next = &head_;
}

void CancelSource::cancel() {
    cancelled_ = true;
    while (head_.next != &head_) {
        detail::CancelLink* link = head_.next;
        link->unlink();
        link->cancelled();
    }
}

Deadline Deadline::within(Milliseconds duration) const {
    return {std::min(at, Clock::now() + duration), cancel};
}

bool Deadline::is_over() const {
    if (cancel && cancel->is_cancelled()) return true;
    return at != TimePoint::max() && at <= Clock::now();
}

void require_notified(WakeReason reason, const char* what) {
    switch (reason) {
        case WakeReason::notified:
            return;
        case WakeReason::deadline:
            fail(ErrorCode::operation_timeout, ErrorDomain::none, "{} did not come in time", what);
        case WakeReason::cancelled:
            fail(ErrorCode::operation_aborted, ErrorDomain::none, "waiting for {} was cancelled", what);
    }
}

}  // namespace virtue::io
