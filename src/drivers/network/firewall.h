// The firewall rules of a network, in one model, and what makes them real: nftables in a table of our own, or iptables
// with libvirt's chains. The model and the renderers are pure; the Firewall belongs to the driver's core, loop thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "drivers/network/settings.h"
#include "io/condition.h"
#include "model/network/network.h"

namespace virtue::network {

/// Where a rule applies; libvirt's chains in comments.
enum class RulePlace : uint8_t {
    input,          // LIBVIRT_INP
    output,         // LIBVIRT_OUT
    forward_cross,  // LIBVIRT_FWX
    forward_in,     // LIBVIRT_FWI
    forward_out,    // LIBVIRT_FWO
    nat,            // LIBVIRT_PRT of nat
    mangle,         // LIBVIRT_PRT of mangle
};
enum class RuleAction : uint8_t { accept, reject, leave, masquerade, source_nat, fill_checksum };

/// One rule. Empty members match everything.
struct Rule {
    RulePlace place = RulePlace::input;
    RuleAction action = RuleAction::accept;
    bool ipv6 = false;
    std::string in_device, out_device;
    std::string source, destination;  ///< "192.168.122.0/24"
    bool other_destination = false;   ///< any but `destination`
    std::string protocol;             ///< "tcp", "udp"
    unsigned port = 0;                ///< destination port
    bool related = false;             ///< only answers: established and related connections
    std::string to_ports;             ///< "1024-65535"
    std::string to_addresses;         ///< "10.20.30.40-10.20.30.44"
    bool operator==(const Rule&) const = default;
};

/// The rules of a running network, in the order in which libvirt inserts them: a later one comes before an earlier.
std::vector<Rule> firewall_rules(const model::Network& network);

/// One rule as iptables writes it, without command and chain: "-i virbr0 -p udp -m udp --dport 53 -j ACCEPT".
std::string iptables_words(const Rule& rule);
/// Table and chain of a place: "filter", "LIBVIRT_INP".
const char* iptables_table(RulePlace place);
const char* iptables_chain(RulePlace place);
/// Input of iptables-restore --noflush that inserts (`command` "-I") or deletes ("-D") rules of one family; empty if
/// there are none.
std::string iptables_input(const std::vector<Rule>& rules, bool ipv6, const char* command);

/// Input of nft that replaces our table by the rules of all networks, oldest network first; without networks it only
/// removes the table.
std::string nft_input(const std::string& table, const std::vector<std::vector<Rule>>& networks);

/// Keeps the rules of the running networks in the kernel.
class Firewall {
public:
    Firewall(io::Loop& loop, const Settings& settings);
    Firewall(const Firewall&) = delete;
    Firewall& operator=(const Firewall&) = delete;

    /// Puts a network's rules in place, instead of any that it had. Throws internal_error with the tool's words.
    Task<void> apply(std::string network, std::vector<Rule> rules);
    /// Takes them away; what is missing already is fine.
    Task<void> remove(std::string network);
    /// Looks whether the rules are still there, and puts them back if not. True if something was missing.
    Task<bool> repair();
    /// Writes the nftables rules once more, whatever is there: a command of a killed daemon may have come later.
    Task<void> rewrite();
    /// Knows the rules of a network without touching the kernel, for a restart; repair() follows.
    void adopt(const std::string& network, std::vector<Rule> rules) { networks_[network] = std::move(rules); }
    bool empty() const { return networks_.empty(); }

private:
    Task<std::string> run(std::vector<std::string> command, std::string input, bool may_fail);
    Task<void> apply_nft();
    Task<void> make_chains();
    Task<void> make_chains_of(bool ipv6);
    Task<void> insert(std::vector<Rule> rules);
    Task<void> erase(std::vector<Rule> rules);
    Task<void> erase_as_possible(std::string network, std::vector<Rule> rules);
    Task<bool> iptables_complete();

    io::Loop& loop_;
    const Settings& settings_;
    io::Semaphore turn_;
    std::map<std::string, std::vector<Rule>> networks_;
    std::string listing_;  ///< our nft table as nft lists it after we wrote it
    bool chains_made_ = false;
    bool has_ipv6_chains_ = false;
};

}  // namespace virtue::network
