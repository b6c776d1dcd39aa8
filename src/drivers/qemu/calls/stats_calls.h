// Calls that tell figures of guests: bulk statistics, disks, network cards, memory. Bulk statistics wait for monitors
// no longer than a short common budget; what did not answer in time is told as last known and marked "state.stale".
// Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_block.h"
#include "protocol/remote/domain_stats.h"

namespace virtue::qemu {

class StatsCalls {
public:
    explicit StatsCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::ConnectGetAllDomainStats::Ret> all_stats(driver::Call& call, proc::ConnectGetAllDomainStats::Args args);
    Task<proc::DomainBlockStats::Ret> block_stats(driver::Call& call, proc::DomainBlockStats::Args args);
    Task<proc::DomainBlockStatsFlags::Ret> block_stats_flags(driver::Call& call,
                                                             proc::DomainBlockStatsFlags::Args args);
    Task<proc::DomainGetBlockInfo::Ret> block_info(driver::Call& call, proc::DomainGetBlockInfo::Args args);
    proc::DomainInterfaceStats::Ret interface_stats(driver::Call& call, proc::DomainInterfaceStats::Args args);
    Task<proc::DomainMemoryStats::Ret> memory_stats(driver::Call& call, proc::DomainMemoryStats::Args args);
    proc::DomainGetJobInfo::Ret job_info(driver::Call& call, proc::DomainGetJobInfo::Args args);
    proc::DomainGetJobStats::Ret job_stats(driver::Call& call, proc::DomainGetJobStats::Args args);

    Task<proc::DomainGetDiskErrors::Ret> disk_errors(driver::Call& call, proc::DomainGetDiskErrors::Args args);
    wire::Void abort_job(driver::Call& call, proc::DomainAbortJob::Args args);

    Task<BlockFigures> disk_figures(driver::Call& call, DomainOwner domain, std::string path, const char* api);

    Core& core_;
};

}  // namespace virtue::qemu
