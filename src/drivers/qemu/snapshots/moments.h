// What a guest has of snapshots and checkpoints, and the files that tell of them: libvirt's folders and format, so that
// either daemon finds what the other left. The file functions block: call them from the blocking pool, except at start.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "drivers/qemu/core.h"
#include "drivers/qemu/snapshots/moment_tree.h"
#include "model/checkpoint/checkpoint.h"
#include "model/snapshot/snapshot.h"

namespace virtue::qemu {

using SnapshotOwner = std::shared_ptr<const model::Snapshot>;
using CheckpointOwner = std::shared_ptr<const model::Checkpoint>;

struct BackupJob;
struct BackupFigures;

/// All moments of one guest.
struct Moments {
    MomentTree<model::Snapshot> snapshots;
    MomentTree<model::Checkpoint> checkpoints;
    std::shared_ptr<BackupJob> backup;           ///< under way; null if there is none
    std::shared_ptr<BackupFigures> last_backup;  ///< what became of the last one
};

/// Those of a guest, made at the first use.
Moments& moments_of(Domain& domain);
/// How many a guest has.
size_t snapshot_count(const Domain& domain);
size_t checkpoint_count(const Domain& domain);

/// Which of the two a file is about.
enum class MomentKind : uint8_t { snapshot, checkpoint };

/// …/qemu/snapshot/NAME and …/qemu/checkpoint/NAME.
std::string moment_folder(const Settings& settings, MomentKind kind, const std::string& domain);
/// What a file holds of it, with passwords. `current`: it is the one that the guest goes on from.
std::string moment_text(const model::Snapshot& snapshot, bool current);
std::string moment_text(const model::Checkpoint& checkpoint);
/// What clients see of it.
std::string moment_xml(const model::Snapshot& snapshot, bool secure);
std::string moment_xml(const model::Checkpoint& checkpoint, bool secure, bool with_domain);

/// A file to be written.
struct MomentFile {
    std::string name;
    std::string text;
};
/// Writes files one after the other, each whole or not at all, and makes the folder. Throws system_error.
Task<void> save_moments(Core& core, DomainOwner domain, MomentKind kind, std::vector<MomentFile> files);
Task<void> remove_moment_file(Core& core, DomainOwner domain, MomentKind kind, std::string name);
/// Removes all files of a guest; nothing is done to its disks.
Task<void> forget_moments(Core& core, DomainOwner domain, MomentKind kind);
/// Moves the folders of a guest that is renamed. Runs on the pool.
void rename_moment_folders(const Settings& settings, const std::string& from, const std::string& to);

/// Reads the files of all guests that are known. Files that cannot be read are logged and stay where they are.
void load_moments(Core& core);

/// Throws invalid_arg, as libvirt: a moment that is its own parent, a parent that is missing or would close a circle.
template <typename M>
void require_no_circle(const MomentTree<M>& tree, const M& moment) {
    if (moment.parent.empty()) return;
    if (moment.parent == moment.name) {
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "cannot set moment {} as its own parent", moment.name);
    }
    auto other = tree.find(moment.parent);
    if (!other) {
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "parent {} for moment {} not found", moment.parent,
             moment.name);
    }
    for (; other && !other->parent.empty(); other = tree.find(other->parent)) {
        if (other->parent != moment.name) continue;
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "parent {} would create cycle to {}", other->name,
             moment.name);
    }
}

}  // namespace virtue::qemu
