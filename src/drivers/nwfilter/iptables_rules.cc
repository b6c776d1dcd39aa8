// Rules about IP packets, in the words of iptables.
#include <algorithm>

#include "base/text.h"
#include "drivers/nwfilter/rules.h"
#include "drivers/nwfilter/words.h"

namespace virtue::nwfilter {

namespace {

/// One rule in one of a card's three chains.
struct Place {
    bool incoming;         ///< the ends of the packet are those of the rule swapped
    const char* states;    ///< of connections that it is for; null for any
    bool tells_direction;  ///< the states are those that make sense for who begins the connection
    const char* accept;    ///< what accepting means in this chain
    bool leaves_icmp_out;  ///< a rule for certain ICMP messages has no place here
};

void add_addresses(Words& words, bool incoming) {
    const auto add = [&](const char* option, const char* range_option, const std::string& end) {
        const std::string address = end + "ipaddr", mask = end + "ipmask", from = end + "ipfrom", to = end + "ipto";
        words.add_pair(option, address.c_str(), mask.c_str(), "/");
        if (words.has(address.c_str()) || !words.has(from.c_str())) return;
        words.plain({"-m", "iprange"});
        words.add_pair(range_option, from.c_str(), to.c_str(), "-");
    };
    add(incoming ? "-d" : "-s", incoming ? "--dst-range" : "--src-range", "src");
    add(incoming ? "-s" : "-d", incoming ? "--src-range" : "--dst-range", "dst");
    if (words.has("dscp")) words.plain({"-m", "dscp"});
    words.add("--dscp", "dscp");
}

void add_tcp_flags(Words& words) {
    const std::string flags = words.value("flags");
    const size_t slash = flags.find('/');
    if (slash == std::string::npos) return;
    if (words.negated("flags")) words.plain({"!"});
    words.plain({"--tcp-flags", flags.substr(0, slash), flags.substr(slash + 1)});
}

void add_icmp(Words& words) {
    if (!words.has("type")) return;
    const bool six = words.rule().protocol == "icmpv6";
    words.plain({"-m", six ? "icmp6" : "icmp"});
    words.add_pair(six ? "--icmpv6-type" : "--icmp-type", "type", "code", "/");
}

/// The ends of an ip set's match, which swap with those of the packet.
std::string set_ends(const std::string& flags, bool incoming) {
    std::vector<std::string> ends;
    for (std::string_view word : split(flags, ',')) ends.emplace_back((word == "src") != incoming ? "src" : "dst");
    return join(ends, ",");
}

/// Control characters have no place in a comment.
std::string clean_comment(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return text;
}

/// What comes after the state of the connection.
void add_rest(Words& words, bool incoming) {
    if (words.has("ipset") && words.has("ipsetflags")) {
        words.plain({"-m", "set"});
        if (words.negated("ipset")) words.plain({"!"});
        words.plain({"--match-set", words.value("ipset"), set_ends(words.value("ipsetflags"), incoming)});
    }
    if (words.has("connlimit-above") && !incoming) {
        words.plain({"-m", "connlimit"});
        words.add("--connlimit-above", "connlimit-above");
    }
    if (words.has("comment"))
        words.plain({"-m", "comment", "--comment", clean_comment(words.rule().find("comment")->value)});
}

std::string protocol_word(const model::FilterRule& rule) {
    std::string word = rule.protocol;
    if (word.ends_with("-ipv6")) word.resize(word.size() - 5);
    return word;
}

/// The words; empty if the rule has no place in that chain.
std::vector<std::string> words_for(const model::FilterRule& rule, const Place& place) {
    Words words(rule, Words::Negation::before_option);
    const bool has_icmp_type = words.has("type") && (rule.protocol == "icmp" || rule.protocol == "icmpv6");
    if (has_icmp_type && place.leaves_icmp_out) return {};
    // How many connections there are is only known for those that the guest begins.
    const bool is_limit = words.has("connlimit-above");
    if (is_limit && place.incoming) return {};
    const std::string protocol = protocol_word(rule);
    words.plain({"-p", protocol});
    const size_t empty = words.size();
    // The sender's MAC is not known where the packet goes the other way.
    const bool mac_left_out = words.has("srcmacaddr") && place.incoming;
    if (words.has("srcmacaddr") && !mac_left_out) {
        words.plain({"-m", "mac"});
        words.add("--mac-source", "srcmacaddr");
    }
    add_addresses(words, place.incoming);
    if (protocol == "tcp" && (words.has("flags") || words.has("option"))) words.plain({"-m", "tcp"});
    if (protocol == "tcp") add_tcp_flags(words);
    if (words.has("srcportstart") || words.has("dstportstart")) words.plain({"-m", protocol});
    words.add_pair(place.incoming ? "--dport" : "--sport", "srcportstart", "srcportend", ":");
    words.add_pair(place.incoming ? "--sport" : "--dport", "dstportstart", "dstportend", ":");
    if (protocol == "tcp") words.add("--tcp-option", "option");
    if (rule.protocol == "icmp" || rule.protocol == "icmpv6") add_icmp(words);
    if (mac_left_out && words.size() == empty) return {};
    const bool accepts = rule.action == model::RuleAction::accept;
    const bool has_state = place.states && accepts && !is_limit;
    if (has_state) words.plain({"-m", "conntrack", "--ctstate", place.states});
    if (has_state && place.tells_direction && !has_icmp_type)
        words.plain({"-m", "conntrack", "--ctdir", place.incoming ? "REPLY" : "ORIGINAL"});
    add_rest(words, place.incoming);
    words.plain({"-j", accepts ? place.accept : action_word(rule.action)});
    return words.take();
}

}  // namespace

bool is_for_iptables(const model::FilterRule& rule, bool ipv6) {
    for (const char* ethernet : {"", "mac", "vlan", "stp", "arp", "rarp", "ip", "ipv6"})
        if (rule.protocol == ethernet) return false;
    return (rule.protocol.ends_with("-ipv6") || rule.protocol == "icmpv6") == ipv6;
}

IptablesWords iptables_words(const model::FilterRule& rule) {
    const bool both = rule.direction == model::RuleDirection::inout;
    const bool incoming = rule.direction != model::RuleDirection::out;
    const model::RuleCondition* said = rule.state_match ? rule.find("state") : nullptr;
    IptablesWords words;
    if (said) {
        // States that are said hold for the direction of the rule; the other has no rule.
        const char* states = said->value == "NONE" ? nullptr : said->value.c_str();
        const Place from_guest{incoming, states, false, "RETURN", incoming};
        if (!incoming || both) words.from_guest = words.to_host = words_for(rule, from_guest);
        if (incoming) words.to_guest = words_for(rule, {!incoming, states, false, "ACCEPT", !incoming || both});
        return words;
    }
    const char* begins = both || !rule.state_match ? nullptr : "NEW,ESTABLISHED";
    const char* answers = begins ? "ESTABLISHED" : nullptr;
    words.from_guest = words.to_host =
        words_for(rule, {incoming, incoming ? answers : begins, true, "RETURN", incoming});
    words.to_guest = words_for(rule, {!incoming, incoming ? begins : answers, true, "ACCEPT", !incoming || both});
    return words;
}

}  // namespace virtue::nwfilter
