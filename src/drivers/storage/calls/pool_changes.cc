// Pools are defined, built, started, refreshed, stopped, deleted, forgotten. Each change holds the pool's job, and is
// on disk before it is answered.
#include <algorithm>

#include "driver/constants.h"
#include "drivers/storage/core.h"
#include "drivers/storage/errors.h"
#include "io/offload.h"
#include "protocol/remote/storage_pool.h"

namespace virtue::storage {
namespace {

using driver::Call;
using driver::Job;
using driver::JobKind;

/// True when both would be made of the same thing. As libvirt counts it.
bool same_source(const model::Pool& a, const model::Pool& b) {
    using model::PoolType;
    auto one_of = [](PoolType type, std::initializer_list<PoolType> types) {
        return std::find(types.begin(), types.end(), type) != types.end();
    };
    auto shares_device = [&] {
        return std::any_of(a.source.devices.begin(), a.source.devices.end(), [&](const model::PoolDevice& device) {
            return std::any_of(b.source.devices.begin(), b.source.devices.end(),
                               [&](const model::PoolDevice& other) { return other.path == device.path; });
        });
    };
    auto same_host = [&] {
        return a.source.hosts.size() == 1 && b.source.hosts.size() == 1 &&
               a.source.hosts.front().name == b.source.hosts.front().name;
    };
    const auto local = {PoolType::fs, PoolType::logical, PoolType::disk, PoolType::zfs};
    if (one_of(a.type, local) && one_of(b.type, local)) {
        if (a.type == PoolType::logical && b.type == PoolType::logical && a.source.name == b.source.name) return true;
        if (a.type == PoolType::zfs && b.type == PoolType::zfs && a.source.name == b.source.name) return true;
        return shares_device();
    }
    if (a.type != b.type) return false;
    switch (a.type) {
        case PoolType::dir:
            return a.target_path == b.target_path;
        case PoolType::netfs:
        case PoolType::gluster:
            return a.source.dir == b.source.dir && same_host();
        case PoolType::scsi:
            return a.source.adapter == b.source.adapter;
        case PoolType::iscsi:
        case PoolType::iscsi_direct:
            return same_host() && shares_device() && a.source.initiator_iqn == b.source.initiator_iqn;
        case PoolType::mpath:
            return true;
        case PoolType::rbd:
            return a.source.name == b.source.name && same_host();
        case PoolType::vstorage:
            return a.source.name == b.source.name;
        default:
            return false;
    }
}

/// Throws when name, UUID or source belong to another pool.
void require_no_clash(const Core& core, const model::Pool& wanted, bool live) {
    const Pool* pool = core.pools.find(*wanted.uuid);
    if (pool && pool->name() != wanted.name)
        refuse(ErrorCode::operation_failed, "pool '{}' is already defined with uuid {}", pool->name(),
               pool->uuid().to_string());
    if (pool && live && pool->active)
        refuse(ErrorCode::operation_invalid, "pool is already active as '{}'", pool->name());
    if (const Pool* other = core.pools.find(wanted.name); other && other != pool)
        refuse(ErrorCode::operation_failed, "pool '{}' already exists with uuid {}", other->name(),
               other->uuid().to_string());
    core.pools.for_each([&](const Pool& other) {
        if (&other != pool && same_source(*other.definition, wanted))
            refuse(ErrorCode::operation_failed, "Storage source conflict with pool: '{}'", other.name());
    });
}

void require_kind(const Core& core, const model::Pool& pool) {
    if (!core.kinds.of(pool.type).is_available())
        refuse(ErrorCode::internal_error, "missing backend for pool type {} ({})", static_cast<int>(pool.type),
               xml::to_name(pool.type));
    if (pool.name.find('\n') != std::string::npos)
        refuse(ErrorCode::xml_error, "name {} cannot contain '\\n'", pool.name);
}

void require_inactive(const Pool& pool, const char* how) {
    if (pool.active) refuse(ErrorCode::operation_invalid, "storage pool '{}' is {} active", pool.name(), how);
}

void require_active(const Pool& pool) {
    if (!pool.active) refuse(ErrorCode::operation_invalid, "storage pool '{}' is not active", pool.name());
}

void require_idle(const Pool& pool) {
    if (pool.running_work > 0)
        refuse(ErrorCode::internal_error, "pool '{}' has asynchronous jobs running.", pool.name());
}

/// The pool may have gone while its job was waited for.
void require_known(const Core& core, const Pool& pool) {
    if (core.pools.find(pool.uuid()) != &pool)
        refuse(ErrorCode::no_storage_pool, "no storage pool with matching uuid '{}' ({})", pool.uuid().to_string(),
               pool.name());
}

Task<Job> begin(Core& core, PoolOwner pool, const Call& call) {
    Job job = co_await pool->jobs.begin(JobKind::modify, std::string(call.procedure.api), call.deadline);
    require_known(core, *pool);
    co_return job;
}

Task<proc::StoragePoolDefineXml::Ret> define(Core& core, Call& call, proc::StoragePoolDefineXml::Args args) {
    require_flags(args.flags, api::storage_pool_define_validate, "storagePoolDefineXML");
    model::Pool parsed = model::Pool::parse(args.xml, args.flags & api::storage_pool_define_validate);
    require_kind(core, parsed);
    require_no_clash(core, parsed, false);
    auto wanted = std::make_shared<const model::Pool>(std::move(parsed));
    PoolOwner pool = core.pools.hold(*wanted->uuid);
    const bool is_new = !pool;
    if (is_new) {
        pool = std::make_shared<Pool>(core.loop, wanted);
        // In the table from here on, so that nobody else takes the name meanwhile.
        core.pools.insert(pool);
    }
    struct Undo {
        Core* core;
        const Pool* pool;
        ~Undo() {
            if (core) core->pools.erase(pool->uuid());
        }
    } undo{is_new ? &core : nullptr, pool.get()};
    Job job = co_await begin(core, pool, call);
    auto save = [store = core.store, wanted] { store.save_definition(*wanted); };
    co_await io::offload(core.loop, std::move(save));
    undo.core = nullptr;
    pool->persistent = true;
    if (pool->active) {
        pool->next = wanted;
    } else {
        pool->definition = wanted;
    }
    core.tell(*pool, api::storage_pool_event_defined);
    co_return proc::StoragePoolDefineXml::Ret{pool->reference()};
}

uint32_t build_flags(uint32_t create_flags) {
    uint32_t flags = 0;
    if (create_flags & api::storage_pool_create_with_build_overwrite) flags |= api::storage_pool_build_overwrite;
    if (create_flags & api::storage_pool_create_with_build_no_overwrite) flags |= api::storage_pool_build_no_overwrite;
    return flags;
}

void check_create_flags(uint32_t flags, const char* function) {
    require_flags(flags, 7, function);
    require_exclusive(flags, api::storage_pool_create_with_build_overwrite,
                      "VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE", api::storage_pool_create_with_build_no_overwrite,
                      "VIR_STORAGE_POOL_CREATE_WITH_BUILD_NO_OVERWRITE");
}

Task<void> build_and_start(Core& core, PoolOwner pool, Context context, uint32_t flags) {
    constexpr uint32_t any_build = api::storage_pool_create_with_build | api::storage_pool_create_with_build_overwrite |
                                   api::storage_pool_create_with_build_no_overwrite;
    if ((flags & any_build) != 0) {
        const uint32_t how = build_flags(flags);
        co_await core.kind(*pool).build(context, pool->definition, how);
    }
    co_await start_pool(core, pool, context);
    core.tell(*pool, api::storage_pool_event_started);
}

Task<proc::StoragePoolCreateXml::Ret> create_xml(Core& core, Call& call, proc::StoragePoolCreateXml::Args args) {
    check_create_flags(args.flags, "storagePoolCreateXML");
    model::Pool parsed = model::Pool::parse(args.xml);
    require_kind(core, parsed);
    require_no_clash(core, parsed, true);
    auto wanted = std::make_shared<const model::Pool>(std::move(parsed));
    PoolOwner pool = core.pools.hold(*wanted->uuid);
    if (!pool) {
        pool = std::make_shared<Pool>(core.loop, wanted);
        core.pools.insert(pool);
    }
    Job job = co_await begin(core, pool, call);
    require_inactive(*pool, "already");
    // A persistent pool that is started as something else takes its definition back when it stops.
    if (pool->definition != wanted) pool->next = std::exchange(pool->definition, wanted);
    Context context = core.context(*pool, call.deadline);
    std::exception_ptr problem;
    try {
        co_await build_and_start(core, pool, context, args.flags);
    } catch (...) {
        problem = std::current_exception();
    }
    if (problem) {
        settle(core, pool);
        std::rethrow_exception(problem);
    }
    co_return proc::StoragePoolCreateXml::Ret{pool->reference()};
}

Task<proc::StoragePoolCreate::Ret> create(Core& core, Call& call, proc::StoragePoolCreate::Args args) {
    check_create_flags(args.flags, "storagePoolCreate");
    PoolOwner pool = core.pool_of(args.pool);
    Job job = co_await begin(core, pool, call);
    require_inactive(*pool, "already");
    Context context = core.context(*pool, call.deadline);
    co_await build_and_start(core, pool, context, args.flags);
    co_return proc::StoragePoolCreate::Ret{};
}

Task<proc::StoragePoolBuild::Ret> build(Core& core, Call& call, proc::StoragePoolBuild::Args args) {
    PoolOwner pool = core.pool_of(args.pool);
    Job job = co_await begin(core, pool, call);
    require_inactive(*pool, "already");
    Context context = core.context(*pool, call.deadline);
    co_await core.kind(*pool).build(context, pool->definition, args.flags);
    core.tell(*pool, api::storage_pool_event_created);
    co_return proc::StoragePoolBuild::Ret{};
}

Task<proc::StoragePoolDelete::Ret> remove(Core& core, Call& call, proc::StoragePoolDelete::Args args) {
    PoolOwner pool = core.pool_of(args.pool);
    Job job = co_await begin(core, pool, call);
    require_inactive(*pool, "still");
    require_idle(*pool);
    Context context = core.context(*pool, call.deadline);
    co_await core.kind(*pool).remove(context, pool->definition, args.flags);
    core.tell(*pool, api::storage_pool_event_deleted);
    co_return proc::StoragePoolDelete::Ret{};
}

Task<proc::StoragePoolDestroy::Ret> destroy(Core& core, Call& call, proc::StoragePoolDestroy::Args args) {
    PoolOwner pool = core.pool_of(args.pool);
    Job job = co_await begin(core, pool, call);
    require_active(*pool);
    require_idle(*pool);
    Context context = core.context(*pool, call.deadline);
    co_await stop_pool(core, pool, context);
    core.tell(*pool, api::storage_pool_event_stopped);
    settle(core, pool);
    co_return proc::StoragePoolDestroy::Ret{};
}

Task<proc::StoragePoolUndefine::Ret> undefine(Core& core, Call& call, proc::StoragePoolUndefine::Args args) {
    PoolOwner pool = core.pool_of(args.pool);
    Job job = co_await begin(core, pool, call);
    require_inactive(*pool, "still");
    require_idle(*pool);
    auto remove = [store = core.store, name = pool->name()] { store.remove_definition(name); };
    co_await io::offload(core.loop, std::move(remove));
    core.tell(*pool, api::storage_pool_event_undefined);
    core.pools.erase(pool->uuid());
    co_return proc::StoragePoolUndefine::Ret{};
}

Task<proc::StoragePoolRefresh::Ret> refresh(Core& core, Call& call, proc::StoragePoolRefresh::Args args) {
    require_flags(args.flags, 0, "storagePoolRefresh");
    PoolOwner pool = core.pool_of(args.pool);
    Job job = co_await begin(core, pool, call);
    require_active(*pool);
    Context context = core.context(*pool, call.deadline);
    std::exception_ptr problem;
    try {
        co_await scan_pool(core, pool, context);
    } catch (const Error& error) {
        // A look that was only given up says nothing about the pool.
        const bool given_up =
            error.code() == ErrorCode::operation_timeout || error.code() == ErrorCode::operation_aborted;
        if (given_up || pool->running_work > 0) throw;
        problem = std::current_exception();
    }
    if (problem) {
        // What the pool lives in is gone: it does not run any more.
        context.deadline = io::Deadline::never();
        co_await stop_pool(core, pool, context);
        core.tell(*pool, api::storage_pool_event_stopped);
        settle(core, pool);
        std::rethrow_exception(problem);
    }
    core.tell_refreshed(*pool);
    co_return proc::StoragePoolRefresh::Ret{};
}

Task<proc::StoragePoolSetAutostart::Ret> set_autostart(Core& core, Call& call,
                                                       proc::StoragePoolSetAutostart::Args args) {
    PoolOwner pool = core.pool_of(args.pool);
    Job job = co_await begin(core, pool, call);
    if (!pool->persistent) throw Error(ErrorCode::internal_error, here, "pool has no config file");
    const bool wanted = args.autostart != 0;
    auto set = [store = core.store, name = pool->name(), wanted] { store.set_autostart(name, wanted); };
    co_await io::offload(core.loop, std::move(set));
    pool->autostart = wanted;
    co_return proc::StoragePoolSetAutostart::Ret{};
}

}  // namespace

void bind_pool_changes(driver::HandlerTable& on, Core& core) {
    bind<proc::StoragePoolDefineXml>(on, core, define);
    bind<proc::StoragePoolCreateXml>(on, core, create_xml);
    bind<proc::StoragePoolCreate>(on, core, create);
    bind<proc::StoragePoolBuild>(on, core, build);
    bind<proc::StoragePoolDelete>(on, core, remove);
    bind<proc::StoragePoolDestroy>(on, core, destroy);
    bind<proc::StoragePoolUndefine>(on, core, undefine);
    bind<proc::StoragePoolRefresh>(on, core, refresh);
    bind<proc::StoragePoolSetAutostart>(on, core, set_autostart);
}

}  // namespace virtue::storage
