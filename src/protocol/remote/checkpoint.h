// table
// Checkpoints and backups of domains.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainCheckpointCreateXML.
struct DomainCheckpointCreateXml : Procedure<411, Program::remote> {
    static constexpr std::string_view api = "virDomainCheckpointCreateXML";
    static constexpr std::string_view since = "5.6.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{
        Permission::domain_checkpoint,
        AccessRule{Permission::domain_fs_freeze, Condition::all_of(flag::checkpoint_create_quiesce)}};
    struct Args {
        DomainRef domain;
        std::string xml_desc;
        uint32_t flags = 0;
        WIRE(domain, xml_desc, flags)
    };
    struct Ret {
        CheckpointRef checkpoint;
        WIRE(checkpoint)
    };
};

/// virDomainCheckpointGetXMLDesc.
struct DomainCheckpointGetXmlDesc : Procedure<412, Program::remote> {
    static constexpr std::string_view api = "virDomainCheckpointGetXMLDesc";
    static constexpr std::string_view since = "5.6.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read, AccessRule{Permission::domain_read_secure,
                                                                       Condition::all_of(flag::checkpoint_xml_secure)}};
    static constexpr bool read_only_allowed = true;
    static constexpr Condition read_only_denied_if = Condition::any_of(flag::checkpoint_xml_secure);
    struct Args {
        CheckpointRef checkpoint;
        uint32_t flags = 0;
        WIRE(checkpoint, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virDomainListAllCheckpoints.
struct DomainListAllCheckpoints : Procedure<413, Program::remote> {
    static constexpr std::string_view api = "virDomainListAllCheckpoints";
    static constexpr std::string_view since = "5.6.0";
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
        List<CheckpointRef, domain_checkpoint_list_max> checkpoints;
        int32_t ret = 0;
        WIRE(checkpoints, ret)
    };
};

/// virDomainCheckpointListAllChildren.
struct DomainCheckpointListAllChildren : Procedure<414, Program::remote> {
    static constexpr std::string_view api = "virDomainCheckpointListAllChildren";
    static constexpr std::string_view since = "5.6.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        CheckpointRef checkpoint;
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(checkpoint, need_results, flags)
    };
    struct Ret {
        List<CheckpointRef, domain_checkpoint_list_max> checkpoints;
        int32_t ret = 0;
        WIRE(checkpoints, ret)
    };
};

/// virDomainCheckpointLookupByName.
struct DomainCheckpointLookupByName : Procedure<415, Program::remote> {
    static constexpr std::string_view api = "virDomainCheckpointLookupByName";
    static constexpr std::string_view since = "5.6.0";
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
        CheckpointRef checkpoint;
        WIRE(checkpoint)
    };
};

/// virDomainCheckpointGetParent.
struct DomainCheckpointGetParent : Procedure<416, Program::remote> {
    static constexpr std::string_view api = "virDomainCheckpointGetParent";
    static constexpr std::string_view since = "5.6.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        CheckpointRef checkpoint;
        uint32_t flags = 0;
        WIRE(checkpoint, flags)
    };
    struct Ret {
        CheckpointRef parent;
        WIRE(parent)
    };
};

/// virDomainCheckpointDelete.
struct DomainCheckpointDelete : Procedure<417, Program::remote> {
    static constexpr std::string_view api = "virDomainCheckpointDelete";
    static constexpr std::string_view since = "5.6.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_checkpoint};
    struct Args {
        CheckpointRef checkpoint;
        uint32_t flags = 0;
        WIRE(checkpoint, flags)
    };
};

/// virDomainBackupBegin: a full or incremental copy, pushed or offered by NBD, and a checkpoint in the same moment.
struct DomainBackupBegin : Procedure<421, Program::remote> {
    static constexpr std::string_view api = "virDomainBackupBegin";
    static constexpr std::string_view since = "6.0.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_checkpoint, Permission::domain_block_write};
    struct Args {
        DomainRef domain;
        std::string backup_xml;
        std::optional<std::string> checkpoint_xml;
        uint32_t flags = 0;
        WIRE(domain, backup_xml, checkpoint_xml, flags)
    };
};

/// virDomainBackupGetXMLDesc.
struct DomainBackupGetXmlDesc : Procedure<422, Program::remote> {
    static constexpr std::string_view api = "virDomainBackupGetXMLDesc";
    static constexpr std::string_view since = "6.0.0";
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
        std::string xml;
        WIRE(xml)
    };
};

/// Every procedure of this file, for the registry.
using CheckpointProcedures =
    Procedures<DomainCheckpointCreateXml, DomainCheckpointGetXmlDesc, DomainListAllCheckpoints,
               DomainCheckpointListAllChildren, DomainCheckpointLookupByName, DomainCheckpointGetParent,
               DomainCheckpointDelete, DomainBackupBegin, DomainBackupGetXmlDesc>;

}  // namespace virtue::proc
