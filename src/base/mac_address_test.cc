#include "base/mac_address.h"

#include <doctest/doctest.h>

using virtue::MacAddress;

TEST_CASE("a MAC address is read in every form libvirt takes and printed in one") {
    CHECK(MacAddress::parse("52:54:00:Ab:0:1")->to_string() == "52:54:00:ab:00:01");
    for (const char* text : {"", "52:54:00:ab:00", "52:54:00:ab:00:01:02", "52-54-00-ab-00-01", "g2:54:00:ab:00:01"})
        CHECK_FALSE(MacAddress::parse(text));
    CHECK(MacAddress::parse("01:00:00:00:00:00")->is_multicast());
}

TEST_CASE("a generated MAC address keeps the prefix and differs from the next") {
    auto one = MacAddress::generate({0x52, 0x54, 0x00});
    auto two = MacAddress::generate({0x52, 0x54, 0x00});
    CHECK(one.to_string().substr(0, 9) == "52:54:00:");
    CHECK(one != two);
}
