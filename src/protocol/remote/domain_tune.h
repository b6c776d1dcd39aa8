// table
// Domains: memory, scheduler, block weight, NUMA, interface and perf tunables.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainGetMaxMemory: in KiB.
struct DomainGetMaxMemory : Procedure<17, Program::remote> {
    static constexpr std::string_view api = "virDomainGetMaxMemory";
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
        uint64_t memory = 0;
        WIRE(memory)
    };
};

/// virDomainSetMaxMemory: in KiB.
struct DomainSetMaxMemory : Procedure<30, Program::remote> {
    static constexpr std::string_view api = "virDomainSetMaxMemory";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        uint64_t memory = 0;
        WIRE(domain, memory)
    };
};

/// virDomainSetMemory: in KiB.
struct DomainSetMemory : Procedure<31, Program::remote> {
    static constexpr std::string_view api = "virDomainSetMemory";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint64_t memory = 0;
        WIRE(domain, memory)
    };
};

/// virDomainGetSchedulerType.
struct DomainGetSchedulerType : Procedure<56, Program::remote> {
    static constexpr std::string_view api = "virDomainGetSchedulerType";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        std::string type;
        int32_t nparams = 0;
        WIRE(type, nparams)
    };
};

/// virDomainGetSchedulerParameters.
struct DomainGetSchedulerParameters : Procedure<57, Program::remote> {
    static constexpr std::string_view api = "virDomainGetSchedulerParameters";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        int32_t nparams = 0;
        WIRE(domain, nparams)
    };
    struct Ret {
        List<TypedParameter, domain_scheduler_parameters_max> params;
        WIRE(params)
    };
};

/// virDomainSetSchedulerParameters.
struct DomainSetSchedulerParameters : Procedure<58, Program::remote> {
    static constexpr std::string_view api = "virDomainSetSchedulerParameters";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_scheduler_parameters_max> params;
        WIRE(domain, params)
    };
};

/// virDomainSetMemoryParameters.
struct DomainSetMemoryParameters : Procedure<197, Program::remote> {
    static constexpr std::string_view api = "virDomainSetMemoryParameters";
    static constexpr std::string_view since = "0.8.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_memory_parameters_max> params;
        uint32_t flags = 0;
        WIRE(domain, params, flags)
    };
};

/// virDomainGetMemoryParameters.
struct DomainGetMemoryParameters : Procedure<198, Program::remote> {
    static constexpr std::string_view api = "virDomainGetMemoryParameters";
    static constexpr std::string_view since = "0.8.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(domain, nparams, flags)
    };
    struct Ret {
        List<TypedParameter, domain_memory_parameters_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virDomainSetMemoryFlags: in KiB.
struct DomainSetMemoryFlags : Procedure<204, Program::remote> {
    static constexpr std::string_view api = "virDomainSetMemoryFlags";
    static constexpr std::string_view since = "0.9.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        uint64_t memory = 0;
        uint32_t flags = 0;
        WIRE(domain, memory, flags)
    };
};

/// virDomainSetBlkioParameters.
struct DomainSetBlkioParameters : Procedure<205, Program::remote> {
    static constexpr std::string_view api = "virDomainSetBlkioParameters";
    static constexpr std::string_view since = "0.9.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_blkio_parameters_max> params;
        uint32_t flags = 0;
        WIRE(domain, params, flags)
    };
};

/// virDomainGetBlkioParameters.
struct DomainGetBlkioParameters : Procedure<206, Program::remote> {
    static constexpr std::string_view api = "virDomainGetBlkioParameters";
    static constexpr std::string_view since = "0.9.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(domain, nparams, flags)
    };
    struct Ret {
        List<TypedParameter, domain_blkio_parameters_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virDomainSetSchedulerParametersFlags.
struct DomainSetSchedulerParametersFlags : Procedure<219, Program::remote> {
    static constexpr std::string_view api = "virDomainSetSchedulerParametersFlags";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_scheduler_parameters_max> params;
        uint32_t flags = 0;
        WIRE(domain, params, flags)
    };
};

/// virDomainGetSchedulerParametersFlags.
struct DomainGetSchedulerParametersFlags : Procedure<223, Program::remote> {
    static constexpr std::string_view api = "virDomainGetSchedulerParametersFlags";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(domain, nparams, flags)
    };
    struct Ret {
        List<TypedParameter, domain_scheduler_parameters_max> params;
        WIRE(params)
    };
};

/// virDomainSetNumaParameters.
struct DomainSetNumaParameters : Procedure<254, Program::remote> {
    static constexpr std::string_view api = "virDomainSetNumaParameters";
    static constexpr std::string_view since = "0.9.9";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_numa_parameters_max> params;
        uint32_t flags = 0;
        WIRE(domain, params, flags)
    };
};

/// virDomainGetNumaParameters.
struct DomainGetNumaParameters : Procedure<255, Program::remote> {
    static constexpr std::string_view api = "virDomainGetNumaParameters";
    static constexpr std::string_view since = "0.9.9";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(domain, nparams, flags)
    };
    struct Ret {
        List<TypedParameter, domain_numa_parameters_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virDomainSetInterfaceParameters.
struct DomainSetInterfaceParameters : Procedure<256, Program::remote> {
    static constexpr std::string_view api = "virDomainSetInterfaceParameters";
    static constexpr std::string_view since = "0.9.9";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::string device;
        List<TypedParameter, domain_interface_parameters_max> params;
        uint32_t flags = 0;
        WIRE(domain, device, params, flags)
    };
};

/// virDomainGetInterfaceParameters.
struct DomainGetInterfaceParameters : Procedure<257, Program::remote> {
    static constexpr std::string_view api = "virDomainGetInterfaceParameters";
    static constexpr std::string_view since = "0.9.9";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        std::string device;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(domain, device, nparams, flags)
    };
    struct Ret {
        List<TypedParameter, domain_interface_parameters_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virDomainSetMemoryStatsPeriod: how often the balloon reports, in seconds; 0 stops it.
struct DomainSetMemoryStatsPeriod : Procedure<308, Program::remote> {
    static constexpr std::string_view api = "virDomainSetMemoryStatsPeriod";
    static constexpr std::string_view since = "1.1.1";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        int32_t period = 0;
        uint32_t flags = 0;
        WIRE(domain, period, flags)
    };
};

/// virDomainGetPerfEvents.
struct DomainGetPerfEvents : Procedure<365, Program::remote> {
    static constexpr std::string_view api = "virDomainGetPerfEvents";
    static constexpr std::string_view since = "1.3.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        List<TypedParameter, domain_perf_events_max> params;
        WIRE(params)
    };
};

/// virDomainSetPerfEvents.
struct DomainSetPerfEvents : Procedure<366, Program::remote> {
    static constexpr std::string_view api = "virDomainSetPerfEvents";
    static constexpr std::string_view since = "1.3.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_perf_events_max> params;
        uint32_t flags = 0;
        WIRE(domain, params, flags)
    };
};

/// Every procedure of this file, for the registry.
using DomainTuneProcedures =
    Procedures<DomainGetMaxMemory, DomainSetMaxMemory, DomainSetMemory, DomainGetSchedulerType,
               DomainGetSchedulerParameters, DomainSetSchedulerParameters, DomainSetMemoryParameters,
               DomainGetMemoryParameters, DomainSetMemoryFlags, DomainSetBlkioParameters, DomainGetBlkioParameters,
               DomainSetSchedulerParametersFlags, DomainGetSchedulerParametersFlags, DomainSetNumaParameters,
               DomainGetNumaParameters, DomainSetInterfaceParameters, DomainGetInterfaceParameters,
               DomainSetMemoryStatsPeriod, DomainGetPerfEvents, DomainSetPerfEvents>;

}  // namespace virtue::proc
