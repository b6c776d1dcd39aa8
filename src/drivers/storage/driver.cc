#include "drivers/storage/driver.h"

#include "drivers/storage/core.h"
#include "drivers/storage/errors.h"

namespace virtue::storage {

struct StorageDriver::State {
    State(io::Loop& loop, const driver::Paths& paths, const driver::SecretValues* secrets)
        : core(loop, paths, secrets) {
        bind_pool_reads(table, core);
        bind_pool_changes(table, core);
        bind_volume_reads(table, core);
        bind_volume_changes(table, core);
        bind_transfers(table, core);
        core.events.bind(table, driver::EventClass::storage_pool);
    }

    Core core;
    driver::HandlerTable table;
};

StorageDriver::StorageDriver(io::Loop& loop, const driver::Paths& paths, const driver::SecretValues* secrets)
    : state_(std::make_unique<State>(loop, paths, secrets)) {
    state_->core.gate.spawn(load_pools(state_->core));
}

StorageDriver::~StorageDriver() = default;

const driver::HandlerTable& StorageDriver::table() const {
    return state_->table;
}

bool StorageDriver::accepts(const driver::Uri& uri) const {
    return uri.scheme == "storage";
}

Task<driver::Route> StorageDriver::open(driver::Call&, driver::Uri uri) {
    const std::string wanted = state_->core.privileged ? "/system" : "/session";
    if (uri.path != wanted)
        refuse(ErrorCode::internal_error, "unexpected storage URI path '{}', try storage://{}", uri.path, wanted);
    driver::Route route;
    route.tables[static_cast<size_t>(proc::DriverKind::storage)] = &state_->table;
    route.uri = "storage://" + uri.path;
    co_return route;
}

bool StorageDriver::is_busy() const {
    bool any = false;
    state_->core.pools.for_each([&](const Pool& pool) { any = any || pool.running_work > 0; });
    return any;
}

Task<void> StorageDriver::stop() {
    co_await state_->core.gate.close();
}

Task<driver::VolumePlace> StorageDriver::find_volume(std::string pool_name, std::string volume_name,
                                                     io::Deadline deadline) {
    Core& core = state_->core;
    co_await core.wait_until_ready(deadline);
    PoolOwner pool = core.pool_named(pool_name);
    if (!pool->active)
        refuse(ErrorCode::config_unsupported, "storage pool '{}' containing volume '{}' is not active", pool_name,
               volume_name);
    const VolumeOwner volume = core.volume_in(*pool, volume_name);
    driver::VolumePlace place;
    place.type = static_cast<int32_t>(volume->definition().type);
    place.path = volume->definition().target.path;
    co_return place;
}

}  // namespace virtue::storage
