#include "drivers/nwfilter/rules.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "drivers/nwfilter/learner.h"

using namespace virtue;
using namespace virtue::nwfilter;

namespace {

using Filters = std::map<std::string, model::Filter>;

void add(Filters& filters, const std::string& text) {
    model::Filter filter = model::Filter::parse(text);
    std::string name = filter.name;
    filters[name] = std::move(filter);
}

model::FilterBinding binding(const std::string& filter, const std::string& parameters = "") {
    return model::FilterBinding::parse(
        "<filterbinding><owner><name>vm</name><uuid>8f07fe28-0000-4000-8000-0000000000aa</uuid></owner>"
        "<portdev name='vnet0'/><mac address='52:54:00:11:22:33'/><filterref filter='" +
        filter + "'>" + parameters + "</filterref></filterbinding>");
}

std::string lines_of(const CardRules& card) {
    std::string text;
    for (const std::string& line : card.lines) text += line + "\n";
    return text;
}

CardRuleSet rules(const Filters& filters, const model::FilterBinding& bound) {
    return rules_of_card(bound.port_device, concrete_rules(filters, bound));
}

}  // namespace

TEST_CASE("the chains of filters that a filter refers to are reached in the order of their priorities") {
    Filters filters;
    add(filters,
        "<filter name='mac' chain='mac' priority='-800'><rule action='return' direction='out'>"
        "<mac srcmacaddr='$MAC'/></rule><rule action='drop' direction='out'><mac/></rule></filter>");
    add(filters,
        "<filter name='arp' chain='arp-own' priority='-510'><rule action='return' direction='out'>"
        "<arp match='yes' arpsrcipaddr='$IP'/></rule></filter>");
    add(filters,
        "<filter name='all'><filterref filter='arp'/><filterref filter='mac'/>"
        "<rule action='drop' direction='inout' priority='1000'/></filter>");
    const CardRuleSet set = rules(filters, binding("all", "<parameter name='IP' value='10.0.0.2'/>"));
    CHECK(lines_of(set[0]) ==
          "libvirt-I-vnet0 -j I-vnet0-mac\n"
          "libvirt-I-vnet0 -p 0x0806 -j I-vnet0-arp-own\n"
          "libvirt-I-vnet0 -j DROP\n"
          "I-vnet0-arp-own -p 0x806 --arp-ip-src 10.0.0.2/32 -j RETURN\n"
          "I-vnet0-mac -s 52:54:00:11:22:33 -j RETURN\n"
          "I-vnet0-mac -j DROP\n"
          "libvirt-O-vnet0 -j DROP\n");
    CHECK(set[1].chains.empty());
    CHECK(missing_variables(filters, binding("all")) == std::set<std::string>{"IP"});
    CHECK_THROWS_AS(concrete_rules(filters, binding("all")), Error);
}

TEST_CASE("a rule about connections lets the answers through, and values of lists go in step") {
    Filters filters;
    add(filters,
        "<filter name='web'><rule action='accept' direction='in'><tcp dstportstart='$PORT' srcipaddr='$PEER'/>"
        "</rule></filter>");
    const CardRuleSet set =
        rules(filters, binding("web",
                               "<parameter name='PORT' value='80'/><parameter name='PORT' value='443'/>"
                               "<parameter name='PEER' value='10.0.0.1'/><parameter name='PEER' value='10.0.0.2'/>"));
    CHECK(set[0].chains.empty());
    CHECK(set[1].lines.size() == 6);
    CHECK(set[1].lines[0] ==
          "FI-vnet0 -p tcp -d 10.0.0.1 -m tcp --sport 80 -m conntrack --ctstate ESTABLISHED "
          "-m conntrack --ctdir REPLY -j RETURN");
    CHECK(set[1].lines[4] ==
          "FO-vnet0 -p tcp -s 10.0.0.2 -m tcp --dport 443 -m conntrack --ctstate NEW,ESTABLISHED "
          "-m conntrack --ctdir ORIGINAL -j ACCEPT");
    CHECK_THROWS_AS(rules(filters, binding("web",
                                           "<parameter name='PORT' value='80'/>"
                                           "<parameter name='PEER' value='10.0.0.1'/>"
                                           "<parameter name='PEER' value='10.0.0.2'/>")),
                    Error);
}

TEST_CASE("nothing but the rule reaches the restore program, whatever a comment or a parameter holds") {
    Filters filters;
    add(filters,
        "<filter name='c'><rule action='drop' direction='out'><tcp dstportstart='$P' "
        "comment='a \"b\" \\ c&#10;COMMIT'/></rule></filter>");
    const CardRuleSet set = rules(filters, binding("c", "<parameter name='P' value='25'/>"));
    const std::string input = restore_input(Tool::iptables, {}, set[1]);
    CHECK(input.find("--comment \"a \\\"b\\\" \\\\ c COMMIT\" -j DROP\n") != std::string::npos);
    CHECK(input.find("\nCOMMIT\n") == input.size() - 8);
    model::FilterBinding bad = binding("c", "<parameter name='P' value='25'/>");
    bad.filter.parameters[0].value = "25 -j ACCEPT\n-A INPUT";
    CHECK_THROWS_AS(rules(filters, bad), Error);
}

TEST_CASE("old rules give way to new ones in one piece") {
    CardRules before, after;
    before.chains = {"FI-vnet0", "gone"};
    before.links = {"libvirt-in -m physdev --physdev-in vnet0 -g FI-vnet0"};
    after.chains = {"FI-vnet0"};
    after.links = before.links;
    after.lines = {"FI-vnet0 -j DROP"};
    CHECK(restore_input(Tool::iptables, before, after) ==
          "*filter\n:FI-vnet0 - [0:0]\n:gone - [0:0]\n:FI-vnet0 - [0:0]\n"
          "-D libvirt-in -m physdev --physdev-in vnet0 -g FI-vnet0\n-A FI-vnet0 -j DROP\n"
          "-A libvirt-in -m physdev --physdev-in vnet0 -g FI-vnet0\n-X gone\nCOMMIT\n");
    CHECK(restore_input(Tool::ebtables, {}, {}).empty());
}

TEST_CASE("what an earlier daemon put in place for a card is found in a listing, and nothing of another card") {
    const Listing frames(
        Tool::ebtables,
        "*filter\n:INPUT ACCEPT\n:libvirt-O-vnet1 ACCEPT\n*nat\n:PREROUTING ACCEPT\n"
        ":libvirt-I-vnet1 ACCEPT\n:I-vnet1-arp ACCEPT\n:libvirt-I-vnet1-arp ACCEPT\n:I-vnet1-arp-x ACCEPT\n"
        "-A PREROUTING -i vnet1 -j libvirt-I-vnet1\n-A PREROUTING -i vnet1-arp -j libvirt-I-vnet1-arp\n"
        "-A libvirt-I-vnet1 -p ARP -j I-vnet1-arp\n-A libvirt-I-vnet1-arp -j I-vnet1-arp-x\n"
        "-A I-vnet1-arp -j DROP\n");
    const CardRules card = frames.rules_of("vnet1");
    CHECK(card.chains == std::vector<std::string>{"libvirt-I-vnet1", "I-vnet1-arp"});
    CHECK(card.links == std::vector<std::string>{"PREROUTING -i vnet1 -j libvirt-I-vnet1"});
    CHECK(frames.rules_of("vnet2").chains.empty());
    const Listing packets(Tool::iptables,
                          "*filter\n:FI-vnet1 - [0:0]\n:libvirt-in - [0:0]\n"
                          "-A libvirt-in -m physdev --physdev-in vnet1 -g FI-vnet1\n"
                          "-A libvirt-in-post -m physdev --physdev-in vnet1 -j ACCEPT\n"
                          "-A libvirt-in-post -m physdev --physdev-in vnet2 -j ACCEPT\n-A FI-vnet1 -j RETURN\n");
    CHECK(packets.rules_of("vnet1").chains == std::vector<std::string>{"FI-vnet1"});
    CHECK(packets.rules_of("vnet1").links ==
          std::vector<std::string>{"libvirt-in -m physdev --physdev-in vnet1 -g FI-vnet1",
                                   "libvirt-in-post -m physdev --physdev-in vnet1 -j ACCEPT"});
}

TEST_CASE("an address is learned from the guest's own packets, or from the server's word only") {
    const MacAddress mac = *MacAddress::parse("52:54:00:11:22:33");
    std::vector<uint8_t> arp(42, 0);
    std::copy(mac.bytes.begin(), mac.bytes.end(), arp.begin() + 6);
    arp[12] = 0x08, arp[13] = 0x06, arp[16] = 0x08;
    std::copy(mac.bytes.begin(), mac.bytes.end(), arp.begin() + 22);
    CHECK_FALSE(address_in_frame(arp, mac, LearnMode::any).has_value());  // a probe: it has none yet
    arp[28] = 10, arp[31] = 2;
    CHECK(address_in_frame(arp, mac, LearnMode::any) == "10.0.0.2");
    CHECK_FALSE(address_in_frame(arp, mac, LearnMode::dhcp).has_value());
    CHECK_FALSE(address_in_frame(arp, *MacAddress::parse("52:54:00:11:22:34"), LearnMode::any).has_value());
    std::vector<uint8_t> answer(14 + 20 + 8 + 240 + 4, 0);
    answer[12] = 0x08, answer[14] = 0x45, answer[23] = 17, answer[26] = 10, answer[29] = 1;
    answer[35] = 67, answer[37] = 68;
    uint8_t* message = &answer[42];
    message[0] = 2, message[16] = 10, message[19] = 7;
    std::copy(mac.bytes.begin(), mac.bytes.end(), message + 28);
    message[236] = 0x63, message[237] = 0x82, message[238] = 0x53, message[239] = 0x63;
    message[240] = 53, message[241] = 1, message[242] = 5;
    CHECK(address_in_frame(answer, mac, LearnMode::dhcp) == "10.0.0.7");
    message[242] = 2;  // an offer only
    CHECK_FALSE(address_in_frame(answer, mac, LearnMode::dhcp).has_value());
}

TEST_CASE("values that repeat and references that multiply cost no time") {
    Filters filters;
    add(filters,
        "<filter name='c'><rule action='drop' direction='out'><tcp srcipaddr='$A' dstipaddr='$B[@1]' "
        "dstportstart='$C[@2]'/></rule></filter>");
    std::string parameters;
    for (int i = 0; i < 3000; i++)
        parameters +=
            "<parameter name='A' value='10.0.0.1'/><parameter name='B' value='10.0.0.2'/>"
            "<parameter name='C' value='25'/>";
    CHECK(concrete_rules(filters, binding("c", parameters)).size() == 1);
    for (int i = 0; i < 50; i++)
        add(filters,
            fmt::format("<filter name='f{0}'><filterref filter='f{1}'/><filterref filter='f{1}'/></filter>", i, i + 1));
    add(filters, "<filter name='f50'/>");
    CHECK_THROWS_AS(concrete_rules(filters, binding("f0", "")), Error);
}
