// The mock storage pools and their volumes. Owned by an instance; loop thread only.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "driver/object_table.h"
#include "model/storage/pool.h"
#include "model/storage/volume.h"
#include "protocol/references.h"

namespace virtue::test {

class Instance;

/// A mock pool.
struct Pool {
    explicit Pool(model::Pool new_definition) : definition(std::move(new_definition)) {}

    const Uuid& uuid() const { return *definition.uuid; }
    const std::string& name() const { return definition.name; }
    proc::StoragePoolRef reference() const { return {name(), uuid()}; }
    proc::StorageVolumeRef reference(const model::Volume& volume) const { return {name(), volume.name, volume.key}; }

    model::Pool definition;           ///< the running one, or the only one
    std::optional<model::Pool> next;  ///< the definition beside a running persistent pool
    std::map<std::string, model::Volume> volumes;
    bool active = false;
    bool persistent = true;
    bool autostart = false;
};

using Pools = driver::ObjectTable<Pool>;

/// Puts a definition in, with the mock's size. Errors: as for domains.
Pool& assign_pool(Instance& in, model::Pool definition, bool live);
/// The pool of a handle. Errors: no_storage_pool.
Pool& pool_of(Instance& in, const std::string& name);
/// The same for calls about running pools. Errors: operation_invalid too.
Pool& active_pool_of(Instance& in, const std::string& name);
/// Gives a new volume its path and key, and takes its size off the pool's.
model::Volume& add_volume(Pool& pool, model::Volume volume);

}  // namespace virtue::test
