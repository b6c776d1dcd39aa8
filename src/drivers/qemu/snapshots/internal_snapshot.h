// Loading a snapshot that lies inside a guest's images, at its start. Loop thread only.
#pragma once
#include <string>

#include "drivers/qemu/domain.h"

namespace virtue::qemu {

/// Brings disks, devices and memory of a guest whose vCPUs stand still to what a snapshot kept. Throws
/// operation_failed with QEMU's words.
Task<void> load_internal_snapshot(std::shared_ptr<Domain> domain, std::string name, io::Deadline deadline);

}  // namespace virtue::qemu
