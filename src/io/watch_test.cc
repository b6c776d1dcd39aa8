#include "io/watch.h"

#include <doctest/doctest.h>

#include <sys/eventfd.h>
#include <unistd.h>
#include <memory>

#include "base/error.h"
#include "base/fd.h"
#include "io/gate.h"
#include "io/interest_for_test.h"
#include "io/socket.h"

using namespace virtue;
using namespace virtue::io;

namespace {

Fd make_event() {
    return Fd(::eventfd(0, EFD_CLOEXEC));
}

void ring(const Fd& event) {
    REQUIRE(::eventfd_write(event.get(), 1) == 0);
}

void hush(const Fd& event) {
    eventfd_t count = 0;
    REQUIRE(::eventfd_read(event.get(), &count) == 0);
}

}  // namespace

TEST_CASE("a watch calls while its descriptor is readable") {
    Loop loop;
    Fd event = make_event();
    FdWatch watch(loop, event.get());
    int calls = 0;
    watch.on_readable([&] {
        if (++calls == 3) {
            hush(event);
            loop.stop();
        }
    });
    ring(event);
    loop.run();
    loop.run_until(loop.sleep(Milliseconds(5)));
    CHECK(calls == 3);
}

TEST_CASE("a descriptor is watched once at a time; after close another may watch it") {
    Loop loop;
    Fd event = make_event();
    FdWatch first(loop, event.get());
    first.on_readable([] { FAIL("called after close"); });
    CHECK_THROWS_AS(FdWatch(loop, event.get()), Error);
    first.close();
    CHECK_FALSE(first.is_open());
    FdWatch second(loop, event.get());
    bool called = false;
    second.on_readable([&] {
        called = true;
        hush(event);
        loop.stop();
    });
    ring(event);
    loop.run();
    CHECK(called);
}

TEST_CASE("a watch that nobody wants any more does not keep the loop busy") {
    Loop loop;
    Fd event = make_event();
    FdWatch watch(loop, event.get());
    auto wait = [](FdWatch& on) -> Task<WakeReason> {
        Deadline patience = Deadline::after(Milliseconds(60000));
        co_return co_await on.wait_readable(patience);
    };
    ring(event);
    CHECK(loop.run_until(wait(watch)) == WakeReason::notified);
    // The event is still there, and nobody waits: the kernel must not report it for ever.
    Interest interest(loop);
    for (int i = 0; i < 100 && interest.contains(event.get()); ++i) loop.run_until(loop.sleep(Milliseconds(1)));
    CHECK_FALSE(interest.contains(event.get()));
    CHECK(loop.run_until(wait(watch)) == WakeReason::notified);  // and it is heard again when somebody does
    hush(event);
}

TEST_CASE("interest in a descriptor does not change from message to message") {
    Loop loop;
    Fd event = make_event();
    FdWatch watch(loop, event.get());
    Interest interest(loop);
    bool stayed = true;
    auto wait = [](FdWatch& on, const Fd& from, const Interest& seen, bool& always) -> Task<void> {
        Deadline patience = Deadline::after(Milliseconds(60000));
        for (int i = 0; i < 10; ++i) {
            ring(from);
            co_await on.wait_readable(patience);
            always = always && seen.contains(from.get());
            hush(from);
        }
    };
    loop.run_until(wait(watch, event, interest, stayed));
    CHECK(stayed);
}

TEST_CASE("a watch destroyed in its own callback, or by that of another at the same turn, is silent") {
    Loop loop;
    Fd one = make_event();
    Fd two = make_event();
    auto first = std::make_unique<FdWatch>(loop, one.get());
    auto second = std::make_unique<FdWatch>(loop, two.get());
    int calls = 0;
    auto end_both = [&] {
        ++calls;
        first.reset();
        second.reset();
        loop.stop();
    };
    first->on_readable(end_both);
    second->on_readable(end_both);
    ring(one);
    ring(two);
    loop.run();
    loop.run_until(loop.sleep(Milliseconds(5)));
    CHECK(calls == 1);
}

TEST_CASE("many waiters of one direction all wake, readers and writers apart") {
    Loop loop;
    auto [near, far] = Socket::pair();
    FdWatch watch(loop, near.get());
    int readers = 0;
    int writers = 0;
    Gate gate(loop, [](std::exception_ptr) {});
    auto wait = [](FdWatch& on, bool writable, int& counter) -> Task<void> {
        Deadline never = Deadline::never();
        if (writable) {
            co_await on.wait_writable(never);
        } else {
            co_await on.wait_readable(never);
        }
        ++counter;
    };
    gate.spawn(wait(watch, false, readers));
    gate.spawn(wait(watch, false, readers));
    gate.spawn(wait(watch, true, writers));
    while (writers == 0) loop.run_until(loop.sleep(Milliseconds(1)));
    CHECK(readers == 0);
    REQUIRE(::write(far.get(), "x", 1) == 1);
    while (readers < 2) loop.run_until(loop.sleep(Milliseconds(1)));
    CHECK(gate.running() == 0);
}
