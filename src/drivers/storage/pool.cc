#include "drivers/storage/pool.h"

#include <fmt/format.h>

#include "xml/mapper.h"

namespace virtue::storage {
namespace {

constexpr int most_threads = 4;

}  // namespace

Pool::Pool(io::Loop& loop, PoolDefinition of)
    : definition(std::move(of)),
      jobs(loop, definition->name),
      lane(std::make_shared<io::Lane>(loop, most_threads,
                                      fmt::format("an answer of the files of storage pool '{}'", definition->name))) {}

void Pool::merge(SeenByName found) {
    for (const std::string& name : touched) {
        found.erase(name);
        auto mine = volumes.find(name);
        if (mine != volumes.end()) found.emplace(name, mine->second->seen);
    }
    for (auto& [name, volume] : volumes) {
        if (volume->building || volume->users > 0) found.insert_or_assign(name, volume->seen);
    }
    // Both are sorted, and mostly the same.
    auto mine = volumes.begin();
    for (auto& [name, seen] : found) {
        while (mine != volumes.end() && mine->first < name) mine = volumes.erase(mine);
        const bool is_new = mine == volumes.end() || mine->first != name;
        if (is_new) mine = volumes.emplace_hint(mine, name, std::make_shared<Volume>());
        mine->second->seen = std::move(seen);
        ++mine;
    }
    volumes.erase(mine, volumes.end());
}

SeenByName Pool::known() const {
    SeenByName all;
    for (const auto& [name, volume] : volumes) all.emplace_hint(all.end(), name, volume->seen);
    return all;
}

void Pool::count(int64_t bytes) {
    // The disk pool's figures are those of its partition table.
    if (definition->type == model::PoolType::disk) return;
    const uint64_t size = static_cast<uint64_t>(bytes < 0 ? -bytes : bytes);
    uint64_t& grows = bytes < 0 ? figures.available : figures.allocation;
    uint64_t& shrinks = bytes < 0 ? figures.allocation : figures.available;
    grows += size;
    shrinks -= std::min(shrinks, size);
}

std::string Pool::xml(bool inactive) const {
    const bool is_next = inactive && next;
    model::Pool shown = is_next ? *next : *definition;
    if (!is_next) {
        shown.capacity = figures.capacity;
        shown.allocation = figures.allocation;
        shown.available = figures.available;
        if (permissions) shown.permissions = *permissions;
    }
    return xml::format(shown);
}

}  // namespace virtue::storage
