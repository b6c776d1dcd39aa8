// table
// Domains: definition, XML, autostart, name and metadata.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainDefineXML: new or changed definition; the domain is not started.
struct DomainDefineXml : Procedure<11, Program::remote> {
    static constexpr std::string_view api = "virDomainDefineXML";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write, Permission::domain_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        WIRE(xml)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainGetXMLDesc.
struct DomainGetXmlDesc : Procedure<14, Program::remote> {
    static constexpr std::string_view api = "virDomainGetXMLDesc";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{
        Permission::domain_read, AccessRule{Permission::domain_read_secure, Condition::all_of(flag::domain_xml_secure)},
        AccessRule{Permission::domain_read_secure, Condition::all_of(flag::domain_xml_migratable)}};
    static constexpr bool read_only_allowed = true;
    static constexpr Condition read_only_denied_if =
        Condition::any_of(flag::domain_xml_secure | flag::domain_xml_migratable);
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

/// virDomainGetAutostart.
struct DomainGetAutostart : Procedure<15, Program::remote> {
    static constexpr std::string_view api = "virDomainGetAutostart";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        int32_t autostart = 0;
        WIRE(autostart)
    };
};

/// virDomainGetOSType.
struct DomainGetOsType : Procedure<19, Program::remote> {
    static constexpr std::string_view api = "virDomainGetOSType";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        std::string type;
        WIRE(type)
    };
};

/// virDomainSetAutostart.
struct DomainSetAutostart : Procedure<29, Program::remote> {
    static constexpr std::string_view api = "virDomainSetAutostart";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        int32_t autostart = 0;
        WIRE(domain, autostart)
    };
};

/// virDomainUndefine.
struct DomainUndefine : Procedure<35, Program::remote> {
    static constexpr std::string_view api = "virDomainUndefine";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virConnectDomainXMLFromNative: from the emulator's own configuration.
struct ConnectDomainXmlFromNative : Procedure<135, Program::remote> {
    static constexpr std::string_view api = "virConnectDomainXMLFromNative";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_write};
    struct Args {
        std::string native_format;
        std::string native_config;
        uint32_t flags = 0;
        WIRE(native_format, native_config, flags)
    };
    struct Ret {
        std::string domain_xml;
        WIRE(domain_xml)
    };
};

/// virConnectDomainXMLToNative: the emulator's command line for that XML.
struct ConnectDomainXmlToNative : Procedure<136, Program::remote> {
    static constexpr std::string_view api = "virConnectDomainXMLToNative";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_write};
    struct Args {
        std::string native_format;
        std::string domain_xml;
        uint32_t flags = 0;
        WIRE(native_format, domain_xml, flags)
    };
    struct Ret {
        std::string native_config;
        WIRE(native_config)
    };
};

/// virDomainUndefineFlags.
struct DomainUndefineFlags : Procedure<231, Program::remote> {
    static constexpr std::string_view api = "virDomainUndefineFlags";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainSetMetadata: title, description or an element of the caller's name space.
struct DomainSetMetadata : Procedure<264, Program::remote> {
    static constexpr std::string_view api = "virDomainSetMetadata";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        int32_t type = 0;
        std::optional<std::string> metadata;
        std::optional<std::string> key;
        std::optional<std::string> uri;
        uint32_t flags = 0;
        WIRE(domain, type, metadata, key, uri, flags)
    };
};

/// virDomainGetMetadata: title, description or an element of the caller's name space.
struct DomainGetMetadata : Procedure<265, Program::remote> {
    static constexpr std::string_view api = "virDomainGetMetadata";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        int32_t type = 0;
        std::optional<std::string> uri;
        uint32_t flags = 0;
        WIRE(domain, type, uri, flags)
    };
    struct Ret {
        std::string metadata;
        WIRE(metadata)
    };
};

/// virDomainDefineXMLFlags.
struct DomainDefineXmlFlags : Procedure<350, Program::remote> {
    static constexpr std::string_view api = "virDomainDefineXMLFlags";
    static constexpr std::string_view since = "1.2.12";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write, Permission::domain_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainRename.
struct DomainRename : Procedure<358, Program::remote> {
    static constexpr std::string_view api = "virDomainRename";
    static constexpr std::string_view since = "1.2.19";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write, Permission::domain_save};
    struct Args {
        DomainRef domain;
        std::optional<std::string> new_name;
        uint32_t flags = 0;
        WIRE(domain, new_name, flags)
    };
    struct Ret {
        int32_t retcode = 0;
        WIRE(retcode)
    };
};

/// virDomainGetAutostartOnce: whether it starts with the host the next time only.
struct DomainGetAutostartOnce : Procedure<449, Program::remote> {
    static constexpr std::string_view api = "virDomainGetAutostartOnce";
    static constexpr std::string_view since = "11.2.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        int32_t autostart = 0;
        WIRE(autostart)
    };
};

/// virDomainSetAutostartOnce.
struct DomainSetAutostartOnce : Procedure<450, Program::remote> {
    static constexpr std::string_view api = "virDomainSetAutostartOnce";
    static constexpr std::string_view since = "11.2.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        int32_t autostart = 0;
        WIRE(domain, autostart)
    };
};

/// Every procedure of this file, for the registry.
using DomainDefineProcedures =
    Procedures<DomainDefineXml, DomainGetXmlDesc, DomainGetAutostart, DomainGetOsType, DomainSetAutostart,
               DomainUndefine, ConnectDomainXmlFromNative, ConnectDomainXmlToNative, DomainUndefineFlags,
               DomainSetMetadata, DomainGetMetadata, DomainDefineXmlFlags, DomainRename, DomainGetAutostartOnce,
               DomainSetAutostartOnce>;

}  // namespace virtue::proc
