// table
// Snapshots of domains.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainSnapshotCreateXML.
struct DomainSnapshotCreateXml : Procedure<185, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotCreateXML";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{
        Permission::domain_snapshot,
        AccessRule{Permission::domain_fs_freeze, Condition::all_of(flag::snapshot_create_quiesce)}};
    struct Args {
        DomainRef domain;
        std::string xml_desc;
        uint32_t flags = 0;
        WIRE(domain, xml_desc, flags)
    };
    struct Ret {
        SnapshotRef snapshot;
        WIRE(snapshot)
    };
};

/// virDomainSnapshotGetXMLDesc.
struct DomainSnapshotGetXmlDesc : Procedure<186, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotGetXMLDesc";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read, AccessRule{Permission::domain_read_secure,
                                                                       Condition::all_of(flag::snapshot_xml_secure)}};
    static constexpr bool read_only_allowed = true;
    static constexpr Condition read_only_denied_if = Condition::any_of(flag::snapshot_xml_secure);
    static constexpr Priority priority = Priority::high;
    struct Args {
        SnapshotRef snapshot;
        uint32_t flags = 0;
        WIRE(snapshot, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virDomainSnapshotNum.
struct DomainSnapshotNum : Procedure<187, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotNum";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virDomainSnapshotListNames.
struct DomainSnapshotListNames : Procedure<188, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotListNames";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        int32_t maxnames = 0;
        uint32_t flags = 0;
        WIRE(domain, maxnames, flags)
    };
    struct Ret {
        List<std::string, domain_snapshot_list_max> names;
        WIRE(names)
    };
};

/// virDomainSnapshotLookupByName.
struct DomainSnapshotLookupByName : Procedure<189, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotLookupByName";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        std::string name;
        uint32_t flags = 0;
        WIRE(domain, name, flags)
    };
    struct Ret {
        SnapshotRef snapshot;
        WIRE(snapshot)
    };
};

/// virDomainHasCurrentSnapshot.
struct DomainHasCurrentSnapshot : Procedure<190, Program::remote> {
    static constexpr std::string_view api = "virDomainHasCurrentSnapshot";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        int32_t result = 0;
        WIRE(result)
    };
};

/// virDomainSnapshotCurrent.
struct DomainSnapshotCurrent : Procedure<191, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotCurrent";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        SnapshotRef snapshot;
        WIRE(snapshot)
    };
};

/// virDomainRevertToSnapshot.
struct DomainRevertToSnapshot : Procedure<192, Program::remote> {
    static constexpr std::string_view api = "virDomainRevertToSnapshot";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_snapshot};
    struct Args {
        SnapshotRef snapshot;
        uint32_t flags = 0;
        WIRE(snapshot, flags)
    };
};

/// virDomainSnapshotDelete.
struct DomainSnapshotDelete : Procedure<193, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotDelete";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_snapshot};
    struct Args {
        SnapshotRef snapshot;
        uint32_t flags = 0;
        WIRE(snapshot, flags)
    };
};

/// virDomainSnapshotGetParent.
struct DomainSnapshotGetParent : Procedure<244, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotGetParent";
    static constexpr std::string_view since = "0.9.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        SnapshotRef snapshot;
        uint32_t flags = 0;
        WIRE(snapshot, flags)
    };
    struct Ret {
        SnapshotRef snapshot;
        WIRE(snapshot)
    };
};

/// virDomainSnapshotNumChildren.
struct DomainSnapshotNumChildren : Procedure<246, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotNumChildren";
    static constexpr std::string_view since = "0.9.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        SnapshotRef snapshot;
        uint32_t flags = 0;
        WIRE(snapshot, flags)
    };
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virDomainSnapshotListChildrenNames.
struct DomainSnapshotListChildrenNames : Procedure<247, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotListChildrenNames";
    static constexpr std::string_view since = "0.9.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        SnapshotRef snapshot;
        int32_t maxnames = 0;
        uint32_t flags = 0;
        WIRE(snapshot, maxnames, flags)
    };
    struct Ret {
        List<std::string, domain_snapshot_list_max> names;
        WIRE(names)
    };
};

/// virDomainSnapshotIsCurrent.
struct DomainSnapshotIsCurrent : Procedure<271, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotIsCurrent";
    static constexpr std::string_view since = "0.9.13";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        SnapshotRef snapshot;
        uint32_t flags = 0;
        WIRE(snapshot, flags)
    };
    struct Ret {
        int32_t current = 0;
        WIRE(current)
    };
};

/// virDomainSnapshotHasMetadata.
struct DomainSnapshotHasMetadata : Procedure<272, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotHasMetadata";
    static constexpr std::string_view since = "0.9.13";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        SnapshotRef snapshot;
        uint32_t flags = 0;
        WIRE(snapshot, flags)
    };
    struct Ret {
        int32_t metadata = 0;
        WIRE(metadata)
    };
};

/// virDomainListAllSnapshots.
struct DomainListAllSnapshots : Procedure<274, Program::remote> {
    static constexpr std::string_view api = "virDomainListAllSnapshots";
    static constexpr std::string_view since = "0.9.13";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(domain, need_results, flags)
    };
    struct Ret {
        List<SnapshotRef, domain_snapshot_list_max> snapshots;
        int32_t ret = 0;
        WIRE(snapshots, ret)
    };
};

/// virDomainSnapshotListAllChildren.
struct DomainSnapshotListAllChildren : Procedure<275, Program::remote> {
    static constexpr std::string_view api = "virDomainSnapshotListAllChildren";
    static constexpr std::string_view since = "0.9.13";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        SnapshotRef snapshot;
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(snapshot, need_results, flags)
    };
    struct Ret {
        List<SnapshotRef, domain_snapshot_list_max> snapshots;
        int32_t ret = 0;
        WIRE(snapshots, ret)
    };
};

/// Every procedure of this file, for the registry.
using SnapshotProcedures =
    Procedures<DomainSnapshotCreateXml, DomainSnapshotGetXmlDesc, DomainSnapshotNum, DomainSnapshotListNames,
               DomainSnapshotLookupByName, DomainHasCurrentSnapshot, DomainSnapshotCurrent, DomainRevertToSnapshot,
               DomainSnapshotDelete, DomainSnapshotGetParent, DomainSnapshotNumChildren,
               DomainSnapshotListChildrenNames, DomainSnapshotIsCurrent, DomainSnapshotHasMetadata,
               DomainListAllSnapshots, DomainSnapshotListAllChildren>;

}  // namespace virtue::proc
