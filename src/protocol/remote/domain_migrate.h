// table
// Domains: migration, all protocol versions. These are steps of virDomainMigrate*, not public C functions.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// Version 1, target: makes room and gives a cookie and the URI to send to.
struct DomainMigratePrepare : Procedure<61, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePrepare";
    static constexpr std::string_view since = "0.3.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate, Permission::domain_start, Permission::domain_write};
    struct Args {
        std::optional<std::string> uri_in;
        uint64_t flags = 0;
        std::optional<std::string> dname;
        uint64_t bandwidth = 0;
        WIRE(uri_in, flags, dname, bandwidth)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie;
        std::optional<std::string> uri_out;
        WIRE(cookie, uri_out)
    };
};

/// Version 1, source: sends.
struct DomainMigratePerform : Procedure<62, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePerform";
    static constexpr std::string_view since = "0.3.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        Opaque<migrate_cookie_max> cookie;
        std::string uri;
        uint64_t flags = 0;
        std::optional<std::string> dname;
        uint64_t bandwidth = 0;
        WIRE(domain, cookie, uri, flags, dname, bandwidth)
    };
};

/// Version 1, target: the domain runs here now.
struct DomainMigrateFinish : Procedure<63, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateFinish";
    static constexpr std::string_view since = "0.3.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        std::string dname;
        Opaque<migrate_cookie_max> cookie;
        std::string uri;
        uint64_t flags = 0;
        WIRE(dname, cookie, uri, flags)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// Version 2, target: the same with the domain's XML.
struct DomainMigratePrepare2 : Procedure<108, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePrepare2";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate, Permission::domain_start, Permission::domain_write};
    struct Args {
        std::optional<std::string> uri_in;
        uint64_t flags = 0;
        std::optional<std::string> dname;
        uint64_t bandwidth = 0;
        std::string dom_xml;
        WIRE(uri_in, flags, dname, bandwidth, dom_xml)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie;
        std::optional<std::string> uri_out;
        WIRE(cookie, uri_out)
    };
};

/// Version 2, target: `retcode` tells how the sending went.
struct DomainMigrateFinish2 : Procedure<109, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateFinish2";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        std::string dname;
        Opaque<migrate_cookie_max> cookie;
        std::string uri;
        uint64_t flags = 0;
        int32_t retcode = 0;
        WIRE(dname, cookie, uri, flags, retcode)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// Version 2, target: the data comes by the call's stream.
struct DomainMigratePrepareTunnel : Procedure<148, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePrepareTunnel";
    static constexpr std::string_view since = "0.7.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate, Permission::domain_start, Permission::domain_write};
    static constexpr StreamUse stream{StreamDirection::write, 1};
    struct Args {
        uint64_t flags = 0;
        std::optional<std::string> dname;
        uint64_t bandwidth = 0;
        std::string dom_xml;
        WIRE(flags, dname, bandwidth, dom_xml)
    };
};

/// virDomainMigrateSetMaxDowntime: in milliseconds.
struct DomainMigrateSetMaxDowntime : Procedure<166, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateSetMaxDowntime";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        uint64_t downtime = 0;
        uint32_t flags = 0;
        WIRE(domain, downtime, flags)
    };
};

/// virDomainMigrateSetMaxSpeed: in MiB/s.
struct DomainMigrateSetMaxSpeed : Procedure<207, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateSetMaxSpeed";
    static constexpr std::string_view since = "0.9.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        uint64_t bandwidth = 0;
        uint32_t flags = 0;
        WIRE(domain, bandwidth, flags)
    };
};

/// Version 3, source: the XML to send, and a cookie.
struct DomainMigrateBegin3 : Procedure<213, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateBegin3";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        std::optional<std::string> xmlin;
        uint64_t flags = 0;
        std::optional<std::string> dname;
        uint64_t bandwidth = 0;
        WIRE(domain, xmlin, flags, dname, bandwidth)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie_out;
        std::string xml;
        WIRE(cookie_out, xml)
    };
};

/// Version 3, target: makes room.
struct DomainMigratePrepare3 : Procedure<214, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePrepare3";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate, Permission::domain_start, Permission::domain_write};
    struct Args {
        Opaque<migrate_cookie_max> cookie_in;
        std::optional<std::string> uri_in;
        uint64_t flags = 0;
        std::optional<std::string> dname;
        uint64_t bandwidth = 0;
        std::string dom_xml;
        WIRE(cookie_in, uri_in, flags, dname, bandwidth, dom_xml)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie_out;
        std::optional<std::string> uri_out;
        WIRE(cookie_out, uri_out)
    };
};

/// Version 3, target: makes room; the data comes by the call's stream.
struct DomainMigratePrepareTunnel3 : Procedure<215, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePrepareTunnel3";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate, Permission::domain_start, Permission::domain_write};
    static constexpr StreamUse stream{StreamDirection::write, 1};
    struct Args {
        Opaque<migrate_cookie_max> cookie_in;
        uint64_t flags = 0;
        std::optional<std::string> dname;
        uint64_t bandwidth = 0;
        std::string dom_xml;
        WIRE(cookie_in, flags, dname, bandwidth, dom_xml)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie_out;
        WIRE(cookie_out)
    };
};

/// Version 3, source: sends.
struct DomainMigratePerform3 : Procedure<216, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePerform3";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        std::optional<std::string> xmlin;
        Opaque<migrate_cookie_max> cookie_in;
        std::optional<std::string> dconnuri;
        std::optional<std::string> uri;
        uint64_t flags = 0;
        std::optional<std::string> dname;
        uint64_t bandwidth = 0;
        WIRE(domain, xmlin, cookie_in, dconnuri, uri, flags, dname, bandwidth)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie_out;
        WIRE(cookie_out)
    };
};

/// Version 3, target: runs the domain, or forgets it when `cancelled`.
struct DomainMigrateFinish3 : Procedure<217, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateFinish3";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        std::string dname;
        Opaque<migrate_cookie_max> cookie_in;
        std::optional<std::string> dconnuri;
        std::optional<std::string> uri;
        uint64_t flags = 0;
        int32_t cancelled = 0;
        WIRE(dname, cookie_in, dconnuri, uri, flags, cancelled)
    };
    struct Ret {
        DomainRef domain;
        Opaque<migrate_cookie_max> cookie_out;
        WIRE(domain, cookie_out)
    };
};

/// Version 3, source: ends the domain, or resumes it when `cancelled`.
struct DomainMigrateConfirm3 : Procedure<218, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateConfirm3";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        Opaque<migrate_cookie_max> cookie_in;
        uint64_t flags = 0;
        int32_t cancelled = 0;
        WIRE(domain, cookie_in, flags, cancelled)
    };
};

/// virDomainMigrateGetMaxSpeed: in MiB/s.
struct DomainMigrateGetMaxSpeed : Procedure<242, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateGetMaxSpeed";
    static constexpr std::string_view since = "0.9.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        uint64_t bandwidth = 0;
        WIRE(bandwidth)
    };
};

/// virDomainMigrateGetCompressionCache.
struct DomainMigrateGetCompressionCache : Procedure<299, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateGetCompressionCache";
    static constexpr std::string_view since = "1.0.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        uint64_t cache_size = 0;
        WIRE(cache_size)
    };
};

/// virDomainMigrateSetCompressionCache: in bytes.
struct DomainMigrateSetCompressionCache : Procedure<300, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateSetCompressionCache";
    static constexpr std::string_view since = "1.0.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        uint64_t cache_size = 0;
        uint32_t flags = 0;
        WIRE(domain, cache_size, flags)
    };
};

/// Version 3, source: the XML to send, and a cookie, arguments as typed parameters.
struct DomainMigrateBegin3Params : Procedure<302, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateBegin3Params";
    static constexpr std::string_view since = "1.1.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_migrate_param_list_max> params;
        uint32_t flags = 0;
        WIRE(domain, params, flags)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie_out;
        std::string xml;
        WIRE(cookie_out, xml)
    };
};

/// Version 3, target: makes room, arguments as typed parameters.
struct DomainMigratePrepare3Params : Procedure<303, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePrepare3Params";
    static constexpr std::string_view since = "1.1.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate, Permission::domain_start, Permission::domain_write};
    struct Args {
        List<TypedParameter, domain_migrate_param_list_max> params;
        Opaque<migrate_cookie_max> cookie_in;
        uint32_t flags = 0;
        WIRE(params, cookie_in, flags)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie_out;
        std::optional<std::string> uri_out;
        WIRE(cookie_out, uri_out)
    };
};

/// Version 3, target: makes room; the data comes by the call's stream, arguments as typed parameters.
struct DomainMigratePrepareTunnel3Params : Procedure<304, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePrepareTunnel3Params";
    static constexpr std::string_view since = "1.1.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate, Permission::domain_start, Permission::domain_write};
    struct Args {
        List<TypedParameter, domain_migrate_param_list_max> params;
        Opaque<migrate_cookie_max> cookie_in;
        uint32_t flags = 0;
        WIRE(params, cookie_in, flags)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie_out;
        WIRE(cookie_out)
    };
};

/// Version 3, source: sends, arguments as typed parameters.
struct DomainMigratePerform3Params : Procedure<305, Program::remote> {
    static constexpr std::string_view api = "virDomainMigratePerform3Params";
    static constexpr std::string_view since = "1.1.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        std::optional<std::string> dconnuri;
        List<TypedParameter, domain_migrate_param_list_max> params;
        Opaque<migrate_cookie_max> cookie_in;
        uint32_t flags = 0;
        WIRE(domain, dconnuri, params, cookie_in, flags)
    };
    struct Ret {
        Opaque<migrate_cookie_max> cookie_out;
        WIRE(cookie_out)
    };
};

/// Version 3, target: runs the domain, or forgets it when `cancelled`, arguments as typed parameters.
struct DomainMigrateFinish3Params : Procedure<306, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateFinish3Params";
    static constexpr std::string_view since = "1.1.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        List<TypedParameter, domain_migrate_param_list_max> params;
        Opaque<migrate_cookie_max> cookie_in;
        uint32_t flags = 0;
        int32_t cancelled = 0;
        WIRE(params, cookie_in, flags, cancelled)
    };
    struct Ret {
        DomainRef domain;
        Opaque<migrate_cookie_max> cookie_out;
        WIRE(domain, cookie_out)
    };
};

/// Version 3, source: ends the domain, or resumes it when `cancelled`, arguments as typed parameters.
struct DomainMigrateConfirm3Params : Procedure<307, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateConfirm3Params";
    static constexpr std::string_view since = "1.1.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_migrate_param_list_max> params;
        Opaque<migrate_cookie_max> cookie_in;
        uint32_t flags = 0;
        int32_t cancelled = 0;
        WIRE(domain, params, cookie_in, flags, cancelled)
    };
};

/// virDomainMigrateStartPostCopy.
struct DomainMigrateStartPostCopy : Procedure<364, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateStartPostCopy";
    static constexpr std::string_view since = "1.3.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// virDomainMigrateGetMaxDowntime.
struct DomainMigrateGetMaxDowntime : Procedure<387, Program::remote> {
    static constexpr std::string_view api = "virDomainMigrateGetMaxDowntime";
    static constexpr std::string_view since = "3.7.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_migrate};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        uint64_t downtime = 0;
        WIRE(downtime)
    };
};

/// Every procedure of this file, for the registry.
using DomainMigrateProcedures =
    Procedures<DomainMigratePrepare, DomainMigratePerform, DomainMigrateFinish, DomainMigratePrepare2,
               DomainMigrateFinish2, DomainMigratePrepareTunnel, DomainMigrateSetMaxDowntime, DomainMigrateSetMaxSpeed,
               DomainMigrateBegin3, DomainMigratePrepare3, DomainMigratePrepareTunnel3, DomainMigratePerform3,
               DomainMigrateFinish3, DomainMigrateConfirm3, DomainMigrateGetMaxSpeed, DomainMigrateGetCompressionCache,
               DomainMigrateSetCompressionCache, DomainMigrateBegin3Params, DomainMigratePrepare3Params,
               DomainMigratePrepareTunnel3Params, DomainMigratePerform3Params, DomainMigrateFinish3Params,
               DomainMigrateConfirm3Params, DomainMigrateStartPostCopy, DomainMigrateGetMaxDowntime>;

}  // namespace virtue::proc
