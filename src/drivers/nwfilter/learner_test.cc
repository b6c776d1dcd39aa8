#include "drivers/nwfilter/learner.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <vector>

#include "io/loop.h"

using namespace virtue;
using namespace virtue::nwfilter;

TEST_CASE("a guest that floods its card does not keep the loop to itself, and its address is learned all the same") {
    const MacAddress mac = *MacAddress::parse("52:54:00:11:22:33");
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    const Fd guest(ends[1]);
    std::vector<uint8_t> noise(64, 0xff);
    for (int i = 0; i < 150; i++) REQUIRE(::send(guest.get(), noise.data(), noise.size(), 0) == 64);
    std::vector<uint8_t> arp(42, 0);
    std::copy(mac.bytes.begin(), mac.bytes.end(), arp.begin() + 6);
    arp[12] = 0x08, arp[13] = 0x06, arp[16] = 0x08, arp[28] = 10, arp[31] = 2;
    std::copy(mac.bytes.begin(), mac.bytes.end(), arp.begin() + 22);
    REQUIRE(::send(guest.get(), arp.data(), arp.size(), 0) == 42);
    io::Loop loop;
    std::vector<std::string> order;
    AddressLearner learner(loop, Fd(ends[0]), mac, LearnMode::any,
                           [&](const std::string& address) { order.push_back(address); });
    io::Timer other(loop, [&] { order.emplace_back("somebody else"); });
    other.start_after(io::Milliseconds(1));
    while (order.size() < 2) loop.run_until(loop.sleep(io::Milliseconds(1)));
    CHECK(order == std::vector<std::string>{"somebody else", "10.0.0.2"});
}
