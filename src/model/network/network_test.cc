#include "model/network/network.h"

#include <doctest/doctest.h>

#include "model/golden_for_test.h"
#include "model/network/update.h"

using namespace virtue;
using model::Network;
using model::NetworkSection;
using model::NetworkUpdateCommand;

namespace {

// The recordings hide a made-up MAC.
std::string hide_mac(Network& network, const std::string& input) {
    std::string text = xml::format(network);
    if (input.find("<mac address") != std::string::npos || !network.mac) return text;
    const std::string mac = network.mac->to_string();
    return text.replace(text.find(mac), mac.size(), "@MAC@");
}

std::string define(const std::string& input) {
    Network network = Network::parse(input);
    model::complete(network);
    model::validate(network);
    // The driver's own choice of a name; the recordings show which.
    if (network.owns_bridge() && network.bridge.empty()) network.bridge = "virbr0";
    return hide_mac(network, input);
}

NetworkSection section_of(const golden::Case& at) {
    const std::string root = at.input.substr(1, at.input.find_first_of(" />") - 1);
    if (root == "range") return NetworkSection::ip_dhcp_range;
    if (root == "txt") return NetworkSection::dns_txt;
    if (root == "srv") return NetworkSection::dns_srv;
    if (root == "interface") return NetworkSection::forward_interface;
    if (root == "portgroup") return NetworkSection::portgroup;
    return at.name.find("dns") != std::string::npos ? NetworkSection::dns_host : NetworkSection::ip_dhcp_host;
}

NetworkUpdateCommand command_of(const std::string& word) {
    if (word == "modify") return NetworkUpdateCommand::modify;
    if (word == "delete") return NetworkUpdateCommand::remove;
    return word == "add-last" ? NetworkUpdateCommand::add_last : NetworkUpdateCommand::add_first;
}

constexpr const char* small =
    "<network><name>n</name><forward/><ip address='10.0.0.1' netmask='255.255.255.0'/></network>";

}  // namespace

TEST_CASE("a network is written with what libvirt always shows") {
    Network network = Network::parse(small);
    CHECK(network.uuid);
    network.uuid = Uuid{};
    network.bridge = "virbr7";
    CHECK(xml::format(network) == R"(<network>
  <name>n</name>
  <uuid>00000000-0000-0000-0000-000000000000</uuid>
  <forward mode='nat'/>
  <bridge name='virbr7' stp='on' delay='0'/>
  <ip address='10.0.0.1' netmask='255.255.255.0'>
  </ip>
</network>
)");
}

TEST_CASE("only a bridge of our own gets a MAC") {
    Network routed = Network::parse(small);
    model::complete(routed);
    CHECK(routed.mac);
    Network bridged = Network::parse("<network><name>n</name><forward mode='bridge'/><bridge name='br0'/></network>");
    model::complete(bridged);
    CHECK_FALSE(bridged.mac);
}

TEST_CASE("golden: networks are accepted, refused and stored as libvirtd does") {
    const auto score = golden::run("network", "define", {"x2x-hostdev"}, define);
    if (score.cases == 0) return;
    CHECK(score.decisions == score.cases);
    CHECK(score.errors == score.refused);
    CHECK(score.same_output == score.outputs);
}

TEST_CASE("golden: changes of a network do what libvirtd's do") {
    golden::Score score;
    for (const auto& at : golden::cases("netupdate"))
        for (const std::string& call : golden::calls(at)) {
            const size_t colon = call.find(':');
            const auto expected = golden::outcome(at, call);
            if (colon == std::string::npos || !expected) continue;
            const std::string base = call.substr(0, colon);
            const std::string command = call.substr(colon + 1);
            score.add(at, *expected, at.folder / (base + "." + command + ".xml"), [&] {
                const std::string text =
                    golden::text_of(at.folder.parent_path().parent_path() / "tools/bases/netupdate" / (base + ".xml"));
                Network network = Network::parse(text);
                model::complete(network);
                Network changed = model::update(network, command_of(command), section_of(at), -1, at.input);
                return hide_mac(changed, text);
            });
        }
    if (score.cases == 0) return;
    MESSAGE("netupdate: " << score.to_string());
    CHECK(score.decisions == score.cases);
    CHECK(score.errors == score.refused);
    CHECK(score.same_output == score.outputs);
}
