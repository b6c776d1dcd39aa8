#include "drivers/test/pools.h"

#include <algorithm>

#include "drivers/test/instance.h"
#include "drivers/test/node_devices.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/event_object.h"
#include "protocol/remote/storage_pool.h"
#include "xml/document.h"
#include "xml/mapper.h"
#include "xml/writer.h"

namespace virtue::test {

namespace {

constexpr uint64_t pool_capacity = 100ull << 30;  // bytes

bool same_source(const model::Pool& a, const model::Pool& b) {
    if (a.type != b.type) return false;
    switch (a.type) {
        case model::PoolType::dir:
            return a.target_path == b.target_path;
        case model::PoolType::logical:
            return !a.source.name.empty() && a.source.name == b.source.name;
        case model::PoolType::fs:
        case model::PoolType::disk:
            return !a.source.devices.empty() && a.source.devices == b.source.devices;
        case model::PoolType::netfs:
            return a.source.dir == b.source.dir && a.source.hosts == b.source.hosts;
        case model::PoolType::mpath:
            return true;
        default:
            return false;
    }
}

void require_own_source(Instance& in, const model::Pool& definition) {
    in.pools.for_each([&](Pool& other) {
        if (other.uuid() == *definition.uuid || !same_source(other.definition, definition)) return;
        fail(ErrorCode::operation_failed, ErrorDomain::storage, "Storage source conflict with pool: '{}'",
             other.name());
    });
}

}  // namespace

Pool& assign_pool(Instance& in, model::Pool definition, bool live) {
    definition.capacity = pool_capacity;
    definition.allocation = 0;
    definition.available = pool_capacity;
    Pool* pool = in.pools.find(*definition.uuid);
    if (pool && pool->name() != definition.name)
        fail(ErrorCode::operation_failed, ErrorDomain::storage, "pool '{}' is already defined with uuid {}",
             pool->name(), pool->uuid().to_string());
    if (pool && live && pool->active)
        fail(ErrorCode::operation_invalid, ErrorDomain::storage, "pool is already active as '{}'", pool->name());
    if (!pool) {
        if (Pool* other = in.pools.find(definition.name))
            fail(ErrorCode::operation_failed, ErrorDomain::storage, "pool '{}' already exists with uuid {}",
                 other->name(), other->uuid().to_string());
    }
    require_own_source(in, definition);
    if (!pool) {
        Pool& added = in.pools.insert(std::make_shared<Pool>(std::move(definition)));
        added.persistent = !live;
        return added;
    }
    if (pool->active) {
        pool->next = std::move(definition);
    } else {
        if (live) pool->next = std::move(pool->definition);
        pool->definition = std::move(definition);
    }
    if (!live) pool->persistent = true;
    return *pool;
}

Pool& pool_of(Instance& in, const std::string& name) {
    if (Pool* pool = in.pools.find(name)) return *pool;
    refuse(ErrorCode::no_storage_pool, "no storage pool with matching name '{}'", name);
}

Pool& active_pool_of(Instance& in, const std::string& name) {
    Pool& pool = pool_of(in, name);
    if (!pool.active) refuse(ErrorCode::operation_invalid, "storage pool '{}' is not active", name);
    return pool;
}

namespace {

Pool& inactive_pool_of(Instance& in, const std::string& name) {
    Pool& pool = pool_of(in, name);
    if (pool.active) refuse(ErrorCode::operation_invalid, "storage pool '{}' is active", name);
    return pool;
}

Pool& by_uuid(Instance& in, const Uuid& uuid) {
    if (Pool* pool = in.pools.find(uuid)) return *pool;
    refuse(ErrorCode::no_storage_pool, "no storage pool with matching uuid '{}'", uuid.to_string());
}

void tell(Instance& in, const Pool& pool, uint32_t event) {
    proc::StoragePoolEventLifecycle::Msg message;
    message.pool = pool.reference();
    message.event = static_cast<int32_t>(event);
    in.events.publish<proc::StoragePoolEventLifecycle>(pool.uuid().to_string(), message);
}

bool fits(const Pool& pool, uint32_t flags) {
    auto group = [&](uint32_t yes, uint32_t no, bool holds) {
        return !(flags & (yes | no)) || flags & (holds ? yes : no);
    };
    if (!group(api::connect_list_storage_pools_active, api::connect_list_storage_pools_inactive, pool.active) ||
        !group(api::connect_list_storage_pools_persistent, api::connect_list_storage_pools_transient,
               pool.persistent) ||
        !group(api::connect_list_storage_pools_autostart, api::connect_list_storage_pools_no_autostart, pool.autostart))
        return false;
    constexpr uint32_t types = ~(api::connect_list_storage_pools_dir - 1);
    if (!(flags & types)) return true;
    // The flags stand in the order in which the types were added, which is not quite the order of their numbers.
    constexpr std::pair<model::PoolType, uint32_t> flag_of[] = {
        {model::PoolType::dir, api::connect_list_storage_pools_dir},
        {model::PoolType::fs, api::connect_list_storage_pools_fs},
        {model::PoolType::netfs, api::connect_list_storage_pools_netfs},
        {model::PoolType::logical, api::connect_list_storage_pools_logical},
        {model::PoolType::disk, api::connect_list_storage_pools_disk},
        {model::PoolType::iscsi, api::connect_list_storage_pools_iscsi},
        {model::PoolType::iscsi_direct, api::connect_list_storage_pools_iscsi_direct},
        {model::PoolType::scsi, api::connect_list_storage_pools_scsi},
        {model::PoolType::mpath, api::connect_list_storage_pools_mpath},
        {model::PoolType::rbd, api::connect_list_storage_pools_rbd},
        {model::PoolType::sheepdog, api::connect_list_storage_pools_sheepdog},
        {model::PoolType::gluster, api::connect_list_storage_pools_gluster},
        {model::PoolType::zfs, api::connect_list_storage_pools_zfs},
        {model::PoolType::vstorage, api::connect_list_storage_pools_vstorage},
    };
    return std::any_of(std::begin(flag_of), std::end(flag_of),
                       [&](const auto& entry) { return entry.first == pool.definition.type && flags & entry.second; });
}

proc::ConnectListAllStoragePools::Ret list_all(Instance& in, proc::ConnectListAllStoragePools::Args args) {
    check_flags(args.flags, (api::connect_list_storage_pools_iscsi_direct << 1) - 1, "testConnectListAllStoragePools");
    proc::ConnectListAllStoragePools::Ret ret;
    in.pools.for_each([&](Pool& pool) {
        if (!fits(pool, args.flags)) return;
        ret.ret++;
        if (args.need_results) ret.pools.push_back(pool.reference());
    });
    return ret;
}

template <typename P, bool Active>
typename P::Ret list_names(Instance& in, typename P::Args args) {
    typename P::Ret ret;
    in.pools.for_each([&](Pool& pool) {
        if (pool.active == Active && static_cast<int32_t>(ret.names.size()) < args.maxnames)
            ret.names.push_back(pool.name());
    });
    return ret;
}

template <typename P, bool Active>
typename P::Ret count(Instance& in, typename P::Args) {
    typename P::Ret ret;
    in.pools.for_each([&](Pool& pool) { ret.num += pool.active == Active; });
    return ret;
}

proc::StoragePoolLookupByName::Ret look_up_name(Instance& in, proc::StoragePoolLookupByName::Args args) {
    return {pool_of(in, args.name).reference()};
}

proc::StoragePoolLookupByUuid::Ret look_up_uuid(Instance& in, proc::StoragePoolLookupByUuid::Args args) {
    return {by_uuid(in, args.uuid).reference()};
}

proc::StoragePoolLookupByVolume::Ret look_up_volume(Instance& in, proc::StoragePoolLookupByVolume::Args args) {
    return {pool_of(in, args.volume.pool).reference()};
}

proc::StoragePoolIsActive::Ret is_active(Instance& in, proc::StoragePoolIsActive::Args args) {
    return {by_uuid(in, args.pool.uuid).active};
}

proc::StoragePoolIsPersistent::Ret is_persistent(Instance& in, proc::StoragePoolIsPersistent::Args args) {
    return {by_uuid(in, args.pool.uuid).persistent};
}

proc::StoragePoolDefineXml::Ret define(Instance& in, proc::StoragePoolDefineXml::Args args) {
    constexpr uint32_t define_validate = 1;  // VIR_STORAGE_POOL_DEFINE_VALIDATE
    check_flags(args.flags, define_validate, "testStoragePoolDefineXML");
    Pool& pool = assign_pool(in, model::Pool::parse(args.xml, args.flags & define_validate), false);
    tell(in, pool, api::storage_pool_event_defined);
    return {pool.reference()};
}

/// libvirt's mock makes a virtual port when a transient pool over one starts, and wants it gone when any such pool
/// stops: one that was defined first never had it.
void make_port(Instance& in, const Pool& pool) {
    const model::PoolAdapter& adapter = pool.definition.source.adapter;
    if (adapter.type == model::AdapterType::fc_host) create_vport(in, adapter.wwnn, adapter.wwpn);
}

void remove_port(Instance& in, const Pool& pool) {
    constexpr const char* port = "scsi_host12";
    if (pool.definition.source.adapter.type != model::AdapterType::fc_host) return;
    if (!in.node_devices.contains(port))
        refuse(ErrorCode::no_node_device, "no node device with matching name '{}'", port);
    remove_device(in, port);
}

proc::StoragePoolCreateXml::Ret create_xml(Instance& in, proc::StoragePoolCreateXml::Args args) {
    check_flags(args.flags, 0, "testStoragePoolCreateXML");
    Pool& pool = assign_pool(in, model::Pool::parse(args.xml), true);
    // Even one that was defined before is transient from here on: libvirt's mock forgets its file.
    pool.persistent = false;
    make_port(in, pool);
    pool.active = true;
    tell(in, pool, api::storage_pool_event_started);
    return {pool.reference()};
}

proc::StoragePoolCreate::Ret create(Instance& in, proc::StoragePoolCreate::Args args) {
    check_flags(args.flags, 0, "testStoragePoolCreate");
    Pool& pool = inactive_pool_of(in, args.pool.name);
    pool.active = true;
    tell(in, pool, api::storage_pool_event_started);
    return {};
}

proc::StoragePoolBuild::Ret build(Instance& in, proc::StoragePoolBuild::Args args) {
    check_flags(args.flags, 0, "testStoragePoolBuild");
    Pool& pool = inactive_pool_of(in, args.pool.name);
    tell(in, pool, api::storage_pool_event_created);
    return {};
}

proc::StoragePoolDelete::Ret remove(Instance& in, proc::StoragePoolDelete::Args args) {
    check_flags(args.flags, 0, "testStoragePoolDelete");
    Pool& pool = inactive_pool_of(in, args.pool.name);
    tell(in, pool, api::storage_pool_event_deleted);
    return {};
}

proc::StoragePoolDestroy::Ret destroy(Instance& in, proc::StoragePoolDestroy::Args args) {
    Pool& pool = active_pool_of(in, args.pool.name);
    pool.active = false;
    remove_port(in, pool);
    tell(in, pool, api::storage_pool_event_stopped);
    if (!pool.persistent) {
        in.pools.erase(pool.uuid());
        return {};
    }
    if (pool.next) pool.definition = std::move(*pool.next);
    pool.next.reset();
    return {};
}

proc::StoragePoolUndefine::Ret undefine(Instance& in, proc::StoragePoolUndefine::Args args) {
    Pool& pool = inactive_pool_of(in, args.pool.name);
    tell(in, pool, api::storage_pool_event_undefined);
    in.pools.erase(pool.uuid());
    return {};
}

proc::StoragePoolRefresh::Ret refresh(Instance& in, proc::StoragePoolRefresh::Args args) {
    check_flags(args.flags, 0, "testStoragePoolRefresh");
    const Pool& pool = active_pool_of(in, args.pool.name);
    proc::StoragePoolEventRefresh::Msg message;
    message.pool = pool.reference();
    in.events.publish<proc::StoragePoolEventRefresh>(pool.uuid().to_string(), message);
    return {};
}

proc::StoragePoolGetInfo::Ret get_info(Instance& in, proc::StoragePoolGetInfo::Args args) {
    const Pool& pool = pool_of(in, args.pool.name);
    proc::StoragePoolGetInfo::Ret ret;
    ret.state = static_cast<uint8_t>(pool.active ? api::storage_pool_running : api::storage_pool_inactive);
    ret.capacity = pool.definition.capacity;
    ret.allocation = pool.definition.allocation;
    ret.available = pool.definition.available;
    return ret;
}

proc::StoragePoolGetXmlDesc::Ret get_xml(Instance& in, proc::StoragePoolGetXmlDesc::Args args) {
    check_flags(args.flags, 0, "testStoragePoolGetXMLDesc");
    return {xml::format(pool_of(in, args.pool.name).definition)};
}

proc::StoragePoolGetAutostart::Ret get_autostart(Instance& in, proc::StoragePoolGetAutostart::Args args) {
    const Pool& pool = pool_of(in, args.pool.name);
    return {pool.persistent && pool.autostart};
}

proc::StoragePoolSetAutostart::Ret set_autostart(Instance& in, proc::StoragePoolSetAutostart::Args args) {
    Pool& pool = pool_of(in, args.pool.name);
    if (!pool.persistent) refuse(ErrorCode::invalid_arg, "pool has no config file");
    pool.autostart = args.autostart != 0;
    return {};
}

// What could be a pool: made-up groups and shares.

std::string logical_sources() {
    xml::Writer w;
    w.begin("sources");
    for (const auto& [device, name] : {std::pair("/dev/sda20", "testvg1"), std::pair("/dev/sda21", "testvg2")}) {
        w.begin("source");
        w.begin("device");
        w.attribute("path", device);
        w.end();
        w.begin("name");
        w.text(name);
        w.end();
        w.begin("format");
        w.attribute("type", "lvm2");
        w.end();
        w.end();
    }
    w.end();
    return w.take();
}

std::string share_sources(const std::string& host) {
    xml::Writer w;
    w.begin("sources");
    w.begin("source");
    w.begin("host");
    w.attribute("name", host);
    w.end();
    w.begin("dir");
    w.attribute("path", "/testshare");
    w.end();
    w.begin("format");
    w.attribute("type", "nfs");
    w.end();
    w.end();
    w.end();
    return w.take();
}

proc::ConnectFindStoragePoolSources::Ret find_sources(Instance&, proc::ConnectFindStoragePoolSources::Args args) {
    check_flags(args.flags, 0, "testConnectFindStoragePoolSources");
    std::optional<model::PoolType> type = xml::from_name<model::PoolType>(args.type);
    if (!type) refuse(ErrorCode::no_support, "pool type '{}' does not support source discovery", args.type);
    if (*type == model::PoolType::logical) return {logical_sources()};
    if (*type != model::PoolType::netfs) refuse(ErrorCode::internal_error, "unknown storage pool type {}", args.type);
    std::string host;
    if (args.src_spec) {
        xml::Document document =
            xml::Document::parse(*args.src_spec, "(storage_source_specification)", ErrorDomain::storage);
        if (xml::Element element = document.root().child("host")) host = element.attribute("name").value_or("");
    }
    if (host.empty()) refuse(ErrorCode::invalid_arg, "hostname must be specified for netfs sources");
    return {share_sources(host)};
}

}  // namespace

void bind_pools(Instance& in) {
    driver::HandlerTable& on = in.storage;
    bind<proc::ConnectListAllStoragePools>(on, in, list_all);
    bind<proc::ConnectListStoragePools>(on, in, list_names<proc::ConnectListStoragePools, true>);
    bind<proc::ConnectListDefinedStoragePools>(on, in, list_names<proc::ConnectListDefinedStoragePools, false>);
    bind<proc::ConnectNumOfStoragePools>(on, in, count<proc::ConnectNumOfStoragePools, true>);
    bind<proc::ConnectNumOfDefinedStoragePools>(on, in, count<proc::ConnectNumOfDefinedStoragePools, false>);
    bind<proc::StoragePoolLookupByName>(on, in, look_up_name);
    bind<proc::StoragePoolLookupByUuid>(on, in, look_up_uuid);
    bind<proc::StoragePoolLookupByVolume>(on, in, look_up_volume);
    bind<proc::StoragePoolIsActive>(on, in, is_active);
    bind<proc::StoragePoolIsPersistent>(on, in, is_persistent);
    bind<proc::StoragePoolDefineXml>(on, in, define);
    bind<proc::StoragePoolCreateXml>(on, in, create_xml);
    bind<proc::StoragePoolCreate>(on, in, create);
    bind<proc::StoragePoolBuild>(on, in, build);
    bind<proc::StoragePoolDelete>(on, in, remove);
    bind<proc::StoragePoolDestroy>(on, in, destroy);
    bind<proc::StoragePoolUndefine>(on, in, undefine);
    bind<proc::StoragePoolRefresh>(on, in, refresh);
    bind<proc::StoragePoolGetInfo>(on, in, get_info);
    bind<proc::StoragePoolGetXmlDesc>(on, in, get_xml);
    bind<proc::StoragePoolGetAutostart>(on, in, get_autostart);
    bind<proc::StoragePoolSetAutostart>(on, in, set_autostart);
    bind<proc::ConnectFindStoragePoolSources>(on, in, find_sources);
}

}  // namespace virtue::test
