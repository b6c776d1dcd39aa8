// What plugging and unplugging have in common: which devices can be plugged, and what is taken back. Plain functions of
// hotplug.cc and hotplug_unplug.cc; loop thread.
#pragma once
#include <string>
#include <vector>

#include "drivers/qemu/core.h"
#include "drivers/qemu/qmp_options.h"
#include "model/domain/device.h"

namespace virtue::qemu::hotplug {

[[noreturn]] void refuse(const std::string& sentence);
/// Throws operation_unsupported for a kind of device that QEMU takes only at its start.
void require_pluggable(const model::Device& device);
/// Gives files back to whom they belonged.
Task<void> restore_files(Core& core, std::vector<OwnedFile> files);
/// Takes back what was done, the last first. Nothing of it may stop the rest.
Task<void> undo(std::shared_ptr<Monitor> monitor, std::vector<QmpStep> steps, io::Deadline deadline);
/// The disk, if its images are opened by the daemon.
const model::Disk* own_disk(const Run& run, const model::Device& device);
/// After a disk that did not come: QEMU closes what it got for it, if it still runs and listens.
Task<void> forget_images(DomainOwner domain, int id, model::Device device, io::Deadline deadline);

}  // namespace virtue::qemu::hotplug
