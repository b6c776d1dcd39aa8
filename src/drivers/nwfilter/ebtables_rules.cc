// Rules about Ethernet frames, in the words of ebtables.
#include "base/error.h"
#include "base/text.h"
#include "drivers/nwfilter/rules.h"
#include "drivers/nwfilter/words.h"

namespace virtue::nwfilter {

namespace {

constexpr const char* bridge_group = "01:80:c2:00:00:00";

/// Adds MAC conditions; `reverse` swaps the ends, for the answers to what a rule in both directions allows.
void add_macs(Words& words, bool reverse) {
    words.add_pair(reverse ? "-d" : "-s", "srcmacaddr", "srcmacmask", "/");
    words.add_pair(reverse ? "-s" : "-d", "dstmacaddr", "dstmacmask", "/");
}

void add_stp(Words& words, bool reverse) {
    if (reverse && words.has("srcmacaddr"))
        throw Error(ErrorCode::internal_error, ErrorDomain::nwfilter,
                    "STP filtering in both directions with source MAC address set is not supported");
    add_macs(words, reverse);
    words.plain({"-d", bridge_group});
    words.add("--stp-type", "type");
    words.add("--stp-flags", "flags");
    words.add_pair("--stp-root-pri", "root-priority", "root-priority-hi", ":");
    words.add_pair("--stp-root-addr", "root-address", "root-address-mask", "/");
    words.add_pair("--stp-root-cost", "root-cost", "root-cost-hi", ":");
    words.add_pair("--stp-sender-prio", "sender-priority", "sender-priority-hi", ":");
    words.add_pair("--stp-sender-addr", "sender-address", "sender-address-mask", "/");
    words.add_pair("--stp-port", "port", "port-hi", ":");
    words.add_pair("--stp-msg-age", "age", "age-hi", ":");
    words.add_pair("--stp-max-age", "max-age", "max-age-hi", ":");
    words.add_pair("--stp-hello-time", "hello-time", "hello-time-hi", ":");
    words.add_pair("--stp-forward-delay", "forward-delay", "forward-delay-hi", ":");
}

void add_arp(Words& words, bool reverse) {
    add_macs(words, reverse);
    words.plain({"-p", words.rule().protocol == "arp" ? "0x806" : "0x8035"});
    words.add("--arp-htype", "hwtype");
    words.add("--arp-opcode", "opcode");
    words.add_hex("--arp-ptype", "protocoltype");
    const char *source = reverse ? "--arp-ip-dst" : "--arp-ip-src", *target = reverse ? "--arp-ip-src" : "--arp-ip-dst";
    words.add_pair(source, "arpsrcipaddr", "arpsrcipmask", "/", "32");
    words.add_pair(target, "arpdstipaddr", "arpdstipmask", "/", "32");
    words.add(reverse ? "--arp-mac-dst" : "--arp-mac-src", "arpsrcmacaddr");
    words.add(reverse ? "--arp-mac-src" : "--arp-mac-dst", "arpdstmacaddr");
    if (words.value("gratuitous") == "true") words.plain({"--arp-gratuitous"});
}

void add_ip(Words& words, bool reverse, const std::string& prefix) {
    add_macs(words, reverse);
    words.plain({"-p", prefix == "--ip" ? "ipv4" : "ipv6"});
    const std::string source = prefix + (reverse ? "-destination" : "-source");
    const std::string target = prefix + (reverse ? "-source" : "-destination");
    words.add_pair(source, "srcipaddr", "srcipmask", "/");
    words.add_pair(target, "dstipaddr", "dstipmask", "/");
    words.add(prefix + "-protocol", "protocol");
    words.add_pair(source + "-port", "srcportstart", "srcportend", ":");
    words.add_pair(target + "-port", "dstportstart", "dstportend", ":");
    if (prefix == "--ip") words.add_hex("--ip-tos", "dscp");
    if (prefix == "--ip" || !words.has("type")) return;
    const auto range = [&](const char* first, const char* last) {
        return words.value(first) + (words.has(last) ? ":" + words.value(last) : "");
    };
    words.plain({"--ip6-icmp-type"});
    if (words.negated("type")) words.plain({"!"});
    words.plain({range("type", "typeend") + (words.has("code") ? "/" + range("code", "codeend") : "")});
}

}  // namespace

std::vector<std::string> ebtables_words(const model::FilterRule& rule, bool from_guest) {
    Words words(rule, Words::Negation::before_value);
    const bool reverse = from_guest && rule.direction == model::RuleDirection::inout;
    if (rule.protocol == "mac") {
        add_macs(words, reverse);
        words.add_hex("-p", "protocolid");
    } else if (rule.protocol == "vlan") {
        add_macs(words, reverse);
        words.plain({"-p", "0x8100"});
        words.add("--vlan-id", "vlanid");
        words.add_hex("--vlan-encap", "encap-protocol");
    } else if (rule.protocol == "stp") {
        add_stp(words, reverse);
    } else if (rule.protocol == "arp" || rule.protocol == "rarp") {
        add_arp(words, reverse);
    } else if (!rule.protocol.empty()) {
        add_ip(words, reverse, rule.protocol == "ip" ? "--ip" : "--ip6");
    }
    // Frames cannot be rejected: nobody would understand the answer.
    words.plain({"-j", rule.action == model::RuleAction::reject ? "DROP" : action_word(rule.action)});
    return words.take();
}

}  // namespace virtue::nwfilter
