// Processes that QEMU needs beside it: virtiofsd for shared folders, qemu-pr-helper for persistent reservations. Each
// belongs to one run and ends with it. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Enters into the live definition which programs serve its shared folders. Throws operation_failed where none is
/// installed.
void choose_helpers(model::Domain& live);

/// Starts what the guest's live definition needs; their sockets are in the guest's folder, which is there. Throws
/// internal_error naming the program that does not come up.
Task<void> start_helpers(Core& core, Run& run, io::Deadline deadline);

/// Ends those that still run; also those that another daemon started.
void stop_helpers(Core& core, Run& run);

}  // namespace virtue::qemu
