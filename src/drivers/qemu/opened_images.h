// Images that the daemon opens and passes on, where the configuration says open_images: QEMU gets descriptors, so
// that an image may lie where the guest's user cannot go, and keeps its owner. Plain functions; those that open
// block, the tasks run on the loop thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "drivers/qemu/command/command.h"
#include "drivers/qemu/core.h"
#include "drivers/qemu/monitor/monitor.h"
#include "drivers/qemu/qmp_options.h"
#include "drivers/qemu/security/reach.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

/// One image, as QEMU finds it: a set of descriptors under a name of its own.
struct OpenedImage {
    int set = -1;
    Fd reading;
    Fd writing;  ///< missing for what is only read
    std::string path;

    /// "/dev/fdset/1003": what QEMU opens instead of the path.
    std::string name() const;
};
using OpenedImages = std::vector<OpenedImage>;

/// True for an image that is opened so: a file or device of this host that nobody handed over.
bool is_opened_by_daemon(const model::StorageSource& layer);

/// Opens the images of the disks, all layers; those below the top for reading only. The layers have their numbers.
/// Throws system_error naming the path.
OpenedImages open_images(const std::vector<model::Disk>& disks);

/// The definition with those images named as QEMU finds them.
std::shared_ptr<const model::Domain> with_opened_images(std::shared_ptr<const model::Domain> domain,
                                                        const OpenedImages& images);
/// Adds the descriptors to what is started.
void pass_images(OpenedImages images, LaunchPlan& plan);

/// The same for a disk or medium that a running guest gets: opens its images, hands them to QEMU, and has the steps
/// name them so. Throws as open_images() and the monitor.
Task<void> hand_over_images(Core& core, std::shared_ptr<Monitor> monitor, model::Disk disk, std::vector<QmpStep>& steps,
                            io::Deadline deadline);
/// QEMU closes those of a disk that is gone. Nothing happens where it has none.
Task<void> take_back_images(std::shared_ptr<Monitor> monitor, model::Disk disk, io::Deadline deadline);

/// What QEMU opens by name: `images` is false where those are opened for it. `given` are the files whose owner changes.
std::vector<NeededFile> needed_files(const model::Domain& domain, const std::vector<OwnedFile>& given, bool images);

}  // namespace virtue::qemu
