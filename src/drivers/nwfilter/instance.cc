#include "drivers/nwfilter/instance.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/text.h"

namespace virtue::nwfilter {

namespace {

constexpr ErrorDomain here = ErrorDomain::nwfilter;
constexpr size_t most_rules = 65536;
constexpr size_t most_inclusions = 1024;
constexpr size_t most_values = 16384;
constexpr int deepest = 64;

using Variables = std::map<std::string, std::vector<std::string>>;

/// A use of a variable: "$IP", "$IP[2]" (the third value), "$IP[@1]" (with iterator 1).
struct Access {
    std::string name;
    bool is_element = false;
    uint32_t index = 0;  ///< of the element, or of the iterator
};

Access parse_access(const std::string& text) {
    Access access;
    const size_t bracket = text.find('[');
    access.name = text.substr(1, bracket == std::string::npos ? bracket : bracket - 1);
    if (bracket == std::string::npos) return access;
    std::string_view inside = std::string_view(text).substr(bracket + 1, text.size() - bracket - 2);
    access.is_element = !inside.starts_with('@');
    if (!access.is_element) inside.remove_prefix(1);
    access.index = parse_number<uint32_t>(inside).value_or(0);
    return access;
}

Variables values_of(const std::vector<model::FilterParameter>& parameters) {
    Variables values;
    for (const model::FilterParameter& parameter : parameters) values[parameter.name].push_back(parameter.value);
    return values;
}

/// Variables that go through their values together.
struct Iterator {
    uint32_t id = 0;
    std::vector<std::string> names;
    size_t count = 0;
    std::vector<size_t> steps;  ///< the places in the lists of values, without those that repeat all values
    size_t at = 0;              ///< in `steps`

    void find_steps(const Variables& values) {
        std::set<std::vector<std::string_view>> seen;
        for (size_t i = 0; i < count; i++) {
            std::vector<std::string_view> row;
            for (const std::string& name : names) row.emplace_back(values.at(name)[i]);
            if (seen.insert(std::move(row)).second) steps.push_back(i);
        }
    }
};

std::vector<Iterator> iterators_of(const model::FilterRule& rule, const Variables& values) {
    std::vector<Iterator> iterators;
    for (const model::RuleCondition& condition : rule.conditions) {
        if (!condition.is_variable() || condition.name == "comment") continue;
        const Access access = parse_access(condition.value);
        if (access.is_element) continue;
        auto found =
            std::find_if(iterators.begin(), iterators.end(), [&](const Iterator& i) { return i.id == access.index; });
        if (found == iterators.end()) found = iterators.insert(iterators.end(), Iterator{access.index, {}, 0, {}, 0});
        const size_t count = values.at(access.name).size();
        if (!found->names.empty() && found->count != count)
            throw Error(ErrorCode::internal_error, here,
                        "Cardinality of list items must be the same for processing them in parallel");
        found->count = count;
        found->names.push_back(access.name);
    }
    for (Iterator& iterator : iterators) iterator.find_steps(values);
    return iterators;
}

/// Nothing but a word may get to the tools.
const std::string& plain_word(const std::string& value, const std::string& variable) {
    const bool plain = !value.empty() && value[0] != '-' && std::all_of(value.begin(), value.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) ||
               std::string_view(".:/_,-").find(c) != std::string_view::npos;
    });
    if (plain) return value;
    fail(ErrorCode::internal_error, here, "the value '{}' of variable '{}' cannot stand in a rule", value, variable);
}

class Collector {
public:
    explicit Collector(const std::map<std::string, model::Filter>& filters) : filters_(filters) {}

    void include(const std::string& name, const Variables& values, int depth) {
        auto found = filters_.find(name);
        if (found == filters_.end()) fail(ErrorCode::internal_error, here, "referenced filter '{}' is missing", name);
        if (depth > deepest) fail(ErrorCode::internal_error, here, "filter '{}' is nested too deeply", name);
        // One that is referred to twice by each of many is there more often than anybody can count.
        if (++included_ > most_inclusions)
            fail(ErrorCode::internal_error, here, "the filter refers to more than {} others", most_inclusions);
        for (const model::FilterEntry& entry : found->second.entries) {
            if (entry.rule) add(found->second, *entry.rule, values);
            if (!entry.reference) continue;
            // What is said further out holds against what a reference says.
            if (entry.reference->parameters.empty()) {
                include(entry.reference->filter, values, depth + 1);
                continue;
            }
            Variables inner = values_of(entry.reference->parameters);
            for (const auto& [variable, list] : values) inner[variable] = list;
            include(entry.reference->filter, inner, depth + 1);
        }
    }

    std::vector<ConcreteRule> rules;
    std::set<std::string> missing;

private:
    bool has_values(const model::FilterRule& rule, const Variables& values) {
        bool complete = true;
        for (const model::RuleCondition& condition : rule.conditions) {
            if (!condition.is_variable() || condition.name == "comment") continue;
            const Access access = parse_access(condition.value);
            auto found = values.find(access.name);
            if (found != values.end() && !(access.is_element && access.index >= found->second.size())) continue;
            missing.insert(access.is_element ? condition.value.substr(1) : access.name);
            complete = false;
        }
        return complete;
    }

    void add(const model::Filter& filter, const model::FilterRule& rule, const Variables& values) {
        if (!has_values(rule, values)) return;
        std::vector<Iterator> iterators = iterators_of(rule, values);
        while (true) {
            rules.push_back({fill(rule, values, iterators), filter.chain, filter.priority});
            if (rules.size() > most_rules)
                fail(ErrorCode::internal_error, here, "the filter makes more than {} rules", most_rules);
            // The first iterator goes fastest.
            size_t i = 0;
            while (i < iterators.size() && ++iterators[i].at >= iterators[i].steps.size()) iterators[i++].at = 0;
            if (i == iterators.size()) return;
        }
    }

    static model::FilterRule fill(model::FilterRule rule, const Variables& values,
                                  const std::vector<Iterator>& iterators) {
        const auto& kinds = model::conditions_of(rule.protocol);
        for (model::RuleCondition& condition : rule.conditions) {
            if (!condition.is_variable() || condition.name == "comment") continue;
            const Access access = parse_access(condition.value);
            size_t at = access.index;
            for (const Iterator& iterator : iterators)
                if (!access.is_element && iterator.id == access.index) at = iterator.steps[iterator.at];
            const std::string& value = values.at(access.name)[at];
            condition.value = value;
            for (const model::ConditionKind& kind : kinds) {
                if (kind.name != condition.name) continue;
                // A value of another form is left to the tools, which refuse it in their words.
                const auto written = model::canonical_condition(kind.type, value);
                condition.value = written ? *written : plain_word(value, access.name);
            }
        }
        return rule;
    }

    const std::map<std::string, model::Filter>& filters_;
    size_t included_ = 0;
};

Collector collect(const std::map<std::string, model::Filter>& filters, const model::FilterBinding& binding) {
    if (binding.filter.parameters.size() > most_values)
        fail(ErrorCode::internal_error, here, "a card's filter has {} parameters, at most {} are possible",
             binding.filter.parameters.size(), most_values);
    Variables values = values_of(binding.filter.parameters);
    values["MAC"] = {binding.mac->to_string()};
    Collector collector(filters);
    collector.include(binding.filter.filter, values, 0);
    return collector;
}

}  // namespace

std::set<std::string> missing_variables(const std::map<std::string, model::Filter>& filters,
                                        const model::FilterBinding& binding) {
    return collect(filters, binding).missing;
}

std::vector<ConcreteRule> concrete_rules(const std::map<std::string, model::Filter>& filters,
                                         const model::FilterBinding& binding) {
    Collector collector = collect(filters, binding);
    if (!collector.missing.empty()) {
        const std::vector<std::string> names(collector.missing.begin(), collector.missing.end());
        throw Error(ErrorCode::internal_error, here,
                    "Cannot instantiate filter due to unresolvable variables or unavailable list elements: " +
                        join(names, ", "),
                    "give them as parameters of the filter reference");
    }
    std::vector<ConcreteRule>& rules = collector.rules;
    // The rules of the root chain first: they make way for the chains of the others.
    std::stable_sort(rules.begin(), rules.end(), [](const ConcreteRule& a, const ConcreteRule& b) {
        const bool root_a = a.chain == "root", root_b = b.chain == "root";
        return root_a != root_b ? root_a : a.rule.priority < b.rule.priority;
    });
    for (ConcreteRule& rule : rules)
        if (rule.chain != "root") rule.rule.priority = std::max(rule.rule.priority, rule.chain_priority);
    return std::move(rules);
}

}  // namespace virtue::nwfilter
