#include "drivers/qemu/block/job_end.h"

#include <unistd.h>
#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/nodes.h"
#include "drivers/qemu/calls/support.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::Disk;
using model::StorageSource;
using model::StorageType;

Disk* find_disk(model::Domain& domain, const std::string& target) {
    for (Disk& disk : domain.disks) {
        if (disk.target == target) return &disk;
    }
    return nullptr;
}

std::optional<size_t> find_node(const StorageSource& top, const std::string& node) {
    for (size_t i = 0; i < depth_of(top) && !node.empty(); i++) {
        if (format_node_name(layer_at(top, i)) == node) return i;
    }
    return std::nullopt;
}

bool same_place(const StorageSource& one, const StorageSource& other) {
    return one.type == other.type && one.path == other.path && one.name == other.name;
}

/// What a job took away from the chain: the layers from `first` up to, and without, `last`.
StorageSource cut_out(StorageSource& top, size_t first, std::optional<size_t> last) {
    StorageSource removed = layer_at(top, first);
    if (!last) return removed;
    StorageSource* end = &removed;
    for (size_t i = first; i + 1 < *last; i++) end = &end->backing[0];
    end->backing.clear();
    return removed;
}

/// A layer as the persistent definition keeps it: without what only a run knows.
StorageSource for_config(StorageSource layer) {
    layer.index = 0;
    layer.detected = false;
    if (!layer.backing.empty() && layer.backing[0].detected) layer.backing.clear();
    for (StorageSource* below = &layer; !below->backing.empty(); below = &below->backing[0])
        below->backing[0].index = 0;
    return layer;
}

/// Where the persistent definition still names `before`, it is to name `after`.
Task<void> rewrite_config(Core& core, DomainOwner domain, std::string target, StorageSource before,
                          StorageSource after) {
    if (!domain->is_persistent()) co_return;
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    Disk* disk = find_disk(*definition, target);
    if (!disk || !same_place(disk->source, before)) co_return;
    const model::StartupPolicy policy = disk->source.startup_policy;
    disk->source = for_config(std::move(after));
    disk->source.startup_policy = policy;
    co_await replace_definition(core, domain, std::move(definition));
}

/// A chain that the persistent definition spells out does not fit any more: it is found out at the next start.
Task<void> forget_config_chain(Core& core, DomainOwner domain, std::string target, StorageSource top) {
    if (!domain->is_persistent()) co_return;
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    Disk* disk = find_disk(*definition, target);
    if (!disk || !same_place(disk->source, top) || !has_backing(disk->source)) co_return;
    disk->source.backing.clear();
    co_await replace_definition(core, domain, std::move(definition));
}

Task<void> drop_layers(Core& core, DomainOwner domain, StorageSource removed, bool remove_files,
                       io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    co_await remove_layers(monitor, removed, deadline);
    co_await return_images(core, domain, removed);
    if (!remove_files) co_return;
    auto unlink = [removed] {
        for (size_t i = 0; i < depth_of(removed); i++) {
            const StorageSource& layer = layer_at(removed, i);
            if (layer.type == StorageType::file) ::unlink(layer.path.c_str());
        }
    };
    co_await io::offload(core.loop, std::move(unlink));
}

Task<void> end_pull(Core& core, DomainOwner domain, BlockJobRef job, io::Deadline deadline) {
    Disk* disk = find_disk(*domain->running().domain, job->record.target);
    if (!disk || !has_backing(disk->source)) co_return;
    const std::optional<size_t> base = find_node(disk->source, job->record.base);
    if (base == 1u) co_return;
    StorageSource removed = cut_out(disk->source, 1, base);
    StorageSource rest;
    if (base) rest = layer_at(disk->source, *base);
    disk->source.backing.clear();
    disk->source.backing.push_back(std::move(rest));
    const StorageSource top = disk->source;
    co_await drop_layers(core, domain, std::move(removed), false, deadline);
    co_await forget_config_chain(core, domain, job->record.target, top);
}

Task<void> end_commit(Core& core, DomainOwner domain, BlockJobRef job, io::Deadline deadline) {
    Disk* disk = find_disk(*domain->running().domain, job->record.target);
    if (!disk) co_return;
    const std::optional<size_t> top = find_node(disk->source, job->record.top);
    const std::optional<size_t> base = find_node(disk->source, job->record.base);
    if (!top || !base || *top == 0 || *base <= *top) co_return;
    StorageSource removed = cut_out(disk->source, *top, base);
    StorageSource rest = layer_at(disk->source, *base);
    layer_at(disk->source, *top - 1).backing[0] = std::move(rest);
    const StorageSource whole = disk->source;
    co_await drop_layers(core, domain, std::move(removed), job->record.delete_committed, deadline);
    co_await forget_config_chain(core, domain, job->record.target, whole);
}

Task<void> end_active_commit(Core& core, DomainOwner domain, BlockJobRef job, bool succeeded, io::Deadline deadline) {
    Disk* disk = find_disk(*domain->running().domain, job->record.target);
    if (!disk) co_return;
    disk->mirror.reset();
    const std::optional<size_t> base = find_node(disk->source, job->record.base);
    if (!succeeded || !base) co_return;
    const StorageSource before = disk->source;
    StorageSource removed = cut_out(disk->source, 0, base);
    StorageSource rest = layer_at(disk->source, *base);
    rest.detected = false;
    rest.startup_policy = before.startup_policy;
    disk->source = std::move(rest);
    const StorageSource after = disk->source;
    co_await drop_layers(core, domain, std::move(removed), job->record.delete_committed, deadline);
    co_await rewrite_config(core, domain, job->record.target, before, after);
}

Task<void> end_copy(Core& core, DomainOwner domain, BlockJobRef job, bool succeeded, io::Deadline deadline) {
    Disk* disk = find_disk(*domain->running().domain, job->record.target);
    if (!disk || !disk->mirror) co_return;
    StorageSource mirror = disk->mirror->source;
    disk->mirror.reset();
    if (!succeeded) {
        co_await drop_layers(core, domain, std::move(mirror), false, deadline);
        co_return;
    }
    const StorageSource before = disk->source;
    StorageSource removed = disk->source;
    if (job->record.shares_backing && has_backing(before)) {
        mirror.backing = before.backing;
        removed.backing.clear();
    }
    mirror.startup_policy = before.startup_policy;
    disk->source = mirror;
    co_await drop_layers(core, domain, std::move(removed), false, deadline);
    co_await rewrite_config(core, domain, job->record.target, before, mirror);
}

}  // namespace

void tell_job(Core& core, const Domain& domain, const BlockJob& job, BlockJobState state) {
    const model::Domain& live = domain.current();
    auto disk = std::find_if(live.disks.begin(), live.disks.end(),
                             [&](const Disk& one) { return one.target == job.record.target; });
    if (disk == live.disks.end()) return;
    const std::string path = disk->source.is_local() ? disk->source.path : disk->source.name;
    core.announcer.block_job(domain, path, disk->target, static_cast<uint32_t>(job.record.type),
                             static_cast<uint32_t>(state));
}

Task<void> apply_job_end(Core& core, DomainOwner domain, BlockJobRef job, bool succeeded, io::Deadline deadline) {
    switch (job->record.type) {
        case BlockJobType::pull:
            if (succeeded) co_await end_pull(core, domain, job, deadline);
            break;
        case BlockJobType::commit:
            if (succeeded) co_await end_commit(core, domain, job, deadline);
            break;
        case BlockJobType::active_commit:
            co_await end_active_commit(core, domain, job, succeeded, deadline);
            break;
        case BlockJobType::copy:
            co_await end_copy(core, domain, job, succeeded, deadline);
            break;
        case BlockJobType::none:
        case BlockJobType::backup:
        case BlockJobType::create:
            break;
    }
}

}  // namespace virtue::qemu
