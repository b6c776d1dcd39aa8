#include "drivers/qemu/host_checks.h"

#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::Domain;

void require_nodes(const Bitmap& wanted, const Bitmap& online) {
    for (auto node = wanted.next(); node; node = wanted.next(*node + 1)) {
        if (online.test(*node)) continue;
        throw Error(ErrorCode::config_unsupported, ErrorDomain::none, fmt::format("NUMA node {} is unavailable", *node),
                    fmt::format("this host has the nodes {}", online.to_string()));
    }
}

void require_numa(const Domain& domain, const host::SystemFiles& files) {
    const bool vcpus_auto = domain.vcpus.placement == model::VcpuPlacement::automatic;
    if ((domain.numatune.has_memory && domain.numatune.placement_auto) || vcpus_auto) {
        throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                    "Advice from numad is needed in case of automatic numa placement",
                    "name the nodes with <memory nodeset='…'/> and the CPUs with <vcpu cpuset='…'>");
    }
    Bitmap online = files.set("/sys/devices/system/node/online").value_or(Bitmap::first(1));
    require_nodes(domain.numatune.nodes, online);
    for (const model::MemNode& cell : domain.numatune.cells) require_nodes(cell.nodes, online);
    for (const model::MemoryDevice& device : domain.memory_devices) require_nodes(device.nodes, online);
}

/// Whether a hugetlbfs with pages of that size is mounted; 0 for any.
bool has_huge_pages(uint64_t kibibytes, const host::SystemFiles& files) {
    const std::string mounts = files.text("/proc/mounts").value_or("");
    for (size_t start = 0; start < mounts.size();) {
        const size_t stop = std::min(mounts.find('\n', start), mounts.size());
        const std::string_view line = std::string_view(mounts).substr(start, stop - start);
        start = stop + 1;
        if (line.find(" hugetlbfs ") == line.npos) continue;
        const bool giant = line.find("pagesize=1024M") != line.npos || line.find("pagesize=1G") != line.npos;
        if (kibibytes == 0 || (giant ? kibibytes == 1024 * 1024 : kibibytes == 2048)) return true;
    }
    return false;
}

void require_pages(uint64_t kibibytes, const host::SystemFiles& files) {
    if (kibibytes == 4 || has_huge_pages(kibibytes, files)) return;
    throw Error(ErrorCode::internal_error, ErrorDomain::qemu,
                fmt::format("Unable to find any usable hugetlbfs mount for {} KiB", kibibytes),
                "mount one: mount -t hugetlbfs -o pagesize=… hugetlbfs /dev/hugepages1G");
}

void require_huge_pages(const Domain& domain, const host::SystemFiles& files) {
    if (domain.memory_backing.hugepages && domain.memory_backing.pages.empty()) require_pages(0, files);
    for (const model::HugePage& page : domain.memory_backing.pages) require_pages(page.size.count, files);
    for (const model::MemoryDevice& device : domain.memory_devices) {
        if (device.page_size.count > 4) require_pages(device.page_size.count, files);
    }
}

void require_hostdev(const model::Hostdev& device, const host::SystemFiles& files) {
    if (device.mode != model::HostdevMode::subsystem) return;
    if (device.type == model::HostdevType::usb && !device.usb.has_address && !device.usb.vendor) {
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "USB host device is missing bus/device information");
    }
    if (device.type == model::HostdevType::scsi_host && !files.exists("/dev/vhost-scsi")) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::none,
                    "vhost-scsi device file '/dev/vhost-scsi' cannot be found");
    }
    if (device.type == model::HostdevType::scsi && !device.scsi.adapter.empty()) {
        const std::string host = device.scsi.adapter.substr(std::min<size_t>(9, device.scsi.adapter.size()));
        const std::string folder = fmt::format("/sys/bus/scsi/devices/{}:{}:{}:{}/scsi_generic", host, device.scsi.bus,
                                               device.scsi.target, device.scsi.unit);
        if (!files.exists(folder)) {
            throw Error::from_errno(ENOENT, ErrorDomain::none, fmt::format("cannot open directory '{}'", folder));
        }
    }
}

void require_displays(const Domain& domain, const host::SystemFiles& files) {
    for (const model::Graphics& graphics : domain.graphics) {
        const bool headless = graphics.type == model::GraphicsType::egl_headless && graphics.rendernode.empty();
        if (headless && !files.exists("/dev/dri")) {
            throw Error::from_errno(ENOENT, ErrorDomain::none, "cannot open directory '/dev/dri'");
        }
    }
    for (const model::Tpm& tpm : domain.tpms) {
        const std::string device = tpm.device.empty() ? "/dev/tpm0" : tpm.device;
        if (tpm.backend != model::TpmBackend::passthrough || files.exists(device)) continue;
        throw Error::from_errno(ENOENT, ErrorDomain::qemu, "Could not open TPM device " + device);
    }
    for (const model::Disk& disk : domain.disks) {
        if (disk.source.fdgroup.empty()) continue;
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "file descriptor group '{}' was not associated with the domain",
             disk.source.fdgroup);
    }
}

}  // namespace

void require_host(const Domain& domain, const host::SystemFiles& files) {
    require_numa(domain, files);
    require_huge_pages(domain, files);
    for (const model::Hostdev& device : domain.hostdevs) require_hostdev(device, files);
    require_displays(domain, files);
}

}  // namespace virtue::qemu
