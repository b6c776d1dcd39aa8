#include "drivers/test/moments.h"

#include <algorithm>

namespace virtue::test {

Moment* Moments::find(std::string_view name) {
    auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& moment) { return moment->name == name; });
    return found == all_.end() ? nullptr : found->get();
}

Moment& Moments::put(Moment moment) {
    if (Moment* old = find(moment.name)) return *old = std::move(moment);
    all_.push_back(std::make_unique<Moment>(std::move(moment)));
    return *all_.back();
}

void Moments::remove(const std::string& name) {
    const Moment* gone = find(name);
    if (!gone) return;
    std::string parent = gone->parent;
    for (auto& moment : all_)
        if (moment->parent == name) moment->parent = parent;
    if (current == name) current = parent;
    std::erase_if(all_, [&](const auto& moment) { return moment->name == name; });
}

void Moments::remove_tree(const std::string& name, bool itself) {
    std::vector<std::string> gone;
    for (const Moment* moment : list(name, true)) gone.push_back(moment->name);
    bool lost_current = std::find(gone.begin(), gone.end(), current) != gone.end();
    for (const std::string& child : gone) remove(child);
    if (lost_current) current = name;
    if (itself) remove(name);
}

std::vector<const Moment*> Moments::list(const std::optional<std::string>& below, bool all_levels) const {
    std::vector<const Moment*> found;
    for (const auto& moment : all_) {
        bool fits = !below || moment->parent == *below || (all_levels && descends(moment->name, *below));
        if (fits) found.push_back(moment.get());
    }
    return found;
}

bool Moments::has_children(const std::string& name) const {
    return std::any_of(all_.begin(), all_.end(), [&](const auto& moment) { return moment->parent == name; });
}

bool Moments::descends(const std::string& name, const std::string& from) const {
    // A redefined family may name a parent that is not there, but never forms a ring: put() is guarded by its caller.
    size_t steps = 0;
    for (const Moment* moment = find(name); moment && !moment->parent.empty() && steps <= all_.size(); steps++) {
        if (moment->parent == from) return true;
        moment = find(moment->parent);
    }
    return false;
}

}  // namespace virtue::test
