// What a guest needs of this host before it can start: NUMA nodes, huge pages, device files. Blocks for microseconds;
// any thread.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/fd.h"
#include "host/system_files.h"

namespace virtue::model {
struct Domain;
}

namespace virtue::qemu {

/// Throws libvirt's codes naming the first thing that this host does not have.
void require_host(const model::Domain& domain, const host::SystemFiles& files = host::SystemFiles());

/// Throws config_unsupported where the guest gets PCI or mediated devices and this host cannot give any away.
void require_vfio(const model::Domain& domain, const host::SystemFiles& files = host::SystemFiles());

/// Throws system_error "unable to stat: …" naming the first file that is to be given to the guest's user and is not
/// there: devices behind inputs and character devices, kernel, initial RAM disk, device tree.
void require_files_to_give(const model::Domain& domain);

/// Where huge pages are mounted: size in KiB → mount point; 0 stands for the default size.
std::map<uint64_t, std::string> huge_page_mounts(const host::SystemFiles& files = host::SystemFiles());

/// RLIMIT_MEMLOCK in bytes that the guest's process needs; nothing where the usual one does.
std::optional<uint64_t> locked_memory_limit(const model::Domain& domain);

/// Opens the host's end of the guest's vsock and gives it its address, the first free one where it may choose; the
/// definition then tells it. Nothing without a vsock. Throws config_unsupported, system_error.
Fd open_vsock(model::Domain& domain);

}  // namespace virtue::qemu
