// table
// The host: CPUs, memory, pages, suspend.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virNodeGetInfo: the host in the fixed struct of 2005; memory in KiB, clock in MHz.
struct NodeGetInfo : Procedure<6, Program::remote> {
    static constexpr std::string_view api = "virNodeGetInfo";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        CharArray<32> model;
        uint64_t memory = 0;
        int32_t cpus = 0;
        int32_t mhz = 0;
        int32_t nodes = 0;
        int32_t sockets = 0;
        int32_t cores = 0;
        int32_t threads = 0;
        WIRE(model, memory, cpus, mhz, nodes, sockets, cores, threads)
    };
};

/// virNodeGetCellsFreeMemory: in bytes, per NUMA cell.
struct NodeGetCellsFreeMemory : Procedure<101, Program::remote> {
    static constexpr std::string_view api = "virNodeGetCellsFreeMemory";
    static constexpr std::string_view since = "0.4.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t start_cell = 0;
        int32_t maxcells = 0;
        WIRE(start_cell, maxcells)
    };
    struct Ret {
        List<uint64_t, node_max_cells> cells;
        WIRE(cells)
    };
};

/// virNodeGetFreeMemory: in bytes.
struct NodeGetFreeMemory : Procedure<102, Program::remote> {
    static constexpr std::string_view api = "virNodeGetFreeMemory";
    static constexpr std::string_view since = "0.4.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        uint64_t free_mem = 0;
        WIRE(free_mem)
    };
};

/// virNodeGetSecurityModel: both fields carry their final NUL.
struct NodeGetSecurityModel : Procedure<122, Program::remote> {
    static constexpr std::string_view api = "virNodeGetSecurityModel";
    static constexpr std::string_view since = "0.6.1";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        CharList<security_model_max> model;
        CharList<security_doi_max> doi;
        WIRE(model, doi)
    };
};

/// One counter of the host CPU, in nanoseconds or percent.
struct NodeCpuStat {
    std::string field;
    uint64_t value = 0;
    WIRE(field, value)
};

/// virNodeGetCPUStats: `cpu_num` -1 is all of them. With `nparams` 0 only their number.
struct NodeGetCpuStats : Procedure<227, Program::remote> {
    static constexpr std::string_view api = "virNodeGetCPUStats";
    static constexpr std::string_view since = "0.9.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t cpu_num = 0;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(cpu_num, nparams, flags)
    };
    struct Ret {
        List<NodeCpuStat, node_cpu_stats_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// One figure of the host memory, in KiB.
struct NodeMemoryStat {
    std::string field;
    uint64_t value = 0;
    WIRE(field, value)
};

/// virNodeGetMemoryStats: `cell_num` -1 is all of them. With `nparams` 0 only their number.
struct NodeGetMemoryStats : Procedure<228, Program::remote> {
    static constexpr std::string_view api = "virNodeGetMemoryStats";
    static constexpr std::string_view since = "0.9.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t nparams = 0;
        int32_t cell_num = 0;
        uint32_t flags = 0;
        WIRE(nparams, cell_num, flags)
    };
    struct Ret {
        List<NodeMemoryStat, node_memory_stats_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virNodeSuspendForDuration: `duration` in seconds, then an alarm wakes the host.
struct NodeSuspendForDuration : Procedure<250, Program::remote> {
    static constexpr std::string_view api = "virNodeSuspendForDuration";
    static constexpr std::string_view since = "0.9.8";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_pm_control};
    struct Args {
        uint32_t target = 0;
        uint64_t duration = 0;
        uint32_t flags = 0;
        WIRE(target, duration, flags)
    };
};

/// virNodeSetMemoryParameters.
struct NodeSetMemoryParameters : Procedure<288, Program::remote> {
    static constexpr std::string_view api = "virNodeSetMemoryParameters";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_write};
    struct Args {
        List<TypedParameter, node_memory_parameters_max> params;
        uint32_t flags = 0;
        WIRE(params, flags)
    };
};

/// virNodeGetMemoryParameters.
struct NodeGetMemoryParameters : Procedure<289, Program::remote> {
    static constexpr std::string_view api = "virNodeGetMemoryParameters";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(nparams, flags)
    };
    struct Ret {
        List<TypedParameter, node_memory_parameters_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virNodeGetCPUMap: which CPUs exist and which are online, as a bit map.
struct NodeGetCpuMap : Procedure<293, Program::remote> {
    static constexpr std::string_view api = "virNodeGetCPUMap";
    static constexpr std::string_view since = "1.0.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        int32_t need_map = 0;
        int32_t need_online = 0;
        uint32_t flags = 0;
        WIRE(need_map, need_online, flags)
    };
    struct Ret {
        Opaque<cpumap_max> cpumap;
        uint32_t online = 0;
        int32_t ret = 0;
        WIRE(cpumap, online, ret)
    };
};

/// virNodeGetFreePages: free pages per size (KiB) and cell.
struct NodeGetFreePages : Procedure<340, Program::remote> {
    static constexpr std::string_view api = "virNodeGetFreePages";
    static constexpr std::string_view since = "1.2.6";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        List<uint32_t, node_max_cells> pages;
        int32_t start_cell = 0;
        uint32_t cell_count = 0;
        uint32_t flags = 0;
        WIRE(pages, start_cell, cell_count, flags)
    };
    struct Ret {
        List<uint64_t, node_max_cells> counts;
        WIRE(counts)
    };
};

/// virNodeAllocPages: reserves huge pages per size and cell.
struct NodeAllocPages : Procedure<347, Program::remote> {
    static constexpr std::string_view api = "virNodeAllocPages";
    static constexpr std::string_view since = "1.2.9";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_write};
    struct Args {
        List<uint32_t, node_max_cells> page_sizes;
        List<uint64_t, node_max_cells> page_counts;
        int32_t start_cell = 0;
        uint32_t cell_count = 0;
        uint32_t flags = 0;
        WIRE(page_sizes, page_counts, start_cell, cell_count, flags)
    };
    struct Ret {
        int32_t ret = 0;
        WIRE(ret)
    };
};

/// virNodeGetSEVInfo.
struct NodeGetSevInfo : Procedure<395, Program::remote> {
    static constexpr std::string_view api = "virNodeGetSEVInfo";
    static constexpr std::string_view since = "4.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    struct Args {
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(nparams, flags)
    };
    struct Ret {
        List<TypedParameter, node_sev_info_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// Every procedure of this file, for the registry.
using NodeProcedures =
    Procedures<NodeGetInfo, NodeGetCellsFreeMemory, NodeGetFreeMemory, NodeGetSecurityModel, NodeGetCpuStats,
               NodeGetMemoryStats, NodeSuspendForDuration, NodeSetMemoryParameters, NodeGetMemoryParameters,
               NodeGetCpuMap, NodeGetFreePages, NodeAllocPages, NodeGetSevInfo>;

}  // namespace virtue::proc
