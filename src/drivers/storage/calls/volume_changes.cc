// Volumes are made, copied, resized, wiped, deleted. Each works on its own volume; others go on meanwhile.
#include <algorithm>

#include "driver/constants.h"
#include "drivers/storage/core.h"
#include "drivers/storage/errors.h"
#include "io/offload.h"
#include "protocol/remote/storage_volume.h"

namespace virtue::storage {
namespace {

using driver::Call;

constexpr uint32_t create_flags =
    api::storage_vol_create_prealloc_metadata | api::storage_vol_create_reflink | api::storage_vol_create_validate;

/// Makes a volume that was prepared; it is in the lists from here on, and gone again when this throws.
Task<VolumeOwner> make_volume(Core& core, PoolOwner pool, NewVolume request, Context context) {
    auto volume = std::make_shared<Volume>();
    volume->seen.volume = std::make_shared<const model::Volume>(request.wanted);
    volume->building = true;
    const std::string name = request.wanted.name;
    pool->volumes[name] = volume;
    Work work(pool, volume);
    struct Undo {
        Pool* pool;
        const Volume* volume;
        ~Undo() {
            if (!pool) return;
            auto mine = pool->volumes.find(volume->name());
            if (mine != pool->volumes.end() && mine->second.get() == volume) pool->volumes.erase(mine);
        }
    } undo{pool.get(), volume.get()};
    {
        ShownJob shown(volume, request.source ? "clone" : "allocate", request.wanted.allocation.value_or(0));
        context.job = shown.job();
        Seen seen = co_await core.kind(*pool).make_and_look(context, std::move(request));
        volume->seen = std::move(seen);
    }
    // The next scan reads the header: it tells what the definition left open.
    volume->seen.stamp = {};
    volume->building = false;
    undo.pool = nullptr;
    pool->count(static_cast<int64_t>(volume->definition().allocation.value_or(0)));
    co_return volume;
}

void require_place(const Pool& pool, const model::Volume& wanted) {
    if (pool.definition->type != model::PoolType::disk && wanted.capacity.value_or(0) == 0 &&
        pool.definition->type == model::PoolType::logical)
        throw Error(ErrorCode::no_support, here, "volume capacity required for this pool");
}

Task<proc::StorageVolCreateXml::Ret> create(Core& core, Call& call, proc::StorageVolCreateXml::Args args) {
    require_flags(args.flags, create_flags & ~api::storage_vol_create_reflink, "storageVolCreateXML");
    PoolOwner pool = core.active_pool_of(args.pool);
    NewVolume request;
    request.pool = pool->definition;
    request.flags = args.flags & ~api::storage_vol_create_validate;
    request.wanted = model::Volume::parse(args.xml, pool->definition->type, model::Volume::Capacity::from_backing,
                                          args.flags & api::storage_vol_create_validate);
    require_place(*pool, request.wanted);
    if (pool->volumes.contains(request.wanted.name)) refuse(ErrorCode::storage_vol_exist, "'{}'", request.wanted.name);
    core.kind(*pool).prepare(*pool->definition, request.wanted);
    Context context = core.context(*pool, call.deadline);
    VolumeOwner volume = co_await make_volume(core, pool, std::move(request), context);
    co_return proc::StorageVolCreateXml::Ret{pool->reference(*volume)};
}

/// True if a path is that of a volume, or lies in a running pool's folder.
bool is_in_a_pool(const Core& core, const std::string& path) {
    bool known = false;
    core.pools.for_each([&](const Pool& pool) {
        if (known || !pool.active) return;
        const std::string& folder = pool.definition->target_path;
        const bool is_inside = !folder.empty() && path.starts_with(folder + "/") &&
                               path.find("/../") == std::string::npos && path.find('/', folder.size() + 1) == path.npos;
        known = is_inside && pool.volumes.contains(path.substr(folder.size() + 1));
        if (known) return;
        known = std::any_of(pool.volumes.begin(), pool.volumes.end(),
                            [&](const auto& entry) { return entry.second->definition().target.path == path; });
    });
    return known;
}

/// Headers may have been written by a guest: what they name is read only where it is a volume, too.
Task<void> require_own_content(Core& core, VolumeDefinition source, Context context) {
    const std::string& format = source->target.format;
    // What is copied byte by byte leads nowhere.
    const bool is_image = model::is_volume_format(model::PoolType::dir, format) && format != "raw" && format != "iso";
    if (!is_image || source->type == model::VolumeType::dir) co_return;
    auto look = [path = source->target.path] { return chain_of(path); };
    const Chain chain = co_await io::offload(context.lane, std::move(look), context.deadline);
    if (chain.scattered)
        throw Error(ErrorCode::operation_denied, here,
                    fmt::format("'{}' keeps its content in other files that its header names: the content of volume "
                                "'{}' is not copied",
                                *chain.scattered, source->name),
                    "a guest may have written these names; if they are right, copy it with qemu-img");
    for (const std::string& path : chain.backing) {
        if (is_in_a_pool(core, path)) continue;
        throw Error(ErrorCode::operation_denied, here,
                    fmt::format("volume '{}' names '{}' as its backing file, or another below it does, which is in no "
                                "running pool: its content is not copied",
                                source->name, path),
                    "a guest may have written that name; if it is right, define a pool for its folder");
    }
}

Task<proc::StorageVolCreateXmlFrom::Ret> create_from(Core& core, Call& call, proc::StorageVolCreateXmlFrom::Args args) {
    require_flags(args.flags, create_flags, "storageVolCreateXMLFrom");
    PoolOwner pool = core.active_pool_of(args.pool);
    PoolVolume source = find_volume(core, args.clone_volume);
    NewVolume request;
    request.pool = pool->definition;
    request.flags = args.flags & ~api::storage_vol_create_validate;
    request.wanted = model::Volume::parse(args.xml, pool->definition->type, model::Volume::Capacity::optional,
                                          args.flags & api::storage_vol_create_validate);
    if (pool->volumes.contains(request.wanted.name))
        refuse(ErrorCode::internal_error, "storage volume name '{}' already in use.", request.wanted.name);
    require_built(*source.volume);
    require_unchanging(*source.volume);
    core.kind(*pool).prepare(*pool->definition, request.wanted);
    Context context = core.context(*source.pool, call.deadline);
    Work reading(source.pool, source.volume, Work::Kind::reads);
    co_await look_at_volume(core, source, context);
    request.source = source.volume->seen.volume;
    co_await require_own_content(core, request.source, context);
    // The pool may have been stopped meanwhile.
    if (!pool->active) refuse(ErrorCode::operation_invalid, "storage pool '{}' is not active", pool->name());
    // Never smaller than what goes in.
    const uint64_t least = request.source->capacity.value_or(0);
    if (request.wanted.capacity.value_or(0) < least) request.wanted.capacity = least;
    if (!request.wanted.allocation) request.wanted.allocation = request.wanted.capacity;
    if (pool->volumes.contains(request.wanted.name))
        refuse(ErrorCode::internal_error, "storage volume name '{}' already in use.", request.wanted.name);
    context.lane = core.lane_between(*source.pool, *pool);
    VolumeOwner volume = co_await make_volume(core, pool, std::move(request), context);
    co_return proc::StorageVolCreateXmlFrom::Ret{pool->reference(*volume)};
}

Task<proc::StorageVolDelete::Ret> remove(Core& core, Call& call, proc::StorageVolDelete::Args args) {
    PoolVolume at = find_volume(core, args.volume);
    require_built(*at.volume);
    require_unused(*at.volume);
    Context context = core.context(*at.pool, call.deadline);
    Work work(at.pool, at.volume);
    VolumeDefinition volume = at.volume->seen.volume;
    co_await core.kind(*at.pool).erase(context, at.pool->definition, volume, args.flags);
    at.pool->count(-static_cast<int64_t>(volume->allocation.value_or(0)));
    at.pool->volumes.erase(volume->name);
    co_return proc::StorageVolDelete::Ret{};
}

/// Sizes are rounded up on their way, and no file is larger.
void require_possible(const model::Volume& volume, uint64_t capacity) {
    if (capacity > INT64_MAX) refuse(ErrorCode::overflow, "volume '{}' cannot become so large", volume.name);
}

uint64_t absolute_capacity(const model::Volume& volume, uint64_t capacity, uint32_t flags) {
    if ((flags & api::storage_vol_resize_delta) == 0) return capacity;
    const uint64_t now = volume.capacity.value_or(0);
    if ((flags & api::storage_vol_resize_shrink) != 0) return now - std::min(capacity, now);
    if (capacity > UINT64_MAX - now) refuse(ErrorCode::overflow, "volume '{}' cannot become so large", volume.name);
    return now + capacity;
}

Task<proc::StorageVolResize::Ret> resize(Core& core, Call& call, proc::StorageVolResize::Args args) {
    require_flags(args.flags, 7, "storageVolResize");
    PoolVolume at = find_volume(core, args.volume);
    require_built(*at.volume);
    require_unused(*at.volume);
    Work work(at.pool, at.volume);
    Context context = core.context(*at.pool, call.deadline);
    co_await look_at_volume(core, at, context);
    const model::Volume& volume = at.volume->definition();
    const bool shrink = (args.flags & api::storage_vol_resize_shrink) != 0;
    const uint64_t wanted = absolute_capacity(volume, args.capacity, args.flags);
    require_possible(volume, wanted);
    const uint64_t allocated = volume.allocation.value_or(0);
    // What the file system rounds up is not the volume's.
    if (wanted < std::min(allocated, volume.capacity.value_or(allocated)))
        throw Error(ErrorCode::invalid_arg, here, "can't shrink capacity below existing allocation");
    if (wanted < volume.capacity.value_or(0) && !shrink)
        throw Error(ErrorCode::invalid_arg, here,
                    "Can't shrink capacity below current capacity unless shrink flag explicitly specified");
    const bool allocate = (args.flags & api::storage_vol_resize_allocate) != 0;
    if (allocate && wanted > allocated && wanted - allocated > at.pool->figures.available)
        throw Error(ErrorCode::operation_failed, here, "Not enough space left in storage pool");
    VolumeDefinition before = at.volume->seen.volume;
    const uint32_t flags = args.flags & ~api::storage_vol_resize_delta;
    co_await core.kind(*at.pool).resize(context, at.pool->definition, before, wanted, flags);
    co_await look_at_volume(core, at, context);
    const auto after = static_cast<int64_t>(at.volume->definition().allocation.value_or(0));
    at.pool->count(after - static_cast<int64_t>(allocated));
    co_return proc::StorageVolResize::Ret{};
}

Task<void> wipe_volume(Core& core, PoolVolume at, Context context, uint32_t algorithm) {
    if (algorithm >= api::storage_vol_wipe_alg_last)
        refuse(ErrorCode::invalid_arg, "wiping algorithm {} not supported", algorithm);
    require_built(*at.volume);
    require_unused(*at.volume);
    Work work(at.pool, at.volume);
    co_await look_at_volume(core, at, context);
    VolumeDefinition volume = at.volume->seen.volume;
    ShownJob shown(at.volume, "wipe", std::min(volume->allocation.value_or(0), volume->physical));
    context.job = shown.job();
    std::exception_ptr problem;
    try {
        co_await core.kind(*at.pool).wipe(context, at.pool->definition, volume, algorithm);
    } catch (...) {
        problem = std::current_exception();
    }
    // A wiped image is none, and a half wiped one tells it: it is seen for what it is now.
    Context after = context;
    if (problem) after.deadline = io::Deadline::never();
    try {
        Seen seen = co_await core.kind(*at.pool).look(after, at.pool->definition, volume);
        at.volume->seen = std::move(seen);
    } catch (...) {
        if (!problem) throw;
    }
    if (problem) std::rethrow_exception(problem);
}

Task<proc::StorageVolWipe::Ret> wipe(Core& core, Call& call, proc::StorageVolWipe::Args args) {
    require_flags(args.flags, 0, "storageVolWipe");
    PoolVolume at = find_volume(core, args.volume);
    Context context = core.context(*at.pool, call.deadline);
    co_await wipe_volume(core, at, context, api::storage_vol_wipe_alg_zero);
    co_return proc::StorageVolWipe::Ret{};
}

Task<proc::StorageVolWipePattern::Ret> wipe_pattern(Core& core, Call& call, proc::StorageVolWipePattern::Args args) {
    require_flags(args.flags, 0, "storageVolWipePattern");
    PoolVolume at = find_volume(core, args.volume);
    Context context = core.context(*at.pool, call.deadline);
    co_await wipe_volume(core, at, context, args.algorithm);
    co_return proc::StorageVolWipePattern::Ret{};
}

}  // namespace

void bind_volume_changes(driver::HandlerTable& on, Core& core) {
    bind<proc::StorageVolCreateXml>(on, core, create);
    bind<proc::StorageVolCreateXmlFrom>(on, core, create_from);
    bind<proc::StorageVolDelete>(on, core, remove);
    bind<proc::StorageVolResize>(on, core, resize);
    bind<proc::StorageVolWipe>(on, core, wipe);
    bind<proc::StorageVolWipePattern>(on, core, wipe_pattern);
}

}  // namespace virtue::storage
