// What all parts of the driver share: the filters, their bindings, and the turn to change them. Owned by FilterDriver;
// loop thread only.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>

#include "drivers/nwfilter/store.h"
#include "io/condition.h"
#include "model/nwfilter/filter.h"

namespace virtue::nwfilter {

struct Core {
    Core(io::Loop& loop, const driver::Paths& paths);

    io::Loop& loop;
    const Store store;
    std::map<std::string, model::Filter> filters;          ///< by name
    std::map<std::string, model::FilterBinding> bindings;  ///< by the name of the card
    io::Semaphore changes;  ///< held by whoever changes anything; reading never waits for it

    const model::Filter* find(const std::string& name) const;
    const model::Filter* find(const Uuid& uuid) const;
    /// Throws no_nwfilter.
    const model::Filter& at(const Uuid& uuid) const;
    /// Throws no_nwfilter_binding.
    const model::FilterBinding& binding_at(const std::string& port) const;

    /// The names of a filter and of all that it refers to, directly or not; those that are missing too.
    std::set<std::string> parts_of(const std::string& name) const;
    /// True if a card is bound to the filter, directly or through others.
    bool is_used(const std::string& name) const;
};

/// Throws invalid_arg "unsupported flags (0x…) in function …" for flags beyond `known`.
void require_flags(uint32_t flags, uint32_t known, const char* function);

}  // namespace virtue::nwfilter
