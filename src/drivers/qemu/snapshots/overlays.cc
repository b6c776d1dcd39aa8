#include "drivers/qemu/snapshots/overlays.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/command/single_device.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/qmp_options.h"
#include "drivers/qemu/snapshots/bitmaps.h"
#include "drivers/qemu/snapshots/image_tool.h"
#include "drivers/qemu/snapshots/layers.h"
#include "drivers/qemu/volumes.h"
#include "io/offload.h"
#include "model/domain/device.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.snapshot");

using model::SnapshotLocation;
using model::StorageSource;

/// A disk on the way to its new file.
struct Overlay {
    size_t place = 0;  ///< of the disk in the definition
    std::string target;
    StorageSource below;   ///< what it wrote to until now, as the definition has it
    StorageSource opened;  ///< the same with a volume's place
    StorageSource fresh;
    bool made = false;  ///< the file is ours to remove
};

/// Those of the disks that go on in a new file.
Task<std::vector<Overlay>> wanted(Core& core, std::shared_ptr<const model::Domain> domain,
                                  const model::Snapshot& snapshot, io::Deadline deadline) {
    std::vector<Overlay> overlays;
    const std::shared_ptr<const model::Domain> opened = co_await with_volumes(core, domain, deadline);
    for (size_t i = 0; i < snapshot.disks.size() && i < domain->disks.size(); i++) {
        const model::SnapshotDisk& line = snapshot.disks[i];
        if (line.snapshot != SnapshotLocation::external) continue;
        overlays.push_back({i, line.name, domain->disks[i].source, opened->disks[i].source, line.source, false});
    }
    co_return overlays;
}

bool is_there(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0;
}

/// Removes the files that were made for a snapshot that failed.
Task<void> drop_files(Core& core, const std::vector<Overlay>& overlays) {
    std::vector<std::string> paths;
    for (const Overlay& overlay : overlays) {
        if (overlay.made) paths.push_back(overlay.fresh.path);
    }
    auto remove = [paths] {
        std::vector<std::string> failed;
        for (const std::string& path : paths) {
            if (::unlink(path.c_str()) != 0 && errno != ENOENT) failed.push_back(path);
        }
        return failed;
    };
    std::vector<std::string> failed = co_await io::offload(core.loop, std::move(remove));
    for (const std::string& path : failed) logger.warn("Failed to remove snapshot image '{}'", path);
}

/// "create" of one file: over an image that a QEMU has open, with its size told and the image left alone.
Task<void> make_file(Core& core, Overlay& overlay, std::optional<uint64_t> size, io::Deadline deadline) {
    const std::string path = overlay.fresh.path;
    const bool is_file = overlay.fresh.type == model::StorageType::file;
    auto look = [path] { return is_there(path); };
    const bool existed = co_await io::offload(core.loop, std::move(look));
    std::vector<std::string> arguments = {"create", "-f", image_format(overlay.fresh)};
    if (size) arguments.push_back("-u");
    arguments.push_back("-o");
    arguments.push_back(fmt::format("backing_fmt={},backing_file={}", image_format(overlay.opened),
                                    option_value(backing_reference(overlay.opened))));
    arguments.push_back(path);
    if (size) arguments.push_back(std::to_string(*size));
    overlay.made = is_file && !existed;
    // Of a running guest, whose user gets the file: nobody else reads what it writes meanwhile.
    const int umask = size ? 0077 : 0022;
    co_await run_image_tool(core, std::move(arguments), deadline, umask);
}

/// The new source of a disk in the persistent definition. A running guest knows what lies below; else the images tell.
StorageSource kept(const Overlay& overlay) {
    StorageSource source = overlay.fresh;
    source.backing.clear();
    if (overlay.below.index != 0) source.backing.assign(1, overlay.below);
    return without_numbers(std::move(source));
}

bool same_place(const StorageSource& one, const StorageSource& other) {
    return one.type == other.type && one.path == other.path && one.name == other.name && one.pool == other.pool &&
           one.volume == other.volume;
}

/// The persistent definition goes on with the new files where it had the same images.
Task<void> persist(Core& core, DomainOwner domain, const std::vector<Overlay>& overlays) {
    if (!domain->is_persistent()) co_return;
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    bool any = false;
    for (const Overlay& overlay : overlays) {
        for (model::Disk& disk : definition->disks) {
            if (disk.target != overlay.target || !same_place(disk.source, overlay.below)) continue;
            disk.source = kept(overlay);
            any = true;
        }
    }
    if (any) co_await replace_definition(core, domain, std::move(definition));
}

/// The disk with the new file on top and nothing known of what is below it: that is joined to it by the snapshot.
model::Disk bare(const model::Disk& disk, const Overlay& overlay) {
    model::Disk fresh = disk;
    fresh.source = overlay.fresh;
    fresh.source.backing.assign(1, StorageSource{});
    return fresh;
}

/// Numbers for the new layers that no other node of the guest has.
void number(const BlockNodes& nodes, std::vector<Overlay>& overlays) {
    uint32_t next = nodes.highest_number();
    for (Overlay& overlay : overlays) overlay.fresh.index = ++next;
}

std::string top_node(const StorageSource& source) {
    return fmt::format("libvirt-{}-format", source.index);
}

/// Steps that open the new files.
std::vector<QmpStep> opening(Core& core, const Run& run, const std::vector<Overlay>& overlays) {
    std::vector<QmpStep> all;
    CapabilitiesRef capabilities = core.capabilities.find(emulator_of(*run.domain));
    for (const Overlay& overlay : overlays) {
        LaunchContext context = launch_context(core, *run.domain, run.id, capabilities);
        const model::Device one[] = {bare(run.domain->disks[overlay.place], overlay)};
        const std::vector<std::string> options = build_device(*run.domain, one, std::move(context));
        std::vector<QmpStep> steps = qmp_steps(options);
        std::erase_if(steps, [&](const QmpStep& step) {
            // A copy-on-read filter stands above both layers and stays.
            const std::string node = step.arguments.string_or("node-name", "");
            return step.command != "blockdev-add" || node.starts_with("libvirt-CoR-");
        });
        std::move(steps.begin(), steps.end(), std::back_inserter(all));
    }
    return all;
}

/// Gives the new files to the guest's user.
Task<std::vector<OwnedFile>> give_files(Core& core, const std::vector<Overlay>& overlays) {
    std::vector<OwnedFile> files;
    std::optional<DacOwner> owner = core.owner_of_files();
    if (!owner) co_return files;
    for (const Overlay& overlay : overlays) files.push_back({overlay.fresh.path, false, true});
    auto give = [owner, files] { owner->give(files); };
    co_await io::offload(core.loop, std::move(give));
    co_return files;
}

Task<void> undo(std::shared_ptr<Monitor> monitor, std::vector<QmpStep> done) {
    while (!done.empty()) {
        QmpStep step = std::move(done.back());
        done.pop_back();
        try {
            io::Deadline deadline = io::Deadline::after(io::Milliseconds(10000));
            co_await monitor->command(step.undo, std::move(step.undo_arguments), deadline);
        } catch (const Error& error) {
            logger.debug("{}: {}", step.undo, error.message());
        }
    }
}

/// Opens the files and puts all on top in one moment. Nothing is changed if it throws.
Task<void> join(std::shared_ptr<Monitor> monitor, std::vector<QmpStep> steps, Json actions, io::Deadline deadline) {
    std::vector<QmpStep> done;
    std::optional<Error> failure;
    try {
        for (QmpStep& step : steps) {
            Json arguments = step.arguments;
            co_await monitor->command(step.command, std::move(arguments), deadline);
            done.push_back(std::move(step));
        }
        Json transaction = Json::object({{"actions", std::move(actions)}});
        co_await monitor->command("transaction", std::move(transaction), deadline);
        co_return;
    } catch (const Error& error) {
        failure.emplace(error);
    }
    co_await undo(monitor, std::move(done));
    throw *failure;
}

/// "blockdev-snapshot" for each disk, and each bitmap of the old layer again in the new one.
Json snapshot_actions(const std::vector<Overlay>& overlays, const BlockNodes& nodes) {
    Json actions = Json::array();
    for (const Overlay& overlay : overlays) {
        const std::string fresh = top_node(overlay.fresh);
        actions.add(Json::object({{"type", "blockdev-snapshot"},
                                  {"data", Json::object({{"node", top_node(overlay.below)}, {"overlay", fresh}})}}));
        for (const DirtyBitmap& bitmap : nodes.bitmaps(top_node(overlay.below))) {
            if (!bitmap.persistent || bitmap.inconsistent) continue;
            actions.add(add_bitmap_action(fresh, bitmap.name, true, !bitmap.recording, bitmap.granularity));
        }
    }
    return actions;
}

}  // namespace

Task<void> lay_overlays_offline(Core& core, DomainOwner domain, const model::Snapshot& snapshot, bool reuse,
                                io::Deadline deadline) {
    std::shared_ptr<const model::Domain> definition = domain->persistent();
    std::vector<Overlay> overlays = co_await wanted(core, definition, snapshot, deadline);
    std::optional<Error> failure;
    try {
        for (Overlay& overlay : overlays) {
            if (!reuse) co_await make_file(core, overlay, std::nullopt, deadline);
        }
        co_await persist(core, domain, overlays);
        co_return;
    } catch (const Error& error) {
        failure.emplace(error);
    }
    co_await drop_files(core, overlays);
    throw *failure;
}

Task<void> lay_overlays_live(Core& core, DomainOwner domain, const model::Snapshot& snapshot, bool reuse,
                             io::Deadline deadline) {
    std::shared_ptr<const model::Domain> live = domain->running().domain;
    std::vector<Overlay> overlays = co_await wanted(core, live, snapshot, deadline);
    if (overlays.empty()) co_return;
    std::vector<OwnedFile> files;
    std::optional<Error> failure;
    try {
        std::shared_ptr<Monitor> monitor = domain->monitor();
        io::Deadline answer = core.monitor_deadline(deadline, *domain);
        BlockNodes nodes = co_await BlockNodes::ask(monitor, answer);
        number(nodes, overlays);
        for (Overlay& overlay : overlays) {
            if (!reuse) co_await make_file(core, overlay, nodes.size(top_node(overlay.below)), deadline);
        }
        std::vector<OwnedFile> given = co_await give_files(core, overlays);
        files = std::move(given);
        std::vector<QmpStep> steps = opening(core, domain->running(), overlays);
        Json actions = snapshot_actions(overlays, nodes);
        co_await join(monitor, std::move(steps), std::move(actions), deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) {
        co_await drop_files(core, overlays);
        throw *failure;
    }
    Run& run = domain->running();
    run.files.insert(run.files.end(), files.begin(), files.end());
    for (const Overlay& overlay : overlays) {
        model::Disk& disk = run.domain->disks[overlay.place];
        StorageSource top = overlay.fresh;
        top.backing.assign(1, disk.source);
        disk.source = std::move(top);
    }
    // The running guest last: a daemon that comes after this one compares it with QEMU and corrects both (layers.h).
    try {
        co_await persist(core, domain, overlays);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    co_await live_changed(core, domain);
    if (failure) throw *failure;
}

}  // namespace virtue::qemu
