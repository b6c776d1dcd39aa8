// What concrete rules are for the kernel: libvirt's chains of ebtables, iptables and ip6tables, as input of their
// restore programs, each of which applies its input as a whole. Pure; any thread.
#pragma once
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "drivers/nwfilter/instance.h"

namespace virtue::nwfilter {

enum class Tool : uint8_t { ebtables, iptables, ip6tables };
constexpr std::array all_tools{Tool::ebtables, Tool::iptables, Tool::ip6tables};
/// "ebtables"; its restore program is "ebtables-restore".
const char* tool_name(Tool tool);

/// The rules of one card for one tool. Empty chains: there are none.
struct CardRules {
    std::vector<std::string> chains;  ///< "FI-vnet0"; those that others jump to come last
    std::vector<std::string> links;   ///< "libvirt-in -m physdev …", without -A
    std::vector<std::string> lines;   ///< "FI-vnet0 -p tcp …", without -A
    bool operator==(const CardRules&) const = default;
};
/// By tool.
using CardRuleSet = std::array<CardRules, all_tools.size()>;

/// The rules of a card. Throws internal_error for a rule that the tools cannot express.
CardRuleSet rules_of_card(const std::string& port, const std::vector<ConcreteRule>& rules);

/// The rules of a card whose address is yet to be learned. `dhcp`: only DHCP passes; else IPv4 and ARP of its own MAC.
CardRuleSet rules_of_unknown_card(const std::string& port, const MacAddress& mac, bool dhcp);

/// Input for the tool's restore program (with --noflush) that takes the old rules away and puts the new in place.
/// Empty if there is nothing to do.
std::string restore_input(Tool tool, const CardRules& old_rules, const CardRules& new_rules);
/// The commands that take the rules away one by one, each of which may fail.
std::vector<std::vector<std::string>> removal_commands(Tool tool, const CardRules& rules);

/// What a tool's -save program tells, looked through once for all cards. A value.
class Listing {
public:
    Listing() = default;
    Listing(Tool tool, const std::string& text);
    /// What is in place for a card: its chains and the links to them; no lines.
    CardRules rules_of(const std::string& port) const;

private:
    struct Jump {
        std::string from;
        std::string line;  ///< without -A
    };
    Tool tool_ = Tool::ebtables;
    std::set<std::string> chains_;
    std::multimap<std::string, Jump> jumps_;               ///< by where they go
    std::multimap<std::string, std::string> targets_;      ///< by where they come from
    std::multimap<std::string, std::string> acceptances_;  ///< lines of the last chain, by device
};

/// The chain of a built-in one that jumps to the chains of cards (iptables, ip6tables), and its place.
struct BaseChain {
    const char* from;
    const char* chain;
    int position;
};
constexpr std::array<BaseChain, 4> base_chains{{{"FORWARD", "libvirt-in", 1},
                                                {"FORWARD", "libvirt-out", 2},
                                                {"FORWARD", "libvirt-in-post", 3},
                                                {"INPUT", "libvirt-host-in", 1}}};

// The parts of rules_of_card().
/// One rule in the words of ebtables, for the chain of packets from the guest (`from_guest`) or to it.
std::vector<std::string> ebtables_words(const model::FilterRule& rule, bool from_guest);
/// True if the rule is about packets of layer 3 and 4, which iptables (ip6tables with `ipv6`) sees.
bool is_for_iptables(const model::FilterRule& rule, bool ipv6);
/// The rule in the words of iptables for the three chains of a card; an empty one has no place in that chain.
struct IptablesWords {
    std::vector<std::string> from_guest, to_guest, to_host;
};
IptablesWords iptables_words(const model::FilterRule& rule);
/// The words as one line, quoted where it must be.
std::string line_of(const std::vector<std::string>& words);

}  // namespace virtue::nwfilter
