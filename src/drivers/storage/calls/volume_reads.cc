// Lists, look-ups and descriptions of volumes.
#include "driver/constants.h"
#include "drivers/storage/core.h"
#include "drivers/storage/errors.h"
#include "protocol/remote/storage_volume.h"
#include "xml/mapper.h"

namespace virtue::storage {
namespace {

using driver::Call;

proc::StoragePoolNumOfVolumes::Ret count(Core& core, Call&, proc::StoragePoolNumOfVolumes::Args args) {
    return {static_cast<int32_t>(core.active_pool_of(args.pool)->volumes.size())};
}

proc::StoragePoolListVolumes::Ret list_names(Core& core, Call&, proc::StoragePoolListVolumes::Args args) {
    const PoolOwner pool = core.active_pool_of(args.pool);
    proc::StoragePoolListVolumes::Ret ret;
    // Views: nothing changes a pool before they are on their way, and copies are most of what a long list costs.
    for (const auto& [name, volume] : pool->volumes) {
        if (static_cast<int32_t>(ret.names.size()) >= args.maxnames) break;
        ret.names.push_back(name);
    }
    return ret;
}

proc::StoragePoolListAllVolumes::View list_all(Core& core, Call&, proc::StoragePoolListAllVolumes::Args args) {
    require_flags(args.flags, 0, "storagePoolListAllVolumes");
    const PoolOwner pool = core.active_pool_of(args.pool);
    proc::StoragePoolListAllVolumes::View ret;
    ret.ret = static_cast<uint32_t>(pool->volumes.size());
    if (!args.need_results) return ret;
    ret.volumes.reserve(pool->volumes.size());
    for (const auto& [name, volume] : pool->volumes) {
        ret.volumes.push_back({pool->name(), name, volume->definition().key});
    }
    return ret;
}

proc::StorageVolLookupByName::Ret by_name(Core& core, Call&, proc::StorageVolLookupByName::Args args) {
    const PoolOwner pool = core.active_pool_of(args.pool);
    return {pool->reference(*core.volume_in(*pool, args.name))};
}

/// Looks through the running pools.
template <typename Matches>
std::optional<proc::StorageVolumeRef> search(const Core& core, Matches matches) {
    std::optional<proc::StorageVolumeRef> found;
    core.pools.for_each([&](const Pool& pool) {
        if (found || !pool.active) return;
        for (const auto& [name, volume] : pool.volumes) {
            if (!matches(volume->definition())) continue;
            found = pool.reference(*volume);
            return;
        }
    });
    return found;
}

proc::StorageVolLookupByKey::Ret by_key(Core& core, Call&, proc::StorageVolLookupByKey::Args args) {
    auto found = search(core, [&](const model::Volume& volume) { return volume.key == args.key; });
    if (!found) refuse(ErrorCode::no_storage_vol, "no storage vol with matching key {}", args.key);
    return {*found};
}

proc::StorageVolLookupByPath::Ret by_path(Core& core, Call&, proc::StorageVolLookupByPath::Args args) {
    const std::string path = model::clean_path(args.path);
    auto found = search(core, [&](const model::Volume& volume) { return volume.target.path == path; });
    if (found) return {*found};
    if (path != args.path)
        refuse(ErrorCode::no_storage_vol, "no storage vol with matching path '{}' ({})", args.path, path);
    refuse(ErrorCode::no_storage_vol, "no storage vol with matching path '{}'", path);
}

template <typename Ret>
Ret info_of(const model::Volume& volume, bool physical) {
    Ret ret;
    ret.type = static_cast<int8_t>(volume.type);
    ret.capacity = volume.capacity.value_or(0);
    ret.allocation = physical ? volume.physical : volume.allocation.value_or(0);
    return ret;
}

/// As it is now. One that is being made grows.
Task<model::Volume> look(Core& core, PoolVolume at, Context context) {
    co_await look_at_volume(core, at, context);
    co_await look_at_job(at.volume, context);
    model::Volume shown = at.volume->definition();
    if (at.volume->building && at.volume->job) shown.allocation = shown.physical = at.volume->job->done;
    co_return shown;
}

/// What is being done to a volume, or was not done to its end, stands beside its definition: readers of libvirt's
/// documents pass over it, and so do we when such a document comes back.
std::string with_job(std::string xml, const Volume& volume) {
    std::string element;
    if (const VolumeJobOwner& job = volume.job) {
        element = fmt::format("  <job operation='{}' done='{}' total='{}'/>\n", job->operation, job->done, job->total);
    } else if (!volume.seen.unfinished.empty()) {
        element = fmt::format("  <job operation='{}' interrupted='yes'/>\n", volume.seen.unfinished);
    }
    const size_t end = xml.rfind("</volume>");
    if (!element.empty() && end != std::string::npos) xml.insert(end, element);
    return xml;
}

Task<proc::StorageVolGetInfo::Ret> get_info(Core& core, Call& call, proc::StorageVolGetInfo::Args args) {
    PoolVolume at = find_volume(core, args.volume);
    Context context = core.context(*at.pool, call.deadline);
    const model::Volume now = co_await look(core, at, context);
    co_return info_of<proc::StorageVolGetInfo::Ret>(now, false);
}

Task<proc::StorageVolGetInfoFlags::Ret> get_info_flags(Core& core, Call& call,
                                                       proc::StorageVolGetInfoFlags::Args args) {
    require_flags(args.flags, api::storage_vol_get_physical, "storageVolGetInfoFlags");
    PoolVolume at = find_volume(core, args.volume);
    Context context = core.context(*at.pool, call.deadline);
    const model::Volume now = co_await look(core, at, context);
    const bool physical = (args.flags & api::storage_vol_get_physical) != 0;
    co_return info_of<proc::StorageVolGetInfoFlags::Ret>(now, physical);
}

Task<proc::StorageVolGetXmlDesc::Ret> get_xml(Core& core, Call& call, proc::StorageVolGetXmlDesc::Args args) {
    require_flags(args.flags, 0, "storageVolGetXMLDesc");
    PoolVolume at = find_volume(core, args.volume);
    Context context = core.context(*at.pool, call.deadline);
    const model::Volume now = co_await look(core, at, context);
    std::string text = xml::format(now);
    co_return proc::StorageVolGetXmlDesc::Ret{with_job(std::move(text), *at.volume)};
}

proc::StorageVolGetPath::Ret get_path(Core& core, Call&, proc::StorageVolGetPath::Args args) {
    return {find_volume(core, args.volume).volume->definition().target.path};
}

}  // namespace

void bind_volume_reads(driver::HandlerTable& on, Core& core) {
    bind<proc::StoragePoolNumOfVolumes>(on, core, count);
    bind<proc::StoragePoolListVolumes>(on, core, list_names);
    bind<proc::StoragePoolListAllVolumes, proc::StoragePoolListAllVolumes::View>(on, core, list_all);
    bind<proc::StorageVolLookupByName>(on, core, by_name);
    bind<proc::StorageVolLookupByKey>(on, core, by_key);
    bind<proc::StorageVolLookupByPath>(on, core, by_path);
    bind<proc::StorageVolGetInfo>(on, core, get_info);
    bind<proc::StorageVolGetInfoFlags>(on, core, get_info_flags);
    bind<proc::StorageVolGetXmlDesc>(on, core, get_xml);
    bind<proc::StorageVolGetPath>(on, core, get_path);
}

}  // namespace virtue::storage
