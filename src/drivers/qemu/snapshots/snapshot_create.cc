// Taking a snapshot: of the disks inside their images or in new files, with or without the memory.
#include <unistd.h>

#include "base/log.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/saved_image.h"
#include "drivers/qemu/snapshots/image_tool.h"
#include "drivers/qemu/snapshots/monitor_words.h"
#include "drivers/qemu/snapshots/overlays.h"
#include "drivers/qemu/snapshots/snapshot_actions.h"
#include "drivers/qemu/snapshots/snapshot_prepare.h"
#include "drivers/qemu/snapshots/vcpus.h"
#include "drivers/qemu/state_file.h"
#include "drivers/qemu/stop.h"
#include "io/offload.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.snapshot");

using model::Snapshot;
using model::SnapshotLocation;

constexpr StopCause from_snapshot{api::domain_shutoff_from_snapshot, api::domain_event_stopped_from_snapshot};

/// The disks that keep it inside their image.
std::vector<std::string> internal_disks(const Snapshot& snapshot) {
    std::vector<std::string> targets;
    for (const model::SnapshotDisk& line : snapshot.disks) {
        if (line.snapshot == SnapshotLocation::internal) targets.push_back(line.name);
    }
    return targets;
}

/// Lets the guest run on after a step that had stopped it, whatever became of the step.
Task<void> run_on(Core& core, DomainOwner domain) {
    try {
        co_await continue_vcpus(core, domain, api::domain_running_unpaused);
    } catch (const Error& error) {
        logger.error("domain '{}': resuming after snapshot failed: {}", domain->name(), error.message());
    }
}

Task<void> take_internal_live(Core& core, DomainOwner domain, const Snapshot& snapshot, io::Deadline deadline) {
    const bool paused = co_await stop_vcpus(core, domain, api::domain_paused_save, deadline);
    std::optional<Error> failure;
    try {
        std::shared_ptr<Monitor> monitor = domain->monitor();
        std::string line = "savevm " + monitor_word(snapshot.name);
        // As long as the disks need; the end of the guest ends it.
        std::string printed = co_await monitor->human_command(std::move(line), deadline);
        require_done(printed, "take");
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (paused) co_await run_on(core, domain);
    if (failure) throw *failure;
}

/// Writes the state of a guest into a file that a restore takes. The guest stands still afterwards.
Task<void> save_memory(Core& core, DomainOwner domain, std::string path, bool was_running, io::Deadline deadline) {
    SavedImage image;
    image.was_running = was_running;
    image.xml = definition_xml(*domain->running().domain, api::domain_xml_secure | api::domain_xml_inactive, true);
    auto create = [path, image] { return create_saved_image(path, image); };
    Fd file = co_await io::offload(core.loop, std::move(create));
    std::optional<Error> failure;
    try {
        co_await write_state(core, domain, file, deadline);
        auto finish = [path, &file] { finish_saved_image(file, path); };
        co_await io::offload(core.loop, std::move(finish));
        co_return;
    } catch (const Error& error) {
        failure.emplace(error);
    }
    ::unlink(path.c_str());
    throw *failure;
}

Task<void> take_external_live(Core& core, DomainOwner domain, const Snapshot& snapshot, uint32_t flags,
                              io::Deadline deadline) {
    const bool memory = snapshot.memory == SnapshotLocation::external;
    const bool was_running = domain->state().state == api::domain_running;
    bool thaw = false;
    if (flags & api::domain_snapshot_create_quiesce) {
        co_await freeze_guest(core, domain);
        thaw = true;
    }
    bool saved = false;
    std::optional<Error> failure;
    try {
        if (memory && !(flags & api::domain_snapshot_create_live)) {
            co_await stop_vcpus(core, domain, api::domain_paused_snapshot, deadline);
        }
        if (memory) {
            domain->running().pause_reason = api::domain_paused_snapshot;
            co_await save_memory(core, domain, snapshot.memory_file, was_running, deadline);
            saved = true;
        }
        const bool reuse = (flags & api::domain_snapshot_create_reuse_ext) != 0;
        co_await lay_overlays_live(core, domain, snapshot, reuse, deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure && saved) ::unlink(snapshot.memory_file.c_str());
    if (memory && was_running) co_await run_on(core, domain);
    if (thaw) co_await thaw_guest(core, domain);
    if (failure) throw *failure;
}

Task<void> take(Core& core, DomainOwner domain, const Snapshot& snapshot, SnapshotParts parts, uint32_t flags,
                io::Deadline deadline) {
    const bool disks_only = (flags & api::domain_snapshot_create_disk_only) != 0;
    if (domain->is_active()) {
        if (disks_only || snapshot.memory == SnapshotLocation::external) {
            co_await take_external_live(core, domain, snapshot, flags, deadline);
        } else {
            co_await take_internal_live(core, domain, snapshot, deadline);
        }
        co_return;
    }
    if (parts.external || disks_only) {
        const bool reuse = (flags & api::domain_snapshot_create_reuse_ext) != 0;
        co_await lay_overlays_offline(core, domain, snapshot, reuse, deadline);
        co_return;
    }
    std::string name = snapshot.name;
    std::vector<std::string> targets = internal_disks(snapshot);
    std::shared_ptr<const model::Domain> definition = domain->persistent();
    co_await each_internal_snapshot(core, definition, std::move(name), std::move(targets), "-c", false, deadline);
}

/// Writes it down, and the one that is no longer current; then it counts.
Task<void> keep(Core& core, DomainOwner domain, SnapshotOwner snapshot, bool current) {
    MomentTree<Snapshot>& tree = moments_of(*domain).snapshots;
    // Redefined, it stays what it was.
    const bool is_current = current || tree.current() == snapshot->name;
    std::vector<MomentFile> files = {{snapshot->name, moment_text(*snapshot, is_current)}};
    SnapshotOwner before = tree.find(tree.current());
    if (current && before && before->name != snapshot->name)
        files.push_back({before->name, moment_text(*before, false)});
    std::optional<Error> failure;
    try {
        co_await save_moments(core, domain, MomentKind::snapshot, std::move(files));
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) {
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu,
                    "unable to save metadata for snapshot " + snapshot->name, failure->message());
    }
    MomentTree<Snapshot>& now = moments_of(*domain).snapshots;
    if (current) now.set_current(snapshot->name);
    now.put(std::move(snapshot));
}

}  // namespace

SnapshotOwner snapshot_at(const Domain& domain, const std::string& name) {
    SnapshotOwner found = domain.moments ? domain.moments->snapshots.find(name) : nullptr;
    if (found) return found;
    fail(ErrorCode::no_domain_snapshot, ErrorDomain::qemu, "no domain snapshot with matching name '{}'", name);
}

Task<void> make_current(Core& core, DomainOwner domain, std::string name) {
    MomentTree<Snapshot>& tree = moments_of(*domain).snapshots;
    if (tree.current() == name) co_return;
    std::vector<MomentFile> files;
    if (SnapshotOwner fresh = tree.find(name)) files.push_back({name, moment_text(*fresh, true)});
    if (SnapshotOwner before = tree.find(tree.current())) files.push_back({before->name, moment_text(*before, false)});
    co_await save_moments(core, domain, MomentKind::snapshot, std::move(files));
    moments_of(*domain).snapshots.set_current(std::move(name));
}

Task<SnapshotOwner> create_snapshot(Core& core, DomainOwner domain, std::string xml, uint32_t flags,
                                    io::Deadline deadline) {
    auto snapshot = std::make_shared<Snapshot>(read_snapshot(*domain, xml, flags));
    const bool redefine = (flags & api::domain_snapshot_create_redefine) != 0;
    const bool keeps = !(flags & api::domain_snapshot_create_no_metadata);
    if (redefine) {
        co_await prepare_redefined(core, domain, *snapshot, deadline);
        co_await keep(core, domain, snapshot, (flags & api::domain_snapshot_create_current) != 0);
        co_return snapshot;
    }
    if (moments_of(*domain).backup) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "a backup of the domain's disks is under way",
                    "wait for its end or abort it (domjobabort)");
    }
    co_await align_snapshot(core, domain, *snapshot, flags, deadline);
    SnapshotParts parts = co_await prepare_snapshot(core, domain, *snapshot, flags, deadline);
    MomentTree<Snapshot>& tree = moments_of(*domain).snapshots;
    if (keeps && tree.find(snapshot->name)) {
        fail(ErrorCode::operation_failed, ErrorDomain::domain, "domain moment {} already exists", snapshot->name);
    }
    snapshot->parent = tree.current();
    io::Deadline until_end = io::Deadline::never().with_cancel(domain->jobs().current_cancel());
    co_await take(core, domain, *snapshot, parts, flags, until_end);
    if (keeps) co_await keep(core, domain, snapshot, true);
    if (domain->is_active() && (flags & api::domain_snapshot_create_halt)) {
        stop_listening(*domain);
        co_await stop_guest(core, domain, from_snapshot);
    }
    co_return snapshot;
}

}  // namespace virtue::qemu
