#include "io/loop.h"

#include <doctest/doctest.h>

#include <csignal>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "io/condition.h"
#include "io/gate.h"
#include "io/lane.h"
#include "io/offload.h"
#include "io/signals.h"
#include "io/started.h"
#include "io/timer.h"

using namespace virtue;
using namespace virtue::io;

namespace {

Task<int> answer() {
    co_return 42;
}

Task<int> doubled_after(Loop& loop, Milliseconds time) {
    bool came = co_await loop.sleep(time);
    int value = co_await answer();
    co_return came ? value * 2 : 0;
}

Task<void> failing(Loop& loop) {
    co_await loop.sleep(Milliseconds(1));
    fail(ErrorCode::no_domain, ErrorDomain::none, "gone");
}

template <typename Function>
ErrorCode code_of(Function function) {
    try {
        function();
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode{};
}

}  // namespace

TEST_CASE("run_until gives a task's result, and its error, again and again") {
    Loop loop;
    CHECK(loop.run_until(answer()) == 42);
    CHECK(loop.run_until(doubled_after(loop, Milliseconds(1))) == 84);
    CHECK(code_of([&] { loop.run_until(failing(loop)); }) == ErrorCode::no_domain);
    CHECK(loop.run_until(doubled_after(loop, Milliseconds(0))) == 84);
}

TEST_CASE("what is deferred before run() runs, in order, and stop() ends run()") {
    Loop loop;
    std::vector<int> order;
    loop.defer([&] {
        order.push_back(1);
        loop.defer([&] {
            order.push_back(3);
            loop.stop();
        });
    });
    loop.defer([&] { order.push_back(2); });
    loop.run();
    CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("a function that defers itself for ever does not keep timers from firing") {
    Loop loop;
    bool fired = false;
    std::function<void()> again = [&] { loop.defer(again); };
    loop.defer(again);
    Timer timer(loop, [&] {
        fired = true;
        loop.stop();
    });
    timer.start_after(Milliseconds(5));
    loop.run();
    CHECK(fired);
}

TEST_CASE("functions posted from other threads run on the loop's thread") {
    Loop loop;
    std::thread::id runner;
    int count = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i) {
                loop.post_from_any_thread([&] {
                    runner = std::this_thread::get_id();
                    if (++count == 400) loop.stop();
                });
            }
        });
    }
    loop.run();
    for (auto& thread : threads) thread.join();
    CHECK(count == 400);
    CHECK(runner == std::this_thread::get_id());
}

TEST_CASE("sleeps end in the order of their deadlines, whatever order they began in") {
    Loop loop;
    std::vector<int> order;
    Gate gate(loop, [](std::exception_ptr) { FAIL("unexpected"); });
    auto sleeper = [](Loop& on, std::vector<int>& list, TimePoint base, int ticks) -> Task<void> {
        Deadline deadline{base + Milliseconds(ticks), nullptr};
        co_await on.sleep_until(deadline);
        list.push_back(ticks);
    };
    // A sleep whose time is over before it begins does not wait for its turn: it may not come to that here.
    TimePoint base = Clock::now() + Milliseconds(200);
    for (int ticks : {30, 10, 50, 20, 40, 5, 45}) gate.spawn(sleeper(loop, order, base, ticks));
    REQUIRE(order.empty());
    auto wait_all = [](Loop& on, Gate& all) -> Task<void> {
        while (all.running() > 0) {
            co_await on.sleep(Milliseconds(5));
        }
    };
    loop.run_until(wait_all(loop, gate));
    CHECK(order == std::vector<int>{5, 10, 20, 30, 40, 45, 50});
}

TEST_CASE("a timer restarts, stops, and may be destroyed or restarted by its own function") {
    Loop loop;
    int fired = 0;
    auto timer = std::make_unique<Timer>(loop, [&] { ++fired; });
    timer->start_after(Milliseconds(3600000));
    timer->start_after(Milliseconds(1));
    loop.run_until(doubled_after(loop, Milliseconds(10)));
    CHECK(fired == 1);
    timer->start_after(Milliseconds(1));
    timer->stop();
    loop.run_until(doubled_after(loop, Milliseconds(10)));
    CHECK(fired == 1);
    timer->start_at(TimePoint::max());
    timer.reset();

    std::unique_ptr<Timer> suicidal;
    std::string proof(100, 'x');
    suicidal = std::make_unique<Timer>(loop, [&, proof] {
        suicidal.reset();
        fired += static_cast<int>(proof.size());
        loop.stop();
    });
    suicidal->start_after(Milliseconds(0));
    loop.run();
    CHECK(fired == 101);

    std::unique_ptr<Timer> restarting;
    int rounds = 0;
    restarting = std::make_unique<Timer>(loop, [&] {
        if (++rounds == 3) {
            loop.stop();
        } else {
            restarting->start_at(Clock::now() - Milliseconds(1));
        }
    });
    restarting->start_after(Milliseconds(0));
    loop.run();
    CHECK(rounds == 3);
}

TEST_CASE("a timer destroyed by another one that fires at the same time does not fire") {
    Loop loop;
    bool second_fired = false;
    std::unique_ptr<Timer> second;
    Timer first(loop, [&] {
        second.reset();
        loop.stop();
    });
    second = std::make_unique<Timer>(loop, [&] { second_fired = true; });
    TimePoint when = Clock::now() + Milliseconds(1);
    first.start_at(when);
    second->start_at(when + std::chrono::microseconds(1));
    loop.run();
    CHECK_FALSE(second_fired);
}

TEST_CASE("sleep tells whether its time came or it was cancelled") {
    Loop loop;
    CancelSource source;
    auto sleeper = [](Loop& on, CancelSource& by) -> Task<bool> {
        Deadline deadline = Deadline::never().with_cancel(by);
        co_return co_await on.sleep_until(deadline);
    };
    loop.defer([&] { source.cancel(); });
    CHECK_FALSE(loop.run_until(sleeper(loop, source)));
    CHECK_FALSE(loop.run_until(sleeper(loop, source)));  // cancelled for good
    CHECK(loop.run_until(loop.sleep(Milliseconds(1))));
}

TEST_CASE("offload runs elsewhere, returns the value or the error, and honours its deadline") {
    Loop loop;
    std::thread::id here = std::this_thread::get_id();
    auto elsewhere = [here] { return std::this_thread::get_id() != here; };
    CHECK(loop.run_until(offload(loop, elsewhere)));
    auto throwing = [] { fail(ErrorCode::no_storage_vol, ErrorDomain::none, "x"); };
    CHECK(code_of([&] { loop.run_until(offload(loop, throwing)); }) == ErrorCode::no_storage_vol);

    auto released = std::make_shared<std::atomic<bool>>(false);
    auto stuck = [released] {
        while (!*released) std::this_thread::sleep_for(Milliseconds(1));
        return std::string(1000, 'y');
    };
    auto call = [&] { loop.run_until(offload(loop, stuck, Deadline::after(Milliseconds(20)))); };
    CHECK(code_of(call) == ErrorCode::operation_timeout);
    *released = true;
}

TEST_CASE("work that is started runs before anybody waits for it, and its error comes to who waits") {
    Loop loop;
    std::promise<void> ran;
    Started started(loop, [&ran] { ran.set_value(); });
    ran.get_future().wait();
    loop.run_until(started.result());
    Started failing(loop, [] { fail(ErrorCode::no_storage_vol, ErrorDomain::storage, "x"); });
    CHECK(code_of([&] { loop.run_until(failing.result()); }) == ErrorCode::no_storage_vol);
}

TEST_CASE("a loop may go while work on the pool is under way; it waits for the work") {
    std::atomic<bool> finished = false;
    {
        Loop loop;
        Gate gate(loop, [](std::exception_ptr) {});
        auto slow = [&finished] {
            std::this_thread::sleep_for(Milliseconds(30));
            finished = true;
        };
        Task<void> dropped = offload(loop, slow, Deadline::after(Milliseconds(1)));
        try {
            loop.run_until(std::move(dropped));
        } catch (const Error&) {
        }
    }
    CHECK(finished);
}

namespace {

/// Work that hangs until it is let go.
struct Hanging {
    std::shared_ptr<std::atomic<bool>> released = std::make_shared<std::atomic<bool>>(false);
    std::shared_ptr<std::atomic<int>> begun = std::make_shared<std::atomic<int>>(0);
    ~Hanging() { *released = true; }
    auto work() const {
        return [released = released, begun = begun] {
            ++*begun;
            while (!*released) std::this_thread::sleep_for(Milliseconds(1));
        };
    }
};

Task<void> ignore_error(Task<void> task) {
    try {
        co_await task;
    } catch (const Error&) {
    }
}

}  // namespace

TEST_CASE("work goes on while other work hangs, however much of it there is") {
    Loop loop;
    Gate gate(loop, [](std::exception_ptr) {});
    Hanging hanging;
    for (int i = 0; i < 10; i++) gate.spawn(offload(loop, hanging.work()));
    auto answer = [] { return 42; };
    CHECK(loop.run_until(offload(loop, answer)) == 42);
    *hanging.released = true;
    loop.run_until(gate.close());
    CHECK(*hanging.begun == 10);
    CHECK(loop.run_until(offload(loop, answer)) == 42);
}

TEST_CASE("a lane takes no more threads than its share, and gives each back when its work has ended") {
    Loop loop;
    Gate gate(loop, [](std::exception_ptr) {});
    Hanging hanging;
    auto lane = std::make_shared<Lane>(loop, 2, "the lane");
    // Given up before anything of it ends: what hangs keeps its thread all the same.
    for (int i = 0; i < 5; i++) {
        gate.spawn(ignore_error(offload(lane, hanging.work(), Deadline::after(Milliseconds(1)))));
    }
    while (*hanging.begun < 2) loop.run_until(loop.sleep(Milliseconds(1)));
    auto answer = [] { return 42; };
    auto in_vain = [&] { loop.run_until(offload(lane, answer, Deadline::after(Milliseconds(1)))); };
    CHECK(code_of(in_vain) == ErrorCode::operation_timeout);
    CHECK(*hanging.begun == 2);
    CHECK(loop.run_until(offload(loop, answer)) == 42);
    *hanging.released = true;
    CHECK(loop.run_until(offload(lane, answer)) == 42);
    loop.run_until(gate.close());
}

TEST_CASE("signals become calls on the loop") {
    Loop loop;
    auto watch = std::make_unique<SignalWatch>(loop, SIGUSR1, [&] { loop.stop(); });
    ::raise(SIGUSR1);
    loop.run();
    CHECK_THROWS_AS(SignalWatch(loop, SIGKILL, [] {}), Error);
}
