#include "driver/bandwidth.h"

#include <doctest/doctest.h>

#include "base/text.h"

using namespace virtue;

namespace {

std::string commands(const model::Bandwidth& bandwidth, driver::Shaped what) {
    std::string text;
    for (const driver::TrafficCommand& command : driver::set_bandwidth("vnet0", bandwidth, what)) {
        text += join(command.words, " ") + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("what a guest may receive shapes its tap, and what it may send is policed there") {
    model::Bandwidth bandwidth;
    bandwidth.inbound = {.average = 1000, .peak = 2000, .floor = 0, .burst = 512};
    bandwidth.outbound = {.average = 100, .peak = 0, .floor = 0, .burst = 0};
    const std::string text = commands(bandwidth, driver::Shaped::tap);
    CHECK(text.find("class add dev vnet0 parent 1: classid 1:1 htb rate 1000kbps ceil 2000kbps burst 512kb") !=
          text.npos);
    CHECK(text.find("police rate 100kbps burst 100kb") != text.npos);
}

TEST_CASE("a macvtap is the guest's own end: the directions are exchanged") {
    model::Bandwidth bandwidth;
    bandwidth.inbound = {.average = 1000, .peak = 0, .floor = 0, .burst = 0};
    const std::string text = commands(bandwidth, driver::Shaped::macvtap);
    CHECK(text.find("htb") == text.npos);
    CHECK(text.find("police rate 1000kbps") != text.npos);
}

TEST_CASE("without limits all that is left is to take away those that were") {
    CHECK(commands({}, driver::Shaped::tap) == "tc qdisc del dev vnet0 root\ntc qdisc del dev vnet0 ingress\n");
}

TEST_CASE("a guarantee is a class of its own for packets to the guest, and the others share what is left") {
    const model::BandwidthLimit whole{.average = 1000, .peak = 5000, .floor = 0, .burst = 0};
    driver::Guarantee guarantee;
    guarantee.class_id = 3;
    guarantee.mac = *MacAddress::parse("52:54:00:01:02:03");
    guarantee.floor = 300;
    std::string text;
    for (const auto& commands :
         {driver::add_guarantee("virbr0", whole, guarantee), driver::share_rest("virbr0", whole, 300)})
        for (const driver::TrafficCommand& command : commands) text += join(command.words, " ") + "\n";
    CHECK(text.find("class add dev virbr0 parent 1:1 classid 1:3 htb rate 300kbps ceil 5000kbps") != text.npos);
    CHECK(text.find("match u32 0x00010203 0xffffffff at -12 match u16 0x5254 0xffff at -14 flowid 1:3") != text.npos);
    CHECK(text.find("class change dev virbr0 classid 1:2 htb rate 4700kbps ceil 5000kbps") != text.npos);
}

TEST_CASE("the two hundredth guarantee has numbers that tc can read") {
    const model::BandwidthLimit whole{.average = 100000, .peak = 0, .floor = 0, .burst = 0};
    driver::Guarantee guarantee;
    guarantee.class_id = 4095;
    std::string text;
    for (const auto& commands :
         {driver::add_guarantee("virbr0", whole, guarantee), driver::remove_guarantee("virbr0", guarantee)})
        for (const driver::TrafficCommand& command : commands) text += join(command.words, " ") + "\n";
    CHECK(text.find("classid 1:fff htb") != text.npos);
    CHECK(text.find("filter add dev virbr0 protocol ip prio 2 handle 800::fff u32") != text.npos);
    CHECK(text.find("filter del dev virbr0 prio 2 handle 800::fff u32") != text.npos);
    CHECK(text.find("class del dev virbr0 classid 1:fff") != text.npos);
}
