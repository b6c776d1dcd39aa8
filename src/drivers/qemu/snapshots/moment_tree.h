// Snapshots or checkpoints of one guest: by name, each with the name of the one before it. Owned by the guest; loop
// thread only.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace virtue::qemu {

/// The moments of one kind; M has `name`, `parent` and `creation_time`. What it holds never changes: a change replaces
/// the whole moment, so that whoever holds one may keep it over a wait.
template <typename M>
class MomentTree {
public:
    using Owner = std::shared_ptr<const M>;

    bool empty() const { return moments_.empty(); }
    size_t size() const { return moments_.size(); }
    /// Nothing if there is none of that name.
    Owner find(const std::string& name) const {
        auto found = moments_.find(name);
        return found == moments_.end() ? nullptr : found->second;
    }
    /// Adds one, or replaces the one of its name.
    void put(Owner moment) { moments_[moment->name] = std::move(moment); }
    void erase(const std::string& name) {
        moments_.erase(name);
        if (current_ == name) current_.clear();
    }
    /// The name of the one that the guest goes on from; empty if there is none.
    const std::string& current() const { return current_; }
    void set_current(std::string name) { current_ = std::move(name); }

    /// Those without a parent, or whose parent is lost, for an empty name; else those right behind `parent`.
    std::vector<Owner> children(const std::string& parent) const {
        std::vector<Owner> found;
        for (const auto& [name, moment] : moments_) {
            const bool is_root = moment->parent.empty() || !moments_.contains(moment->parent);
            if (parent.empty() ? is_root : !is_root && moment->parent == parent) found.push_back(moment);
        }
        return found;
    }
    bool has_children(const std::string& parent) const {
        for (const auto& [name, moment] : moments_) {
            if (moment->parent == parent) return true;
        }
        return false;
    }
    /// All behind `root` (all there are for an empty name), parents before their children.
    std::vector<Owner> descendants(const std::string& root) const {
        std::vector<Owner> found = children(root);
        for (size_t i = 0; i < found.size(); i++) {
            std::vector<Owner> next = children(found[i]->name);
            found.insert(found.end(), next.begin(), next.end());
        }
        return found;
    }
    /// The last of the end points: what a guest goes on from if nothing else says.
    Owner newest_leaf() const {
        Owner newest;
        for (const auto& [name, moment] : moments_) {
            if (has_children(name)) continue;
            if (!newest || moment->creation_time > newest->creation_time) newest = moment;
        }
        return newest;
    }

private:
    std::map<std::string, Owner> moments_;
    std::string current_;
};

}  // namespace virtue::qemu
