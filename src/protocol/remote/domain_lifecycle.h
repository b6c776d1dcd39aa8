// table
// Domains: create, stop, reboot, suspend, save, restore, dump.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainCreate: starts a defined domain.
struct DomainCreate : Procedure<9, Program::remote> {
    static constexpr std::string_view api = "virDomainCreate";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_start};
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainCreateXML: starts a transient domain.
struct DomainCreateXml : Procedure<10, Program::remote> {
    static constexpr std::string_view api = "virDomainCreateXML";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write, Permission::domain_start};
    struct Args {
        std::string xml_desc;
        uint32_t flags = 0;
        WIRE(xml_desc, flags)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainDestroy: pulls the plug.
struct DomainDestroy : Procedure<12, Program::remote> {
    static constexpr std::string_view api = "virDomainDestroy";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_stop};
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainReboot: by ACPI, agent or what the flags name.
struct DomainReboot : Procedure<27, Program::remote> {
    static constexpr std::string_view api = "virDomainReboot";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{
        Permission::domain_init_control,
        AccessRule{Permission::domain_write, Condition::all_of(flag::domain_reboot_guest_agent)}};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainResume.
struct DomainResume : Procedure<28, Program::remote> {
    static constexpr std::string_view api = "virDomainResume";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_suspend};
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainShutdown: asks the guest; it may take its time or refuse.
struct DomainShutdown : Procedure<33, Program::remote> {
    static constexpr std::string_view api = "virDomainShutdown";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_init_control};
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainSuspend: pauses the virtual CPUs.
struct DomainSuspend : Procedure<34, Program::remote> {
    static constexpr std::string_view api = "virDomainSuspend";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_suspend};
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainCoreDump: the guest's memory, to a file on the host.
struct DomainCoreDump : Procedure<53, Program::remote> {
    static constexpr std::string_view api = "virDomainCoreDump";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_core_dump};
    struct Args {
        DomainRef domain;
        std::string to;
        uint32_t flags = 0;
        WIRE(domain, to, flags)
    };
};

/// virDomainRestore.
struct DomainRestore : Procedure<54, Program::remote> {
    static constexpr std::string_view api = "virDomainRestore";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_start, Permission::domain_write};
    struct Args {
        std::string from;
        WIRE(from)
    };
};

/// virDomainSave: to a file on the host, named by the caller; the domain stops.
struct DomainSave : Procedure<55, Program::remote> {
    static constexpr std::string_view api = "virDomainSave";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_hibernate};
    struct Args {
        DomainRef domain;
        std::string to;
        WIRE(domain, to)
    };
};

/// virDomainManagedSave: to a file that the daemon owns and the next start restores.
struct DomainManagedSave : Procedure<182, Program::remote> {
    static constexpr std::string_view api = "virDomainManagedSave";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_hibernate};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainHasManagedSaveImage.
struct DomainHasManagedSaveImage : Procedure<183, Program::remote> {
    static constexpr std::string_view api = "virDomainHasManagedSaveImage";
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

/// virDomainManagedSaveRemove: forgets the saved state; the next start boots afresh.
struct DomainManagedSaveRemove : Procedure<184, Program::remote> {
    static constexpr std::string_view api = "virDomainManagedSaveRemove";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_hibernate};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainCreateWithFlags: starts a defined domain; the reference comes back with its new id.
struct DomainCreateWithFlags : Procedure<196, Program::remote> {
    static constexpr std::string_view api = "virDomainCreateWithFlags";
    static constexpr std::string_view since = "0.8.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_start};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainSaveFlags.
struct DomainSaveFlags : Procedure<232, Program::remote> {
    static constexpr std::string_view api = "virDomainSaveFlags";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_hibernate};
    struct Args {
        DomainRef domain;
        std::string to;
        std::optional<std::string> dxml;
        uint32_t flags = 0;
        WIRE(domain, to, dxml, flags)
    };
};

/// virDomainRestoreFlags.
struct DomainRestoreFlags : Procedure<233, Program::remote> {
    static constexpr std::string_view api = "virDomainRestoreFlags";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_start, Permission::domain_write};
    struct Args {
        std::string from;
        std::optional<std::string> dxml;
        uint32_t flags = 0;
        WIRE(from, dxml, flags)
    };
};

/// virDomainDestroyFlags: pulls the plug; with VIR_DOMAIN_DESTROY_GRACEFUL never by SIGKILL.
struct DomainDestroyFlags : Procedure<234, Program::remote> {
    static constexpr std::string_view api = "virDomainDestroyFlags";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_stop};
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainSaveImageGetXMLDesc: the definition inside a saved image.
struct DomainSaveImageGetXmlDesc : Procedure<235, Program::remote> {
    static constexpr std::string_view api = "virDomainSaveImageGetXMLDesc";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string file;
        uint32_t flags = 0;
        WIRE(file, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virDomainSaveImageDefineXML: replaces the definition inside a saved image.
struct DomainSaveImageDefineXml : Procedure<236, Program::remote> {
    static constexpr std::string_view api = "virDomainSaveImageDefineXML";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write, Permission::domain_hibernate};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string file;
        std::string dxml;
        uint32_t flags = 0;
        WIRE(file, dxml, flags)
    };
};

/// virDomainReset.
struct DomainReset : Procedure<245, Program::remote> {
    static constexpr std::string_view api = "virDomainReset";
    static constexpr std::string_view since = "0.9.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_reset};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainShutdownFlags.
struct DomainShutdownFlags : Procedure<258, Program::remote> {
    static constexpr std::string_view api = "virDomainShutdownFlags";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{
        Permission::domain_init_control,
        AccessRule{Permission::domain_write, Condition::all_of(flag::domain_shutdown_guest_agent)}};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainPMSuspendForDuration: the guest's own suspend, through its agent.
struct DomainPmSuspendForDuration : Procedure<261, Program::remote> {
    static constexpr std::string_view api = "virDomainPMSuspendForDuration";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_pm_control};
    struct Args {
        DomainRef domain;
        uint32_t target = 0;
        uint64_t duration = 0;
        uint32_t flags = 0;
        WIRE(domain, target, duration, flags)
    };
};

/// virDomainPMWakeup: wakes a guest from its own suspend.
struct DomainPmWakeup : Procedure<267, Program::remote> {
    static constexpr std::string_view api = "virDomainPMWakeup";
    static constexpr std::string_view since = "0.9.11";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_pm_control};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainCreateXMLWithFiles: as DomainCreateXml, with descriptors that the guest's init inherits.
struct DomainCreateXmlWithFiles : Procedure<309, Program::remote> {
    static constexpr std::string_view api = "virDomainCreateXMLWithFiles";
    static constexpr std::string_view since = "1.1.1";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write, Permission::domain_start};
    static constexpr FdCount call_fds{0, fds_max};
    struct Args {
        std::string xml_desc;
        uint32_t flags = 0;
        WIRE(xml_desc, flags)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainCreateWithFiles: as DomainCreateWithFlags, with descriptors that the guest's init inherits.
struct DomainCreateWithFiles : Procedure<310, Program::remote> {
    static constexpr std::string_view api = "virDomainCreateWithFiles";
    static constexpr std::string_view since = "1.1.1";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_start};
    static constexpr FdCount call_fds{0, fds_max};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainCoreDumpWithFormat.
struct DomainCoreDumpWithFormat : Procedure<334, Program::remote> {
    static constexpr std::string_view api = "virDomainCoreDumpWithFormat";
    static constexpr std::string_view since = "1.2.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_core_dump};
    struct Args {
        DomainRef domain;
        std::string to;
        uint32_t dumpformat = 0;
        uint32_t flags = 0;
        WIRE(domain, to, dumpformat, flags)
    };
};

/// virDomainManagedSaveGetXMLDesc.
struct DomainManagedSaveGetXmlDesc : Procedure<388, Program::remote> {
    static constexpr std::string_view api = "virDomainManagedSaveGetXMLDesc";
    static constexpr std::string_view since = "3.7.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read, AccessRule{Permission::domain_read_secure,
                                                                       Condition::all_of(flag::save_image_xml_secure)}};
    static constexpr bool read_only_allowed = true;
    static constexpr Condition read_only_denied_if = Condition::any_of(flag::save_image_xml_secure);
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

/// virDomainManagedSaveDefineXML.
struct DomainManagedSaveDefineXml : Procedure<389, Program::remote> {
    static constexpr std::string_view api = "virDomainManagedSaveDefineXML";
    static constexpr std::string_view since = "3.7.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write, Permission::domain_hibernate};
    struct Args {
        DomainRef domain;
        std::optional<std::string> dxml;
        uint32_t flags = 0;
        WIRE(domain, dxml, flags)
    };
};

/// virDomainSetLifecycleAction: what happens on poweroff, reboot or crash.
struct DomainSetLifecycleAction : Procedure<390, Program::remote> {
    static constexpr std::string_view api = "virDomainSetLifecycleAction";
    static constexpr std::string_view since = "3.9.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t type = 0;
        uint32_t action = 0;
        uint32_t flags = 0;
        WIRE(domain, type, action, flags)
    };
};

/// virDomainSaveParams.
struct DomainSaveParams : Procedure<440, Program::remote> {
    static constexpr std::string_view api = "virDomainSaveParams";
    static constexpr std::string_view since = "8.4.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_hibernate};
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_save_params_max> params;
        uint32_t flags = 0;
        WIRE(domain, params, flags)
    };
};

/// virDomainRestoreParams.
struct DomainRestoreParams : Procedure<441, Program::remote> {
    static constexpr std::string_view api = "virDomainRestoreParams";
    static constexpr std::string_view since = "8.4.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_start, Permission::domain_write};
    struct Args {
        List<TypedParameter, domain_save_params_max> params;
        uint32_t flags = 0;
        WIRE(params, flags)
    };
};

/// Every procedure of this file, for the registry.
using DomainLifecycleProcedures =
    Procedures<DomainCreate, DomainCreateXml, DomainDestroy, DomainReboot, DomainResume, DomainShutdown, DomainSuspend,
               DomainCoreDump, DomainRestore, DomainSave, DomainManagedSave, DomainHasManagedSaveImage,
               DomainManagedSaveRemove, DomainCreateWithFlags, DomainSaveFlags, DomainRestoreFlags, DomainDestroyFlags,
               DomainSaveImageGetXmlDesc, DomainSaveImageDefineXml, DomainReset, DomainShutdownFlags,
               DomainPmSuspendForDuration, DomainPmWakeup, DomainCreateXmlWithFiles, DomainCreateWithFiles,
               DomainCoreDumpWithFormat, DomainManagedSaveGetXmlDesc, DomainManagedSaveDefineXml,
               DomainSetLifecycleAction, DomainSaveParams, DomainRestoreParams>;

}  // namespace virtue::proc
