// Starts a child as fast as the kernel can: vfork semantics, nothing copied, nothing allocated in the child. Used by
// Process alone. Any thread, though the loop's is meant.
#pragma once
#include "base/fd.h"
#include "io/process.h"

namespace virtue::io {

/// A child that has already executed its program.
struct SpawnedChild {
    int pid = -1;
    Fd pidfd;
};

/// Starts what `options` says. Throws system_error naming the program and the step that failed.
SpawnedChild spawn_child(const ProcessOptions& options);

}  // namespace virtue::io
