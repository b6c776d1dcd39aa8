// What the end of a block job means for the disk: which layers it has now, which nodes and files are of no use any
// more, and what the guest's persistent definition says. Loop thread only.
#pragma once
#include "drivers/qemu/block/job.h"
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Changes the live and the persistent definition, and takes away what is not needed. Throws system_error when the
/// persistent definition could not be written; the rest is done then.
Task<void> apply_job_end(Core& core, DomainOwner domain, BlockJobRef job, bool succeeded, io::Deadline deadline);

/// Both events of a state, by the path and by the name of the disk.
void tell_job(Core& core, const Domain& domain, const BlockJob& job, BlockJobState state);

}  // namespace virtue::qemu
