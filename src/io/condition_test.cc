#include "io/condition.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/gate.h"

using namespace virtue;
using namespace virtue::io;

namespace {

struct Log {
    std::vector<std::string> lines;
    void add(std::string line) { lines.push_back(std::move(line)); }
};

const char* name_of(WakeReason reason) {
    switch (reason) {
        case WakeReason::notified:
            return "notified";
        case WakeReason::deadline:
            return "deadline";
        case WakeReason::cancelled:
            return "cancelled";
    }
    return "";
}

Task<void> wait_and_tell(Condition& condition, Deadline deadline, Log& log, std::string who) {
    WakeReason reason = co_await condition.wait(deadline);
    log.add(who + " " + name_of(reason));
}

void fail_test(std::exception_ptr) {
    FAIL("a background task failed");
}

/// Long enough that a wait begins before it is over, however busy the host is.
constexpr Milliseconds soon{200};

/// Lets everything that is ready run, and `soon` pass.
void outlast(Loop& loop) {
    loop.run_until(loop.sleep(2 * soon));
}

/// Lets everything that is ready run.
void settle(Loop& loop) {
    loop.run_until(loop.sleep(Milliseconds(1)));
}

std::string message_of(const std::function<void()>& function) {
    try {
        function();
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

}  // namespace

TEST_CASE("waiters wake in the order in which they came, one per notify_one") {
    Loop loop;
    Condition condition(loop);
    Log log;
    Gate gate(loop, fail_test);
    for (const char* who : {"a", "b", "c"}) gate.spawn(wait_and_tell(condition, Deadline::never(), log, who));
    condition.notify_one();
    CHECK(log.lines.empty());  // not inside the waker's transaction
    settle(loop);
    CHECK(log.lines == std::vector<std::string>{"a notified"});
    condition.notify_all();
    settle(loop);
    CHECK(log.lines == std::vector<std::string>{"a notified", "b notified", "c notified"});
    CHECK_FALSE(condition.has_waiters());
    CHECK(gate.running() == 0);
}

TEST_CASE("a notification after a waiter's deadline goes to the next waiter") {
    Loop loop;
    Condition condition(loop);
    Log log;
    Gate gate(loop, fail_test);
    gate.spawn(wait_and_tell(condition, Deadline::after(Milliseconds(1)), log, "short"));
    gate.spawn(wait_and_tell(condition, Deadline::never(), log, "long"));
    loop.run_until(loop.sleep(Milliseconds(20)));
    CHECK(log.lines == std::vector<std::string>{"short deadline"});
    condition.notify_one();
    settle(loop);
    CHECK(log.lines == std::vector<std::string>{"short deadline", "long notified"});
}

TEST_CASE("a wait whose deadline is over or whose source is cancelled does not begin") {
    Loop loop;
    Condition condition(loop);
    Log log;
    Gate gate(loop, fail_test);
    CancelSource source;
    source.cancel();
    gate.spawn(wait_and_tell(condition, Deadline{Clock::now(), nullptr}, log, "late"));
    gate.spawn(wait_and_tell(condition, Deadline::never().with_cancel(source), log, "stopped"));
    CHECK(log.lines == std::vector<std::string>{"late deadline", "stopped cancelled"});
}

TEST_CASE("a waiter that is notified and then cancelled wakes once, as notified") {
    Loop loop;
    Condition condition(loop);
    Log log;
    CancelSource source;
    Gate gate(loop, fail_test);
    gate.spawn(wait_and_tell(condition, Deadline::after(soon).with_cancel(source), log, "a"));
    condition.notify_all();
    source.cancel();
    outlast(loop);
    CHECK(log.lines == std::vector<std::string>{"a notified"});
}

namespace {

/// Awaits a task that it holds, so that the test can drop it mid-way.
struct Droppable {
    struct promise_type {
        Droppable get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_always final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
    void drop() { handle.destroy(); }
};

Droppable hold(Task<void> task) {
    co_await task;
}

}  // namespace

TEST_CASE("a coroutine dropped while it waits, or while it is about to wake, is never resumed") {
    Loop loop;
    Condition condition(loop);
    Log log;
    CancelSource source;
    Deadline deadline = Deadline::after(soon).with_cancel(source);
    Droppable first = hold(wait_and_tell(condition, deadline, log, "first"));
    Droppable second = hold(wait_and_tell(condition, deadline, log, "second"));
    Droppable third = hold(wait_and_tell(condition, deadline, log, "third"));
    first.drop();
    condition.notify_one();  // goes to the second, which is scheduled
    second.drop();           // and passes it on to the third
    outlast(loop);
    CHECK(log.lines == std::vector<std::string>{"third notified"});
    source.cancel();
    third.drop();
}

TEST_CASE("waiters of a condition that is destroyed end with an error and do not touch it") {
    Loop loop;
    auto condition = std::make_unique<Condition>(loop);
    Log log;
    std::string heard;
    Gate gate(loop, [&](std::exception_ptr error) {
        try {
            std::rethrow_exception(error);
        } catch (const Error& e) {
            heard += e.code() == ErrorCode::operation_aborted ? "aborted " : "other ";
        }
    });
    gate.spawn(wait_and_tell(*condition, Deadline::never(), log, "waiting"));
    gate.spawn(wait_and_tell(*condition, Deadline::never(), log, "woken"));
    condition->notify_one();
    condition.reset();
    settle(loop);
    CHECK(log.lines.empty());
    CHECK(heard == "aborted aborted ");
}

TEST_CASE("a completion gives its value, its error, or a timeout that names what was awaited") {
    Loop loop;
    Completion<std::string> value(loop);
    loop.defer([&] { value.set("done"); });
    CHECK(loop.run_until(value.take(Deadline::never(), "the reply")) == "done");

    Completion<int> error(loop);
    loop.defer([&] {
        error.set_error(std::make_exception_ptr(Error(ErrorCode::no_domain, ErrorDomain::none, "x")));
        error.set(5);  // too late
    });
    CHECK(message_of([&] { loop.run_until(error.take(Deadline::never(), "y")); }) == "Domain not found: x");

    Completion<int> never(loop);
    Deadline short_time = Deadline::after(Milliseconds(1));
    std::string text = message_of([&] { loop.run_until(never.take(short_time, "the monitor's answer")); });
    CHECK(text.find("the monitor's answer") != std::string::npos);
}

TEST_CASE("permits go round in the order of asking and come back by themselves") {
    Loop loop;
    Semaphore semaphore(loop, 2);
    Log log;
    Gate gate(loop, fail_test);
    auto worker = [](Loop& on, Semaphore& from, Log& to, std::string name) -> Task<void> {
        Semaphore::Permit permit = co_await from.acquire(Deadline::never(), "a permit");
        to.add(name + "+" + std::to_string(from.available()));
        co_await on.sleep(Milliseconds(1));
        to.add(name + "-");
    };
    for (const char* name : {"a", "b", "c", "d"}) gate.spawn(worker(loop, semaphore, log, name));
    CHECK(gate.running() == 4);
    while (gate.running() > 0) settle(loop);
    CHECK(semaphore.available() == 2);
    REQUIRE(log.lines.size() == 8);
    std::vector<std::string> starts;
    for (const std::string& line : log.lines) {
        if (line.find('+') != std::string::npos) starts.push_back(line.substr(0, 1));
    }
    CHECK(starts == std::vector<std::string>{"a", "b", "c", "d"});
    CHECK(log.lines[0] == "a+1");
    CHECK(log.lines[1] == "b+0");
}

TEST_CASE("a permit that is asked for in vain gives a timeout and is not lost") {
    Loop loop;
    Semaphore semaphore(loop, 1);
    Semaphore::Permit held = loop.run_until(semaphore.acquire(Deadline::never(), "x"));
    Deadline short_time = Deadline::after(Milliseconds(1));
    std::string text = message_of([&] { loop.run_until(semaphore.acquire(short_time, "the job of domain x")); });
    CHECK(text.find("the job of domain x") != std::string::npos);
    // One that is dropped after the permit was promised to it passes it on.
    auto taker = [](Semaphore& from, Log& to, std::string name) -> Task<void> {
        Semaphore::Permit permit = co_await from.acquire(Deadline::never(), "x");
        to.add(name);
    };
    Log log;
    Gate gate(loop, fail_test);
    Droppable first = hold(taker(semaphore, log, "first"));
    gate.spawn(taker(semaphore, log, "second"));
    held.release();
    first.drop();
    settle(loop);
    CHECK(log.lines == std::vector<std::string>{"second"});
    CHECK(semaphore.available() == 1);
}

TEST_CASE("who asks while a promised permit is not yet taken queues behind, and gets one if there are two") {
    Loop loop;
    Semaphore semaphore(loop, 0 + 2);
    Semaphore::Permit one = loop.run_until(semaphore.acquire(Deadline::never(), "x"));
    Semaphore::Permit two = loop.run_until(semaphore.acquire(Deadline::never(), "x"));
    Log log;
    auto taker = [](Loop& on, Semaphore& from, Log& to, std::string name) -> Task<void> {
        Semaphore::Permit permit = co_await from.acquire(Deadline::never(), "x");
        to.add(name);
        co_await on.sleep(Milliseconds(1));
    };
    Gate gate(loop, fail_test);
    gate.spawn(taker(loop, semaphore, log, "first"));
    one.release();
    two.release();
    gate.spawn(taker(loop, semaphore, log, "second"));
    while (gate.running() > 0) settle(loop);
    CHECK(log.lines == std::vector<std::string>{"first", "second"});
}

TEST_CASE("a queue hands items on in order and ends after close") {
    Loop loop;
    Queue<int> queue(loop);
    std::vector<int> got;
    Gate gate(loop, fail_test);
    auto consumer = [](Queue<int>& from, std::vector<int>& into) -> Task<void> {
        for (;;) {
            std::optional<int> item = co_await from.pop(Deadline::never());
            if (!item) break;
            into.push_back(*item);
        }
    };
    queue.push(1);
    gate.spawn(consumer(queue, got));
    queue.push(2);
    queue.push(3);
    settle(loop);
    CHECK(got == std::vector<int>{1, 2, 3});
    queue.push(4);
    queue.close();
    settle(loop);
    CHECK(got == std::vector<int>{1, 2, 3, 4});
    CHECK(gate.running() == 0);
}

TEST_CASE("a gate cancels and joins its tasks, hears their errors, and refuses new ones after close") {
    Loop loop;
    std::string heard;
    Gate gate(loop, [&](std::exception_ptr error) {
        try {
            std::rethrow_exception(error);
        } catch (const Error& e) {
            heard = e.message();
        }
    });
    Log log;
    auto sleeper = [](Loop& on, Gate& in, Log& to) -> Task<void> {
        Deadline deadline = Deadline::never().with_cancel(in.cancel_source());
        bool came = co_await on.sleep_until(deadline);
        to.add(came ? "time" : "cancelled");
        co_await on.sleep(Milliseconds(5));
        to.add("cleaned up");
    };
    auto failing = []() -> Task<void> {
        fail(ErrorCode::no_domain, ErrorDomain::none, "lost");
        co_return;
    };
    gate.spawn(sleeper(loop, gate, log));
    gate.spawn(failing());
    CHECK(heard == "Domain not found: lost");
    CHECK(gate.running() == 1);
    loop.run_until(gate.close());
    CHECK(log.lines == std::vector<std::string>{"cancelled", "cleaned up"});
    gate.spawn(sleeper(loop, gate, log));
    CHECK(gate.running() == 0);
    CHECK(log.lines.size() == 2);
}
