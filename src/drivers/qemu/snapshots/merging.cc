#include "drivers/qemu/snapshots/merging.h"

#include <algorithm>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/snapshots/image_tool.h"
#include "drivers/qemu/snapshots/layers.h"

namespace virtue::qemu {
namespace {

using model::Snapshot;
using model::SnapshotLocation;
using model::StorageSource;

/// A disk whose new file goes.
struct Merge {
    std::string target;
    StorageSource overlay;  ///< what goes
    StorageSource base;     ///< what it is written into
    std::string above;      ///< the file that lies over it; empty where the guest itself writes to it
    model::StorageFormat above_format = model::StorageFormat::qcow2;

    bool is_top() const { return above.empty(); }
};

bool is_at(const StorageSource& source, const std::string& path) {
    return source.is_local() && source.path == path;
}

/// Enters which file of a later snapshot lies over the one that goes.
void lie_under(Merge& merge, const std::vector<SnapshotOwner>& children) {
    for (const SnapshotOwner& child : children) {
        for (const model::SnapshotDisk& next : child->disks) {
            if (next.name != merge.target || next.snapshot != SnapshotLocation::external) continue;
            merge.above = next.source.path;
            merge.above_format = next.source.format;
        }
    }
}

std::vector<Merge> merges_of(const Domain& domain, const Snapshot& snapshot) {
    std::vector<Merge> merges;
    const std::vector<SnapshotOwner> children = domain.moments->snapshots.children(snapshot.name);
    for (const model::SnapshotDisk& line : snapshot.disks) {
        if (line.snapshot != SnapshotLocation::external) continue;
        const model::Disk* before = snapshot.domain ? model::find_disk(*snapshot.domain, line.name) : nullptr;
        const model::Disk* now = model::find_disk(domain.current(), line.name);
        if (!before || !now) {
            fail(ErrorCode::operation_failed, ErrorDomain::qemu, "failed to find disk '{}' in snapshot VM XML",
                 line.name);
        }
        Merge merge{line.name, line.source, before->source, "", model::StorageFormat::qcow2};
        if (!is_at(now->source, line.source.path)) {
            lie_under(merge, children);
            if (merge.above.empty()) {
                throw Error(ErrorCode::operation_failed, ErrorDomain::qemu,
                            "VM disk source and snapshot disk source are not the same");
            }
        }
        merges.push_back(std::move(merge));
    }
    return merges;
}

/// Nobody may have put the file over another one meanwhile.
Task<void> require_over(Core& core, const Merge& merge, io::Deadline deadline) {
    std::string below = co_await backing_file(core, merge.overlay.path, deadline);
    if (below == merge.base.path) co_return;
    fail(ErrorCode::operation_failed, ErrorDomain::qemu,
         "the file '{}' of disk '{}' lies over '{}', not over '{}' as its snapshot says", merge.overlay.path,
         merge.target, below, merge.base.path);
}

Task<void> merge_offline(Core& core, const Merge& merge, io::Deadline deadline) {
    co_await require_over(core, merge, deadline);
    std::vector<std::string> commit = {"commit", "-q", "-f", image_format(merge.overlay), "-d", merge.overlay.path};
    co_await run_image_tool(core, std::move(commit), deadline);
    if (merge.is_top()) co_return;
    StorageSource above;
    above.format = merge.above_format;
    std::vector<std::string> rebase = {
        "rebase",        "-q",       "-u", "-f", image_format(above), "-F", image_format(merge.base), "-b",
        merge.base.path, merge.above};
    co_await run_image_tool(core, std::move(rebase), deadline);
}

/// The layer of a running guest's disk at a path, and the one above it.
struct LayerPlace {
    StorageSource* above = nullptr;
    StorageSource* layer = nullptr;
};

LayerPlace find_layer(model::Domain& live, const std::string& target, const std::string& path) {
    LayerPlace place;
    for (model::Disk& disk : live.disks) {
        if (disk.target != target) continue;
        for (StorageSource* layer = &disk.source; layer != nullptr;
             layer = layer->backing.empty() ? nullptr : &layer->backing.front()) {
            place.above = place.layer;
            place.layer = layer;
            if (is_at(*layer, path)) return place;
        }
    }
    return {};
}

std::string node_of(const StorageSource& source) {
    return fmt::format("libvirt-{}-format", source.index);
}

/// Looks until a job has ended; one that could go on for ever is completed when it is ready.
Task<void> wait_for_job(Core& core, DomainOwner domain, const Merge& merge, std::string id, io::Deadline deadline) {
    io::Milliseconds pause(10);
    bool completing = false;
    const uint32_t type = merge.is_top() ? api::domain_block_job_type_active_commit : api::domain_block_job_type_commit;
    for (;;) {
        std::shared_ptr<Monitor> monitor = domain->monitor();
        io::Deadline answer = core.monitor_deadline(deadline, *domain);
        Json nothing;
        Json told = co_await monitor->command("query-jobs", nothing, answer);
        std::string status = "concluded";
        std::string error = "the job is gone";
        for (const Json& one : told.items()) {
            if (one.string_or("id", "") != id) continue;
            status = one.string_or("status", "");
            error = one.string_or("error", "");
        }
        if (status == "ready" && !completing) {
            Json which = Json::object({{"id", id}});
            co_await monitor->command("job-complete", std::move(which), answer);
            completing = true;
            core.announcer.block_job(*domain, merge.overlay.path, merge.target, type, api::domain_block_job_ready);
            continue;
        }
        if (status == "concluded") {
            Json which = Json::object({{"id", id}});
            co_await monitor->exchange("job-dismiss", std::move(which), answer);
            core.announcer.block_job(*domain, merge.overlay.path, merge.target, type,
                                     error.empty() ? api::domain_block_job_completed : api::domain_block_job_failed);
            if (error.empty()) co_return;
            fail(ErrorCode::operation_failed, ErrorDomain::qemu,
                 "block commit failed while deleting disk snapshot: '{}'", error);
        }
        co_await core.loop.sleep(pause);
        pause = std::min(pause * 2, io::Milliseconds(500));
    }
}

Task<void> merge_live(Core& core, DomainOwner domain, const Merge& merge, io::Deadline deadline) {
    model::Domain& live = *domain->running().domain;
    const LayerPlace overlay = find_layer(live, merge.target, merge.overlay.path);
    const LayerPlace base = find_layer(live, merge.target, merge.base.path);
    const bool known = overlay.layer && base.layer && base.layer->index != 0 && base.above == overlay.layer;
    if (!known) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "the layers of disk '" + merge.target + "' are not known while the guest runs",
                    "delete the snapshot when the guest is shut off");
    }
    const std::string gone = node_of(*overlay.layer);
    const std::string gone_storage = fmt::format("libvirt-{}-storage", overlay.layer->index);
    const bool is_top = overlay.above == nullptr;
    std::string id = "delete-" + merge.target + "-" + gone;
    const model::Disk& disk = *model::find_disk(live, merge.target);
    Json arguments = Json::object({{"job-id", id},
                                   {"device", node_of(disk.source)},
                                   {"top-node", gone},
                                   {"base-node", node_of(*base.layer)},
                                   {"auto-finalize", true},
                                   {"auto-dismiss", false}});
    if (!is_top) arguments.set("backing-file", merge.base.path);
    std::shared_ptr<Monitor> monitor = domain->monitor();
    io::Deadline answer = core.monitor_deadline(deadline, *domain);
    co_await monitor->command("block-commit", std::move(arguments), answer);
    co_await wait_for_job(core, domain, merge, std::move(id), deadline);
    // Found again: the definition may have changed meanwhile.
    const LayerPlace place = find_layer(*domain->running().domain, merge.target, merge.overlay.path);
    if (place.layer && !place.layer->backing.empty()) {
        StorageSource below = std::move(place.layer->backing.front());
        *place.layer = std::move(below);
    }
    domain->changed();
    for (const std::string& node : {gone, gone_storage}) {
        Json which = Json::object({{"node-name", node}});
        co_await monitor->exchange("blockdev-del", std::move(which), answer);
    }
}

/// The persistent definition writes to the files below again.
Task<void> persist(Core& core, DomainOwner domain, const std::vector<Merge>& merges) {
    if (!domain->is_persistent()) co_return;
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    bool any = false;
    for (const Merge& merge : merges) {
        for (model::Disk& disk : definition->disks) {
            if (disk.target != merge.target) continue;
            any = cut_layer(disk.source, merge.overlay.path, merge.base) || any;
        }
    }
    if (any) co_await replace_definition(core, domain, std::move(definition));
}

bool replace_in(std::optional<model::Domain>& definition, const std::vector<Merge>& merges) {
    if (!definition) return false;
    bool any = false;
    for (const Merge& merge : merges) {
        for (model::Disk& disk : definition->disks) {
            if (disk.target != merge.target) continue;
            any = cut_layer(disk.source, merge.overlay.path, merge.base) || any;
        }
    }
    return any;
}

/// Later snapshots were taken of a guest that wrote to the files that go.
Task<void> correct_descendants(Core& core, DomainOwner domain, const std::string& name,
                               const std::vector<Merge>& merges) {
    std::vector<MomentFile> files;
    std::vector<SnapshotOwner> changed;
    const MomentTree<Snapshot>& tree = moments_of(*domain).snapshots;
    for (const SnapshotOwner& one : tree.descendants(name)) {
        auto copy = std::make_shared<Snapshot>(*one);
        const bool active = replace_in(copy->domain, merges);
        const bool inactive = replace_in(copy->inactive_domain, merges);
        if (!active && !inactive) continue;
        files.push_back({copy->name, moment_text(*copy, tree.current() == copy->name)});
        changed.push_back(std::move(copy));
    }
    if (files.empty()) co_return;
    co_await save_moments(core, domain, MomentKind::snapshot, std::move(files));
    for (SnapshotOwner& one : changed) moments_of(*domain).snapshots.put(std::move(one));
}

}  // namespace

void require_mergeable(const Domain& domain, const Snapshot& snapshot) {
    const MomentTree<Snapshot>& tree = domain.moments->snapshots;
    if (domain.moments->backup) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "cannot delete external snapshots when there is another active block job");
    }
    SnapshotOwner parent = tree.find(snapshot.parent);
    if (parent && !parent->is_external()) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "deleting external snapshot that has internal snapshot as parent not supported");
    }
    const std::vector<SnapshotOwner> children = tree.children(snapshot.name);
    const bool inside =
        std::any_of(children.begin(), children.end(), [](const SnapshotOwner& child) { return !child->is_external(); });
    if (children.size() > 1 || inside) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                    "deletion of external disk snapshots with children not supported");
    }
}

Task<std::vector<std::string>> merge_external(Core& core, DomainOwner domain, SnapshotOwner snapshot,
                                              io::Deadline deadline) {
    const std::vector<Merge> merges = merges_of(*domain, *snapshot);
    for (const Merge& merge : merges) {
        if (domain->is_active()) {
            co_await merge_live(core, domain, merge, deadline);
        } else {
            co_await merge_offline(core, merge, deadline);
        }
    }
    // The running guest last: a daemon that comes after this one compares it with QEMU and corrects both (layers.h).
    co_await persist(core, domain, merges);
    if (domain->is_active()) co_await live_changed(core, domain);
    co_await correct_descendants(core, domain, snapshot->name, merges);
    std::vector<std::string> files;
    for (const Merge& merge : merges) {
        if (merge.overlay.type == model::StorageType::file) files.push_back(merge.overlay.path);
    }
    co_return files;
}

}  // namespace virtue::qemu
