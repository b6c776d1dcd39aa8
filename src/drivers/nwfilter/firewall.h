// Keeps the rules of cards in the kernel, by the restore programs of ebtables, iptables and ip6tables. Owned by the
// driver; loop thread only.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "drivers/nwfilter/rules.h"
#include "io/condition.h"
#include "io/process.h"

namespace virtue::nwfilter {

class Firewall {
public:
    explicit Firewall(io::Loop& loop) : loop_(loop), turn_(loop, 1) {}
    Firewall(const Firewall&) = delete;
    Firewall& operator=(const Firewall&) = delete;

    /// Puts a card's rules in place, instead of any that it had: each tool's as a whole. Throws internal_error with the
    /// tool's words; then the rules before are in place again.
    Task<void> apply(std::string port, CardRuleSet rules);
    /// Takes them away; what is missing already is fine.
    Task<void> remove(std::string port);
    /// What a card has in place.
    CardRuleSet rules_of(const std::string& port) const {
        auto known = cards_.find(port);
        return known == cards_.end() ? CardRuleSet{} : known->second;
    }
    /// All that is in place now, whoever put it there. A tool that fails has an empty listing.
    Task<std::array<Listing, all_tools.size()>> listings();
    /// Knows what an earlier daemon put in place; apply() follows.
    void adopt(const std::string& port, CardRuleSet rules) { cards_[port] = std::move(rules); }

private:
    Task<void> change(Tool tool, CardRules old_rules, CardRules new_rules);
    Task<void> make_base_chains(Tool tool);
    Task<io::CommandResult> run(std::vector<std::string> command, std::string input);
    Task<void> run_well(std::vector<std::string> command, std::string input);

    io::Loop& loop_;
    io::Semaphore turn_;
    std::map<std::string, CardRuleSet> cards_;
};

}  // namespace virtue::nwfilter
