// table
// Domains: devices, consoles, channels, graphics, keys.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainAttachDevice.
struct DomainAttachDevice : Procedure<8, Program::remote> {
    static constexpr std::string_view api = "virDomainAttachDevice";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string xml;
        WIRE(domain, xml)
    };
};

/// virDomainDetachDevice.
struct DomainDetachDevice : Procedure<13, Program::remote> {
    static constexpr std::string_view api = "virDomainDetachDevice";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string xml;
        WIRE(domain, xml)
    };
};

/// virDomainAttachDeviceFlags.
struct DomainAttachDeviceFlags : Procedure<160, Program::remote> {
    static constexpr std::string_view api = "virDomainAttachDeviceFlags";
    static constexpr std::string_view since = "0.7.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::string xml;
        uint32_t flags = 0;
        WIRE(domain, xml, flags)
    };
};

/// virDomainDetachDeviceFlags.
struct DomainDetachDeviceFlags : Procedure<161, Program::remote> {
    static constexpr std::string_view api = "virDomainDetachDeviceFlags";
    static constexpr std::string_view since = "0.7.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::string xml;
        uint32_t flags = 0;
        WIRE(domain, xml, flags)
    };
};

/// virDomainUpdateDeviceFlags.
struct DomainUpdateDeviceFlags : Procedure<174, Program::remote> {
    static constexpr std::string_view api = "virDomainUpdateDeviceFlags";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::string xml;
        uint32_t flags = 0;
        WIRE(domain, xml, flags)
    };
};

/// virDomainOpenConsole: a stream both ways; `dev_name` is the alias, absent for the first.
struct DomainOpenConsole : Procedure<201, Program::remote> {
    static constexpr std::string_view api = "virDomainOpenConsole";
    static constexpr std::string_view since = "0.8.6";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_open_device};
    static constexpr StreamUse stream{StreamDirection::read, 2};
    struct Args {
        DomainRef domain;
        std::optional<std::string> dev_name;
        uint32_t flags = 0;
        WIRE(domain, dev_name, flags)
    };
};

/// virDomainInjectNMI: a non-maskable interrupt, mostly to make the guest dump.
struct DomainInjectNmi : Procedure<210, Program::remote> {
    static constexpr std::string_view api = "virDomainInjectNMI";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_inject_nmi};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainScreenshot: the picture as a stream; the result names its MIME type.
struct DomainScreenshot : Procedure<211, Program::remote> {
    static constexpr std::string_view api = "virDomainScreenshot";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_screenshot};
    static constexpr StreamUse stream{StreamDirection::read, 1};
    struct Args {
        DomainRef domain;
        uint32_t screen = 0;
        uint32_t flags = 0;
        WIRE(domain, screen, flags)
    };
    struct Ret {
        std::optional<std::string> mime;
        WIRE(mime)
    };
};

/// virDomainSendKey: `holdtime` in milliseconds.
struct DomainSendKey : Procedure<226, Program::remote> {
    static constexpr std::string_view api = "virDomainSendKey";
    static constexpr std::string_view since = "0.9.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_send_input};
    struct Args {
        DomainRef domain;
        uint32_t codeset = 0;
        uint32_t holdtime = 0;
        List<uint32_t, domain_send_key_max> keycodes;
        uint32_t flags = 0;
        WIRE(domain, codeset, holdtime, keycodes, flags)
    };
};

/// virDomainOpenGraphics: hands the caller's socket to display `idx`.
struct DomainOpenGraphics : Procedure<249, Program::remote> {
    static constexpr std::string_view api = "virDomainOpenGraphics";
    static constexpr std::string_view since = "0.9.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_open_graphics};
    static constexpr FdCount call_fds{1, 1};
    struct Args {
        DomainRef domain;
        uint32_t idx = 0;
        uint32_t flags = 0;
        WIRE(domain, idx, flags)
    };
};

/// virDomainOpenChannel: a stream both ways; `name` is the alias or target name, absent for the first.
struct DomainOpenChannel : Procedure<296, Program::remote> {
    static constexpr std::string_view api = "virDomainOpenChannel";
    static constexpr std::string_view since = "1.0.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_open_device};
    static constexpr StreamUse stream{StreamDirection::read, 2};
    struct Args {
        DomainRef domain;
        std::optional<std::string> name;
        uint32_t flags = 0;
        WIRE(domain, name, flags)
    };
};

/// virDomainOpenGraphicsFD: a socket connected to display `idx` comes back as a descriptor.
struct DomainOpenGraphicsFd : Procedure<343, Program::remote> {
    static constexpr std::string_view api = "virDomainOpenGraphicsFD";
    static constexpr std::string_view since = "1.2.8";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_open_graphics};
    static constexpr FdCount reply_fds{1, 1};
    struct Args {
        DomainRef domain;
        uint32_t idx = 0;
        uint32_t flags = 0;
        WIRE(domain, idx, flags)
    };
};

/// virDomainDetachDeviceAlias.
struct DomainDetachDeviceAlias : Procedure<392, Program::remote> {
    static constexpr std::string_view api = "virDomainDetachDeviceAlias";
    static constexpr std::string_view since = "4.4.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::string alias;
        uint32_t flags = 0;
        WIRE(domain, alias, flags)
    };
};

/// virDomainFDAssociate: descriptors that disks of the domain may refer to by `name`.
struct DomainFdAssociate : Procedure<443, Program::remote> {
    static constexpr std::string_view api = "virDomainFDAssociate";
    static constexpr std::string_view since = "9.0.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    static constexpr FdCount call_fds{1, fds_max};
    struct Args {
        DomainRef domain;
        std::string name;
        uint32_t flags = 0;
        WIRE(domain, name, flags)
    };
};

/// virDomainGraphicsReload: makes displays read their TLS certificates again.
struct DomainGraphicsReload : Procedure<448, Program::remote> {
    static constexpr std::string_view api = "virDomainGraphicsReload";
    static constexpr std::string_view since = "10.2.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t type = 0;
        uint32_t flags = 0;
        WIRE(domain, type, flags)
    };
};

/// virDomainAnnounceInterface: makes the guest's interfaces known to the network again.
struct DomainAnnounceInterface : Procedure<456, Program::remote> {
    static constexpr std::string_view api = "virDomainAnnounceInterface";
    static constexpr std::string_view since = "12.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::optional<std::string> device;
        List<TypedParameter, domain_announce_interface_params_max> params;
        uint32_t flags = 0;
        WIRE(domain, device, params, flags)
    };
};

/// Every procedure of this file, for the registry.
using DomainDeviceProcedures =
    Procedures<DomainAttachDevice, DomainDetachDevice, DomainAttachDeviceFlags, DomainDetachDeviceFlags,
               DomainUpdateDeviceFlags, DomainOpenConsole, DomainInjectNmi, DomainScreenshot, DomainSendKey,
               DomainOpenGraphics, DomainOpenChannel, DomainOpenGraphicsFd, DomainDetachDeviceAlias, DomainFdAssociate,
               DomainGraphicsReload, DomainAnnounceInterface>;

}  // namespace virtue::proc
