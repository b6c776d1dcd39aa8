// Deleting snapshots: what they keep inside images and their metadata, and the order of what is left.
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/log.h"

#include "drivers/qemu/snapshots/image_tool.h"
#include "drivers/qemu/snapshots/merging.h"
#include "drivers/qemu/snapshots/monitor_words.h"
#include "drivers/qemu/snapshots/snapshot_actions.h"
#include "io/offload.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.snapshot");

using model::Snapshot;
using model::SnapshotLocation;

std::vector<std::string> internal_disks(const Snapshot& snapshot) {
    std::vector<std::string> targets;
    for (const model::SnapshotDisk& line : snapshot.disks) {
        if (line.snapshot == SnapshotLocation::internal) targets.push_back(line.name);
    }
    return targets;
}

/// Files over the disks are merged one by one: whoever deletes many begins at the last.
void require_no_external(const Snapshot& snapshot, const std::vector<SnapshotOwner>& doomed) {
    const auto is_external = [](const SnapshotOwner& one) { return one->is_external(); };
    const auto count = std::count_if(doomed.begin(), doomed.end(), is_external);
    if (count == 0 && !snapshot.is_external()) return;
    const bool mixed = std::cmp_less(count, doomed.size());
    throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                mixed ? "deletion of external and internal children disk snapshots not supported"
                      : "deletion of external children disk snapshots not supported");
}

/// A running guest deletes from the images that it has open: they must be those of the snapshot.
void require_same_images(const Domain& domain, const Snapshot& snapshot) {
    if (!domain.is_active() || snapshot.is_external() || !snapshot.domain) return;
    for (const model::SnapshotDisk& line : snapshot.disks) {
        const model::Disk* now = model::find_disk(domain.current(), line.name);
        const model::Disk* then = model::find_disk(*snapshot.domain, line.name);
        const bool same = now && then && now->source.path == then->source.path &&
                          now->source.volume == then->source.volume && now->source.name == then->source.name;
        if (same) continue;
        fail(ErrorCode::operation_unsupported, ErrorDomain::qemu,
             "disk image '{}' for internal snapshot '{}' is not the same as disk image currently used by VM", line.name,
             snapshot.name);
    }
}

Task<void> delete_inside(Core& core, DomainOwner domain, const Snapshot& snapshot, io::Deadline deadline) {
    std::string name = snapshot.name;
    if (domain->is_active()) {
        std::shared_ptr<Monitor> monitor = domain->monitor();
        std::string line = "delvm " + monitor_word(name);
        std::string printed = co_await monitor->human_command(std::move(line), deadline);
        require_done(printed, "delete");
        co_return;
    }
    std::shared_ptr<const model::Domain> definition = domain->persistent();
    std::vector<std::string> targets = internal_disks(snapshot);
    co_await each_internal_snapshot(core, definition, std::move(name), std::move(targets), "-d", true, deadline);
}

/// Those that stood behind one that goes stand behind its parent.
Task<void> adopt_children(Core& core, DomainOwner domain, const Snapshot& gone) {
    std::vector<MomentFile> files;
    std::vector<std::shared_ptr<const Snapshot>> moved;
    const MomentTree<Snapshot>& tree = moments_of(*domain).snapshots;
    for (const SnapshotOwner& child : tree.children(gone.name)) {
        auto changed = std::make_shared<Snapshot>(*child);
        changed->parent = gone.parent;
        files.push_back({changed->name, moment_text(*changed, tree.current() == changed->name)});
        moved.push_back(std::move(changed));
    }
    if (files.empty()) co_return;
    co_await save_moments(core, domain, MomentKind::snapshot, std::move(files));
    for (auto& child : moved) moments_of(*domain).snapshots.put(std::move(child));
}

/// The last step of each: its metadata, and the mark of the current one.
Task<void> forget(Core& core, DomainOwner domain, SnapshotOwner gone, bool to_parent) {
    const bool was_current = moments_of(*domain).snapshots.current() == gone->name;
    if (was_current && to_parent) co_await make_current(core, domain, gone->parent);
    co_await remove_moment_file(core, domain, MomentKind::snapshot, gone->name);
    moments_of(*domain).snapshots.erase(gone->name);
}

/// What nothing refers to any more.
Task<void> remove_files(Core& core, std::vector<std::string> files) {
    auto remove = [files] {
        for (const std::string& file : files) {
            if (::unlink(file.c_str()) == 0 || errno == ENOENT) continue;
            logger.warn("Unable to remove snapshot image file '{}' ({})", file, std::strerror(errno));
        }
    };
    co_await io::offload(core.loop, std::move(remove));
}

}  // namespace

Task<void> delete_snapshot(Core& core, DomainOwner domain, std::string name, uint32_t flags, io::Deadline deadline) {
    SnapshotOwner snapshot = snapshot_at(*domain, name);
    const bool metadata_only = (flags & api::domain_snapshot_delete_metadata_only) != 0;
    const bool children_only = (flags & api::domain_snapshot_delete_children_only) != 0;
    const bool children = children_only || (flags & api::domain_snapshot_delete_children) != 0;
    std::vector<SnapshotOwner> doomed;
    if (children) doomed = moments_of(*domain).snapshots.descendants(name);
    const bool current_goes = [&] {
        const std::string& current = moments_of(*domain).snapshots.current();
        for (const SnapshotOwner& one : doomed) {
            if (one->name == current) return true;
        }
        return false;
    }();
    if (!metadata_only) {
        if (children) require_no_external(*snapshot, doomed);
        require_same_images(*domain, *snapshot);
        if (snapshot->is_external()) require_mergeable(*domain, *snapshot);
    }
    std::vector<std::string> files;
    if (!metadata_only && snapshot->is_external()) {
        std::vector<std::string> left = co_await merge_external(core, domain, snapshot, deadline);
        files = std::move(left);
    }
    // What is behind the snapshot goes first, the last of all before the others.
    std::reverse(doomed.begin(), doomed.end());
    if (!children_only) doomed.push_back(snapshot);
    if (!children) co_await adopt_children(core, domain, *snapshot);
    if (current_goes) {
        const std::string heir = children_only ? name : snapshot->parent;
        co_await make_current(core, domain, heir);
    }
    for (const SnapshotOwner& one : doomed) {
        if (!metadata_only && !one->is_external()) co_await delete_inside(core, domain, *one, deadline);
        co_await forget(core, domain, one, true);
    }
    co_await remove_files(core, std::move(files));
}

}  // namespace virtue::qemu
