#include "drivers/storage/core.h"

#include <sys/stat.h>
#include <algorithm>

#include "base/log.h"
#include "driver/constants.h"
#include "drivers/storage/errors.h"
#include "io/offload.h"
#include "protocol/remote/event_object.h"

namespace virtue::storage {
namespace {

constinit log::Module logger("storage");

/// How long a call waits for the pools that ran before: one that hangs does not keep the others from being asked.
constexpr io::Milliseconds longest_wait_for_start{5000};
/// How long a look at one volume may take before what is known of it is good enough.
constexpr io::Milliseconds longest_look{2000};

}  // namespace

Core::Core(io::Loop& on, const driver::Paths& paths, const driver::SecretValues* values)
    : loop(on),
      privileged(paths.privileged),
      store(paths),
      secrets(values),
      publishers(on, gate, paths.data + "/virtue/volumes.journal"),
      became_ready(on),
      gate(on, [](std::exception_ptr error) { logger.error("background work failed: {}", log::describe(error)); }) {}

PoolOwner Core::pool_named(const std::string& name) const {
    if (Pool* pool = pools.find(name)) return pools.hold(pool->uuid());
    refuse(ErrorCode::no_storage_pool, "no storage pool with matching name '{}'", name);
}

PoolOwner Core::pool_of(const proc::StoragePoolRef& reference) const {
    if (PoolOwner pool = pools.hold(reference.uuid)) return pool;
    refuse(ErrorCode::no_storage_pool, "no storage pool with matching uuid '{}' ({})", reference.uuid.to_string(),
           reference.name);
}

PoolOwner Core::active_pool_of(const proc::StoragePoolRef& reference) const {
    PoolOwner pool = pool_of(reference);
    if (!pool->active) refuse(ErrorCode::operation_invalid, "storage pool '{}' is not active", pool->name());
    return pool;
}

PoolOwner Core::active_pool_named(const std::string& name) const {
    PoolOwner pool = pool_named(name);
    if (!pool->active) refuse(ErrorCode::operation_invalid, "storage pool '{}' is not active", pool->name());
    return pool;
}

VolumeOwner Core::volume_in(const Pool& pool, const std::string& name) const {
    auto found = pool.volumes.find(name);
    if (found != pool.volumes.end()) return found->second;
    refuse(ErrorCode::no_storage_vol, "no storage vol with matching name '{}'", name);
}

std::shared_ptr<io::Lane> Core::lane_between(const Pool& from, const Pool& to) {
    if (&from == &to) return to.lane;
    constexpr int most_threads = 2;
    std::erase_if(lanes_between_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<io::Lane>& known = lanes_between_[{from.uuid(), to.uuid()}];
    std::shared_ptr<io::Lane> lane = known.lock();
    if (lane) return lane;
    std::string what = fmt::format("an answer of the files of storage pools '{}' and '{}'", from.name(), to.name());
    known = lane = std::make_shared<io::Lane>(loop, most_threads, std::move(what));
    return lane;
}

void Core::tell(const Pool& pool, uint32_t event) {
    proc::StoragePoolEventLifecycle::Msg message;
    message.pool = pool.reference();
    message.event = static_cast<int32_t>(event);
    events.publish<proc::StoragePoolEventLifecycle>(pool.uuid().to_string(), message);
}

void Core::tell_refreshed(const Pool& pool) {
    proc::StoragePoolEventRefresh::Msg message;
    message.pool = pool.reference();
    events.publish<proc::StoragePoolEventRefresh>(pool.uuid().to_string(), message);
}

Task<void> Core::wait_until_ready(io::Deadline deadline) {
    io::Deadline patience = deadline.within(longest_wait_for_start);
    while (!is_ready && !patience.is_over()) co_await became_ready.wait(patience);
}

PoolVolume find_volume(Core& core, const proc::StorageVolumeRef& reference) {
    PoolOwner pool = core.active_pool_named(reference.pool);
    VolumeOwner volume = core.volume_in(*pool, reference.name);
    return {std::move(pool), std::move(volume)};
}

void require_unused(const Volume& volume) {
    if (volume.users > 0) refuse(ErrorCode::operation_invalid, "volume '{}' is still in use.", volume.name());
}

void require_unchanging(const Volume& volume) {
    if (volume.users > volume.readers)
        refuse(ErrorCode::operation_invalid, "volume '{}' is still in use.", volume.name());
}

void require_built(const Volume& volume) {
    if (volume.building) refuse(ErrorCode::operation_invalid, "volume '{}' is still being allocated.", volume.name());
}

Task<void> scan_pool(Core& core, PoolOwner pool, Context context) {
    struct Noting {
        explicit Noting(Pool& of) : pool(of) { pool.scans++; }
        ~Noting() {
            if (--pool.scans == 0) pool.touched.clear();
        }
        Pool& pool;
    } noting(*pool);
    SeenByName known = pool->known();
    Scan found = co_await core.kind(*pool).scan(context, pool->definition, std::move(known));
    // An encrypted volume's secret is known by the path that it is for.
    for (auto& [name, seen] : found.volumes) {
        const auto& encryption = seen.volume->target.encryption;
        if (!encryption || !encryption->secrets.empty() || !core.secrets) continue;
        auto uuid = core.secrets->find_by_usage(api::secret_usage_type_volume, seen.volume->target.path);
        if (!uuid) continue;
        auto with_secret = std::make_shared<model::Volume>(*seen.volume);
        with_secret->target.encryption->secrets.push_back({"passphrase", uuid, ""});
        seen.volume = std::move(with_secret);
    }
    pool->merge(std::move(found.volumes));
    pool->figures = found.figures;
    pool->permissions = std::move(found.permissions);
}

Task<void> look_at_volume(Core& core, PoolVolume at, Context context) {
    if (at.volume->building) co_return;
    context.deadline = context.deadline.within(longest_look);
    VolumeDefinition before = at.volume->seen.volume;
    try {
        Seen seen = co_await core.kind(*at.pool).look(context, at.pool->definition, before);
        // Somebody else may have changed it meanwhile.
        if (at.volume->seen.volume == before) at.volume->seen = std::move(seen);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::operation_timeout) throw;
    }
}

Task<void> look_at_job(VolumeOwner volume, Context context) {
    VolumeJobOwner job = volume->job;
    if (!job || job->draft.empty()) co_return;
    auto look = [path = job->draft] {
        struct stat st {};
        return ::stat(path.c_str(), &st) == 0 ? static_cast<uint64_t>(st.st_blocks) * 512 : 0;
    };
    context.deadline = context.deadline.within(longest_look);
    try {
        const uint64_t bytes = co_await io::offload(context.lane, std::move(look), context.deadline);
        job->done = std::max(job->done, std::min(bytes, job->total));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::operation_timeout) throw;
    }
}

Task<void> start_pool(Core& core, PoolOwner pool, Context context) {
    Kind& kind = core.kind(*pool);
    PoolDefinition definition = pool->definition;
    co_await kind.start(context, definition);
    std::exception_ptr problem;
    try {
        co_await scan_pool(core, pool, context);
        auto save = [store = core.store, definition] { store.save_state(*definition); };
        co_await io::offload(core.loop, std::move(save));
        pool->active = true;
        co_return;
    } catch (...) {
        problem = std::current_exception();
    }
    try {
        context.deadline = io::Deadline::never();
        co_await kind.stop(context, definition);
    } catch (const Error& error) {
        logger.error("pool '{}' could not be stopped after its start failed: {}", pool->name(), error.message());
    }
    pool->volumes.clear();
    std::rethrow_exception(problem);
}

Task<void> stop_pool(Core& core, PoolOwner pool, Context context) {
    co_await core.kind(*pool).stop(context, pool->definition);
    auto remove = [store = core.store, name = pool->name()] { store.remove_state(name); };
    co_await io::offload(core.loop, std::move(remove));
    pool->active = false;
    pool->volumes.clear();
}

void settle(Core& core, PoolOwner pool) {
    if (!pool->persistent) {
        core.pools.erase(pool->uuid());
        return;
    }
    if (pool->next) pool->definition = std::move(pool->next);
    pool->next.reset();
}

namespace {

/// A pool whose state file was found: goes on, or is noted as stopped.
Task<void> find_again(Core& core, PoolOwner pool, Context context) {
    driver::Job job = co_await pool->jobs.begin(driver::JobKind::modify, "finding the pool again", context.deadline);
    try {
        const bool is_running = co_await core.kind(*pool).is_running(context, pool->definition);
        if (is_running) {
            co_await scan_pool(core, pool, context);
            pool->active = true;
            co_return;
        }
        logger.warn("storage pool '{}' was running and is not any more", pool->name());
    } catch (const Error& error) {
        logger.error("storage pool '{}' cannot go on: {}", pool->name(), error.message());
    }
    auto remove = [store = core.store, name = pool->name()] { store.remove_state(name); };
    co_await io::offload(core.loop, std::move(remove));
    settle(core, pool);
}

Task<void> autostart(Core& core, PoolOwner pool, Context context) {
    driver::Job job = co_await pool->jobs.begin(driver::JobKind::modify, "autostart", context.deadline);
    if (pool->active) co_return;
    try {
        co_await start_pool(core, pool, context);
        core.tell(*pool, api::storage_pool_event_started);
    } catch (const Error& error) {
        logger.error("Failed to autostart storage pool '{}': {}", pool->name(), error.message());
    }
}

Task<void> bring_up(Core& core, PoolOwner pool, bool was_running) {
    const io::Deadline deadline = io::Deadline::never().with_cancel(core.gate.cancel_source());
    Context context = core.context(*pool, deadline);
    if (was_running) co_await find_again(core, pool, context);
    if (pool->autostart && !pool->active) co_await autostart(core, pool, context);
}

}  // namespace

Task<void> load_pools(Core& core) {
    auto load = [store = core.store, &publishers = core.publishers] {
        std::pair<std::vector<Store::Found>, std::vector<std::string>> result;
        for (const std::string& problem : publishers.recover())
            result.second.push_back("new volumes may be lost: " + problem);
        result.first = store.load(result.second);
        return result;
    };
    auto [all, problems] = co_await io::offload(core.loop, std::move(load));
    for (const std::string& problem : problems) logger.error("{}", problem);
    auto waiting = std::make_shared<size_t>(1);
    auto one_less = [&core, waiting] {
        if (--*waiting > 0) return;
        core.is_ready = true;
        core.became_ready.notify_all();
    };
    auto run = [](Core& on, PoolOwner pool, bool was_running, std::function<void()> done) -> Task<void> {
        try {
            co_await bring_up(on, pool, was_running);
        } catch (const std::exception& error) {
            logger.error("storage pool '{}': {}", pool->name(), error.what());
        }
        done();
    };
    for (Store::Found& found : all) {
        const bool was_running = found.running.has_value();
        model::Pool& first = was_running ? *found.running : *found.definition;
        auto pool = std::make_shared<Pool>(core.loop, std::make_shared<const model::Pool>(std::move(first)));
        pool->persistent = found.definition.has_value();
        pool->autostart = found.autostart;
        if (was_running && found.definition)
            pool->next = std::make_shared<const model::Pool>(std::move(*found.definition));
        if (pool->next && *pool->next == *pool->definition) pool->next.reset();
        if (core.pools.find(pool->uuid()) || core.pools.find(pool->name())) {
            logger.error("there are two storage pools of the name '{}' or its UUID; one is passed over", pool->name());
            continue;
        }
        core.pools.insert(pool);
        if (!was_running && !pool->autostart) continue;
        ++*waiting;
        core.gate.spawn(run(core, pool, was_running, one_less));
    }
    one_less();
}

}  // namespace virtue::storage
