// table
// Domains: state, statistics, jobs, security.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainGetInfo: memory in KiB, time in nanoseconds.
struct DomainGetInfo : Procedure<16, Program::remote> {
    static constexpr std::string_view api = "virDomainGetInfo";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        uint8_t state = 0;
        uint64_t max_mem = 0;
        uint64_t memory = 0;
        uint16_t nr_virt_cpu = 0;
        uint64_t cpu_time = 0;
        WIRE(state, max_mem, memory, nr_virt_cpu, cpu_time)
    };
};

/// virDomainBlockStats: the five counters of 2007; -1 where unknown.
struct DomainBlockStats : Procedure<64, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockStats";
    static constexpr std::string_view since = "0.3.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        std::string path;
        WIRE(domain, path)
    };
    struct Ret {
        int64_t rd_req = 0;
        int64_t rd_bytes = 0;
        int64_t wr_req = 0;
        int64_t wr_bytes = 0;
        int64_t errs = 0;
        WIRE(rd_req, rd_bytes, wr_req, wr_bytes, errs)
    };
};

/// virDomainInterfaceStats.
struct DomainInterfaceStats : Procedure<65, Program::remote> {
    static constexpr std::string_view api = "virDomainInterfaceStats";
    static constexpr std::string_view since = "0.3.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        std::string device;
        WIRE(domain, device)
    };
    struct Ret {
        int64_t rx_bytes = 0;
        int64_t rx_packets = 0;
        int64_t rx_errs = 0;
        int64_t rx_drop = 0;
        int64_t tx_bytes = 0;
        int64_t tx_packets = 0;
        int64_t tx_errs = 0;
        int64_t tx_drop = 0;
        WIRE(rx_bytes, rx_packets, rx_errs, rx_drop, tx_bytes, tx_packets, tx_errs, tx_drop)
    };
};

/// virDomainMemoryPeek: raw guest memory.
struct DomainMemoryPeek : Procedure<104, Program::remote> {
    static constexpr std::string_view api = "virDomainMemoryPeek";
    static constexpr std::string_view since = "0.4.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_mem_read};
    struct Args {
        DomainRef domain;
        uint64_t offset = 0;
        uint32_t size = 0;
        uint32_t flags = 0;
        WIRE(domain, offset, size, flags)
    };
    struct Ret {
        Opaque<domain_memory_peek_buffer_max> buffer;
        WIRE(buffer)
    };
};

/// virDomainGetSecurityLabel.
struct DomainGetSecurityLabel : Procedure<121, Program::remote> {
    static constexpr std::string_view api = "virDomainGetSecurityLabel";
    static constexpr std::string_view since = "0.6.1";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        CharList<security_label_max> label;
        int32_t enforcing = 0;
        WIRE(label, enforcing)
    };
};

/// One figure of the balloon, tagged by virDomainMemoryStatTags.
struct DomainMemoryStat {
    int32_t tag = 0;
    uint64_t val = 0;
    WIRE(tag, val)
};

/// virDomainMemoryStats.
struct DomainMemoryStats : Procedure<159, Program::remote> {
    static constexpr std::string_view api = "virDomainMemoryStats";
    static constexpr std::string_view since = "0.7.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t max_stats = 0;
        uint32_t flags = 0;
        WIRE(domain, max_stats, flags)
    };
    struct Ret {
        List<DomainMemoryStat, domain_memory_stats_max> stats;
        WIRE(stats)
    };
};

/// virDomainGetJobInfo: times in milliseconds, sizes in bytes.
struct DomainGetJobInfo : Procedure<163, Program::remote> {
    static constexpr std::string_view api = "virDomainGetJobInfo";
    static constexpr std::string_view since = "0.7.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        int32_t type = 0;
        uint64_t time_elapsed = 0;
        uint64_t time_remaining = 0;
        uint64_t data_total = 0;
        uint64_t data_processed = 0;
        uint64_t data_remaining = 0;
        uint64_t mem_total = 0;
        uint64_t mem_processed = 0;
        uint64_t mem_remaining = 0;
        uint64_t file_total = 0;
        uint64_t file_processed = 0;
        uint64_t file_remaining = 0;
        WIRE(type, time_elapsed, time_remaining, data_total, data_processed, data_remaining, mem_total, mem_processed,
             mem_remaining, file_total, file_processed, file_remaining)
    };
};

/// virDomainAbortJob.
struct DomainAbortJob : Procedure<164, Program::remote> {
    static constexpr std::string_view api = "virDomainAbortJob";
    static constexpr std::string_view since = "0.7.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainGetState: virDomainState and the reason for it.
struct DomainGetState : Procedure<212, Program::remote> {
    static constexpr std::string_view api = "virDomainGetState";
    static constexpr std::string_view since = "0.9.2";
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
        int32_t state = 0;
        int32_t reason = 0;
        WIRE(state, reason)
    };
};

/// virDomainGetControlInfo: whether the monitor answers, and for how long it has not (milliseconds).
struct DomainGetControlInfo : Procedure<229, Program::remote> {
    static constexpr std::string_view api = "virDomainGetControlInfo";
    static constexpr std::string_view since = "0.9.3";
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
        uint32_t state = 0;
        uint32_t details = 0;
        uint64_t state_time = 0;
        WIRE(state, details, state_time)
    };
};

/// virDomainBlockStatsFlags: counters by name. With `nparams` 0 only their number.
struct DomainBlockStatsFlags : Procedure<243, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockStatsFlags";
    static constexpr std::string_view since = "0.9.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        std::string path;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(domain, path, nparams, flags)
    };
    struct Ret {
        List<TypedParameter, domain_block_stats_parameters_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virDomainGetCPUStats: `start_cpu` -1 is the total. With `nparams` 0 only their number.
struct DomainGetCpuStats : Procedure<262, Program::remote> {
    static constexpr std::string_view api = "virDomainGetCPUStats";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t nparams = 0;
        int32_t start_cpu = 0;
        uint32_t ncpus = 0;
        uint32_t flags = 0;
        WIRE(domain, nparams, start_cpu, ncpus, flags)
    };
    struct Ret {
        List<TypedParameter, domain_get_cpu_stats_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// A disk and the virDomainDiskErrorCode it is in.
struct DomainDiskError {
    std::string disk;
    int32_t error = 0;
    WIRE(disk, error)
};

/// virDomainGetDiskErrors: with `maxerrors` 0 only their number.
struct DomainGetDiskErrors : Procedure<263, Program::remote> {
    static constexpr std::string_view api = "virDomainGetDiskErrors";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t maxerrors = 0;
        uint32_t flags = 0;
        WIRE(domain, maxerrors, flags)
    };
    struct Ret {
        List<DomainDiskError, domain_disk_errors_max> errors;
        int32_t nerrors = 0;
        WIRE(errors, nerrors)
    };
};

/// virDomainGetSecurityLabelList.
struct DomainGetSecurityLabelList : Procedure<278, Program::remote> {
    static constexpr std::string_view api = "virDomainGetSecurityLabelList";
    static constexpr std::string_view since = "0.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        DomainRef domain;
        WIRE(domain)
    };
    struct Ret {
        List<DomainGetSecurityLabel::Ret, security_label_list_max> labels;
        int32_t ret = 0;
        WIRE(labels, ret)
    };
};

/// virDomainGetJobStats.
struct DomainGetJobStats : Procedure<298, Program::remote> {
    static constexpr std::string_view api = "virDomainGetJobStats";
    static constexpr std::string_view since = "1.0.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        int32_t type = 0;
        List<TypedParameter, domain_job_stats_max> params;
        WIRE(type, params)
    };
};

/// The figures of one domain.
struct DomainStatsRecord {
    DomainRef domain;
    List<TypedParameter, connect_get_all_domain_stats_max> params;
    WIRE(domain, params)
};

/// virConnectGetAllDomainStats: of the named domains, or of all when `domains` is empty; `stats` is a mask of groups.
struct ConnectGetAllDomainStats : Procedure<344, Program::remote> {
    static constexpr std::string_view api = "virConnectGetAllDomainStats";
    static constexpr std::string_view since = "1.2.8";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_read;
    static constexpr bool read_only_allowed = true;
    struct Args {
        List<DomainRef, domain_list_max> domains;
        uint32_t stats = 0;
        uint32_t flags = 0;
        WIRE(domains, stats, flags)
    };
    struct Ret {
        List<DomainStatsRecord, domain_list_max> ret_stats;
        WIRE(ret_stats)
    };
};

/// virDomainGetLaunchSecurityInfo.
struct DomainGetLaunchSecurityInfo : Procedure<396, Program::remote> {
    static constexpr std::string_view api = "virDomainGetLaunchSecurityInfo";
    static constexpr std::string_view since = "4.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        List<TypedParameter, domain_launch_security_info_params_max> params;
        WIRE(params)
    };
};

/// virDomainGetMessages: what deserves attention: deprecation, tainting.
struct DomainGetMessages : Procedure<426, Program::remote> {
    static constexpr std::string_view api = "virDomainGetMessages";
    static constexpr std::string_view since = "7.1.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        List<std::string, domain_messages_max> msgs;
        WIRE(msgs)
    };
};

/// virDomainStartDirtyRateCalc: measures for `seconds`; the figure appears in the statistics.
struct DomainStartDirtyRateCalc : Procedure<427, Program::remote> {
    static constexpr std::string_view api = "virDomainStartDirtyRateCalc";
    static constexpr std::string_view since = "7.2.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        int32_t seconds = 0;
        uint32_t flags = 0;
        WIRE(domain, seconds, flags)
    };
};

/// virDomainSetLaunchSecurityState.
struct DomainSetLaunchSecurityState : Procedure<439, Program::remote> {
    static constexpr std::string_view api = "virDomainSetLaunchSecurityState";
    static constexpr std::string_view since = "8.0.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        List<TypedParameter, domain_launch_security_state_params_max> params;
        uint32_t flags = 0;
        WIRE(domain, params, flags)
    };
};

/// virDomainAbortJobFlags.
struct DomainAbortJobFlags : Procedure<442, Program::remote> {
    static constexpr std::string_view api = "virDomainAbortJobFlags";
    static constexpr std::string_view since = "8.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// Every procedure of this file, for the registry.
using DomainStatsProcedures =
    Procedures<DomainGetInfo, DomainBlockStats, DomainInterfaceStats, DomainMemoryPeek, DomainGetSecurityLabel,
               DomainMemoryStats, DomainGetJobInfo, DomainAbortJob, DomainGetState, DomainGetControlInfo,
               DomainBlockStatsFlags, DomainGetCpuStats, DomainGetDiskErrors, DomainGetSecurityLabelList,
               DomainGetJobStats, ConnectGetAllDomainStats, DomainGetLaunchSecurityInfo, DomainGetMessages,
               DomainStartDirtyRateCalc, DomainSetLaunchSecurityState, DomainAbortJobFlags>;

}  // namespace virtue::proc
