// From a binding to concrete rules: the filter with all that it refers to, and every variable replaced by its values.
// Pure; any thread.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/nwfilter/filter.h"

namespace virtue::nwfilter {

/// A rule without variables, and where it belongs.
struct ConcreteRule {
    model::FilterRule rule;  ///< its priority is no less than that of its chain, but in the root chain
    std::string chain;       ///< "root", "arp-mac"
    int chain_priority = 0;
};

/// The variables that a binding's filter uses and that have no value. Throws internal_error for a filter that is
/// missing.
std::set<std::string> missing_variables(const std::map<std::string, model::Filter>& filters,
                                        const model::FilterBinding& binding);

/// The rules of a binding in the order in which they are applied. Throws internal_error for a filter that is missing,
/// and for variables that have no value.
std::vector<ConcreteRule> concrete_rules(const std::map<std::string, model::Filter>& filters,
                                         const model::FilterBinding& binding);

}  // namespace virtue::nwfilter
