// qemu-img on the images of a guest that does not run. Loop thread only.
#pragma once
#include <string>
#include <vector>

#include "drivers/qemu/core.h"

namespace virtue::model {
struct StorageSource;
}

namespace virtue::qemu {

/// Runs qemu-img with these arguments. Throws internal_error in libvirt's words, with what it printed.
/// `umask` is for the files that it makes.
Task<void> run_image_tool(Core& core, std::vector<std::string> arguments, io::Deadline deadline, int umask = 0022);

/// The file that an image's header names below it, as a path; empty if there is none. Throws as run_image_tool().
Task<std::string> backing_file(Core& core, std::string path, io::Deadline deadline);

/// An option's value, with the commas doubled that would end it.
std::string option_value(const std::string& text);
/// "qcow2", "raw": what qemu-img calls the format of a layer.
std::string image_format(const model::StorageSource& source);
/// What an overlay's header says of the layer below: its path, or "json:{…}" where it is no file.
std::string backing_reference(const model::StorageSource& source);

/// Acts on the internal snapshots of all disks that a snapshot names so: "-c", "-a", "-d". Images that cannot have one
/// are passed over with `try_all`; the result says whether any was. Without it the ones made are taken back.
Task<bool> each_internal_snapshot(Core& core, std::shared_ptr<const model::Domain> definition, std::string name,
                                  std::vector<std::string> targets, std::string action, bool try_all,
                                  io::Deadline deadline);

}  // namespace virtue::qemu
