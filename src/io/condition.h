// The places where coroutines wait for one another: Condition, Completion<T>, Semaphore, Queue<T>. Waking
// schedules the waiter on the loop; it never runs inside the waker's transaction. Loop thread only.
#pragma once
#include <deque>
#include <exception>
#include <optional>

#include "io/loop.h"

namespace virtue::io {

/// Waiters queue in order; each wakes by notify, by its deadline, or by cancellation. Destroying a Condition wakes
/// its waiters with operation_aborted, so that a coroutine never goes on in an object that is gone.
class Condition {
public:
    explicit Condition(Loop& loop) : loop_(&loop) {}
    ~Condition();
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    class Waiter;
    /// `WakeReason reason = co_await condition.wait(deadline);` A deadline that is over does not suspend.
    Waiter wait(Deadline deadline);
    /// Wakes the waiter that came first. If its frame is dropped before it ran, the next one wakes instead.
    void notify_one();
    void notify_all();
    /// Wakes everybody as if cancelled.
    void cancel_all();
    /// True while somebody waits and was not yet woken.
    bool has_waiters() const { return waiting_.first != nullptr; }
    /// True while somebody waits, or was notified and did not run yet.
    bool has_unfinished() const;

private:
    friend class Waiter;
    struct List {
        Waiter* first = nullptr;
        Waiter* last = nullptr;
    };
    Loop* loop_;
    List waiting_;
    List woken_;
};

/// One wait, to be awaited where it is made. It lives in the frame of the coroutine that waits and allocates
/// nothing; destroyed early it leaves every queue.
class [[nodiscard]] Condition::Waiter final : detail::ReadyNode, detail::TimedNode, detail::CancelLink {
public:
    Waiter(Condition& condition, Deadline deadline) : condition_(&condition), deadline_(deadline) {}
    /// A wait that is over before it began.
    explicit Waiter(WakeReason reason) : reason_(reason), over_(true) {}
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle);
    /// Throws operation_aborted if the Condition was destroyed.
    WakeReason await_resume();

private:
    friend class Condition;
    void run_ready() override { handle_.resume(); }
    void expired() override { wake(WakeReason::deadline); }
    void cancelled() override { wake(WakeReason::cancelled); }
    void wake(WakeReason reason);
    void append(List& list);
    void leave_list() noexcept;

    Condition* condition_ = nullptr;
    List* list_ = nullptr;
    Waiter* previous_ = nullptr;
    Waiter* next_ = nullptr;
    Deadline deadline_;
    std::coroutine_handle<> handle_;
    WakeReason reason_ = WakeReason::notified;
    bool over_ = false;
    bool single_ = false;
    bool orphaned_ = false;
};

inline Condition::Waiter Condition::wait(Deadline deadline) {
    return Waiter(*this, deadline);
}

/// A value or error that is set once and may be awaited by one or many.
template <typename T>
class Completion {
public:
    explicit Completion(Loop& loop) : condition_(loop) {}
    bool is_set() const { return value_.has_value() || error_; }
    void set(T value) {
        if (is_set()) return;
        value_.emplace(std::move(value));
        condition_.notify_all();
    }
    void set_error(std::exception_ptr error) {
        if (is_set()) return;
        error_ = std::move(error);
        condition_.notify_all();
    }
    /// Waits for the value and moves it out (a second taker finds it moved from). Throws the error that was set, or
    /// operation_timeout / operation_aborted with `what` in the sentence.
    Task<T> take(Deadline deadline, const char* what) {
        while (!is_set()) {
            WakeReason reason = co_await condition_.wait(deadline);
            if (!is_set()) require_notified(reason, what);
        }
        if (error_) std::rethrow_exception(error_);
        co_return std::move(*value_);
    }

private:
    Condition condition_;
    std::optional<T> value_;
    std::exception_ptr error_;
};

/// A count of permits, handed out in the order of asking.
class Semaphore {
public:
    Semaphore(Loop& loop, int permits) : condition_(loop), permits_(permits) {}

    /// One permit; gives it back when destroyed.
    class Permit {
    public:
        Permit() = default;
        explicit Permit(Semaphore& owner) : owner_(&owner) {}
        Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        Permit& operator=(Permit&& other) noexcept {
            release();
            owner_ = std::exchange(other.owner_, nullptr);
            return *this;
        }
        ~Permit() { release(); }
        void release();
        explicit operator bool() const { return owner_ != nullptr; }

    private:
        Semaphore* owner_ = nullptr;
    };
    /// Waits for a permit; throws operation_timeout / operation_aborted naming `what`.
    Task<Permit> acquire(Deadline deadline, const char* what);
    int available() const { return permits_; }

private:
    Condition condition_;
    int permits_;
};

/// Items passed from producers to consumers on the loop, in order.
template <typename T>
class Queue {
public:
    explicit Queue(Loop& loop) : condition_(loop) {}
    void push(T item) {
        items_.push_back(std::move(item));
        condition_.notify_one();
    }
    /// After close(), pop() gives what is left and then nothing.
    void close() {
        closed_ = true;
        condition_.notify_all();
    }
    /// The next item; nothing when closed and empty. Throws operation_timeout / operation_aborted.
    Task<std::optional<T>> pop(Deadline deadline) {
        while (items_.empty() && !closed_) {
            WakeReason reason = co_await condition_.wait(deadline);
            if (items_.empty() && !closed_) require_notified(reason, "the next item of a queue");
        }
        if (items_.empty()) co_return std::nullopt;
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        co_return item;
    }
    size_t size() const { return items_.size(); }

private:
    Condition condition_;
    std::deque<T> items_;
    bool closed_ = false;
};

}  // namespace virtue::io
