// The objects of one kind that a driver knows, by UUID and by name. Owns them; loop thread only.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/uuid.h"

namespace virtue::driver {

/// Owns objects with `const Uuid& uuid()` and `const std::string& name()`. find() may return nothing: expected
/// absence is no error. Which error a missing object is belongs to the driver.
template <typename Object>
class ObjectTable {
public:
    using Owner = std::shared_ptr<Object>;

    Object* find(const Uuid& uuid) const {
        auto found = by_uuid_.find(uuid);
        return found == by_uuid_.end() ? nullptr : found->second.get();
    }
    Object* find(std::string_view name) const {
        auto found = by_name_.find(name);
        return found == by_name_.end() ? nullptr : found->second;
    }
    /// Shares ownership, for work that goes on while the object may be removed.
    Owner hold(const Uuid& uuid) const {
        auto found = by_uuid_.find(uuid);
        return found == by_uuid_.end() ? nullptr : found->second;
    }
    Object& insert(Owner object) {
        Object& added = *object;
        by_name_.emplace(added.name(), &added);
        by_uuid_.emplace(added.uuid(), std::move(object));
        return added;
    }
    Owner erase(const Uuid& uuid) {
        auto found = by_uuid_.find(uuid);
        if (found == by_uuid_.end()) return nullptr;
        Owner object = std::move(found->second);
        by_name_.erase(object->name());
        by_uuid_.erase(found);
        return object;
    }
    /// Tells the table that an object's name changed from `old_name`.
    void renamed(const std::string& old_name, Object& object) {
        by_name_.erase(old_name);
        by_name_.emplace(object.name(), &object);
    }
    size_t size() const { return by_uuid_.size(); }

    /// All objects in the order of their names: what lists show.
    template <typename Function>
    void for_each(Function function) const {
        for (const auto& [name, object] : by_name_) function(*object);
    }

private:
    std::map<std::string, Object*, std::less<>> by_name_;
    std::unordered_map<Uuid, Owner> by_uuid_;
};

}  // namespace virtue::driver
