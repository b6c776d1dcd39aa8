#include "drivers/qemu/host_checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <algorithm>
#include <cerrno>

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

Bitmap online_nodes(const host::SystemFiles& files) {
    return files.set("/sys/devices/system/node/online").value_or(Bitmap::first(1));
}

void require_numa(const Domain& domain, const host::SystemFiles& files) {
    const Bitmap online = online_nodes(files);
    require_nodes(domain.numatune.nodes, online);
    for (const model::MemNode& cell : domain.numatune.cells) require_nodes(cell.nodes, online);
    const bool vcpus_auto = domain.vcpus.placement == model::VcpuPlacement::automatic;
    if ((domain.numatune.has_memory && domain.numatune.placement_auto) || vcpus_auto) {
        throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                    "Advice from numad is needed in case of automatic numa placement",
                    "name the nodes with <memory nodeset='…'/> and the CPUs with <vcpu cpuset='…'>");
    }
}

void require_pages(uint64_t kibibytes, const host::SystemFiles& files) {
    if (kibibytes == 4 || huge_page_mounts(files).contains(kibibytes)) return;
    throw Error(ErrorCode::internal_error, ErrorDomain::qemu,
                fmt::format("Unable to find any usable hugetlbfs mount for {} KiB", kibibytes),
                "mount one: mount -t hugetlbfs -o pagesize=… hugetlbfs /dev/hugepages1G");
}

void require_huge_pages(const Domain& domain, const host::SystemFiles& files) {
    if (domain.memory_backing.hugepages && domain.memory_backing.pages.empty()) require_pages(0, files);
    for (const model::HugePage& page : domain.memory_backing.pages) require_pages(page.size.count, files);
    for (const model::MemoryDevice& device : domain.memory_devices) {
        if (device.page_size.count > 4) require_pages(device.page_size.count, files);
        require_nodes(device.nodes, online_nodes(files));
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

// Programs that draw a graphics card's picture describe themselves, as other helpers of QEMU do.
bool has_card_program(const host::SystemFiles& files) {
    for (const std::string folder : {"/etc/qemu/vhost-user/", "/usr/share/qemu/vhost-user/"}) {
        for (const std::string& name : files.list(folder)) {
            const std::string text = name.ends_with(".json") ? files.text(folder + name).value_or("") : "";
            if (text.find(R"("type": "gpu")") != text.npos) return true;
        }
    }
    return false;
}

void require_card_programs(const Domain& domain, const host::SystemFiles& files) {
    for (const model::Video& video : domain.videos) {
        if (video.backend != model::VideoBackend::vhostuser) continue;
        if (!has_card_program(files)) {
            throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "Unable to find a satisfying vhost-user-gpu",
                        "install the program vhost-user-gpu, which describes itself in /usr/share/qemu/vhost-user");
        }
        if (video.acceleration.rendernode.empty() && !files.exists("/dev/dri"))
            throw Error::from_errno(ENOENT, ErrorDomain::none, "cannot open directory '/dev/dri'");
    }
}

void require_displays(const Domain& domain, const host::SystemFiles& files) {
    require_card_programs(domain, files);
    for (const model::Graphics& graphics : domain.graphics) {
        const bool headless = graphics.type == model::GraphicsType::egl_headless && graphics.rendernode.empty();
        if (headless && !files.exists("/dev/dri")) {
            throw Error::from_errno(ENOENT, ErrorDomain::none, "cannot open directory '/dev/dri'");
        }
    }
    for (const model::Tpm& tpm : domain.tpms) {
        const std::string device = tpm.device.empty() ? "/dev/tpm0" : tpm.device;
        // QEMU itself opens the one behind a proxy, once the guest wants it.
        if (tpm.model == model::TpmModel::spapr_proxy) continue;
        if (tpm.backend != model::TpmBackend::passthrough || files.exists(device)) continue;
        throw Error::from_errno(ENOENT, ErrorDomain::qemu, "Could not open TPM device " + device);
    }
}

}  // namespace

void require_host(const Domain& domain, const host::SystemFiles& files) {
    require_numa(domain, files);
    require_huge_pages(domain, files);
    for (const model::Hostdev& device : domain.hostdevs) require_hostdev(device, files);
    require_displays(domain, files);
}

namespace {

/// VHOST_VSOCK_SET_GUEST_CID; the kernel's own header does not compile as C++.
constexpr unsigned long set_guest_cid = _IOW(0xAF, 0x60, uint64_t);

void require_file(const std::string& path) {
    struct stat status {};
    if (path.empty() || ::stat(path.c_str(), &status) == 0) return;
    throw Error::from_errno(errno, ErrorDomain::security, "unable to stat: " + path);
}

uint64_t kibibytes_of(std::string_view size) {
    uint64_t number = 0;
    size_t at = 0;
    for (; at < size.size() && std::isdigit(static_cast<unsigned char>(size[at])); at++) {
        number = number * 10 + static_cast<uint64_t>(size[at] - '0');
    }
    const char unit = at < size.size() ? size[at] : 'b';
    if (unit == 'G') return number << 20;
    if (unit == 'M') return number << 10;
    return unit == 'K' ? number : number >> 10;
}

}  // namespace

void require_vfio(const Domain& domain, const host::SystemFiles& files) {
    const bool supported = files.exists("/dev/vfio/vfio") && !files.list("/sys/kernel/iommu_groups").empty();
    if (supported) return;
    const auto is = [](const model::Hostdev& device, model::HostdevType type) {
        return device.mode == model::HostdevMode::subsystem && device.type == type;
    };
    const bool has_card =
        std::any_of(domain.interfaces.begin(), domain.interfaces.end(),
                    [](const model::Interface& interface) { return interface.type == model::InterfaceType::hostdev; });
    const bool has_pci = std::any_of(domain.hostdevs.begin(), domain.hostdevs.end(),
                                     [&](const model::Hostdev& device) { return is(device, model::HostdevType::pci); });
    if (has_card || has_pci) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, "host doesn't support VFIO PCI passthrough",
                    "the host needs an IOMMU that is switched on, and the module vfio-pci");
    }
    for (const model::Hostdev& device : domain.hostdevs) {
        if (!is(device, model::HostdevType::mdev)) continue;
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                    "Mediated host device assignment requires VFIO support");
    }
}

void require_files_to_give(const Domain& domain) {
    for (const model::Input& input : domain.inputs) require_file(input.evdev);
    const auto require_chardevs = [](const auto& devices) {
        for (const model::Chardev& device : devices) {
            const bool client = device.source.type == model::ChardevType::unix_socket && !device.source.listen;
            if (client || device.source.type == model::ChardevType::dev) require_file(device.source.path);
        }
    };
    require_chardevs(domain.serials);
    require_chardevs(domain.parallels);
    require_chardevs(domain.consoles);
    require_chardevs(domain.channels);
    for (const std::string* path : {&domain.os.kernel, &domain.os.initrd, &domain.os.dtb, &domain.os.slic_table}) {
        require_file(*path);
    }
}

std::map<uint64_t, std::string> huge_page_mounts(const host::SystemFiles& files) {
    std::map<uint64_t, std::string> mounts;
    uint64_t usual = 2048;
    const std::string memory = files.text("/proc/meminfo").value_or("");
    if (const size_t at = memory.find("Hugepagesize:"); at != memory.npos) {
        usual = std::strtoull(memory.c_str() + at + 13, nullptr, 10);
    }
    const std::string text = files.text("/proc/mounts").value_or("");
    for (size_t start = 0; start < text.size();) {
        const size_t stop = std::min(text.find('\n', start), text.size());
        const std::string_view line = std::string_view(text).substr(start, stop - start);
        start = stop + 1;
        if (line.find(" hugetlbfs ") == line.npos) continue;
        const size_t path = line.find(' ') + 1;
        const std::string place(line.substr(path, line.find(' ', path) - path));
        uint64_t size = usual;
        if (const size_t at = line.find("pagesize="); at != line.npos) size = kibibytes_of(line.substr(at + 9));
        mounts.try_emplace(size, place);
        if (size == usual) mounts.try_emplace(0, place);
    }
    return mounts;
}

std::optional<uint64_t> locked_memory_limit(const Domain& domain) {
    // virDomain's word for "no limit", in KiB; the kernel takes it as it is.
    constexpr uint64_t unlimited = 9007199254740991;
    const auto& hard_limit = domain.memtune.hard_limit;
    if (hard_limit && hard_limit->count != 0 && hard_limit->count < unlimited) return hard_limit->count * 1024;
    if (domain.memory_backing.locked) return unlimited;
    const bool passes_devices =
        std::any_of(domain.hostdevs.begin(), domain.hostdevs.end(), [](const model::Hostdev& device) {
            return device.mode == model::HostdevMode::subsystem &&
                   (device.type == model::HostdevType::pci || device.type == model::HostdevType::mdev);
        });
    const bool has_vdpa =
        std::any_of(domain.interfaces.begin(), domain.interfaces.end(),
                    [](const model::Interface& interface) { return interface.type == model::InterfaceType::vdpa; });
    if (!passes_devices && !has_vdpa) return std::nullopt;
    // All of the guest's memory is pinned, and what the devices map besides.
    const uint64_t memory = domain.max_memory ? domain.max_memory->size.count : domain.memory.count;
    return (memory + 1024 * 1024) * 1024;
}

Fd open_vsock(Domain& domain) {
    if (!domain.vsock) return {};
    model::Vsock& vsock = *domain.vsock;
    Fd fd(::open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC));
    if (!fd) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, "unable to open vhost-vsock device",
                    "the module vhost_vsock is not loaded");
    }
    uint64_t cid = vsock.cid;
    if (vsock.automatic_cid != xml::YesNo::yes) {
        if (::ioctl(fd.get(), set_guest_cid, &cid) == 0) return fd;
        throw Error::from_errno(errno, ErrorDomain::qemu, fmt::format("failed to set guest cid to {}", cid));
    }
    // 0 to 2 are the hypervisor, the loopback and the host.
    for (cid = 3; cid <= UINT32_MAX; cid++) {
        if (::ioctl(fd.get(), set_guest_cid, &cid) == 0) break;
        if (errno != EADDRINUSE) {
            throw Error::from_errno(errno, ErrorDomain::qemu, "failed to acquire guest cid");
        }
    }
    vsock.cid = static_cast<uint32_t>(cid);
    return fd;
}

}  // namespace virtue::qemu
