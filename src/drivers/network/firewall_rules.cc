#include <fmt/format.h>

#include "drivers/network/firewall.h"

namespace virtue::network {
namespace {

using model::ForwardMode;
using model::NetworkIp;

std::string subnet(const NetworkIp& ip) {
    const unsigned prefix = ip.effective_prefix();
    return fmt::format("{}/{}", ip.address.masked(prefix).to_string(), prefix);
}

/// Collects the rules of one network.
class Collector {
public:
    explicit Collector(const model::Network& network) : network_(network) {
        if (network.forward && !network.forward->interfaces.empty()) device_ = network.forward->interfaces.front().dev;
    }

    void service(bool ipv6, const char* protocol, unsigned port, bool inward) {
        Rule rule = start(ipv6, inward ? RulePlace::input : RulePlace::output, RuleAction::accept);
        (inward ? rule.in_device : rule.out_device) = network_.bridge;
        rule.protocol = protocol;
        rule.port = port;
        rules.push_back(std::move(rule));
    }
    /// Guests talk to one another; nobody else passes unless a rule before says so.
    void walls(bool ipv6) {
        Rule out = start(ipv6, RulePlace::forward_out, RuleAction::reject);
        out.in_device = network_.bridge;
        rules.push_back(out);
        Rule in = start(ipv6, RulePlace::forward_in, RuleAction::reject);
        in.out_device = network_.bridge;
        rules.push_back(in);
        Rule cross = start(ipv6, RulePlace::forward_cross, RuleAction::accept);
        cross.in_device = cross.out_device = network_.bridge;
        rules.push_back(cross);
    }
    void routed(const NetworkIp& ip, bool answers_only) {
        Rule out = start(ip.address.is_ipv6(), RulePlace::forward_out, RuleAction::accept);
        out.source = subnet(ip);
        out.in_device = network_.bridge;
        out.out_device = device_;
        rules.push_back(out);
        Rule in = start(ip.address.is_ipv6(), RulePlace::forward_in, RuleAction::accept);
        in.destination = subnet(ip);
        in.in_device = device_;
        in.out_device = network_.bridge;
        in.related = answers_only;
        rules.push_back(in);
    }
    void translated(const NetworkIp& ip) {
        routed(ip, true);
        const bool ipv6 = ip.address.is_ipv6();
        for (const char* protocol : {"", "udp", "tcp"}) {
            Rule rule = start(ipv6, RulePlace::nat, RuleAction::masquerade);
            rule.source = rule.destination = subnet(ip);
            rule.other_destination = true;
            rule.out_device = device_;
            rule.protocol = protocol;
            set_target(rule);
            rules.push_back(std::move(rule));
        }
        for (const char* target : {"255.255.255.255/32", "224.0.0.0/24"}) {
            if (ipv6) break;
            leave(ip, target);
        }
        if (ipv6) leave(ip, "ff02::/16");
    }
    void checksum() {
        Rule rule = start(false, RulePlace::mangle, RuleAction::fill_checksum);
        rule.out_device = network_.bridge;
        rule.protocol = "udp";
        rule.port = 68;
        rules.push_back(std::move(rule));
    }

    std::vector<Rule> rules;

private:
    static Rule start(bool ipv6, RulePlace place, RuleAction action) {
        Rule rule;
        rule.ipv6 = ipv6;
        rule.place = place;
        rule.action = action;
        return rule;
    }
    void leave(const NetworkIp& ip, const char* target) {
        Rule rule = start(ip.address.is_ipv6(), RulePlace::nat, RuleAction::leave);
        rule.source = subnet(ip);
        rule.destination = target;
        rule.out_device = device_;
        rules.push_back(std::move(rule));
    }
    void set_target(Rule& rule) const {
        const model::NetworkForward& forward = *network_.forward;
        if (!rule.protocol.empty()) {
            rule.to_ports = forward.port_start == 0 && forward.port_end == 0
                                ? "1024-65535"
                                : fmt::format("{}-{}", forward.port_start, forward.port_end);
        }
        if (forward.nat_start.empty() || forward.nat_start.is_ipv6() != rule.ipv6) return;
        rule.action = RuleAction::source_nat;
        rule.to_addresses = forward.nat_start.to_string();
        if (!forward.nat_end.empty() && forward.nat_end != forward.nat_start)
            rule.to_addresses += '-' + forward.nat_end.to_string();
    }

    const model::Network& network_;
    std::string device_;
};

void add_ipv4_services(Collector& to, const model::Network& network) {
    for (unsigned inward : {1U, 0U})
        for (const char* protocol : {"tcp", "udp"}) to.service(false, protocol, inward ? 67 : 68, inward != 0);
    for (unsigned inward : {1U, 0U})
        for (const char* protocol : {"tcp", "udp"}) to.service(false, protocol, 53, inward != 0);
    for (const NetworkIp& ip : network.ips) {
        if (ip.address.is_ipv6() || ip.tftp_root.empty()) continue;
        to.service(false, "udp", 69, true);
        to.service(false, "udp", 69, false);
        return;
    }
}

void add_ipv6_services(Collector& to) {
    for (unsigned inward : {1U, 0U})
        for (const char* protocol : {"tcp", "udp"}) to.service(true, protocol, 53, inward != 0);
    to.service(true, "udp", 547, true);
    to.service(true, "udp", 546, false);
}

}  // namespace

std::vector<Rule> firewall_rules(const model::Network& network) {
    Collector all(network);
    if (!network.owns_bridge() || network.mode() == ForwardMode::open) return all.rules;
    bool has_ipv6 = false;
    bool has_dhcp4 = false;
    for (const NetworkIp& ip : network.ips) {
        has_ipv6 = has_ipv6 || ip.address.is_ipv6();
        has_dhcp4 = has_dhcp4 || (!ip.address.is_ipv6() && ip.has_dhcp());
    }
    if (has_dhcp4) all.checksum();
    add_ipv4_services(all, network);
    all.walls(false);
    if (has_ipv6 || network.ipv6_without_gateway) all.walls(true);
    if (has_ipv6) add_ipv6_services(all);
    for (const NetworkIp& ip : network.ips) {
        const bool nat6 = network.forward && network.forward->nat_ipv6 == xml::YesNo::yes;
        if (network.mode() == ForwardMode::nat && (!ip.address.is_ipv6() || nat6)) {
            all.translated(ip);
        } else if (network.mode() == ForwardMode::nat || network.mode() == ForwardMode::route) {
            all.routed(ip, false);
        }
    }
    return all.rules;
}

const char* iptables_table(RulePlace place) {
    if (place == RulePlace::nat) return "nat";
    return place == RulePlace::mangle ? "mangle" : "filter";
}

const char* iptables_chain(RulePlace place) {
    switch (place) {
        case RulePlace::input:
            return "LIBVIRT_INP";
        case RulePlace::output:
            return "LIBVIRT_OUT";
        case RulePlace::forward_cross:
            return "LIBVIRT_FWX";
        case RulePlace::forward_in:
            return "LIBVIRT_FWI";
        case RulePlace::forward_out:
            return "LIBVIRT_FWO";
        case RulePlace::nat:
        case RulePlace::mangle:
            break;
    }
    return "LIBVIRT_PRT";
}

std::string iptables_words(const Rule& rule) {
    std::string text;
    auto add = [&text](const std::string& words) { text += (text.empty() ? "" : " ") + words; };
    if (!rule.source.empty()) add("-s " + rule.source);
    if (!rule.destination.empty()) add((rule.other_destination ? "! -d " : "-d ") + rule.destination);
    if (!rule.in_device.empty()) add("-i " + rule.in_device);
    if (!rule.out_device.empty()) add("-o " + rule.out_device);
    if (!rule.protocol.empty()) add("-p " + rule.protocol);
    if (rule.port != 0) add(fmt::format("-m {} --dport {}", rule.protocol, rule.port));
    if (rule.related) add("-m conntrack --ctstate RELATED,ESTABLISHED");
    switch (rule.action) {
        case RuleAction::accept:
            add("-j ACCEPT");
            break;
        case RuleAction::reject:
            add(rule.ipv6 ? "-j REJECT --reject-with icmp6-port-unreachable"
                          : "-j REJECT --reject-with icmp-port-unreachable");
            break;
        case RuleAction::leave:
            add("-j RETURN");
            break;
        case RuleAction::masquerade:
            add(rule.to_ports.empty() ? "-j MASQUERADE" : "-j MASQUERADE --to-ports " + rule.to_ports);
            break;
        case RuleAction::source_nat:
            add("-j SNAT --to-source " + rule.to_addresses + (rule.to_ports.empty() ? "" : ":" + rule.to_ports));
            break;
        case RuleAction::fill_checksum:
            add("-j CHECKSUM --checksum-fill");
            break;
    }
    return text;
}

std::string iptables_input(const std::vector<Rule>& rules, bool ipv6, const char* command) {
    std::string all;
    for (const char* table : {"filter", "nat", "mangle"}) {
        std::string lines;
        for (const Rule& rule : rules) {
            if (rule.ipv6 != ipv6 || std::string_view(iptables_table(rule.place)) != table) continue;
            lines += fmt::format("{} {} {}\n", command, iptables_chain(rule.place), iptables_words(rule));
        }
        if (!lines.empty()) all += fmt::format("*{}\n{}COMMIT\n", table, lines);
    }
    return all;
}

namespace {

std::string nft_words(const Rule& rule) {
    std::string text;
    auto add = [&text](const std::string& words) { text += (text.empty() ? "" : " ") + words; };
    const std::string family = rule.ipv6 ? "ip6" : "ip";
    if (!rule.in_device.empty()) add("iifname \"" + rule.in_device + '"');
    if (!rule.out_device.empty()) add("oifname \"" + rule.out_device + '"');
    if (rule.source.empty() && rule.destination.empty()) add(rule.ipv6 ? "meta nfproto ipv6" : "meta nfproto ipv4");
    if (!rule.source.empty()) add(family + " saddr " + rule.source);
    if (!rule.destination.empty()) add(family + " daddr " + (rule.other_destination ? "!= " : "") + rule.destination);
    if (rule.port != 0) {
        add(fmt::format("{} dport {}", rule.protocol, rule.port));
    } else if (!rule.protocol.empty()) {
        add("meta l4proto " + rule.protocol);
    }
    if (rule.related) add("ct state related,established");
    const std::string ports = rule.to_ports.empty() ? "" : ":" + rule.to_ports;
    switch (rule.action) {
        case RuleAction::accept:
            add("accept");
            break;
        case RuleAction::reject:
            add("reject");
            break;
        case RuleAction::leave:
            add("return");
            break;
        case RuleAction::masquerade:
            add(ports.empty() ? "masquerade" : "masquerade to " + ports);
            break;
        case RuleAction::source_nat:
            add("snat " + family + " to " + rule.to_addresses + ports);
            break;
        case RuleAction::fill_checksum:
            break;
    }
    return text;
}

void add_chain(std::string& text, const std::vector<std::vector<Rule>>& networks, const char* name, const char* hook,
               std::initializer_list<RulePlace> places) {
    text += fmt::format("    chain {} {{\n        type {}; policy accept;\n", name, hook);
    for (RulePlace place : places) {
        for (auto rules = networks.rbegin(); rules != networks.rend(); ++rules) {
            for (auto rule = rules->rbegin(); rule != rules->rend(); ++rule)
                if (rule->place == place) text += "        " + nft_words(*rule) + '\n';
        }
    }
    text += "    }\n";
}

}  // namespace

std::string nft_input(const std::string& table, const std::vector<std::vector<Rule>>& networks) {
    // Named first, so that its removal cannot fail. All of one input happens at once, or nothing.
    std::string text = fmt::format("table inet {0}\ndelete table inet {0}\n", table);
    if (networks.empty()) return text;
    text += fmt::format("table inet {} {{\n", table);
    add_chain(text, networks, "input", "filter hook input priority filter", {RulePlace::input});
    add_chain(text, networks, "output", "filter hook output priority filter", {RulePlace::output});
    add_chain(text, networks, "forward", "filter hook forward priority filter",
              {RulePlace::forward_cross, RulePlace::forward_in, RulePlace::forward_out});
    add_chain(text, networks, "postrouting", "nat hook postrouting priority srcnat", {RulePlace::nat});
    return text + "}\n";
}

}  // namespace virtue::network
