// How long a wait may last, and who may end it early. Every wait on something outside the process takes a
// Deadline. Deadlines are values; a CancelSource belongs to whoever may cancel. Loop thread only.
#pragma once
#include <chrono>
#include <cstdint>

namespace virtue::io {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;

class CancelSource;

namespace detail {
/// A link in a CancelSource's list of waits; it unlinks itself when it is destroyed.
struct CancelLink {
    CancelLink* previous = nullptr;
    CancelLink* next = nullptr;

    CancelLink() = default;
    CancelLink(const CancelLink&) = delete;
    CancelLink& operator=(const CancelLink&) = delete;
    virtual void cancelled() = 0;
    void link(CancelSource& source) noexcept;
    void unlink() noexcept;

protected:
    ~CancelLink() { unlink(); }
};
}  // namespace detail

/// Ends waits early: every wait whose Deadline names this source wakes with WakeReason::cancelled.
class CancelSource {
public:
    CancelSource() noexcept;
    CancelSource(const CancelSource&) = delete;
    CancelSource& operator=(const CancelSource&) = delete;
    /// Wakes all waits under way; later waits on this source do not wait at all.
    void cancel();
    bool is_cancelled() const noexcept { return cancelled_; }

private:
    friend struct detail::CancelLink;
    struct Head final : detail::CancelLink {
        void cancelled() override {}
    };
    Head head_;
    bool cancelled_ = false;
};

/// A point in time at which a wait gives up, and optionally a source that can end it before.
struct Deadline {
    TimePoint at = TimePoint::max();
    CancelSource* cancel = nullptr;

    static Deadline never() { return {}; }
    static Deadline after(Milliseconds duration) { return {Clock::now() + duration, nullptr}; }
    /// This deadline, but not later than `duration` from now.
    Deadline within(Milliseconds duration) const;
    Deadline with_cancel(CancelSource& source) const { return {at, &source}; }
    /// True when the time has passed or the source was cancelled.
    bool is_over() const;
};

/// Why a wait ended.
enum class WakeReason : uint8_t { notified, deadline, cancelled };

/// Throws operation_timeout or operation_aborted unless `reason` is notified; `what` names what was awaited.
void require_notified(WakeReason reason, const char* what);

}  // namespace virtue::io
