#include "drivers/network/dnsmasq_files.h"

#include <doctest/doctest.h>

namespace virtue::network {
namespace {

const DnsmasqPaths paths = dnsmasq_paths("/lib", "/run", "n");

model::Network parse(const std::string& body) {
    return model::Network::parse("<network><name>n</name><bridge name='virbr0'/>" + body + "</network>");
}

TEST_CASE("A network without addresses needs no dnsmasq, one without names only for leases") {
    CHECK_FALSE(wants_dnsmasq(parse("")));
    CHECK(wants_dnsmasq(parse("<ip address='10.0.0.1' prefix='24'/>")));
    CHECK_FALSE(wants_dnsmasq(parse("<dns enable='no'/><ip address='10.0.0.1' prefix='24'/>")));
}

TEST_CASE("Ranges, fixed addresses and lease times reach dnsmasq") {
    const model::Network network = parse(
        "<forward mode='nat'/><ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.9'>"
        "<lease expiry='2' unit='hours'/></range><host mac='52:54:00:00:00:01' name='a' ip='10.0.0.5'/></dhcp></ip>");
    const std::string text = dnsmasq_config(network, paths);
    CHECK(text.find("dhcp-range=10.0.0.2,10.0.0.9,255.255.255.0,2h\n") != text.npos);
    CHECK(text.find("dhcp-lease-max=8\n") != text.npos);
    CHECK(text.find("dhcp-option=3\n") == text.npos);
    CHECK(dnsmasq_hosts(network) == "52:54:00:00:00:01,10.0.0.5,a\n");
}

TEST_CASE("An isolated network tells its guests of no router and asks nobody else for names") {
    const std::string text = dnsmasq_config(parse("<ip address='10.0.0.1' prefix='24'/>"), paths);
    CHECK(text.find("dhcp-option=3\nno-resolv\n") != text.npos);
}

}  // namespace
}  // namespace virtue::network
