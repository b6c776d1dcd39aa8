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
