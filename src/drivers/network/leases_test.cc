#include "drivers/network/leases.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace virtue::network {
namespace {

TEST_CASE("Leases that are written are read again, in libvirt's words") {
    LeaseRecord lease;
    lease.ip = "192.168.9.17";
    lease.mac = "52:54:00:00:00:01";
    lease.hostname = "a \"quoted\" name";
    lease.expiry = 1800000000;
    const std::string text = leases_text({lease, lease});
    CHECK(text.find("\"ip-address\": \"192.168.9.17\"") != text.npos);
    CHECK(text.find("\"expiry-time\": 1800000000") != text.npos);
    const std::vector<LeaseRecord> read = parse_leases(text);
    REQUIRE(read.size() == 2);
    CHECK(read[1].hostname == lease.hostname);
    CHECK(read[1].expiry == lease.expiry);
    CHECK(parse_leases(leases_text({})).empty());
}

TEST_CASE("A file of leases that is cut off is refused, not half read") {
    CHECK_THROWS_AS(parse_leases("[\n  {\n    \"ip-address\": \"192.1"), Error);
    CHECK(parse_leases("").empty());
}

}  // namespace
}  // namespace virtue::network
