// A backup of a running guest: QEMU copies its disks, or offers them by NBD as they were at one moment, while the guest
// goes on. At most one a guest; it is watched until it ends, also by a new daemon. Loop thread only.
#pragma once
#include <string>
#include <vector>

#include "drivers/qemu/core.h"
#include "drivers/qemu/snapshots/moments.h"
#include "model/backup/backup.h"
#include "wire/types.h"

namespace virtue::qemu {

/// One disk of a backup under way.
struct BackupDiskJob {
    std::string target;  ///< "vda"
    std::string source;  ///< the image, for events
    std::string node;    ///< what the guest writes to
    std::string job;     ///< QEMU's job
    std::string store;   ///< path of the copy, or of the scratch file
    std::string bitmap;  ///< what changed since the checkpoint; empty for a full copy
    bool made = false;   ///< the file of the store is ours
    bool started = false;
    bool over = false;
    uint64_t done = 0;   ///< bytes
    uint64_t total = 0;  ///< bytes

    std::string storage_node() const { return "backup-" + target + "-storage"; }
    std::string format_node() const { return "backup-" + target + "-format"; }
};

/// A backup under way.
struct BackupJob {
    explicit BackupJob(io::Loop& loop) : changed(loop) {}

    model::Backup backup;
    std::vector<BackupDiskJob> disks;
    int run_id = -1;
    int64_t started = 0;     ///< milliseconds since 1970
    uint64_t temporary = 0;  ///< bytes in the scratch files
    bool cancelled = false;  ///< somebody asked for its end
    bool failed = false;
    std::string error;
    io::Condition changed;  ///< wakes the one who watches

    bool is_pull() const { return backup.mode == model::BackupMode::pull; }
};

/// What domjobinfo tells of one that is under way or over.
struct BackupFigures {
    uint32_t type = api::domain_job_none;
    uint64_t elapsed = 0;  ///< milliseconds
    uint64_t done = 0;
    uint64_t total = 0;
    bool pull = false;
    bool over = false;
    bool success = true;
    std::string error;
    std::vector<wire::TypedParameter> parameters() const;
};

/// Begins one (`flags` of virDomainBackupBegin), with a checkpoint in the same moment if `checkpoint_xml` is not empty.
/// The caller holds the guest's modify job. Nothing is left behind if it throws.
Task<void> begin_backup(Core& core, DomainOwner domain, std::string xml, std::string checkpoint_xml, uint32_t flags,
                        io::Deadline deadline);
/// Its description. Throws no_domain_backup.
std::string backup_xml(const Domain& domain);
/// Asks for its end. False if none is under way.
bool cancel_backup(Domain& domain);
/// The one under way; nothing if there is none.
std::optional<BackupFigures> backup_figures(const Domain& domain);
/// The last one that ended; with `forget` it is told once.
std::optional<BackupFigures> last_backup(Domain& domain, bool forget);

/// Takes up the backup of a guest that a daemon before began, if it has one; of a guest that ended meanwhile it removes
/// what is left.
void resume_backup(Core& core, DomainOwner domain);

}  // namespace virtue::qemu
