// table
// Domains: counting, listing, looking up.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virConnectListDefinedDomains: names of the inactive ones.
struct ConnectListDefinedDomains : Procedure<21, Program::remote> {
    static constexpr std::string_view api = "virConnectListDefinedDomains";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxnames = 0;
        WIRE(maxnames)
    };
    struct Ret {
        List<std::string, domain_list_max> names;
        WIRE(names)
    };
};

/// virDomainLookupByID.
struct DomainLookupById : Procedure<22, Program::remote> {
    static constexpr std::string_view api = "virDomainLookupByID";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t id = 0;
        WIRE(id)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainLookupByName.
struct DomainLookupByName : Procedure<23, Program::remote> {
    static constexpr std::string_view api = "virDomainLookupByName";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainLookupByUUID.
struct DomainLookupByUuid : Procedure<24, Program::remote> {
    static constexpr std::string_view api = "virDomainLookupByUUID";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        Uuid uuid;
        WIRE(uuid)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virConnectNumOfDefinedDomains.
struct ConnectNumOfDefinedDomains : Procedure<25, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfDefinedDomains";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virConnectListDomains: ids of the running ones.
struct ConnectListDomains : Procedure<37, Program::remote> {
    static constexpr std::string_view api = "virConnectListDomains";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxids = 0;
        WIRE(maxids)
    };
    struct Ret {
        List<int32_t, domain_list_max> ids;
        WIRE(ids)
    };
};

/// virConnectNumOfDomains.
struct ConnectNumOfDomains : Procedure<51, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfDomains";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virDomainIsActive.
struct DomainIsActive : Procedure<150, Program::remote> {
    static constexpr std::string_view api = "virDomainIsActive";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        int32_t active = 0;
        WIRE(active)
    };
};

/// virDomainIsPersistent.
struct DomainIsPersistent : Procedure<151, Program::remote> {
    static constexpr std::string_view api = "virDomainIsPersistent";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        int32_t persistent = 0;
        WIRE(persistent)
    };
};

/// virDomainIsUpdated.
struct DomainIsUpdated : Procedure<202, Program::remote> {
    static constexpr std::string_view api = "virDomainIsUpdated";
    static constexpr std::string_view since = "0.8.6";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        int32_t updated = 0;
        WIRE(updated)
    };
};

/// virConnectListAllDomains: with `need_results` 0 only the count.
struct ConnectListAllDomains : Procedure<273, Program::remote> {
    static constexpr std::string_view api = "virConnectListAllDomains";
    static constexpr std::string_view since = "0.9.13";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<DomainRef, domain_list_max> domains;
        uint32_t ret = 0;
        WIRE(domains, ret)
    };
};

/// Every procedure of this file, for the registry.
using DomainLookupProcedures =
    Procedures<ConnectListDefinedDomains, DomainLookupById, DomainLookupByName, DomainLookupByUuid,
               ConnectNumOfDefinedDomains, ConnectListDomains, ConnectNumOfDomains, DomainIsActive, DomainIsPersistent,
               DomainIsUpdated, ConnectListAllDomains>;

}  // namespace virtue::proc
