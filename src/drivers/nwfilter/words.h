// Builds the words of one rule from its conditions. A value, used on any thread.
#pragma once
#include <string>
#include <vector>

#include "model/nwfilter/filter.h"

namespace virtue::nwfilter {

/// "DROP", "ACCEPT", …
const char* action_word(model::RuleAction action);

class Words {
public:
    /// Where "!" stands: ebtables wants it before the value, iptables before the option.
    enum class Negation : uint8_t { before_value, before_option };
    Words(const model::FilterRule& rule, Negation negation) : rule_(rule), negation_(negation) {}

    const model::FilterRule& rule() const { return rule_; }
    bool has(const char* condition) const { return rule_.find(condition) != nullptr; }
    bool negated(const char* condition) const;
    /// The value as the tools take it: numbers in decimal, words as numbers. Empty without the condition.
    std::string value(const char* condition) const;

    void plain(const std::vector<std::string>& words) { words_.insert(words_.end(), words.begin(), words.end()); }
    /// The option with the condition's value, if the rule has it.
    void add(const std::string& option, const char* condition);
    void add_hex(const std::string& option, const char* condition);
    /// "START", or "START" + separator + "END" if there is an end (or a default for it).
    void add_pair(const std::string& option, const char* start, const char* end, const char* separator,
                  const char* default_end = "");
    size_t size() const { return words_.size(); }
    std::vector<std::string> take() { return std::move(words_); }

private:
    void put(const std::string& option, const char* condition, const std::string& text);
    const model::FilterRule& rule_;
    Negation negation_;
    std::vector<std::string> words_;
};

}  // namespace virtue::nwfilter
