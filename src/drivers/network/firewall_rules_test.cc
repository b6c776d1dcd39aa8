#include <doctest/doctest.h>

#include "drivers/network/firewall.h"

namespace virtue::network {
namespace {

model::Network parse(const std::string& body) {
    return model::Network::parse("<network><name>n</name><bridge name='virbr0'/>" + body + "</network>");
}

const std::string address = "<ip address='192.168.9.1' prefix='24'/>";

TEST_CASE("A NAT network lets its guests out and answers in, and hides them from others") {
    const std::string text = nft_input("virtue_network", {firewall_rules(parse("<forward mode='nat'/>" + address))});
    CHECK(text.find("iifname \"virbr0\" ip saddr 192.168.9.0/24 accept") != text.npos);
    CHECK(text.find("oifname \"virbr0\" ip daddr 192.168.9.0/24 ct state related,established accept") != text.npos);
    CHECK(text.find("ip saddr 192.168.9.0/24 ip daddr != 192.168.9.0/24 meta l4proto tcp masquerade to :1024-65535") !=
          text.npos);
    // What lets pass stands before what refuses.
    CHECK(text.find("ct state related,established accept") < text.find("oifname \"virbr0\" meta nfproto ipv4 reject"));
}

TEST_CASE("An isolated network has no way out and an open one no rules at all") {
    const std::vector<Rule> isolated = firewall_rules(parse(address));
    for (const Rule& rule : isolated) {
        CHECK(rule.place != RulePlace::nat);
        const bool leaves = rule.place == RulePlace::forward_out && rule.action == RuleAction::accept;
        CHECK_FALSE(leaves);
    }
    CHECK_FALSE(isolated.empty());
    CHECK(firewall_rules(parse("<forward mode='open'/>" + address)).empty());
}

TEST_CASE("Without networks nothing is left of our table, and nothing else is named") {
    CHECK(nft_input("virtue_network", {}) == "table inet virtue_network\ndelete table inet virtue_network\n");
}

TEST_CASE("iptables gets the same rules in libvirt's chains, and the same words take them away") {
    const std::vector<Rule> rules = firewall_rules(parse("<forward mode='route' dev='eth1'/>" + address));
    const std::string in = iptables_input(rules, false, "-I");
    CHECK(in.find("-I LIBVIRT_FWO -s 192.168.9.0/24 -i virbr0 -o eth1 -j ACCEPT\n") != in.npos);
    const std::string out = iptables_input(rules, false, "-D");
    CHECK(in.size() == out.size());
    CHECK(iptables_input(rules, true, "-I").empty());
}

}  // namespace
}  // namespace virtue::network

TEST_CASE("A daemon with folders of its own has a table of its own") {
    virtue::network::Settings system, mine, yours;
    system.paths.state = "/run/libvirt";
    mine.paths.state = "/tmp/mine/run/libvirt";
    yours.paths.state = "/tmp/yours/run/libvirt";
    CHECK(system.nft_table() == "virtue_network");
    CHECK(mine.nft_table() != system.nft_table());
    CHECK(mine.nft_table() != yours.nft_table());
}
