// Lists, look-ups and descriptions of pools: answered from what the driver holds.
#include <algorithm>

#include "driver/constants.h"
#include "drivers/storage/core.h"
#include "drivers/storage/errors.h"
#include "protocol/remote/storage_pool.h"
#include "xml/writer.h"

namespace virtue::storage {
namespace {

using driver::Call;

/// The flag of virConnectListAllStoragePools for a type.
uint32_t flag_of(model::PoolType type) {
    // The flags stand in the order in which the types were added, which is not quite the order of their numbers.
    if (type == model::PoolType::iscsi_direct) return api::connect_list_storage_pools_iscsi_direct;
    const auto number = static_cast<uint32_t>(type);
    const bool after_iscsi_direct = type > model::PoolType::iscsi_direct;
    return api::connect_list_storage_pools_dir << (number - (after_iscsi_direct ? 1 : 0));
}

bool fits(const Pool& pool, uint32_t flags) {
    auto group = [&](uint32_t yes, uint32_t no, bool holds) {
        return !(flags & (yes | no)) || flags & (holds ? yes : no);
    };
    constexpr uint32_t types = ~(api::connect_list_storage_pools_dir - 1);
    return group(api::connect_list_storage_pools_active, api::connect_list_storage_pools_inactive, pool.active) &&
           group(api::connect_list_storage_pools_persistent, api::connect_list_storage_pools_transient,
                 pool.persistent) &&
           group(api::connect_list_storage_pools_autostart, api::connect_list_storage_pools_no_autostart,
                 pool.autostart) &&
           (!(flags & types) || flags & flag_of(pool.definition->type));
}

proc::ConnectListAllStoragePools::Ret list_all(Core& core, Call&, proc::ConnectListAllStoragePools::Args args) {
    require_flags(args.flags, (api::connect_list_storage_pools_iscsi_direct << 1) - 1,
                  "storageConnectListAllStoragePools");
    proc::ConnectListAllStoragePools::Ret ret;
    core.pools.for_each([&](const Pool& pool) {
        if (!fits(pool, args.flags)) return;
        ret.ret++;
        if (args.need_results) ret.pools.push_back(pool.reference());
    });
    return ret;
}

template <typename P, bool Active>
typename P::Ret list_names(Core& core, Call&, typename P::Args args) {
    typename P::Ret ret;
    core.pools.for_each([&](const Pool& pool) {
        if (pool.active == Active && static_cast<int32_t>(ret.names.size()) < args.maxnames)
            ret.names.push_back(pool.name());
    });
    return ret;
}

template <typename P, bool Active>
typename P::Ret count(Core& core, Call&, typename P::Args) {
    typename P::Ret ret;
    core.pools.for_each([&](const Pool& pool) { ret.num += pool.active == Active; });
    return ret;
}

proc::StoragePoolLookupByName::Ret look_up_name(Core& core, Call&, proc::StoragePoolLookupByName::Args args) {
    return {core.pool_named(args.name)->reference()};
}

proc::StoragePoolLookupByUuid::Ret look_up_uuid(Core& core, Call&, proc::StoragePoolLookupByUuid::Args args) {
    if (const Pool* pool = core.pools.find(args.uuid)) return {pool->reference()};
    refuse(ErrorCode::no_storage_pool, "no storage pool with matching uuid '{}'", args.uuid.to_string());
}

proc::StoragePoolLookupByVolume::Ret look_up_volume(Core& core, Call&, proc::StoragePoolLookupByVolume::Args args) {
    return {core.pool_named(args.volume.pool)->reference()};
}

proc::StoragePoolLookupByTargetPath::Ret look_up_target(Core& core, Call&,
                                                        proc::StoragePoolLookupByTargetPath::Args args) {
    const std::string path = model::clean_path(args.path);
    const Pool* found = nullptr;
    core.pools.for_each([&](const Pool& pool) {
        if (!found && pool.active && pool.definition->target_path == path) found = &pool;
    });
    if (found) return {found->reference()};
    if (path != args.path)
        refuse(ErrorCode::no_storage_pool, "no storage pool with matching target path '{}' ({})", args.path, path);
    refuse(ErrorCode::no_storage_pool, "no storage pool with matching target path '{}'", path);
}

proc::StoragePoolIsActive::Ret is_active(Core& core, Call&, proc::StoragePoolIsActive::Args args) {
    return {core.pool_of(args.pool)->active};
}

proc::StoragePoolIsPersistent::Ret is_persistent(Core& core, Call&, proc::StoragePoolIsPersistent::Args args) {
    return {core.pool_of(args.pool)->persistent};
}

proc::StoragePoolGetInfo::Ret get_info(Core& core, Call&, proc::StoragePoolGetInfo::Args args) {
    const PoolOwner pool = core.pool_of(args.pool);
    proc::StoragePoolGetInfo::Ret ret;
    ret.state = static_cast<uint8_t>(pool->active ? api::storage_pool_running : api::storage_pool_inactive);
    ret.capacity = pool->figures.capacity;
    ret.allocation = pool->figures.allocation;
    ret.available = pool->figures.available;
    return ret;
}

proc::StoragePoolGetXmlDesc::Ret get_xml(Core& core, Call&, proc::StoragePoolGetXmlDesc::Args args) {
    require_flags(args.flags, api::storage_xml_inactive, "storagePoolGetXMLDesc");
    return {core.pool_of(args.pool)->xml(args.flags & api::storage_xml_inactive)};
}

proc::StoragePoolGetAutostart::Ret get_autostart(Core& core, Call&, proc::StoragePoolGetAutostart::Args args) {
    const PoolOwner pool = core.pool_of(args.pool);
    return {pool->persistent && pool->autostart};
}

// What kinds of pools there are.

struct FormatList {
    std::vector<std::string_view> names;
    size_t default_index = 0;
};

FormatList source_formats(model::PoolType type) {
    switch (type) {
        case model::PoolType::fs:
            return {{"auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf", "gfs", "gfs2", "vfat", "hfs+", "xfs",
                     "ocfs2", "vmfs"}};
        case model::PoolType::netfs:
            return {{"auto", "nfs", "glusterfs", "cifs"}};
        case model::PoolType::logical:
            return {{"unknown", "lvm2"}, 1};
        case model::PoolType::disk:
            return {{"unknown", "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", "lvm2"}};
        default:
            return {};
    }
}

FormatList volume_formats(model::PoolType type) {
    const FormatList images = {{"none", "raw", "dir", "bochs", "cloop", "dmg", "iso", "vpc", "vdi", "fat", "vhd",
                                "ploop", "cow", "qcow", "qcow2", "qed", "vmdk"},
                               1};
    switch (type) {
        case model::PoolType::dir:
        case model::PoolType::fs:
        case model::PoolType::netfs:
        case model::PoolType::gluster:
        case model::PoolType::vstorage:
            return images;
        case model::PoolType::rbd:
            return {{"raw"}};
        case model::PoolType::sheepdog:
            return {};
        case model::PoolType::disk:
            return {{"none", "linux", "fat16", "fat32", "linux-swap", "linux-lvm", "linux-raid", "extended"}};
        default:
            return {};
    }
}

/// `is_closed`: the default is the only one, and libvirt lists none.
void write_formats(xml::Writer& w, const char* group, const char* name, const FormatList& list, bool is_closed) {
    if (list.names.empty()) return;
    w.begin(group);
    w.begin("defaultFormat");
    w.attribute("type", list.names[list.default_index]);
    w.end();
    w.begin("enum");
    w.attribute("name", name);
    w.keep_open();
    for (std::string_view format : list.names) {
        if (is_closed) break;
        w.begin("value");
        w.text(format);
        w.end();
    }
    w.end();
    w.end();
}

proc::ConnectGetStoragePoolCapabilities::Ret capabilities(Core& core, Call&,
                                                          proc::ConnectGetStoragePoolCapabilities::Args args) {
    require_flags(args.flags, 0, "storageConnectGetStoragePoolCapabilities");
    xml::Writer w;
    w.begin("storagepoolCapabilities");
    for (size_t i = 0; i <= static_cast<size_t>(model::PoolType::vstorage); i++) {
        const auto type = static_cast<model::PoolType>(i);
        const bool is_available = core.kinds.of(type).is_available();
        w.begin("pool");
        w.attribute("type", xml::to_name(type));
        w.attribute("supported", is_available ? "yes" : "no");
        w.keep_open();
        write_formats(w, "poolOptions", "sourceFormatType", source_formats(type), false);
        write_formats(w, "volOptions", "targetFormatType", volume_formats(type), type == model::PoolType::rbd);
        w.end();
    }
    w.end();
    return {w.take()};
}

Task<proc::ConnectFindStoragePoolSources::Ret> find_sources(Core& core, Call& call,
                                                            proc::ConnectFindStoragePoolSources::Args args) {
    require_flags(args.flags, 0, "storageConnectFindStoragePoolSources");
    const auto type = xml::from_name<model::PoolType>(args.type);
    if (!type) refuse(ErrorCode::internal_error, "unknown storage pool type {}", args.type);
    Kind& kind = core.kinds.of(*type);
    if (!kind.is_available())
        refuse(ErrorCode::internal_error, "missing backend for pool type {} ({})", static_cast<int>(*type), args.type);
    if (!kind.finds_sources())
        refuse(ErrorCode::no_support, "pool type '{}' does not support source discovery", args.type);
    auto lane = std::make_shared<io::Lane>(core.loop, 1, "the search for storage pool sources");
    Context context{core.loop, std::move(lane), core.publishers, call.deadline, core.secrets, {}};
    std::string found = co_await kind.find_sources(context, std::move(args.src_spec));
    co_return proc::ConnectFindStoragePoolSources::Ret{std::move(found)};
}

}  // namespace

void bind_pool_reads(driver::HandlerTable& on, Core& core) {
    bind<proc::ConnectListAllStoragePools>(on, core, list_all);
    bind<proc::ConnectListStoragePools>(on, core, list_names<proc::ConnectListStoragePools, true>);
    bind<proc::ConnectListDefinedStoragePools>(on, core, list_names<proc::ConnectListDefinedStoragePools, false>);
    bind<proc::ConnectNumOfStoragePools>(on, core, count<proc::ConnectNumOfStoragePools, true>);
    bind<proc::ConnectNumOfDefinedStoragePools>(on, core, count<proc::ConnectNumOfDefinedStoragePools, false>);
    bind<proc::StoragePoolLookupByName>(on, core, look_up_name);
    bind<proc::StoragePoolLookupByUuid>(on, core, look_up_uuid);
    bind<proc::StoragePoolLookupByVolume>(on, core, look_up_volume);
    bind<proc::StoragePoolLookupByTargetPath>(on, core, look_up_target);
    bind<proc::StoragePoolIsActive>(on, core, is_active);
    bind<proc::StoragePoolIsPersistent>(on, core, is_persistent);
    bind<proc::StoragePoolGetInfo>(on, core, get_info);
    bind<proc::StoragePoolGetXmlDesc>(on, core, get_xml);
    bind<proc::StoragePoolGetAutostart>(on, core, get_autostart);
    bind<proc::ConnectGetStoragePoolCapabilities>(on, core, capabilities);
    bind<proc::ConnectFindStoragePoolSources>(on, core, find_sources);
}

}  // namespace virtue::storage
