// The volumes of the mock pools.
#include "drivers/test/instance.h"
#include "drivers/test/pools.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/storage_volume.h"
#include "xml/mapper.h"

namespace virtue::test {

model::Volume& add_volume(Pool& pool, model::Volume volume) {
    volume.target.path = pool.definition.target_path + "/" + volume.name;
    volume.key = volume.target.path;
    pool.definition.allocation += volume.allocation.value_or(0);
    pool.definition.available = pool.definition.capacity - pool.definition.allocation;
    std::string name = volume.name;
    return pool.volumes[name] = std::move(volume);
}

namespace {

struct Found {
    Pool& pool;
    model::Volume& volume;
};

model::Volume& volume_in(Pool& pool, const std::string& name) {
    auto found = pool.volumes.find(name);
    if (found != pool.volumes.end()) return found->second;
    refuse(ErrorCode::no_storage_vol, "no storage vol with matching name '{}'", name);
}

Found volume_of(Instance& in, const proc::StorageVolumeRef& reference) {
    Pool& pool = active_pool_of(in, reference.pool);
    return {pool, volume_in(pool, reference.name)};
}

/// Looks through the running pools.
template <typename Matches>
std::optional<proc::StorageVolumeRef> search(Instance& in, Matches matches) {
    std::optional<proc::StorageVolumeRef> found;
    in.pools.for_each([&](Pool& pool) {
        if (!pool.active || found) return;
        for (const auto& [name, volume] : pool.volumes)
            if (matches(volume)) found = pool.reference(volume);
    });
    return found;
}

proc::StoragePoolNumOfVolumes::Ret count(Instance& in, proc::StoragePoolNumOfVolumes::Args args) {
    return {static_cast<int32_t>(active_pool_of(in, args.pool.name).volumes.size())};
}

proc::StoragePoolListVolumes::Ret list_names(Instance& in, proc::StoragePoolListVolumes::Args args) {
    proc::StoragePoolListVolumes::Ret ret;
    for (const auto& [name, volume] : active_pool_of(in, args.pool.name).volumes)
        if (static_cast<int32_t>(ret.names.size()) < args.maxnames) ret.names.push_back(name);
    return ret;
}

proc::StoragePoolListAllVolumes::Ret list_all(Instance& in, proc::StoragePoolListAllVolumes::Args args) {
    check_flags(args.flags, 0, "testStoragePoolListAllVolumes");
    if (Pool* pool = in.pools.find(args.pool.uuid); !pool)
        refuse(ErrorCode::no_storage_pool, "no storage pool with matching uuid '{}'", args.pool.uuid.to_string());
    const Pool& pool = *in.pools.find(args.pool.uuid);
    if (!pool.active) refuse(ErrorCode::operation_invalid, "storage pool is not active");
    proc::StoragePoolListAllVolumes::Ret ret;
    for (const auto& [name, volume] : pool.volumes) {
        ret.ret++;
        if (args.need_results) ret.volumes.push_back(pool.reference(volume));
    }
    return ret;
}

proc::StorageVolLookupByName::Ret by_name(Instance& in, proc::StorageVolLookupByName::Args args) {
    Pool& pool = active_pool_of(in, args.pool.name);
    return {pool.reference(volume_in(pool, args.name))};
}

proc::StorageVolLookupByKey::Ret by_key(Instance& in, proc::StorageVolLookupByKey::Args args) {
    auto found = search(in, [&](const model::Volume& volume) { return volume.key == args.key; });
    if (!found) refuse(ErrorCode::no_storage_vol, "no storage vol with matching key '{}'", args.key);
    return {*found};
}

proc::StorageVolLookupByPath::Ret by_path(Instance& in, proc::StorageVolLookupByPath::Args args) {
    auto found = search(in, [&](const model::Volume& volume) { return volume.target.path == args.path; });
    if (!found) refuse(ErrorCode::no_storage_vol, "no storage vol with matching path '{}'", args.path);
    return {*found};
}

/// What creating asks of any new volume.
void require_room(const Pool& pool, const model::Volume& volume) {
    if (pool.volumes.contains(volume.name)) refuse(ErrorCode::operation_failed, "storage vol already exists");
    if (pool.definition.allocation + volume.allocation.value_or(0) > pool.definition.capacity)
        refuse(ErrorCode::internal_error, "Not enough free space in pool for volume '{}'", volume.name);
}

proc::StorageVolCreateXml::Ret create(Instance& in, proc::StorageVolCreateXml::Args args) {
    check_flags(args.flags, 0, "testStorageVolCreateXML");
    Pool& pool = active_pool_of(in, args.pool.name);
    model::Volume volume = model::Volume::parse(args.xml, pool.definition.type);
    require_room(pool, volume);
    return {pool.reference(add_volume(pool, std::move(volume)))};
}

proc::StorageVolCreateXmlFrom::Ret clone(Instance& in, proc::StorageVolCreateXmlFrom::Args args) {
    check_flags(args.flags, 0, "testStorageVolCreateXMLFrom");
    Pool& pool = active_pool_of(in, args.pool.name);
    model::Volume volume = model::Volume::parse(args.xml, pool.definition.type, model::Volume::Capacity::optional);
    if (pool.volumes.contains(volume.name)) refuse(ErrorCode::operation_failed, "storage vol already exists");
    const model::Volume& original = volume_in(pool, args.clone_volume.name);
    if (!volume.capacity) {
        volume.capacity = original.capacity;
        if (!volume.allocation) volume.allocation = original.allocation;
    }
    require_room(pool, volume);
    return {pool.reference(add_volume(pool, std::move(volume)))};
}

proc::StorageVolDelete::Ret remove(Instance& in, proc::StorageVolDelete::Args args) {
    check_flags(args.flags, 0, "testStorageVolDelete");
    Found found = volume_of(in, args.volume);
    found.pool.definition.allocation -= found.volume.allocation.value_or(0);
    found.pool.definition.available = found.pool.definition.capacity - found.pool.definition.allocation;
    found.pool.volumes.erase(args.volume.name);
    return {};
}

int8_t type_number(model::PoolType pool) {
    switch (pool) {
        case model::PoolType::dir:
        case model::PoolType::fs:
        case model::PoolType::netfs:
        case model::PoolType::vstorage:
            return static_cast<int8_t>(model::VolumeType::file);
        case model::PoolType::rbd:
        case model::PoolType::sheepdog:
        case model::PoolType::gluster:
        case model::PoolType::iscsi_direct:
            return static_cast<int8_t>(model::VolumeType::network);
        default:
            return static_cast<int8_t>(model::VolumeType::block);
    }
}

proc::StorageVolGetInfo::Ret get_info(Instance& in, proc::StorageVolGetInfo::Args args) {
    Found found = volume_of(in, args.volume);
    proc::StorageVolGetInfo::Ret ret;
    ret.type = type_number(found.pool.definition.type);
    ret.capacity = found.volume.capacity.value_or(0);
    ret.allocation = found.volume.allocation.value_or(0);
    return ret;
}

proc::StorageVolGetXmlDesc::Ret get_xml(Instance& in, proc::StorageVolGetXmlDesc::Args args) {
    check_flags(args.flags, 0, "testStorageVolGetXMLDesc");
    return {xml::format(volume_of(in, args.volume).volume)};
}

proc::StorageVolGetPath::Ret get_path(Instance& in, proc::StorageVolGetPath::Args args) {
    return {volume_of(in, args.volume).volume.target.path};
}

}  // namespace

void bind_volumes(Instance& in) {
    driver::HandlerTable& on = in.storage;
    bind<proc::StoragePoolNumOfVolumes>(on, in, count);
    bind<proc::StoragePoolListVolumes>(on, in, list_names);
    bind<proc::StoragePoolListAllVolumes>(on, in, list_all);
    bind<proc::StorageVolLookupByName>(on, in, by_name);
    bind<proc::StorageVolLookupByKey>(on, in, by_key);
    bind<proc::StorageVolLookupByPath>(on, in, by_path);
    bind<proc::StorageVolCreateXml>(on, in, create);
    bind<proc::StorageVolCreateXmlFrom>(on, in, clone);
    bind<proc::StorageVolDelete>(on, in, remove);
    bind<proc::StorageVolGetInfo>(on, in, get_info);
    bind<proc::StorageVolGetXmlDesc>(on, in, get_xml);
    bind<proc::StorageVolGetPath>(on, in, get_path);
}

}  // namespace virtue::test
