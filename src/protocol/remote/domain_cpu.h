// table
// Domains: virtual CPUs, I/O threads and where they run.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainGetMaxVcpus.
struct DomainGetMaxVcpus : Procedure<18, Program::remote> {
    static constexpr std::string_view api = "virDomainGetMaxVcpus";
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
        int32_t num = 0;
        WIRE(num)
    };
};

/// One virtual CPU: where it runs and how long it ran (nanoseconds).
struct VcpuInfo {
    uint32_t number = 0;
    int32_t state = 0;
    uint64_t cpu_time = 0;
    int32_t cpu = 0;
    WIRE(number, state, cpu_time, cpu)
};

/// virDomainGetVcpus: at most `maxinfo` CPUs, each with `maplen` bytes of CPU map, one after another in `cpumaps`.
struct DomainGetVcpus : Procedure<20, Program::remote> {
    static constexpr std::string_view api = "virDomainGetVcpus";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        int32_t maxinfo = 0;
        int32_t maplen = 0;
        WIRE(domain, maxinfo, maplen)
    };
    struct Ret {
        List<VcpuInfo, vcpuinfo_max> info;
        Opaque<cpumaps_max> cpumaps;
        WIRE(info, cpumaps)
    };
};

/// virDomainPinVcpu.
struct DomainPinVcpu : Procedure<26, Program::remote> {
    static constexpr std::string_view api = "virDomainPinVcpu";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t vcpu = 0;
        Opaque<cpumap_max> cpumap;
        WIRE(domain, vcpu, cpumap)
    };
};

/// virDomainSetVcpus.
struct DomainSetVcpus : Procedure<32, Program::remote> {
    static constexpr std::string_view api = "virDomainSetVcpus";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t nvcpus = 0;
        WIRE(domain, nvcpus)
    };
};

/// virDomainSetVcpusFlags.
struct DomainSetVcpusFlags : Procedure<199, Program::remote> {
    static constexpr std::string_view api = "virDomainSetVcpusFlags";
    static constexpr std::string_view since = "0.8.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{domain_write_and_save.rules[0], domain_write_and_save.rules[1],
                                   domain_write_and_save.rules[2],
                                   AccessRule{Permission::domain_write, Condition::all_of(flag::domain_vcpu_guest)}};
    struct Args {
        DomainRef domain;
        uint32_t nvcpus = 0;
        uint32_t flags = 0;
        WIRE(domain, nvcpus, flags)
    };
};

/// virDomainGetVcpusFlags.
struct DomainGetVcpusFlags : Procedure<200, Program::remote> {
    static constexpr std::string_view api = "virDomainGetVcpusFlags";
    static constexpr std::string_view since = "0.8.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read,
                                   AccessRule{Permission::domain_write, Condition::all_of(flag::domain_vcpu_guest)}};
    static constexpr bool read_only_allowed = true;
    static constexpr Condition read_only_denied_if = Condition::any_of(flag::domain_vcpu_guest);
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

/// virDomainPinVcpuFlags.
struct DomainPinVcpuFlags : Procedure<225, Program::remote> {
    static constexpr std::string_view api = "virDomainPinVcpuFlags";
    static constexpr std::string_view since = "0.9.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        uint32_t vcpu = 0;
        Opaque<cpumap_max> cpumap;
        uint32_t flags = 0;
        WIRE(domain, vcpu, cpumap, flags)
    };
};

/// virDomainGetVcpuPinInfo.
struct DomainGetVcpuPinInfo : Procedure<230, Program::remote> {
    static constexpr std::string_view api = "virDomainGetVcpuPinInfo";
    static constexpr std::string_view since = "0.9.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        int32_t ncpumaps = 0;
        int32_t maplen = 0;
        uint32_t flags = 0;
        WIRE(domain, ncpumaps, maplen, flags)
    };
    struct Ret {
        Opaque<cpumaps_max> cpumaps;
        int32_t num = 0;
        WIRE(cpumaps, num)
    };
};

/// virDomainPinEmulator: binds the emulator's own threads to CPUs.
struct DomainPinEmulator : Procedure<279, Program::remote> {
    static constexpr std::string_view api = "virDomainPinEmulator";
    static constexpr std::string_view since = "0.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        Opaque<cpumap_max> cpumap;
        uint32_t flags = 0;
        WIRE(domain, cpumap, flags)
    };
};

/// virDomainGetEmulatorPinInfo.
struct DomainGetEmulatorPinInfo : Procedure<280, Program::remote> {
    static constexpr std::string_view api = "virDomainGetEmulatorPinInfo";
    static constexpr std::string_view since = "0.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        int32_t maplen = 0;
        uint32_t flags = 0;
        WIRE(domain, maplen, flags)
    };
    struct Ret {
        Opaque<cpumaps_max> cpumaps;
        int32_t ret = 0;
        WIRE(cpumaps, ret)
    };
};

/// An I/O thread and the CPUs it may run on.
struct DomainIothread {
    uint32_t iothread_id = 0;
    Opaque<cpumap_max> cpumap;
    WIRE(iothread_id, cpumap)
};

/// virDomainGetIOThreadInfo.
struct DomainGetIothreadInfo : Procedure<351, Program::remote> {
    static constexpr std::string_view api = "virDomainGetIOThreadInfo";
    static constexpr std::string_view since = "1.2.14";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        List<DomainIothread, iothread_info_max> info;
        uint32_t ret = 0;
        WIRE(info, ret)
    };
};

/// virDomainPinIOThread.
struct DomainPinIothread : Procedure<352, Program::remote> {
    static constexpr std::string_view api = "virDomainPinIOThread";
    static constexpr std::string_view since = "1.2.14";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        uint32_t iothreads_id = 0;
        Opaque<cpumap_max> cpumap;
        uint32_t flags = 0;
        WIRE(domain, iothreads_id, cpumap, flags)
    };
};

/// virDomainAddIOThread.
struct DomainAddIothread : Procedure<355, Program::remote> {
    static constexpr std::string_view api = "virDomainAddIOThread";
    static constexpr std::string_view since = "1.2.15";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        uint32_t iothread_id = 0;
        uint32_t flags = 0;
        WIRE(domain, iothread_id, flags)
    };
};

/// virDomainDelIOThread.
struct DomainDelIothread : Procedure<356, Program::remote> {
    static constexpr std::string_view api = "virDomainDelIOThread";
    static constexpr std::string_view since = "1.2.15";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        uint32_t iothread_id = 0;
        uint32_t flags = 0;
        WIRE(domain, iothread_id, flags)
    };
};

/// virDomainSetVcpu: switches CPUs of a list such as "2-3,^2" on or off.
struct DomainSetVcpu : Procedure<384, Program::remote> {
    static constexpr std::string_view api = "virDomainSetVcpu";
    static constexpr std::string_view since = "3.1.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::string cpumap;
        int32_t state = 0;
        uint32_t flags = 0;
        WIRE(domain, cpumap, state, flags)
    };
};

/// virDomainSetIOThreadParams.
struct DomainSetIothreadParams : Procedure<402, Program::remote> {
    static constexpr std::string_view api = "virDomainSetIOThreadParams";
    static constexpr std::string_view since = "4.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        uint32_t iothread_id = 0;
        List<TypedParameter, domain_iothread_params_max> params;
        uint32_t flags = 0;
        WIRE(domain, iothread_id, params, flags)
    };
};

/// Every procedure of this file, for the registry.
using DomainCpuProcedures =
    Procedures<DomainGetMaxVcpus, DomainGetVcpus, DomainPinVcpu, DomainSetVcpus, DomainSetVcpusFlags,
               DomainGetVcpusFlags, DomainPinVcpuFlags, DomainGetVcpuPinInfo, DomainPinEmulator,
               DomainGetEmulatorPinInfo, DomainGetIothreadInfo, DomainPinIothread, DomainAddIothread, DomainDelIothread,
               DomainSetVcpu, DomainSetIothreadParams>;

}  // namespace virtue::proc
