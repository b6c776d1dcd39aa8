// A cancel source that follows two others. Owned by the one who waits; loop thread only.
#pragma once
#include "io/deadline.h"

namespace virtue::io {

/// A source that is cancelled as soon as one of two others is: for a wait that either may end. The others may go first.
class EitherCancel {
public:
    EitherCancel(CancelSource& one, CancelSource& other) {
        one_.target = other_.target = &source_;
        one_.link(one);
        other_.link(other);
        if (one.is_cancelled() || other.is_cancelled()) source_.cancel();
    }
    EitherCancel(const EitherCancel&) = delete;
    EitherCancel& operator=(const EitherCancel&) = delete;
    CancelSource& source() noexcept { return source_; }

private:
    struct Link final : detail::CancelLink {
        void cancelled() override { target->cancel(); }
        CancelSource* target = nullptr;
    };
    CancelSource source_;
    Link one_;
    Link other_;
};

}  // namespace virtue::io
