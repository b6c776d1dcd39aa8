#include "drivers/qemu/snapshots/checkpoint_actions.h"

#include <algorithm>

#include "base/log.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/snapshots/inner_definition.h"
#include "drivers/qemu/snapshots/vcpus.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.checkpoint");

using model::Checkpoint;
using model::CheckpointDisk;
using model::CheckpointType;

constexpr auto part = ErrorDomain::domain_checkpoint;

const model::Disk& disk_at(const model::Domain& live, const std::string& target) {
    if (const model::Disk* disk = model::find_disk(live, target)) return *disk;
    fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "no disk named '{}'", target);
}

std::string top_node(const model::Disk& disk) {
    return fmt::format("libvirt-{}-format", disk.source.index);
}

/// Bitmaps live in qcow2 only, and have the checkpoint's name.
void require_bitmaps_possible(const model::Domain& live, const Checkpoint& checkpoint) {
    for (const CheckpointDisk& line : checkpoint.disks) {
        if (line.checkpoint != CheckpointType::bitmap) continue;
        if (line.bitmap != checkpoint.name) {
            fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
                 "bitmap for disk '{}' must match checkpoint name '{}'", line.name, checkpoint.name);
        }
        const model::Disk& disk = disk_at(live, line.name);
        if (disk.source.format == model::StorageFormat::qcow2) continue;
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "checkpoint for disk {} unsupported for storage type {}",
             line.name, xml::to_name(disk.source.format));
    }
}

Task<BlockNodes> ask_nodes(Core& core, DomainOwner domain, io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    io::Deadline answer = core.monitor_deadline(deadline, *domain);
    BlockNodes nodes = co_await BlockNodes::ask(monitor, answer);
    co_return nodes;
}

Task<void> transact(Core& core, DomainOwner domain, Json actions, io::Deadline deadline) {
    if (actions.items().empty()) co_return;
    std::shared_ptr<Monitor> monitor = domain->monitor();
    io::Deadline answer = core.monitor_deadline(deadline, *domain);
    Json transaction = Json::object({{"actions", std::move(actions)}});
    co_await monitor->command("transaction", std::move(transaction), answer);
}

/// Each bitmap of redefined metadata must be there and whole.
Task<void> require_bitmaps(Core& core, DomainOwner domain, const Checkpoint& checkpoint, io::Deadline deadline) {
    domain->running();
    BlockNodes nodes = co_await ask_nodes(core, domain, deadline);
    const model::Domain& live = *domain->running().domain;
    for (const CheckpointDisk& line : checkpoint.disks) {
        if (line.checkpoint != CheckpointType::bitmap) continue;
        const model::Disk* disk = model::find_disk(live, line.name);
        const DirtyBitmap* bitmap = disk ? nodes.find(top_node(*disk), line.bitmap) : nullptr;
        if (bitmap && bitmap->persistent && !bitmap->inconsistent) continue;
        fail(ErrorCode::checkpoint_inconsistent, ErrorDomain::qemu, "missing or broken bitmap '{}' for disk '{}'",
             line.bitmap, line.name);
    }
}

Task<CheckpointOwner> redefine(Core& core, DomainOwner domain, std::shared_ptr<Checkpoint> checkpoint, bool validate,
                               io::Deadline deadline) {
    if (validate) domain->running();
    if (checkpoint->domain) co_await complete_inner(core, *checkpoint->domain, deadline);
    const MomentTree<Checkpoint>& tree = moments_of(*domain).checkpoints;
    require_no_circle(tree, *checkpoint);
    require_same_guest(*domain, checkpoint->domain, part, "checkpoint", checkpoint->name);
    if (CheckpointOwner other = tree.find(checkpoint->name); other && !checkpoint->domain) {
        checkpoint->domain = other->domain;
    }
    if (checkpoint->domain) model::align_disks(*checkpoint, *checkpoint->domain);
    if (validate) co_await require_bitmaps(core, domain, *checkpoint, deadline);
    co_await keep_checkpoint(core, domain, checkpoint);
    co_return checkpoint;
}

/// Takes the bitmaps of one away from the layers that the guest writes to. What lies below is not changed any more.
Task<void> remove_bitmaps(Core& core, DomainOwner domain, const Checkpoint& gone, io::Deadline deadline) {
    BlockNodes nodes = co_await ask_nodes(core, domain, deadline);
    const model::Domain& live = *domain->running().domain;
    Json actions = Json::array();
    for (const CheckpointDisk& line : gone.disks) {
        if (line.checkpoint != CheckpointType::bitmap) continue;
        const model::Disk* disk = model::find_disk(live, line.name);
        if (!disk || !nodes.find(top_node(*disk), line.bitmap)) continue;
        actions.add(remove_bitmap_action(top_node(*disk), line.bitmap));
    }
    co_await transact(core, domain, std::move(actions), deadline);
}

Task<void> adopt_children(Core& core, DomainOwner domain, const Checkpoint& gone) {
    std::vector<MomentFile> files;
    std::vector<CheckpointOwner> moved;
    for (const CheckpointOwner& child : moments_of(*domain).checkpoints.children(gone.name)) {
        auto changed = std::make_shared<Checkpoint>(*child);
        changed->parent = gone.parent;
        files.push_back({changed->name, moment_text(*changed)});
        moved.push_back(std::move(changed));
    }
    if (files.empty()) co_return;
    co_await save_moments(core, domain, MomentKind::checkpoint, std::move(files));
    for (CheckpointOwner& child : moved) moments_of(*domain).checkpoints.put(std::move(child));
}

/// How many bytes each disk notes as changed since; bitmaps of several layers are merged in a passing one.
Task<void> fill_sizes(Core& core, DomainOwner domain, Checkpoint& shown, io::Deadline deadline) {
    constexpr const char* passing = "virtue-tmp-size";
    BlockNodes nodes = co_await ask_nodes(core, domain, deadline);
    for (CheckpointDisk& line : shown.disks) {
        if (line.checkpoint != CheckpointType::bitmap) continue;
        const model::Disk* disk = model::find_disk(*domain->running().domain, line.name);
        if (!disk) continue;
        const std::string node = top_node(*disk);
        const std::vector<BitmapPlace> places = bitmap_places(*disk, nodes, line.bitmap);
        if (places.empty()) continue;
        if (places.size() == 1) {
            line.size = nodes.find(places.front().node, line.bitmap)->count;
            continue;
        }
        const uint64_t granularity = nodes.find(places.front().node, line.bitmap)->granularity;
        Json actions = Json::array();
        actions.add(add_bitmap_action(node, passing, false, true, granularity));
        actions.add(merge_bitmaps_action(node, passing, places));
        co_await transact(core, domain, std::move(actions), deadline);
        BlockNodes merged = co_await ask_nodes(core, domain, deadline);
        if (const DirtyBitmap* bitmap = merged.find(node, passing)) line.size = bitmap->count;
        Json removal = Json::array();
        removal.add(remove_bitmap_action(node, passing));
        co_await transact(core, domain, std::move(removal), deadline);
    }
}

}  // namespace

CheckpointOwner checkpoint_at(const Domain& domain, const std::string& name) {
    CheckpointOwner found = domain.moments ? domain.moments->checkpoints.find(name) : nullptr;
    if (found) return found;
    fail(ErrorCode::no_domain_checkpoint, ErrorDomain::qemu, "no domain checkpoint with matching name '{}'", name);
}

std::vector<BitmapPlace> bitmap_places(const model::Disk& disk, const BlockNodes& nodes, const std::string& bitmap) {
    std::vector<BitmapPlace> places;
    for (const model::StorageSource* layer = &disk.source; layer != nullptr && layer->index != 0;
         layer = layer->backing.empty() ? nullptr : &layer->backing.front()) {
        const std::string node = fmt::format("libvirt-{}-format", layer->index);
        const DirtyBitmap* found = nodes.find(node, bitmap);
        if (!found || found->inconsistent) break;
        places.push_back({node, bitmap});
    }
    return places;
}

Task<std::shared_ptr<Checkpoint>> prepare_checkpoint(Core& core, DomainOwner domain, std::string xml,
                                                     io::Deadline deadline) {
    auto checkpoint = std::make_shared<Checkpoint>(Checkpoint::parse(xml));
    std::shared_ptr<model::Domain> now = co_await definition_now(core, domain, deadline);
    checkpoint->domain = std::move(*now);
    model::align_disks(*checkpoint, *checkpoint->domain);
    require_bitmaps_possible(*domain->running().domain, *checkpoint);
    const MomentTree<Checkpoint>& tree = moments_of(*domain).checkpoints;
    if (tree.find(checkpoint->name)) {
        fail(ErrorCode::operation_failed, ErrorDomain::domain, "domain moment {} already exists", checkpoint->name);
    }
    checkpoint->parent = tree.current();
    co_return checkpoint;
}

void add_checkpoint_actions(const model::Domain& live, const Checkpoint& checkpoint, Json& actions) {
    for (const CheckpointDisk& line : checkpoint.disks) {
        if (line.checkpoint != CheckpointType::bitmap) continue;
        actions.add(add_bitmap_action(top_node(disk_at(live, line.name)), line.bitmap, true, false, 0));
    }
}

Task<void> keep_checkpoint(Core& core, DomainOwner domain, std::shared_ptr<const Checkpoint> checkpoint) {
    std::vector<MomentFile> files = {{checkpoint->name, moment_text(*checkpoint)}};
    std::optional<Error> failure;
    try {
        co_await save_moments(core, domain, MomentKind::checkpoint, std::move(files));
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) {
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu,
                    "unable to save metadata for checkpoint " + checkpoint->name, failure->message());
    }
    MomentTree<Checkpoint>& tree = moments_of(*domain).checkpoints;
    tree.put(std::move(checkpoint));
    if (CheckpointOwner leaf = tree.newest_leaf()) tree.set_current(leaf->name);
}

Task<CheckpointOwner> create_checkpoint(Core& core, DomainOwner domain, std::string xml, uint32_t flags,
                                        io::Deadline deadline) {
    if (flags & api::domain_checkpoint_create_redefine) {
        auto given = std::make_shared<Checkpoint>(Checkpoint::parse(xml, true));
        const bool validate = (flags & api::domain_checkpoint_create_redefine_validate) != 0;
        CheckpointOwner made = co_await redefine(core, domain, std::move(given), validate, deadline);
        co_return made;
    }
    if (!domain->is_active()) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "cannot create checkpoint for inactive domain");
    }
    std::shared_ptr<Checkpoint> checkpoint = co_await prepare_checkpoint(core, domain, std::move(xml), deadline);
    const bool quiesce = (flags & api::domain_checkpoint_create_quiesce) != 0;
    if (quiesce) co_await freeze_guest(core, domain);
    std::optional<Error> failure;
    try {
        Json actions = Json::array();
        add_checkpoint_actions(*domain->running().domain, *checkpoint, actions);
        co_await transact(core, domain, std::move(actions), deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (quiesce) co_await thaw_guest(core, domain);
    if (failure) throw *failure;
    try {
        co_await keep_checkpoint(core, domain, checkpoint);
        co_return checkpoint;
    } catch (const Error& error) {
        failure.emplace(error);
    }
    try {
        co_await remove_bitmaps(core, domain, *checkpoint, deadline);
    } catch (const Error& error) {
        logger.warn("the bitmaps of checkpoint '{}' stay: {}", checkpoint->name, error.message());
    }
    throw *failure;
}

Task<void> delete_checkpoint(Core& core, DomainOwner domain, std::string name, uint32_t flags, io::Deadline deadline) {
    const bool metadata_only = (flags & api::domain_checkpoint_delete_metadata_only) != 0;
    const bool children_only = (flags & api::domain_checkpoint_delete_children_only) != 0;
    const bool children = children_only || (flags & api::domain_checkpoint_delete_children) != 0;
    if (!metadata_only && !domain->is_active()) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "cannot delete checkpoint for inactive domain");
    }
    CheckpointOwner checkpoint = checkpoint_at(*domain, name);
    std::vector<CheckpointOwner> doomed;
    if (children) doomed = moments_of(*domain).checkpoints.descendants(name);
    std::reverse(doomed.begin(), doomed.end());
    if (!children) co_await adopt_children(core, domain, *checkpoint);
    if (!children_only) doomed.push_back(checkpoint);
    for (const CheckpointOwner& one : doomed) {
        if (!metadata_only) co_await remove_bitmaps(core, domain, *one, deadline);
        co_await remove_moment_file(core, domain, MomentKind::checkpoint, one->name);
        moments_of(*domain).checkpoints.erase(one->name);
    }
    MomentTree<Checkpoint>& tree = moments_of(*domain).checkpoints;
    if (CheckpointOwner leaf = tree.newest_leaf()) tree.set_current(leaf->name);
}

Task<std::string> checkpoint_xml(Core& core, DomainOwner domain, std::string name, uint32_t flags,
                                 io::Deadline deadline) {
    CheckpointOwner checkpoint = checkpoint_at(*domain, name);
    const bool secure = (flags & api::domain_checkpoint_xml_secure) != 0;
    const bool with_domain = !(flags & api::domain_checkpoint_xml_no_domain);
    if (!(flags & api::domain_checkpoint_xml_size)) co_return moment_xml(*checkpoint, secure, with_domain);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainCheckpointGetXMLDesc", deadline);
    domain->running();
    Checkpoint shown = *checkpoint;
    co_await fill_sizes(core, domain, shown, deadline);
    co_return moment_xml(shown, secure, with_domain);
}

}  // namespace virtue::qemu
