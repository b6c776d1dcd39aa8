// What all parts of the storage driver share: the pools, their files, the kinds, the events. Owned by StorageDriver and
// referred to by its parts; loop thread only.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "driver/call.h"
#include "driver/event_hub.h"
#include "driver/object_table.h"
#include "driver/siblings.h"
#include "drivers/storage/kind.h"
#include "drivers/storage/pool.h"
#include "drivers/storage/publisher.h"
#include "drivers/storage/store.h"
#include "io/gate.h"

namespace virtue::storage {

/// The shared state.
struct Core {
    Core(io::Loop& loop, const driver::Paths& paths, const driver::SecretValues* secrets);

    io::Loop& loop;
    const bool privileged;
    const Store store;
    const driver::SecretValues* const secrets;
    const Kinds kinds;
    driver::ObjectTable<Pool> pools;
    driver::EventHub events;
    Publishers publishers;
    bool is_ready = false;  ///< what ran before has been found again
    io::Condition became_ready;
    io::Gate gate;  ///< background work; joined before anything else here goes

    Context context(const Pool& pool, io::Deadline deadline) {
        return {loop, pool.lane, publishers, deadline, secrets, {}};
    }
    /// For what one pool's files have to do with another's: either may hang.
    std::shared_ptr<io::Lane> lane_between(const Pool& from, const Pool& to);
    Kind& kind(const Pool& pool) const { return kinds.of(pool.definition->type); }

    /// Throw no_storage_pool, operation_invalid "storage pool '…' is not active", no_storage_vol.
    PoolOwner pool_named(const std::string& name) const;
    PoolOwner pool_of(const proc::StoragePoolRef& reference) const;
    PoolOwner active_pool_of(const proc::StoragePoolRef& reference) const;
    PoolOwner active_pool_named(const std::string& name) const;
    VolumeOwner volume_in(const Pool& pool, const std::string& name) const;

    void tell(const Pool& pool, uint32_t event);
    void tell_refreshed(const Pool& pool);

    /// Waits a while for the pools that ran before; then answers from what is known.
    Task<void> wait_until_ready(io::Deadline deadline);

private:
    std::map<std::pair<Uuid, Uuid>, std::weak_ptr<io::Lane>> lanes_between_;
};

/// A pool and one of its volumes, held.
struct PoolVolume {
    PoolOwner pool;
    VolumeOwner volume;
};
/// Throws as Core's; `change` also refuses a volume that is being made or used by another change.
PoolVolume find_volume(Core& core, const proc::StorageVolumeRef& reference);
void require_unused(const Volume& volume);
/// For who reads it: others may read it, too.
void require_unchanging(const Volume& volume);
void require_built(const Volume& volume);

/// Looks at the whole pool and takes over what is found. The caller holds the pool's job. Throws what the look threw.
Task<void> scan_pool(Core& core, PoolOwner pool, Context context);
/// A volume's sizes and times as they are now, for as long as the look takes; the old ones where it fails.
Task<void> look_at_volume(Core& core, PoolVolume at, Context context);
/// What a volume's job did so far, where only a file tells.
Task<void> look_at_job(VolumeOwner volume, Context context);
/// Starts and stops; the caller holds the pool's job. When start throws, nothing of it is left.
Task<void> start_pool(Core& core, PoolOwner pool, Context context);
Task<void> stop_pool(Core& core, PoolOwner pool, Context context);
/// An inactive pool takes its new definition, or leaves the table if it has none.
void settle(Core& core, PoolOwner pool);

/// Finds what an earlier daemon left and starts what is to be started.
Task<void> load_pools(Core& core);

/// Binds a handler `Task<Ret>(Core&, Call&, Args)` or `Ret(Core&, Call&, Args)`; it runs when the driver is ready.
template <typename P>
void bind(driver::HandlerTable& on, Core& core,
          Task<typename P::Ret> (*handler)(Core&, driver::Call&, typename P::Args)) {
    struct Later {
        static Task<typename P::Ret> run(Core& core, driver::Call& call, typename P::Args args,
                                         Task<typename P::Ret> (*handler)(Core&, driver::Call&, typename P::Args)) {
            if (!core.is_ready) co_await core.wait_until_ready(call.deadline);
            typename P::Ret result = co_await handler(core, call, std::move(args));
            co_return result;
        }
    };
    on.call<P>([&core, handler](driver::Call& call, typename P::Args&& args) {
        return Later::run(core, call, std::move(args), handler);
    });
}
template <typename P, typename Answer = typename P::Ret>
void bind(driver::HandlerTable& on, Core& core,
          std::type_identity_t<Answer> (*handler)(Core&, driver::Call&, typename P::Args)) {
    on.call_when_ready<P>(core, [&core, handler](driver::Call& call, typename P::Args&& args) {
        return handler(core, call, std::move(args));
    });
}

// Each group of calls binds itself.
void bind_pool_reads(driver::HandlerTable& on, Core& core);
void bind_pool_changes(driver::HandlerTable& on, Core& core);
void bind_volume_reads(driver::HandlerTable& on, Core& core);
void bind_volume_changes(driver::HandlerTable& on, Core& core);
void bind_transfers(driver::HandlerTable& on, Core& core);

}  // namespace virtue::storage
