// What a guest needs of this host before it can start: NUMA nodes, huge pages, device files. Blocks for microseconds;
// any thread.
#pragma once
#include "host/system_files.h"

namespace virtue::model {
struct Domain;
}

namespace virtue::qemu {

/// Throws libvirt's codes naming the first thing that this host does not have.
void require_host(const model::Domain& domain, const host::SystemFiles& files = host::SystemFiles());

}  // namespace virtue::qemu
