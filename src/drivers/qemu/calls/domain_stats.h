// The groups of virConnectGetAllDomainStats for one guest, from what is held and what /proc tells. Nothing here waits.
// Loop thread only.
#pragma once
#include <utility>

#include "driver/constants.h"
#include "drivers/qemu/domain.h"
#include "drivers/qemu/refresh.h"
#include "wire/typed_params.h"

namespace virtue::qemu {

/// Which groups are told.
struct StatsGroups {
    bool state = false;
    bool cpu_total = false;
    bool balloon = false;
    bool vcpu = false;
    bool interface = false;
    bool block = false;
    bool perf = false;
    bool iothread = false;
    bool dirty_rate = false;
    bool backing = false;  ///< all images of a disk's chain
    bool needs_monitor() const { return balloon || block || iothread || dirty_rate; }
    Wanted wanted() const { return {block, balloon, iothread, dirty_rate}; }
};
/// Reads VIR_DOMAIN_STATS_*; none means all. With `enforce`, a group that we do not tell is argument_unsupported.
StatsGroups stats_groups(uint32_t stats, bool enforce);

/// False when there is nothing to ask the guest's monitor for.
bool has_monitor_figures(const Domain& domain, Wanted wanted);

wire::TypedParameters collect_stats(const Domain& domain, const StatsGroups& groups);

/// Names of balloon figures and their VIR_DOMAIN_MEMORY_STAT_ tags, in libvirt's order.
inline constexpr std::pair<const char*, uint32_t> memory_stat_tags[] = {
    {"swap_in", api::domain_memory_stat_swap_in},
    {"swap_out", api::domain_memory_stat_swap_out},
    {"major_fault", api::domain_memory_stat_major_fault},
    {"minor_fault", api::domain_memory_stat_minor_fault},
    {"unused", api::domain_memory_stat_unused},
    {"available", api::domain_memory_stat_available},
    {"usable", api::domain_memory_stat_usable},
    {"disk_caches", api::domain_memory_stat_disk_caches},
    {"hugetlb_pgalloc", api::domain_memory_stat_hugetlb_pgalloc},
    {"hugetlb_pgfail", api::domain_memory_stat_hugetlb_pgfail},
};

}  // namespace virtue::qemu
