// table
// Domains: block devices and block jobs.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainBlockPeek: raw bytes of a disk.
struct DomainBlockPeek : Procedure<103, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockPeek";
    static constexpr std::string_view since = "0.4.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_block_read};
    struct Args {
        DomainRef domain;
        std::string path;
        uint64_t offset = 0;
        uint32_t size = 0;
        uint32_t flags = 0;
        WIRE(domain, path, offset, size, flags)
    };
    struct Ret {
        Opaque<domain_block_peek_buffer_max> buffer;
        WIRE(buffer)
    };
};

/// virDomainGetBlockInfo.
struct DomainGetBlockInfo : Procedure<194, Program::remote> {
    static constexpr std::string_view api = "virDomainGetBlockInfo";
    static constexpr std::string_view since = "0.8.1";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        std::string path;
        uint32_t flags = 0;
        WIRE(domain, path, flags)
    };
    struct Ret {
        uint64_t allocation = 0;
        uint64_t capacity = 0;
        uint64_t physical = 0;
        WIRE(allocation, capacity, physical)
    };
};

/// virDomainBlockJobAbort: stops the job, or switches over with VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT.
struct DomainBlockJobAbort : Procedure<237, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockJobAbort";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string path;
        uint32_t flags = 0;
        WIRE(domain, path, flags)
    };
};

/// virDomainGetBlockJobInfo.
struct DomainGetBlockJobInfo : Procedure<238, Program::remote> {
    static constexpr std::string_view api = "virDomainGetBlockJobInfo";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        std::string path;
        uint32_t flags = 0;
        WIRE(domain, path, flags)
    };
    struct Ret {
        int32_t found = 0;
        int32_t type = 0;
        uint64_t bandwidth = 0;
        uint64_t cur = 0;
        uint64_t end = 0;
        WIRE(found, type, bandwidth, cur, end)
    };
};

/// virDomainBlockJobSetSpeed.
struct DomainBlockJobSetSpeed : Procedure<239, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockJobSetSpeed";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string path;
        uint64_t bandwidth = 0;
        uint32_t flags = 0;
        WIRE(domain, path, bandwidth, flags)
    };
};

/// virDomainBlockPull: copies the backing chain into the disk; `bandwidth` in MiB/s.
struct DomainBlockPull : Procedure<240, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockPull";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_block_write};
    struct Args {
        DomainRef domain;
        std::string path;
        uint64_t bandwidth = 0;
        uint32_t flags = 0;
        WIRE(domain, path, bandwidth, flags)
    };
};

/// virDomainBlockResize: in KiB, or bytes with flag 1.
struct DomainBlockResize : Procedure<251, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockResize";
    static constexpr std::string_view since = "0.9.8";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_block_write};
    struct Args {
        DomainRef domain;
        std::string disk;
        uint64_t size = 0;
        uint32_t flags = 0;
        WIRE(domain, disk, size, flags)
    };
};

/// virDomainSetBlockIoTune.
struct DomainSetBlockIoTune : Procedure<252, Program::remote> {
    static constexpr std::string_view api = "virDomainSetBlockIoTune";
    static constexpr std::string_view since = "0.9.8";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::string disk;
        List<TypedParameter, domain_block_io_tune_parameters_max> params;
        uint32_t flags = 0;
        WIRE(domain, disk, params, flags)
    };
};

/// virDomainGetBlockIoTune.
struct DomainGetBlockIoTune : Procedure<253, Program::remote> {
    static constexpr std::string_view api = "virDomainGetBlockIoTune";
    static constexpr std::string_view since = "0.9.8";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        DomainRef domain;
        std::optional<std::string> disk;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(domain, disk, nparams, flags)
    };
    struct Ret {
        List<TypedParameter, domain_block_io_tune_parameters_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virDomainBlockRebase: pull down to `base`, or copy to it with VIR_DOMAIN_BLOCK_REBASE_COPY.
struct DomainBlockRebase : Procedure<266, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockRebase";
    static constexpr std::string_view since = "0.9.10";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_block_write};
    struct Args {
        DomainRef domain;
        std::string path;
        std::optional<std::string> base;
        uint64_t bandwidth = 0;
        uint32_t flags = 0;
        WIRE(domain, path, base, bandwidth, flags)
    };
};

/// virDomainBlockCommit: merges `top` down into `base`.
struct DomainBlockCommit : Procedure<290, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockCommit";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_block_write};
    struct Args {
        DomainRef domain;
        std::string disk;
        std::optional<std::string> base;
        std::optional<std::string> top;
        uint64_t bandwidth = 0;
        uint32_t flags = 0;
        WIRE(domain, disk, base, top, bandwidth, flags)
    };
};

/// virDomainBlockCopy: mirrors the disk to the one in `destxml`.
struct DomainBlockCopy : Procedure<345, Program::remote> {
    static constexpr std::string_view api = "virDomainBlockCopy";
    static constexpr std::string_view since = "1.2.9";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_block_write};
    struct Args {
        DomainRef domain;
        std::string path;
        std::string destxml;
        List<TypedParameter, domain_block_copy_parameters_max> params;
        uint32_t flags = 0;
        WIRE(domain, path, destxml, params, flags)
    };
};

/// virDomainSetBlockThreshold: an event when the guest writes beyond it; once.
struct DomainSetBlockThreshold : Procedure<386, Program::remote> {
    static constexpr std::string_view api = "virDomainSetBlockThreshold";
    static constexpr std::string_view since = "3.2.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string dev;
        uint64_t threshold = 0;
        uint32_t flags = 0;
        WIRE(domain, dev, threshold, flags)
    };
};

/// virDomainSetThrottleGroup: limits shared by several disks.
struct DomainSetThrottleGroup : Procedure<451, Program::remote> {
    static constexpr std::string_view api = "virDomainSetThrottleGroup";
    static constexpr std::string_view since = "11.2.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::string group;
        List<TypedParameter, domain_block_io_tune_parameters_max> params;
        uint32_t flags = 0;
        WIRE(domain, group, params, flags)
    };
};

/// virDomainDelThrottleGroup.
struct DomainDelThrottleGroup : Procedure<452, Program::remote> {
    static constexpr std::string_view api = "virDomainDelThrottleGroup";
    static constexpr std::string_view since = "11.2.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access = domain_write_and_save;
    struct Args {
        DomainRef domain;
        std::optional<std::string> group;
        uint32_t flags = 0;
        WIRE(domain, group, flags)
    };
};

/// Every procedure of this file, for the registry.
using DomainBlockProcedures =
    Procedures<DomainBlockPeek, DomainGetBlockInfo, DomainBlockJobAbort, DomainGetBlockJobInfo, DomainBlockJobSetSpeed,
               DomainBlockPull, DomainBlockResize, DomainSetBlockIoTune, DomainGetBlockIoTune, DomainBlockRebase,
               DomainBlockCommit, DomainBlockCopy, DomainSetBlockThreshold, DomainSetThrottleGroup,
               DomainDelThrottleGroup>;

}  // namespace virtue::proc
