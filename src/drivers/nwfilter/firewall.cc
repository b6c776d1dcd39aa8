#include "drivers/nwfilter/firewall.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/excerpt.h"
#include "base/log.h"
#include "base/text.h"

namespace virtue::nwfilter {

namespace {

constinit log::Module logger("nwfilter");
constexpr io::Milliseconds patience{60000};

/// The first lines of a tool's words: what it did not like.
std::string shortened(const std::string& text) {
    constexpr size_t longest = 1000;
    return std::string(trim(excerpt(text, longest)));
}

}  // namespace

Task<io::CommandResult> Firewall::run(std::vector<std::string> command, std::string input) {
    io::ProcessOptions process;
    process.arguments = std::move(command);
    const char* path = std::getenv("PATH");
    process.environment = {std::string("PATH=") + (path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL=C"};
    io::Deadline deadline = io::Deadline::after(patience);
    io::CommandResult result = co_await io::run_command(loop_, std::move(process), std::move(input), deadline);
    co_return result;
}

Task<void> Firewall::run_well(std::vector<std::string> command, std::string input) {
    const std::string shown = join(command, " ");
    io::CommandResult result = co_await run(std::move(command), std::move(input));
    if (!result.status.success())
        fail(ErrorCode::internal_error, ErrorDomain::firewall, "Failed to apply firewall rules {}: {}", shown,
             shortened(result.errors));
}

Task<void> Firewall::make_base_chains(Tool tool) {
    const std::string name = tool_name(tool);
    std::vector<std::string> look{name, "-w", "-S"};
    io::CommandResult present = co_await run(std::move(look), "");
    const std::vector<std::string_view> lines = split_lines(present.output);
    const auto has = [&lines](const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    std::string missing;
    for (const BaseChain& base : base_chains) {
        if (!has(fmt::format("-N {}", base.chain))) missing += fmt::format("-N {}\n", base.chain);
        if (!has(fmt::format("-A {} -j {}", base.from, base.chain)))
            missing += fmt::format("-I {} {} -j {}\n", base.from, base.position, base.chain);
    }
    if (missing.empty()) co_return;
    std::vector<std::string> make{name + "-restore", "-w", "--noflush"};
    co_await run_well(std::move(make), fmt::format("*filter\n{}COMMIT\n", missing));
}

Task<void> Firewall::change(Tool tool, CardRules old_rules, CardRules new_rules) {
    std::string input = restore_input(tool, old_rules, new_rules);
    if (input.empty()) co_return;
    if (tool != Tool::ebtables && !new_rules.chains.empty()) co_await make_base_chains(tool);
    std::vector<std::string> command{std::string(tool_name(tool)) + "-restore"};
    if (tool != Tool::ebtables) command.emplace_back("-w");
    command.emplace_back("--noflush");
    std::vector<std::string> again = command;
    io::CommandResult result = co_await run(std::move(command), std::move(input));
    if (result.status.success() || old_rules.chains.empty()) {
        if (!result.status.success())
            fail(ErrorCode::internal_error, ErrorDomain::firewall, "Failed to apply firewall rules {}: {}",
                 join(again, " "), shortened(result.errors));
        co_return;
    }
    // Somebody took a part of the old ones already: what is left goes piece by piece.
    for (std::vector<std::string>& removal : removal_commands(tool, old_rules)) {
        co_await run(std::move(removal), "");
    }
    std::string fresh = restore_input(tool, {}, new_rules);
    if (!fresh.empty()) co_await run_well(std::move(again), std::move(fresh));
}

Task<std::array<Listing, all_tools.size()>> Firewall::listings() {
    io::Semaphore::Permit turn = co_await turn_.acquire(io::Deadline::never(), "the firewall");
    std::array<Listing, all_tools.size()> all;
    for (Tool tool : all_tools) {
        try {
            std::vector<std::string> command{std::string(tool_name(tool)) + "-save"};
            io::CommandResult result = co_await run(std::move(command), "");
            all[static_cast<size_t>(tool)] = Listing(tool, result.output);
        } catch (const std::exception& error) {
            logger.warn("the rules of {} cannot be listed: {}", tool_name(tool), error.what());
        }
    }
    co_return std::move(all);
}

Task<void> Firewall::apply(std::string port, CardRuleSet rules) {
    io::Semaphore::Permit turn = co_await turn_.acquire(io::Deadline::never(), "the firewall");
    CardRuleSet before;
    if (auto known = cards_.find(port); known != cards_.end()) before = known->second;
    size_t done = 0;
    std::exception_ptr problem;
    for (Tool tool : all_tools) {
        const size_t i = static_cast<size_t>(tool);
        try {
            co_await change(tool, before[i], rules[i]);
        } catch (const std::exception&) {
            problem = std::current_exception();
        }
        if (problem) break;
        done++;
    }
    if (!problem) {
        cards_[port] = std::move(rules);
        co_return;
    }
    for (size_t i = 0; i < done; i++) {
        try {
            co_await change(all_tools[i], rules[i], before[i]);
        } catch (const std::exception& error) {
            logger.error("the filter of {} could not be put back: {}", port, error.what());
        }
    }
    std::rethrow_exception(problem);
}

Task<void> Firewall::remove(std::string port) {
    io::Semaphore::Permit turn = co_await turn_.acquire(io::Deadline::never(), "the firewall");
    auto known = cards_.find(port);
    if (known == cards_.end()) co_return;
    const CardRuleSet before = std::move(known->second);
    cards_.erase(known);
    for (Tool tool : all_tools) {
        try {
            CardRules none;
            co_await change(tool, before[static_cast<size_t>(tool)], std::move(none));
        } catch (const std::exception& error) {
            logger.warn("the filter of {} could not be removed: {}", port, error.what());
        }
    }
}

}  // namespace virtue::nwfilter
