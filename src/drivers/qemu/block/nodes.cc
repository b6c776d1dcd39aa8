#include "drivers/qemu/block/nodes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/job_flow.h"
#include "drivers/qemu/command/single_device.h"
#include "drivers/qemu/guest_secrets.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/live_definition.h"
#include "io/files.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.block");

using model::StorageSource;

/// The secrets of a source, encrypted with the key that its guest was started with.
std::map<std::string, std::string> secrets_of(const Core& core, const Run& run, const model::Disk& disk,
                                              const StorageSource& source) {
    if (!source.auth && !source.encryption) return {};
    model::Domain only;
    only.disks.push_back(disk);
    only.disks.back().source = source;
    const std::string text = io::read_file(run.folder + "/master-key.aes", 64);
    MasterKey key{};
    std::copy_n(text.begin(), std::min(text.size(), key.size()), key.begin());
    return guest_secrets(only, core.secrets, key);
}

void add_paths(std::vector<OwnedFile>& files, const StorageSource& source) {
    for (size_t i = 0; i < depth_of(source); i++) {
        const StorageSource& layer = layer_at(source, i);
        if (layer.is_local() && !layer.path.empty()) files.push_back({layer.path, i > 0, true});
    }
}

}  // namespace

std::vector<QmpStep> node_steps(Core& core, Run& run, const model::Disk& disk, const StorageSource& source,
                                const CapabilitiesRef& capabilities) {
    LaunchContext context = launch_context(core, *run.domain, run.id, capabilities);
    context.secrets = secrets_of(core, run, disk, source);
    const std::vector<std::string> options = build_storage(*run.domain, disk, source, std::move(context));
    return qmp_steps(options);
}

Task<void> add_nodes(std::shared_ptr<Monitor> monitor, std::vector<QmpStep> steps, io::Deadline deadline) {
    std::optional<Error> failure;
    size_t done = 0;
    try {
        for (; done < steps.size(); done++) {
            Json arguments = steps[done].arguments;
            co_await monitor->command(steps[done].command, std::move(arguments), deadline);
        }
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (!failure) co_return;
    while (done > 0) {
        QmpStep& step = steps[--done];
        try {
            co_await monitor->command(step.undo, std::move(step.undo_arguments), deadline);
        } catch (const Error& error) {
            logger.debug("{}: {}", step.undo, error.message());
        }
    }
    throw *failure;
}

Task<void> remove_layers(std::shared_ptr<Monitor> monitor, StorageSource top, io::Deadline deadline) {
    for (size_t i = 0; i < depth_of(top); i++) {
        const StorageSource& layer = layer_at(top, i);
        if (layer.index == 0) continue;
        std::vector<std::string> nodes = {format_node_name(layer)};
        if (!layer.slices.empty()) nodes.push_back(fmt::format("libvirt-{}-slice-sto", layer.index));
        nodes.push_back(fmt::format("libvirt-{}-storage", layer.index));
        for (const std::string& node : nodes) {
            Json arguments = Json::object({{"node-name", node}});
            try {
                co_await monitor->command("blockdev-del", std::move(arguments), deadline);
            } catch (const Error& error) {
                logger.debug("node {} stays: {}", node, error.message());
            }
        }
    }
}

Task<void> give_images(Core& core, DomainOwner domain, StorageSource source) {
    std::optional<DacOwner> owner = core.owner_of_files();
    if (!owner) co_return;
    std::vector<OwnedFile> files;
    add_paths(files, source);
    std::vector<OwnedFile>& owned = domain->running().files;
    std::erase_if(files, [&](const OwnedFile& file) {
        return std::any_of(owned.begin(), owned.end(), [&](const OwnedFile& other) { return other.path == file.path; });
    });
    auto give = [owner, files] { owner->give(files); };
    co_await io::offload(core.loop, std::move(give));
    std::vector<OwnedFile>& now = domain->running().files;
    now.insert(now.end(), files.begin(), files.end());
}

Task<void> return_images(Core& core, DomainOwner domain, StorageSource source) {
    std::optional<DacOwner> owner = core.owner_of_files();
    if (!owner || !domain->is_active()) co_return;
    std::vector<OwnedFile> gone;
    add_paths(gone, source);
    std::set<std::string> used;
    for (const OwnedFile& file : guest_files(*domain->running().domain)) used.insert(file.path);
    std::vector<OwnedFile> left;
    std::erase_if(domain->running().files, [&](const OwnedFile& file) {
        const bool is_gone =
            std::any_of(gone.begin(), gone.end(), [&](const OwnedFile& g) { return g.path == file.path; });
        if (!is_gone || used.contains(file.path)) return false;
        left.push_back(file);
        return true;
    });
    if (left.empty()) co_return;
    auto restore = [owner, left] { owner->restore(left); };
    co_await io::offload(core.loop, std::move(restore));
}

Task<NodeSize> size_of_node(std::shared_ptr<Monitor> monitor, std::string node, io::Deadline deadline) {
    Json arguments = Json::object({{"flat", true}});
    Json nodes = co_await monitor->command("query-named-block-nodes", std::move(arguments), deadline);
    for (const Json& one : nodes.items()) {
        if (one.string_or("node-name", "") != node) continue;
        const Json* image = one.find("image");
        NodeSize size;
        if (image) size = {image->uint_or("virtual-size", 0), image->uint_or("cluster-size", 0)};
        co_return size;
    }
    fail(ErrorCode::internal_error, ErrorDomain::qemu, "the guest has no block node '{}'", node);
}

Task<void> create_by_qemu(Core& core, DomainOwner domain, std::string job_name, Json options, io::Deadline deadline) {
    auto job = std::make_shared<BlockJob>(core.loop);
    job->record.name = job_name;
    job->record.type = BlockJobType::create;
    job->waited_for = true;
    domain->running().block_jobs[job_name] = job;
    std::shared_ptr<Monitor> monitor = domain->monitor();
    Json arguments = Json::object({{"job-id", job_name}, {"options", std::move(options)}});
    std::optional<Error> failure;
    try {
        co_await monitor->command("blockdev-create", std::move(arguments), deadline);
        co_await wait_for_end(core, domain, job);
        const BlockJobOutcome outcome = co_await take_outcome(domain, job, deadline);
        if (!outcome.error.empty()) {
            throw Error(ErrorCode::operation_failed, ErrorDomain::qemu,
                        "failed to format image: '" + outcome.error + "'");
        }
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (Run* run = domain->run()) run->block_jobs.erase(job_name);
    if (failure) throw *failure;
}

std::string device_path(const model::Disk& disk) {
    // virtio-blk has its back end as a child; the others are their own.
    if (disk.bus == model::DiskBus::virtio) return "/machine/peripheral/" + disk.info.alias + "/virtio-backend";
    if (disk.bus == model::DiskBus::usb) return fmt::format("/machine/peripheral/{0}/{0}.0/legacy[0]", disk.info.alias);
    return disk.info.alias;
}

}  // namespace virtue::qemu
