// table
// Storage volumes.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virStoragePoolNumOfVolumes.
struct StoragePoolNumOfVolumes : Procedure<91, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolNumOfVolumes";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_search_storage_vols};
    static constexpr Permission filter = Permission::storage_vol_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        WIRE(pool)
    };
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virStoragePoolListVolumes.
struct StoragePoolListVolumes : Procedure<92, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolListVolumes";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_search_storage_vols};
    static constexpr Permission filter = Permission::storage_vol_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        int32_t maxnames = 0;
        WIRE(pool, maxnames)
    };
    struct Ret {
        List<std::string, storage_vol_list_max> names;
        WIRE(names)
    };
};

/// virStorageVolCreateXML.
struct StorageVolCreateXml : Procedure<93, Program::remote> {
    static constexpr std::string_view api = "virStorageVolCreateXML";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_create};
    struct Args {
        StoragePoolRef pool;
        std::string xml;
        uint32_t flags = 0;
        WIRE(pool, xml, flags)
    };
    struct Ret {
        StorageVolumeRef volume;
        WIRE(volume)
    };
};

/// virStorageVolDelete.
struct StorageVolDelete : Procedure<94, Program::remote> {
    static constexpr std::string_view api = "virStorageVolDelete";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_delete};
    struct Args {
        StorageVolumeRef volume;
        uint32_t flags = 0;
        WIRE(volume, flags)
    };
};

/// virStorageVolLookupByName.
struct StorageVolLookupByName : Procedure<95, Program::remote> {
    static constexpr std::string_view api = "virStorageVolLookupByName";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        std::string name;
        WIRE(pool, name)
    };
    struct Ret {
        StorageVolumeRef volume;
        WIRE(volume)
    };
};

/// virStorageVolLookupByKey.
struct StorageVolLookupByKey : Procedure<96, Program::remote> {
    static constexpr std::string_view api = "virStorageVolLookupByKey";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string key;
        WIRE(key)
    };
    struct Ret {
        StorageVolumeRef volume;
        WIRE(volume)
    };
};

/// virStorageVolLookupByPath.
struct StorageVolLookupByPath : Procedure<97, Program::remote> {
    static constexpr std::string_view api = "virStorageVolLookupByPath";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string path;
        WIRE(path)
    };
    struct Ret {
        StorageVolumeRef volume;
        WIRE(volume)
    };
};

/// virStorageVolGetInfo: in bytes.
struct StorageVolGetInfo : Procedure<98, Program::remote> {
    static constexpr std::string_view api = "virStorageVolGetInfo";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StorageVolumeRef volume;
        WIRE(volume)
    };
    struct Ret {
        int8_t type = 0;
        uint64_t capacity = 0;
        uint64_t allocation = 0;
        WIRE(type, capacity, allocation)
    };
};

/// virStorageVolGetXMLDesc.
struct StorageVolGetXmlDesc : Procedure<99, Program::remote> {
    static constexpr std::string_view api = "virStorageVolGetXMLDesc";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StorageVolumeRef volume;
        uint32_t flags = 0;
        WIRE(volume, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virStorageVolGetPath.
struct StorageVolGetPath : Procedure<100, Program::remote> {
    static constexpr std::string_view api = "virStorageVolGetPath";
    static constexpr std::string_view since = "0.4.1";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StorageVolumeRef volume;
        WIRE(volume)
    };
    struct Ret {
        std::string name;
        WIRE(name)
    };
};

/// virStorageVolCreateXMLFrom.
struct StorageVolCreateXmlFrom : Procedure<125, Program::remote> {
    static constexpr std::string_view api = "virStorageVolCreateXMLFrom";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_create};
    struct Args {
        StoragePoolRef pool;
        std::string xml;
        StorageVolumeRef clone_volume;
        uint32_t flags = 0;
        WIRE(pool, xml, clone_volume, flags)
    };
    struct Ret {
        StorageVolumeRef volume;
        WIRE(volume)
    };
};

/// virStorageVolWipe.
struct StorageVolWipe : Procedure<165, Program::remote> {
    static constexpr std::string_view api = "virStorageVolWipe";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_format};
    struct Args {
        StorageVolumeRef volume;
        uint32_t flags = 0;
        WIRE(volume, flags)
    };
};

/// virStorageVolUpload: the data comes by the call's stream; with flag 1 it may have holes.
struct StorageVolUpload : Procedure<208, Program::remote> {
    static constexpr std::string_view api = "virStorageVolUpload";
    static constexpr std::string_view since = "0.9.0";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_data_write};
    static constexpr StreamUse stream{StreamDirection::write, 1, flag::sparse_stream};
    struct Args {
        StorageVolumeRef volume;
        uint64_t offset = 0;
        uint64_t length = 0;
        uint32_t flags = 0;
        WIRE(volume, offset, length, flags)
    };
};

/// virStorageVolDownload: the data goes by the call's stream; with flag 1 it may have holes.
struct StorageVolDownload : Procedure<209, Program::remote> {
    static constexpr std::string_view api = "virStorageVolDownload";
    static constexpr std::string_view since = "0.9.0";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_data_read};
    static constexpr StreamUse stream{StreamDirection::read, 1, flag::sparse_stream};
    struct Args {
        StorageVolumeRef volume;
        uint64_t offset = 0;
        uint64_t length = 0;
        uint32_t flags = 0;
        WIRE(volume, offset, length, flags)
    };
};

/// virStorageVolWipePattern.
struct StorageVolWipePattern : Procedure<259, Program::remote> {
    static constexpr std::string_view api = "virStorageVolWipePattern";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_format};
    struct Args {
        StorageVolumeRef volume;
        uint32_t algorithm = 0;
        uint32_t flags = 0;
        WIRE(volume, algorithm, flags)
    };
};

/// virStorageVolResize: in bytes; a delta with VIR_STORAGE_VOL_RESIZE_DELTA.
struct StorageVolResize : Procedure<260, Program::remote> {
    static constexpr std::string_view api = "virStorageVolResize";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_resize};
    struct Args {
        StorageVolumeRef volume;
        uint64_t capacity = 0;
        uint32_t flags = 0;
        WIRE(volume, capacity, flags)
    };
};

/// virStoragePoolListAllVolumes.
struct StoragePoolListAllVolumes : Procedure<282, Program::remote> {
    static constexpr std::string_view api = "virStoragePoolListAllVolumes";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_pool_search_storage_vols};
    static constexpr Permission filter = Permission::storage_vol_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StoragePoolRef pool;
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(pool, need_results, flags)
    };
    template <class Text>
    struct Listed {
        List<StorageVolumeOf<Text>, storage_vol_list_max> volumes;
        uint32_t ret = 0;
        WIRE(volumes, ret)
    };
    using Ret = Listed<std::string>;
    using View = Listed<std::string_view>;
};

/// virStorageVolGetInfoFlags.
struct StorageVolGetInfoFlags : Procedure<378, Program::remote> {
    static constexpr std::string_view api = "virStorageVolGetInfoFlags";
    static constexpr std::string_view since = "3.0.0";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::storage_vol_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        StorageVolumeRef volume;
        uint32_t flags = 0;
        WIRE(volume, flags)
    };
    struct Ret {
        int8_t type = 0;
        uint64_t capacity = 0;
        uint64_t allocation = 0;
        WIRE(type, capacity, allocation)
    };
};

/// Every procedure of this file, for the registry.
using StorageVolumeProcedures =
    Procedures<StoragePoolNumOfVolumes, StoragePoolListVolumes, StorageVolCreateXml, StorageVolDelete,
               StorageVolLookupByName, StorageVolLookupByKey, StorageVolLookupByPath, StorageVolGetInfo,
               StorageVolGetXmlDesc, StorageVolGetPath, StorageVolCreateXmlFrom, StorageVolWipe, StorageVolUpload,
               StorageVolDownload, StorageVolWipePattern, StorageVolResize, StoragePoolListAllVolumes,
               StorageVolGetInfoFlags>;

}  // namespace virtue::proc
