// table
// Storage pools.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virConnectNumOfStoragePools.
struct ConnectNumOfStoragePools : Procedure<71, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfStoragePools";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_search_storage_pools};
    static constexpr Permission filter = Permission::storage_pool_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virConnectListStoragePools.
struct ConnectListStoragePools : Procedure<72, Program::remote> {
    static constexpr std::string_view api = "virConnectListStoragePools";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_search_storage_pools};
    static constexpr Permission filter = Permission::storage_pool_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxnames = 0;
        WIRE(maxnames)
    };
    struct Ret {
        List<std::string, storage_pool_list_max> names;
        WIRE(names)
    };
};

/// virConnectNumOfDefinedStoragePools.
struct ConnectNumOfDefinedStoragePools : Procedure<73, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfDefinedStoragePools";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_search_storage_pools};
    static constexpr Permission filter = Permission::storage_pool_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virConnectListDefinedStoragePools.
struct ConnectListDefinedStoragePools : Procedure<74, Program::remote> {
    static constexpr std::string_view api = "virConnectListDefinedStoragePools";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_search_storage_pools};
    static constexpr Permission filter = Permission::storage_pool_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxnames = 0;
        WIRE(maxnames)
    };
    struct Ret {
        List<std::string, storage_pool_list_max> names;
        WIRE(names)
    };
};

/// virConnectFindStoragePoolSources: what could become a pool, for example exports of a server.
struct ConnectFindStoragePoolSources : Procedure<75, Program::remote> {
    static constexpr std::string_view api = "virConnectFindStoragePoolSources";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_detect_storage_pools};
    struct Args {
        std::string type;
        std::optional<std::string> src_spec;
        uint32_t flags = 0;
        WIRE(type, src_spec, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virStoragePoolCreateXML.
struct StoragePoolCreateXml : Procedure<76, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolCreateXML";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_start, Permission::storage_pool_write};
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        StoragePoolRef pool;
        WIRE(pool)
    };
};

/// virStoragePoolDefineXML.
struct StoragePoolDefineXml : Procedure<77, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolDefineXML";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_write, Permission::storage_pool_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        StoragePoolRef pool;
        WIRE(pool)
    };
};

/// virStoragePoolCreate.
struct StoragePoolCreate : Procedure<78, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolCreate";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_start};
    struct Args {
        StoragePoolRef pool;
        uint32_t flags = 0;
        WIRE(pool, flags)
    };
};

/// virStoragePoolBuild: makes what the pool lives in: folder, volume group, file system.
struct StoragePoolBuild : Procedure<79, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolBuild";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_format};
    struct Args {
        StoragePoolRef pool;
        uint32_t flags = 0;
        WIRE(pool, flags)
    };
};

/// virStoragePoolDestroy.
struct StoragePoolDestroy : Procedure<80, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolDestroy";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_stop};
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        WIRE(pool)
    };
};

/// virStoragePoolDelete: the pool's data, not its definition.
struct StoragePoolDelete : Procedure<81, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolDelete";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_format};
    struct Args {
        StoragePoolRef pool;
        uint32_t flags = 0;
        WIRE(pool, flags)
    };
};

/// virStoragePoolUndefine.
struct StoragePoolUndefine : Procedure<82, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolUndefine";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        WIRE(pool)
    };
};

/// virStoragePoolRefresh.
struct StoragePoolRefresh : Procedure<83, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolRefresh";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_refresh};
    struct Args {
        StoragePoolRef pool;
        uint32_t flags = 0;
        WIRE(pool, flags)
    };
};

/// virStoragePoolLookupByName.
struct StoragePoolLookupByName : Procedure<84, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolLookupByName";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        StoragePoolRef pool;
        WIRE(pool)
    };
};

/// virStoragePoolLookupByUUID.
struct StoragePoolLookupByUuid : Procedure<85, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolLookupByUUID";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        Uuid uuid;
        WIRE(uuid)
    };
    struct Ret {
        StoragePoolRef pool;
        WIRE(pool)
    };
};

/// virStoragePoolLookupByVolume.
struct StoragePoolLookupByVolume : Procedure<86, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolLookupByVolume";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StorageVolumeRef volume;
        WIRE(volume)
    };
    struct Ret {
        StoragePoolRef pool;
        WIRE(pool)
    };
};

/// virStoragePoolGetInfo: in bytes.
struct StoragePoolGetInfo : Procedure<87, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolGetInfo";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        WIRE(pool)
    };
    struct Ret {
        uint8_t state = 0;
        uint64_t capacity = 0;
        uint64_t allocation = 0;
        uint64_t available = 0;
        WIRE(state, capacity, allocation, available)
    };
};

/// virStoragePoolGetXMLDesc.
struct StoragePoolGetXmlDesc : Procedure<88, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolGetXMLDesc";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        uint32_t flags = 0;
        WIRE(pool, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virStoragePoolGetAutostart.
struct StoragePoolGetAutostart : Procedure<89, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolGetAutostart";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        WIRE(pool)
    };
    struct Ret {
        int32_t autostart = 0;
        WIRE(autostart)
    };
};

/// virStoragePoolSetAutostart.
struct StoragePoolSetAutostart : Procedure<90, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolSetAutostart";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        int32_t autostart = 0;
        WIRE(pool, autostart)
    };
};

/// virStoragePoolIsActive.
struct StoragePoolIsActive : Procedure<154, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolIsActive";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        WIRE(pool)
    };
    struct Ret {
        int32_t active = 0;
        WIRE(active)
    };
};

/// virStoragePoolIsPersistent.
struct StoragePoolIsPersistent : Procedure<155, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolIsPersistent";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        WIRE(pool)
    };
    struct Ret {
        int32_t persistent = 0;
        WIRE(persistent)
    };
};

/// virConnectListAllStoragePools.
struct ConnectListAllStoragePools : Procedure<281, Program::remote> {
    static constexpr std::string_view api = "virConnectListAllStoragePools";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_search_storage_pools};
    static constexpr Permission filter = Permission::storage_pool_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<StoragePoolRef, storage_pool_list_max> pools;
        uint32_t ret = 0;
        WIRE(pools, ret)
    };
};

/// virStoragePoolLookupByTargetPath.
struct StoragePoolLookupByTargetPath : Procedure<391, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolLookupByTargetPath";
    static constexpr std::string_view since = "4.1.0";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string path;
        WIRE(path)
    };
    struct Ret {
        StoragePoolRef pool;
        WIRE(pool)
    };
};

/// virConnectGetStoragePoolCapabilities.
struct ConnectGetStoragePoolCapabilities : Procedure<403, Program::remote> {
    static constexpr std::string_view api = "virConnectGetStoragePoolCapabilities";
    static constexpr std::string_view since = "5.2.0";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
    struct Ret {
        std::string capabilities;
        WIRE(capabilities)
    };
};

/// Every procedure of this file, for the registry.
using StoragePoolProcedures =
    Procedures<ConnectNumOfStoragePools, ConnectListStoragePools, ConnectNumOfDefinedStoragePools,
               ConnectListDefinedStoragePools, ConnectFindStoragePoolSources, StoragePoolCreateXml,
               StoragePoolDefineXml, StoragePoolCreate, StoragePoolBuild, StoragePoolDestroy, StoragePoolDelete,
               StoragePoolUndefine, StoragePoolRefresh, StoragePoolLookupByName, StoragePoolLookupByUuid,
               StoragePoolLookupByVolume, StoragePoolGetInfo, StoragePoolGetXmlDesc, StoragePoolGetAutostart,
               StoragePoolSetAutostart, StoragePoolIsActive, StoragePoolIsPersistent, ConnectListAllStoragePools,
               StoragePoolLookupByTargetPath, ConnectGetStoragePoolCapabilities>;

}  // namespace virtue::proc
