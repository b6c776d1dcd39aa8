#include "drivers/network/firewall.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/network/commands.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network.firewall");

struct Jump {
    const char* table;
    const char* from;
    const char* chain;
};
// In the order of their insertion at the head.
constexpr Jump jumps[] = {
    {"filter", "INPUT", "LIBVIRT_INP"},       {"filter", "OUTPUT", "LIBVIRT_OUT"},
    {"filter", "FORWARD", "LIBVIRT_FWO"},     {"filter", "FORWARD", "LIBVIRT_FWI"},
    {"filter", "FORWARD", "LIBVIRT_FWX"},     {"nat", "POSTROUTING", "LIBVIRT_PRT"},
    {"mangle", "POSTROUTING", "LIBVIRT_PRT"},
};

const char* program(bool ipv6) {
    return ipv6 ? "ip6tables" : "iptables";
}

bool has_family(const std::vector<Rule>& rules, bool ipv6) {
    return std::any_of(rules.begin(), rules.end(), [ipv6](const Rule& rule) { return rule.ipv6 == ipv6; });
}

}  // namespace

Firewall::Firewall(io::Loop& loop, const Settings& settings) : loop_(loop), settings_(settings), turn_(loop, 1) {}

Task<std::string> Firewall::run(std::vector<std::string> command, std::string input, bool may_fail) {
    CommandOptions options;
    options.input = std::move(input);
    options.may_fail = may_fail;
    std::string output = co_await run_tool(loop_, std::move(command), std::move(options), settings_.command_deadline);
    co_return output;
}

Task<void> Firewall::apply_nft() {
    std::vector<std::vector<Rule>> all;
    for (const auto& [name, rules] : networks_)
        if (!rules.empty()) all.push_back(rules);
    const bool none = all.empty();
    std::vector<std::string> write{"nft", "-f", "-"};
    co_await run(std::move(write), nft_input(settings_.nft_table(), all), false);
    listing_.clear();
    if (none) co_return;
    std::vector<std::string> list{"nft", "-s", "list", "table", "inet", settings_.nft_table()};
    // They are in place: a listing that fails only makes repair() write them once more.
    std::string listing = co_await run(std::move(list), "", true);
    listing_ = std::move(listing);
}

Task<void> Firewall::make_chains_of(bool ipv6) {
    for (const char* table : {"filter", "nat", "mangle"}) {
        std::vector<std::string> look{program(ipv6), "-w", "--table", table, "-S"};
        std::string present = co_await run(std::move(look), "", false);
        const std::vector<std::string_view> lines = split_lines(present);
        auto has = [&lines](const std::string& line) {
            return std::find(lines.begin(), lines.end(), line) != lines.end();
        };
        std::string missing;
        for (const Jump& jump : jumps) {
            if (std::string_view(jump.table) != table) continue;
            if (!has(fmt::format("-N {}", jump.chain))) missing += fmt::format("-N {}\n", jump.chain);
            if (!has(fmt::format("-A {} -j {}", jump.from, jump.chain)))
                missing += fmt::format("-I {} -j {}\n", jump.from, jump.chain);
        }
        if (missing.empty()) continue;
        std::vector<std::string> make{std::string(program(ipv6)) + "-restore", "-w", "--noflush"};
        co_await run(std::move(make), fmt::format("*{}\n{}COMMIT\n", table, missing), false);
    }
}

Task<void> Firewall::make_chains() {
    if (chains_made_) co_return;
    co_await make_chains_of(false);
    try {
        co_await make_chains_of(true);
        has_ipv6_chains_ = true;
    } catch (const Error& error) {
        // A host without IPv6 runs IPv4 networks all the same; one that needs the chains fails at its own rules.
        logger.warn("no ip6tables chains: {}", error.message());
    }
    chains_made_ = true;
}

Task<void> Firewall::insert(std::vector<Rule> rules) {
    co_await make_chains();
    for (bool ipv6 : {false, true}) {
        if (!has_family(rules, ipv6)) continue;
        std::vector<std::string> command{std::string(program(ipv6)) + "-restore", "-w", "--noflush"};
        co_await run(std::move(command), iptables_input(rules, ipv6, "-I"), false);
    }
}

Task<void> Firewall::erase(std::vector<Rule> rules) {
    for (bool ipv6 : {false, true}) {
        if (!has_family(rules, ipv6)) continue;
        bool complete = true;
        try {
            std::vector<std::string> command{std::string(program(ipv6)) + "-restore", "-w", "--noflush"};
            co_await run(std::move(command), iptables_input(rules, ipv6, "-D"), false);
        } catch (const Error&) {
            complete = false;
        }
        if (complete) continue;
        // Somebody took some of them already: what is left goes rule by rule.
        for (const Rule& rule : rules) {
            if (rule.ipv6 != ipv6) continue;
            std::vector<std::string> command{
                program(ipv6), "-w", "--table", iptables_table(rule.place), "-D", iptables_chain(rule.place)};
            const std::string words = iptables_words(rule);
            for (std::string_view word : split_words(words)) command.emplace_back(word);
            co_await run(std::move(command), "", true);
        }
    }
}

Task<void> Firewall::erase_as_possible(std::string network, std::vector<Rule> rules) {
    try {
        co_await erase(std::move(rules));
    } catch (const Error& error) {
        logger.warn("rules of network '{}' may be left: {}", network, error.message());
    }
}

Task<void> Firewall::apply(std::string network, std::vector<Rule> rules) {
    io::Semaphore::Permit turn = co_await turn_.acquire(io::Deadline::never(), "the firewall");
    std::optional<std::vector<Rule>> former;
    if (auto known = networks_.find(network); known != networks_.end()) former = known->second;
    networks_[network] = rules;
    std::exception_ptr problem;
    try {
        if (settings_.firewall == FirewallBackend::nftables) {
            co_await apply_nft();
        } else {
            if (former) co_await erase(*former);
            co_await insert(rules);
        }
    } catch (const Error&) {
        problem = std::current_exception();
    }
    if (!problem) co_return;
    if (former) {
        networks_[network] = std::move(*former);
    } else {
        networks_.erase(network);
    }
    // One family's may have gone in before the other's were refused.
    if (settings_.firewall == FirewallBackend::iptables) co_await erase_as_possible(network, std::move(rules));
    std::rethrow_exception(problem);
}

Task<void> Firewall::remove(std::string network) {
    io::Semaphore::Permit turn = co_await turn_.acquire(io::Deadline::never(), "the firewall");
    auto known = networks_.find(network);
    if (known == networks_.end()) co_return;
    std::vector<Rule> rules = std::move(known->second);
    networks_.erase(known);
    if (rules.empty()) co_return;
    try {
        if (settings_.firewall == FirewallBackend::nftables) {
            co_await apply_nft();
        } else {
            co_await erase(std::move(rules));
        }
    } catch (const Error& error) {
        logger.warn("the rules of network '{}' could not be removed: {}", network, error.message());
    }
}

Task<bool> Firewall::iptables_complete() {
    for (bool ipv6 : {false, true}) {
        bool needed = false;
        for (const auto& [name, rules] : networks_) needed = needed || has_family(rules, ipv6);
        if (!needed) continue;
        std::vector<std::string> save{std::string(program(ipv6)) + "-save"};
        std::string text = co_await run(std::move(save), "", true);
        for (const auto& [name, rules] : networks_) {
            for (const Rule& rule : rules) {
                if (rule.ipv6 != ipv6) continue;
                if (text.find(fmt::format("-A {} {}\n", iptables_chain(rule.place), iptables_words(rule))) == text.npos)
                    co_return false;
            }
        }
        for (const Jump& jump : jumps)
            if (text.find(fmt::format("-A {} -j {}\n", jump.from, jump.chain)) == text.npos) co_return false;
    }
    co_return true;
}

Task<void> Firewall::rewrite() {
    io::Semaphore::Permit turn = co_await turn_.acquire(io::Deadline::never(), "the firewall");
    if (settings_.firewall == FirewallBackend::nftables) co_await apply_nft();
}

Task<bool> Firewall::repair() {
    io::Semaphore::Permit turn = co_await turn_.acquire(io::Deadline::never(), "the firewall");
    bool wanted = false;
    for (const auto& [name, rules] : networks_) wanted = wanted || !rules.empty();
    if (!wanted) co_return false;
    if (settings_.firewall == FirewallBackend::nftables) {
        std::vector<std::string> list{"nft", "-s", "list", "table", "inet", settings_.nft_table()};
        std::string listing = co_await run(std::move(list), "", true);
        if (!listing.empty() && listing == listing_) co_return false;
        co_await apply_nft();
        co_return true;
    }
    bool complete = co_await iptables_complete();
    if (complete) co_return false;
    chains_made_ = false;
    const std::map<std::string, std::vector<Rule>> all = networks_;
    for (const auto& [name, rules] : all) {
        co_await erase(rules);
        co_await insert(rules);
    }
    co_return true;
}

}  // namespace virtue::network
