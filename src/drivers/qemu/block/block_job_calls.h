// Calls about block jobs: pull, commit, copy, their end, their speed and how far they are. Owned by QemuDriver; loop
// thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/block/job_flow.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_block.h"

namespace virtue::qemu {

class BlockJobCalls {
public:
    explicit BlockJobCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<wire::Void> pull(driver::Call& call, proc::DomainBlockPull::Args args);
    Task<wire::Void> rebase(driver::Call& call, proc::DomainBlockRebase::Args args);
    Task<wire::Void> commit(driver::Call& call, proc::DomainBlockCommit::Args args);
    Task<wire::Void> copy(driver::Call& call, proc::DomainBlockCopy::Args args);
    Task<wire::Void> abort(driver::Call& call, proc::DomainBlockJobAbort::Args args);
    Task<wire::Void> set_speed(driver::Call& call, proc::DomainBlockJobSetSpeed::Args args);
    Task<proc::DomainGetBlockJobInfo::Ret> info(driver::Call& call, proc::DomainGetBlockJobInfo::Args args);

    struct PullRequest {
        std::string path;
        std::optional<std::string> base;
        uint64_t bandwidth = 0;
        uint32_t flags = 0;
    };
    Task<void> begin_pull(driver::Call& call, proc::DomainRef which, PullRequest request);
    Task<void> cancel(DomainOwner domain, BlockJobRef job, io::Deadline deadline);
    Task<void> pivot(DomainOwner domain, BlockJobRef job, io::Deadline deadline);
    /// Begins a job in QEMU that was noted before, and lets the status file have it.
    Task<void> start_job(DomainOwner domain, BlockJobRef job, std::string command, Json arguments,
                         io::Deadline deadline);

    Core& core_;
};

/// The disk that a client names by its target or, with a slash in front, by its source. Throws invalid_arg "disk 'x'
/// not found in domain".
model::Disk& disk_by_name(model::Domain& domain, const std::string& name);
/// The same; null for none.
model::Disk* find_disk_by_name(model::Domain& domain, const std::string& name);
/// Bytes a second out of what a call gives in MiB unless it says that these are bytes. Throws overflow.
uint64_t bytes_per_second(uint64_t bandwidth, bool in_bytes);
/// Throws operation_unsupported for disks that QEMU has no layers of.
void require_job_support(const model::Disk& disk);

}  // namespace virtue::qemu
