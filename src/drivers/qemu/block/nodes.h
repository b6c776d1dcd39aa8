// QEMU's block nodes of a running guest: adding the layers of an image, making an image, taking layers away again.
// Callers hold the guest's turn. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"
#include "drivers/qemu/qmp_options.h"
#include "model/domain/disk.h"

namespace virtue::qemu {

/// The commands that add `source`, the lowest layer first. `disk` tells cache mode and the like; the top layer can be
/// written to.
std::vector<QmpStep> node_steps(Core& core, Run& run, const model::Disk& disk, const model::StorageSource& source,
                                const CapabilitiesRef& capabilities);

/// Runs them; what was added is taken back if one fails. Throws QEMU's error.
Task<void> add_nodes(std::shared_ptr<Monitor> monitor, std::vector<QmpStep> steps, io::Deadline deadline);

/// Takes the nodes of `top` and of all layers below it away, as far as they are there.
Task<void> remove_layers(std::shared_ptr<Monitor> monitor, model::StorageSource top, io::Deadline deadline);

/// Gives files to the guest's user and notes them in its run.
Task<void> give_images(Core& core, DomainOwner domain, model::StorageSource source);
/// Gives back the files of layers that no disk of the guest uses any more.
Task<void> return_images(Core& core, DomainOwner domain, model::StorageSource source);

/// What QEMU says of the node that is the format of a layer.
struct NodeSize {
    uint64_t capacity = 0;
    uint64_t cluster = 0;
};
Task<NodeSize> size_of_node(std::shared_ptr<Monitor> monitor, std::string node, io::Deadline deadline);

/// Runs blockdev-create to its end. Throws operation_failed with QEMU's words.
Task<void> create_by_qemu(Core& core, DomainOwner domain, std::string job_name, Json options, io::Deadline deadline);

/// How devices are named in QEMU's object tree for commands about a disk's throttle and tray.
std::string device_path(const model::Disk& disk);

}  // namespace virtue::qemu
