// The steps of a backup that its beginning and its end share. Loop thread only.
#pragma once
#include "drivers/qemu/snapshots/backup_job.h"

namespace virtue::qemu {

/// Writes down that a backup is under way, for a daemon that comes after this one. Throws system_error.
Task<void> save_backup(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job);
/// What the one before wrote; null if there is none or it cannot be read.
std::shared_ptr<BackupJob> load_backup(Core& core, const Domain& domain);
/// Looks until all its jobs have ended, takes its traces away, and tells clients. A backup that failed at its beginning
/// is ended `quietly`.
Task<void> follow_backup(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job, bool quietly);

}  // namespace virtue::qemu
