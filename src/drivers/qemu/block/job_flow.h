// The life of block jobs: begun by calls, followed by QEMU's events, ended in the guest's turn, found again by a new
// daemon. Loop thread only.
#pragma once
#include "drivers/qemu/block/job.h"
#include "drivers/qemu/core.h"
#include "model/domain/disk.h"

namespace virtue::qemu {

/// Notes a job that is about to be begun, and keeps it in the status file from before QEMU knows of it.
BlockJobRef note_job(Core& core, const DomainOwner& domain, BlockJobRecord record);
/// Forgets one that could not be begun.
void forget_job(const DomainOwner& domain, const BlockJobRef& job);
/// The job of a disk; null if there is none.
BlockJobRef find_job(const Run& run, const std::string& target);
bool has_block_job(const Run& run);
/// Throws operation_invalid "domain has active block job".
void require_no_block_job(const Run& run);
/// Throws block_copy_active or operation_unsupported "disk 'x' already in active block job".
void require_no_block_job(const Run& run, const model::Disk& disk);

/// Notes how far the copy of a disk is: "yes", "pivot" or "abort".
void set_mirror_state(model::Domain& domain, const std::string& target, const char* state);
/// QEMU told that a job's state changed.
void handle_job_status(Core& core, const DomainOwner& domain, const std::string& name, const std::string& status);

/// Waits until QEMU has concluded a job, however long that takes; ends early when the guest does.
Task<void> wait_for_end(Core& core, DomainOwner domain, BlockJobRef job);
/// How QEMU says that a concluded job went; it forgets the job by that.
struct BlockJobOutcome {
    std::string error;
    bool found = false;
};
Task<BlockJobOutcome> take_outcome(DomainOwner domain, BlockJobRef job, io::Deadline deadline);
/// Makes of a concluded job what it means for the disk, tells clients, and saves. The caller holds the guest's turn.
Task<void> conclude_job(Core& core, DomainOwner domain, BlockJobRef job);

/// A new daemon asks what became of the jobs that the status file names.
Task<void> find_jobs_again(Core& core, DomainOwner domain, io::Deadline deadline);

}  // namespace virtue::qemu
