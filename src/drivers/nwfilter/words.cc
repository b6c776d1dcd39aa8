#include "drivers/nwfilter/words.h"

#include <fmt/format.h>

#include "base/text.h"

namespace virtue::nwfilter {

namespace {

struct Word {
    const char* name;
    uint32_t number;
};
// The words in which definitions write numbers.
constexpr Word ethertypes[] = {{"ipv4", 0x0800}, {"arp", 0x0806}, {"rarp", 0x8035}, {"ipv6", 0x86dd}, {"vlan", 0x8100}};
constexpr Word opcodes[] = {{"Request", 1},       {"Reply", 2},         {"Request_Reverse", 3},
                            {"Reply_Reverse", 4}, {"DRARP_Request", 5}, {"DRARP_Reply", 6},
                            {"DRARP_Error", 7},   {"InARP_Request", 8}, {"ARP_NAK", 9}};
constexpr Word protocols[] = {{"tcp", 6},  {"udp", 17}, {"udplite", 136}, {"esp", 50},   {"ah", 51},
                              {"icmp", 1}, {"igmp", 2}, {"sctp", 132},    {"icmpv6", 58}};

template <size_t Count>
std::string numbered(const Word (&words)[Count], const std::string& text) {
    for (const Word& word : words)
        if (text == word.name) return std::to_string(word.number);
    return text;
}

}  // namespace

const char* action_word(model::RuleAction action) {
    switch (action) {
        case model::RuleAction::drop:
            return "DROP";
        case model::RuleAction::accept:
            return "ACCEPT";
        case model::RuleAction::reject:
            return "REJECT";
        case model::RuleAction::return_:
            return "RETURN";
        case model::RuleAction::continue_:
            return "CONTINUE";
    }
    return "DROP";
}

bool Words::negated(const char* condition) const {
    const model::RuleCondition* found = rule_.find(condition);
    return found && found->negated;
}

std::string Words::value(const char* condition) const {
    const model::RuleCondition* found = rule_.find(condition);
    if (!found) return "";
    std::string text = found->value;
    const std::string_view name = condition;
    if (name == "protocolid" || name == "encap-protocol") text = numbered(ethertypes, text);
    if (name == "opcode") text = numbered(opcodes, text);
    if (name == "protocol") text = numbered(protocols, text);
    if (!text.starts_with("0x")) return text;
    const auto number = parse_number<uint32_t>(text, 16);
    return number ? std::to_string(*number) : text;
}

void Words::put(const std::string& option, const char* condition, const std::string& text) {
    const bool no = negated(condition);
    if (no && negation_ == Negation::before_option) words_.emplace_back("!");
    words_.push_back(option);
    if (no && negation_ == Negation::before_value) words_.emplace_back("!");
    words_.push_back(text);
}

void Words::add(const std::string& option, const char* condition) {
    if (has(condition)) put(option, condition, value(condition));
}

void Words::add_hex(const std::string& option, const char* condition) {
    if (!has(condition)) return;
    const std::string text = value(condition);
    const auto number = parse_number<uint32_t>(text);
    put(option, condition, number ? fmt::format("{:#x}", *number) : text);
}

void Words::add_pair(const std::string& option, const char* start, const char* end, const char* separator,
                     const char* default_end) {
    if (!has(start)) return;
    const std::string last = has(end) ? value(end) : default_end;
    put(option, start, value(start) + (last.empty() ? "" : separator + last));
}

}  // namespace virtue::nwfilter
