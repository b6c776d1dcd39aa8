#include "drivers/qemu/snapshots/layers.h"

#include <algorithm>

#include "base/log.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/snapshots/bitmaps.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.snapshot");

using model::StorageSource;

/// One layer as QEMU tells it.
struct Layer {
    std::string path;
    std::string format;
    uint32_t index = 0;
};

/// The layers of a disk from the top down; empty where QEMU has none open or they are no files.
std::vector<Layer> told_layers(const Json& blocks, const std::string& alias) {
    std::vector<Layer> layers;
    for (const Json& block : blocks.items()) {
        if (block.string_or("qdev", "").find("/" + alias + "/") == std::string::npos &&
            !block.string_or("qdev", "").ends_with("/" + alias)) {
            continue;
        }
        const Json* inserted = block.find("inserted");
        const Json* image = inserted ? inserted->find("image") : nullptr;
        for (; image; image = image->find("backing-image")) {
            layers.push_back({image->string_or("filename", ""), image->string_or("format", ""), 0});
        }
        if (!layers.empty()) layers.front().index = number_of_node(inserted->string_or("node-name", ""));
        break;
    }
    for (const Layer& layer : layers) {
        if (!layer.path.starts_with('/')) return {};
    }
    return layers;
}

std::vector<const StorageSource*> known_layers(const StorageSource& top) {
    std::vector<const StorageSource*> layers;
    for (const StorageSource* layer = &top; layer != nullptr && layer->type != model::StorageType::none;
         layer = layer->backing.empty() ? nullptr : &layer->backing.front()) {
        layers.push_back(layer);
    }
    return layers;
}

StorageSource new_layer(const Layer& told) {
    StorageSource layer;
    layer.type = model::StorageType::file;
    layer.path = told.path;
    layer.format = xml::from_name<model::StorageFormat>(told.format).value_or(model::StorageFormat::raw);
    layer.index = told.index;
    return layer;
}

/// The chain without the layers that QEMU does not tell of.
StorageSource without_lost(const std::vector<const StorageSource*>& known, const std::vector<Layer>& told) {
    StorageSource chain;
    bool is_first = true;
    for (size_t i = known.size(); i-- > 0;) {
        const bool there =
            std::any_of(told.begin(), told.end(), [&](const Layer& layer) { return layer.path == known[i]->path; });
        if (!there) continue;
        StorageSource layer = *known[i];
        // What ends the chain stays as it was.
        if (!is_first) layer.backing.assign(1, std::move(chain));
        chain = std::move(layer);
        is_first = false;
    }
    return chain;
}

/// What the disk's source is by what QEMU tells; nothing where it is as noted, or cannot be told.
std::optional<StorageSource> corrected(const StorageSource& noted, const std::vector<Layer>& told) {
    const std::vector<const StorageSource*> known = known_layers(noted);
    for (size_t above = 1; above < told.size(); above++) {
        if (told[above].path != noted.path) continue;
        // New files were laid over it.
        StorageSource chain = noted;
        for (size_t i = above; i-- > 0;) {
            StorageSource layer = new_layer(told[i]);
            layer.backing.assign(1, std::move(chain));
            chain = std::move(layer);
        }
        return chain;
    }
    for (size_t below = 1; below < known.size(); below++) {
        // The ones above it were written back.
        if (known[below]->path == told.front().path) return *known[below];
    }
    const bool all_known = std::all_of(told.begin(), told.end(), [&](const Layer& layer) {
        return std::any_of(known.begin(), known.end(),
                           [&](const StorageSource* one) { return one->path == layer.path; });
    });
    if (told.front().path != noted.path || !all_known || told.size() >= known.size()) return std::nullopt;
    return without_lost(known, told);
}

/// A disk whose top is another than was written down.
struct Moved {
    std::string target;
    std::string before;
    StorageSource now;
};

std::vector<Moved> correct_live(model::Domain& live, const Json& blocks) {
    std::vector<Moved> moved;
    for (model::Disk& disk : live.disks) {
        const bool local = disk.source.is_local() && !disk.source.path.empty();
        const std::vector<Layer> told = local ? told_layers(blocks, disk.info.alias) : std::vector<Layer>{};
        if (told.empty()) continue;
        std::optional<StorageSource> found = corrected(disk.source, told);
        if (!found) continue;
        StorageSource now = std::move(*found);
        if (now.path != disk.source.path) moved.push_back({disk.target, disk.source.path, now});
        logger.warn("disk '{}' of domain '{}' goes on in '{}', which was not noted", disk.target, live.name, now.path);
        disk.source = std::move(now);
    }
    return moved;
}

Task<void> correct_persistent(Core& core, DomainOwner domain, const std::vector<Moved>& moved) {
    if (!domain->is_persistent() || moved.empty()) co_return;
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    bool any = false;
    for (const Moved& one : moved) {
        for (model::Disk& disk : definition->disks) {
            if (disk.target != one.target || disk.source.path != one.before) continue;
            disk.source = without_numbers(one.now);
            any = true;
        }
    }
    if (any) co_await replace_definition(core, domain, std::move(definition));
}

/// Jobs that wrote a snapshot's files back when the daemon was cut off: nobody waits for them any more. What they came
/// to is seen from the disks afterwards. True if there are jobs of other kinds, which tell themselves what they came
/// to.
Task<bool> end_merges(Core& core, std::shared_ptr<Monitor> monitor, io::Deadline deadline) {
    for (io::Milliseconds pause(10);; pause = std::min(pause * 2, io::Milliseconds(500))) {
        Json nothing;
        Json jobs = co_await monitor->command("query-jobs", nothing, deadline);
        bool any = false;
        bool others = false;
        for (const Json& job : jobs.items()) {
            const std::string id = job.string_or("id", "");
            others = others || !(id.starts_with("delete-") || id.starts_with("backup-"));
            if (!id.starts_with("delete-")) continue;
            any = true;
            Json which = Json::object({{"id", id}});
            const char* command = job.string_or("status", "") == "concluded" ? "job-dismiss" : "job-cancel";
            co_await monitor->exchange(command, std::move(which), deadline);
        }
        if (!any || deadline.is_over()) co_return others;
        co_await core.loop.sleep(pause);
    }
}

/// Layers that no disk has any more; what is in use after all is not given by QEMU.
Task<void> drop_unused_nodes(DomainOwner domain, std::shared_ptr<Monitor> monitor, io::Deadline deadline) {
    BlockNodes nodes = co_await BlockNodes::ask(monitor, deadline);
    std::set<uint32_t> used;
    for (const model::Disk& disk : domain->running().domain->disks) {
        for (const StorageSource* layer : known_layers(disk.source)) used.insert(layer->index);
    }
    for (const std::string& node : nodes.numbered_except(used)) {
        Json which = Json::object({{"node-name", node}});
        co_await monitor->exchange("blockdev-del", std::move(which), deadline);
    }
}

}  // namespace

model::StorageSource without_numbers(model::StorageSource source) {
    for (StorageSource* layer = &source; layer != nullptr;
         layer = layer->backing.empty() ? nullptr : &layer->backing.front()) {
        layer->index = 0;
    }
    return source;
}

bool cut_layer(StorageSource& top, const std::string& path, const StorageSource& base) {
    for (StorageSource* layer = &top; layer != nullptr;
         layer = layer->backing.empty() ? nullptr : &layer->backing.front()) {
        if (!layer->is_local() || layer->path != path) continue;
        const bool told = !layer->backing.empty() && layer->backing.front().type != model::StorageType::none;
        StorageSource below = told ? layer->backing.front() : without_numbers(base);
        *layer = std::move(below);
        return true;
    }
    return false;
}

Task<void> settle_layers(Core& core, DomainOwner domain, io::Deadline deadline) {
    try {
        const int id = domain->id();
        std::shared_ptr<Monitor> monitor = domain->monitor();
        const bool others = co_await end_merges(core, monitor, deadline);
        if (others) co_return;
        Json nothing;
        Json blocks = co_await monitor->command("query-block", nothing, deadline);
        if (domain->id() != id) co_return;
        std::vector<Moved> moved = correct_live(*domain->running().domain, blocks);
        if (!moved.empty()) domain->changed();
        co_await correct_persistent(core, domain, moved);
        if (domain->id() == id) co_await drop_unused_nodes(domain, monitor, deadline);
    } catch (const Error& error) {
        logger.warn("the disks of domain '{}' cannot be compared: {}", domain->name(), error.message());
    }
}

}  // namespace virtue::qemu
