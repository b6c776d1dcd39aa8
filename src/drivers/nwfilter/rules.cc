#include "drivers/nwfilter/rules.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace virtue::nwfilter {

namespace {

struct Protocol {
    const char* prefix;
    const char* match;
};
// What leads to a chain, by the beginning of its name. The longer names first.
constexpr Protocol protocols[] = {{"ipv4", "-p 0x0800"}, {"ipv6", "-p 0x86dd"}, {"arp", "-p 0x0806"},
                                  {"rarp", "-p 0x8035"}, {"vlan", "-p 0x8100"}, {"stp", "-d 01:80:c2:00:00:00"}};

std::string link_match(const std::string& chain) {
    for (const Protocol& protocol : protocols)
        if (chain.starts_with(protocol.prefix)) return std::string(protocol.match) + " ";
    return "";
}

bool has_direction(const model::FilterRule& rule, bool from_guest) {
    return rule.direction != (from_guest ? model::RuleDirection::in : model::RuleDirection::out);
}

/// The chains of one direction of a card, with the way to each before the rules that come after it.
void add_ebtables(const std::string& port, const std::vector<const ConcreteRule*>& rules, bool from_guest,
                  CardRules& card) {
    const std::string letter = from_guest ? "I" : "O", root = "libvirt-" + letter + "-" + port;
    const auto name_of = [&](const std::string& chain) {
        return chain == "root" ? root : letter + "-" + port + "-" + chain;
    };
    std::map<std::string, int> by_name;
    for (const ConcreteRule* rule : rules)
        if (has_direction(rule->rule, from_guest)) by_name[rule->chain] = rule->chain_priority;
    if (by_name.empty()) return;
    by_name.erase("root");
    std::vector<std::pair<std::string, int>> chains(by_name.begin(), by_name.end());
    std::stable_sort(chains.begin(), chains.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    auto next = chains.begin();
    const auto lead_to_next = [&] {
        card.lines.push_back(root + " " + link_match(next->first) + "-j " + name_of(next->first));
        ++next;
    };
    for (const ConcreteRule* rule : rules) {
        while (next != chains.end() && next->second <= rule->rule.priority) lead_to_next();
        if (has_direction(rule->rule, from_guest))
            card.lines.push_back(name_of(rule->chain) + " " + line_of(ebtables_words(rule->rule, from_guest)));
    }
    while (next != chains.end()) lead_to_next();
    card.chains.push_back(root);
    for (const auto& [name, priority] : chains) card.chains.push_back(name_of(name));
    card.links.push_back((from_guest ? "PREROUTING -i " : "POSTROUTING -o ") + port + " -j " + root);
}

void add_iptables(const std::string& port, const std::vector<const ConcreteRule*>& rules, CardRules& card) {
    if (rules.empty()) return;
    const std::string from = "FI-" + port, to = "FO-" + port, host = "HI-" + port;
    card.chains = {from, to, host};
    card.links = {"libvirt-in -m physdev --physdev-in " + port + " -g " + from,
                  "libvirt-out -m physdev --physdev-is-bridged --physdev-out " + port + " -g " + to,
                  "libvirt-host-in -m physdev --physdev-in " + port + " -g " + host,
                  "libvirt-in-post -m physdev --physdev-in " + port + " -j ACCEPT"};
    for (const ConcreteRule* rule : rules) {
        const IptablesWords words = iptables_words(rule->rule);
        if (!words.from_guest.empty()) card.lines.push_back(from + " " + line_of(words.from_guest));
        if (!words.to_guest.empty()) card.lines.push_back(to + " " + line_of(words.to_guest));
        if (!words.to_host.empty()) card.lines.push_back(host + " " + line_of(words.to_host));
    }
}

const char* table_of(Tool tool) {
    return tool == Tool::ebtables ? "nat" : "filter";
}

}  // namespace

const char* tool_name(Tool tool) {
    constexpr const char* names[] = {"ebtables", "iptables", "ip6tables"};
    return names[static_cast<size_t>(tool)];
}

std::string line_of(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) {
        if (!line.empty()) line += ' ';
        const bool is_plain = !word.empty() && word.find_first_of(" \t\"'\\") == std::string::npos;
        if (is_plain) {
            line += word;
            continue;
        }
        line += '"';
        for (char c : word) {
            if (c == '"' || c == '\\') line += '\\';
            line += c;
        }
        line += '"';
    }
    return line;
}

CardRuleSet rules_of_card(const std::string& port, const std::vector<ConcreteRule>& rules) {
    std::array<std::vector<const ConcreteRule*>, all_tools.size()> parts;
    for (const ConcreteRule& rule : rules) {
        const bool four = is_for_iptables(rule.rule, false), six = is_for_iptables(rule.rule, true);
        parts[static_cast<size_t>(four ? Tool::iptables : six ? Tool::ip6tables : Tool::ebtables)].push_back(&rule);
    }
    CardRuleSet set;
    add_ebtables(port, parts[0], true, set[0]);
    add_ebtables(port, parts[0], false, set[0]);
    add_iptables(port, parts[1], set[1]);
    add_iptables(port, parts[2], set[2]);
    return set;
}

CardRuleSet rules_of_unknown_card(const std::string& port, const MacAddress& mac, bool dhcp) {
    CardRuleSet set;
    CardRules& card = set[static_cast<size_t>(Tool::ebtables)];
    const std::string from = "libvirt-I-" + port, to = "libvirt-O-" + port, own = mac.to_string();
    card.chains = {from};
    card.links = {"PREROUTING -i " + port + " -j " + from};
    if (!dhcp) {
        card.lines = {from + " -s ! " + own + " -j DROP", from + " -p ipv4 -j ACCEPT", from + " -p 0x806 -j ACCEPT",
                      from + " -j DROP"};
        return set;
    }
    card.chains.push_back(to);
    card.links.push_back("POSTROUTING -o " + port + " -j " + to);
    const std::string udp = " -p ipv4 --ip-protocol udp";
    card.lines = {from + " -s " + own + udp + " --ip-source-port 68 --ip-destination-port 67 -j ACCEPT",
                  from + " -j DROP"};
    for (const std::string& target : {own, std::string("ff:ff:ff:ff:ff:ff")})
        card.lines.push_back(to + " -d " + target + udp + " --ip-source-port 67 --ip-destination-port 68 -j ACCEPT");
    card.lines.push_back(to + " -j DROP");
    return set;
}

std::string restore_input(Tool tool, const CardRules& old_rules, const CardRules& new_rules) {
    if (old_rules.chains.empty() && new_rules.chains.empty()) return "";
    std::string text = fmt::format("*{}\n", table_of(tool));
    // A chain that is declared is there and empty from then on.
    for (const auto* rules : {&old_rules, &new_rules})
        for (const std::string& chain : rules->chains)
            text += fmt::format(":{} {}\n", chain, tool == Tool::ebtables ? "ACCEPT" : "- [0:0]");
    for (const std::string& link : old_rules.links) text += "-D " + link + "\n";
    for (const std::string& line : new_rules.lines) text += "-A " + line + "\n";
    for (const std::string& link : new_rules.links) text += "-A " + link + "\n";
    for (const std::string& chain : old_rules.chains)
        if (std::find(new_rules.chains.begin(), new_rules.chains.end(), chain) == new_rules.chains.end())
            text += "-X " + chain + "\n";
    return text + "COMMIT\n";
}

std::vector<std::vector<std::string>> removal_commands(Tool tool, const CardRules& rules) {
    std::vector<std::string> start{tool_name(tool)};
    start.emplace_back(tool == Tool::ebtables ? "--concurrent" : "-w");
    start.insert(start.end(), {"-t", table_of(tool)});
    std::vector<std::vector<std::string>> commands;
    const auto add = [&](const char* option, const std::string& rest) {
        std::vector<std::string>& command = commands.emplace_back(start);
        command.emplace_back(option);
        for (std::string_view word : split_words(rest)) command.emplace_back(word);
    };
    for (const std::string& link : rules.links) add("-D", link);
    for (const std::string& chain : rules.chains) add("-F", chain);
    for (const std::string& chain : rules.chains) add("-X", chain);
    return commands;
}

}  // namespace virtue::nwfilter
