#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "model/domain/complete/machine.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

void complete_identity(Domain& d) {
    if (!d.uuid) d.uuid = Uuid::generate();
    // Who leaves the choice of CPUs to the host leaves the memory nodes to it as well, and the other way round.
    if (!d.numatune.has_memory && d.numatune.cells.empty() && d.vcpus.placement == VcpuPlacement::automatic) {
        d.numatune.has_memory = d.numatune.placement_auto = true;
        d.numatune.mode = NumatuneMode::strict;
    } else if (d.numatune.placement_auto && !d.vcpus.placement_given && d.vcpus.cpuset.empty()) {
        d.vcpus.placement = VcpuPlacement::automatic;
    }
    const bool cells = d.cpu && !d.cpu->numa.cells.empty();
    for (HugePage& page : d.memory_backing.pages)
        if (!cells && page.nodes == Bitmap::first(1)) page.nodes = {};
    if (d.genid_wanted && !d.genid) d.genid = Uuid::generate();
    for (Interface& n : d.interfaces)
        if (!n.mac) n.mac = MacAddress::generate({0x52, 0x54, 0x00});
}

void complete_memory(Domain& d) {
    uint64_t cells = 0;
    if (d.cpu)
        for (const NumaCell& cell : d.cpu->numa.cells) cells += cell.memory.count;
    uint64_t modules = 0;
    for (const MemoryDevice& m : d.memory_devices) modules += m.size.count;
    // pseries machines take memory in pieces of 256 MiB.
    if (is_pseries(d)) {
        constexpr uint64_t piece = 256 * 1024;
        modules = 0;
        for (MemoryDevice& m : d.memory_devices) {
            // What a guest sees of an NVDIMM is what its label leaves.
            if (m.model == MemoryModel::nvdimm && m.size.count >= m.label_size.count + piece)
                m.size.count = (m.size.count - m.label_size.count) / piece * piece + m.label_size.count;
            else
                m.size.count = (m.size.count + piece - 1) / piece * piece;
            modules += m.size.count;
        }
    }
    // With NUMA cells their sum counts, and memory modules come on top.
    if (cells != 0) d.memory.count = cells + modules;
    if (cells == 0 && modules > d.memory.count)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "Total size of memory devices exceeds the total memory size");
    if (!d.current_memory || d.current_memory->count > d.memory.count || d.current_memory->count == 0)
        d.current_memory = d.memory;
    if (d.max_memory && d.max_memory->size.count < d.memory.count)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "maximum memory size must be equal or greater than the actual memory size");
}

void complete_boot(Domain& d) {
    std::vector<uint32_t> orders;
    each_info(d, [&](const DeviceInfo& info) {
        if (info.boot_order == 0) return;
        if (std::find(orders.begin(), orders.end(), info.boot_order) != orders.end())
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        fmt::format("boot order '{}' used for more than one device", info.boot_order));
        orders.push_back(info.boot_order);
    });
    if (!orders.empty() && !d.os.boot.empty())
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    "per-device boot elements cannot be used together with os/boot elements");
    if (d.os.boot.empty() && orders.empty() && d.os.type == OsType::hvm) d.os.boot.push_back(BootDevice::hd);
}

namespace {

bool is_ich9_usb(const Controller& c) {
    return c.model >= ControllerModel::ich9_ehci1 && c.model <= ControllerModel::ich9_uhci3;
}

bool has_model(const Domain& d, int index, ControllerModel model) {
    return std::any_of(d.controllers.begin(), d.controllers.end(), [&](const Controller& c) {
        return c.type == ControllerType::usb && c.index == index && c.model == model;
    });
}

int free_index(const Domain& d, ControllerType type) {
    int index = 0;
    while (find_controller(d, type, index) != nullptr) index++;
    return index;
}

}  // namespace

namespace {

void check_usb_pair(const Controller& a, const Controller& b) {
    if (a.type != ControllerType::usb || b.type != ControllerType::usb) return;
    const PciAddress* place = a.info.pci();
    if (place != nullptr && b.info.pci() != nullptr && place->same_place(*b.info.pci()))
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    fmt::format("Attempted double use of PCI Address {}", place->to_string()));
    const bool disabled = a.model == ControllerModel::none || b.model == ControllerModel::none;
    if (!disabled && a.index == b.index && a.index >= 0 && !a.info.master_startport && !b.info.master_startport)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    fmt::format("Duplicate USB controllers with index {}", a.index));
}

}  // namespace

void complete_controller_numbers(Domain& d) {
    const Controller* before = nullptr;
    for (Controller& c : d.controllers) {
        if (c.type == ControllerType::usb && is_ich9_usb(c)) {
            if (c.index == -1)
                c.index =
                    before != nullptr && !has_model(d, before->index, c.model) ? before->index : free_index(d, c.type);
            // A companion takes over the ports of its master, two each.
            if (c.model != ControllerModel::ich9_ehci1 && !c.info.master_startport)
                c.info.master_startport =
                    2 * (static_cast<uint32_t>(c.model) - static_cast<uint32_t>(ControllerModel::ich9_uhci1));
            before = &c;
        }
        if (c.index == -1) c.index = free_index(d, c.type);
    }
    for (size_t i = 0; i < d.controllers.size(); i++)
        for (size_t j = 0; j < i; j++) check_usb_pair(d.controllers[i], d.controllers[j]);
    bool disabled = false;
    bool other = false;
    bool master = false;
    bool companion = false;
    for (const Controller& c : d.controllers) {
        if (c.type != ControllerType::usb) continue;
        if (c.model == ControllerModel::none && !disabled) {
            disabled = true;
        } else {
            other = true;
        }
        (c.info.master_startport ? companion : master) = true;
    }
    if (disabled && other)
        throw Error(ErrorCode::xml_detail, ErrorDomain::domain,
                    "Can't add another USB controller: USB is disabled for this domain");
    if (companion && !master)
        throw Error(ErrorCode::xml_detail, ErrorDomain::domain, "No master USB controller specified");
}

void complete_disks(Domain& d) {
    for (Disk& disk : d.disks) {
        if (disk.device == DiskDevice::cdrom) disk.readonly = true;
        if (disk.snapshot == SnapshotLocation::absent && disk.readonly) disk.snapshot = SnapshotLocation::no;
    }
}

namespace {

// Who has no port yet gets the ones behind the highest.
template <typename List>
void number_ports(List& list) {
    constexpr int last = std::numeric_limits<int>::max();
    int highest = -1;
    for (const auto& c : list) highest = std::max(highest, c.port);
    for (auto& c : list) {
        if (c.port != -1) continue;
        if (highest == last)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        fmt::format("port number {} is too high: none is left for the next device", last));
        c.port = ++highest;
    }
}

}  // namespace

void complete_chardev_ports(Domain& d) {
    number_ports(d.serials);
    for (size_t i = 0; i < d.serials.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (d.serials[i].port == d.serials[j].port && d.serials[i].target == SerialTarget::isa_serial &&
                d.serials[j].target == SerialTarget::isa_serial)
                throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                            fmt::format("target port '{}' already allocated", d.serials[i].port));
    number_ports(d.parallels);
}

void pair_console_and_serial(Domain& d) {
    if (d.os.type != OsType::hvm) return;
    const auto stub = [&](ConsoleTarget target) {
        Console c;
        c.target = target;
        c.port = 0;
        return c;
    };
    if (!d.consoles.empty() &&
        (d.consoles[0].target == ConsoleTarget::serial || d.consoles[0].target == ConsoleTarget::absent)) {
        Console& first = d.consoles.front();
        for (size_t i = 1; i < d.consoles.size(); i++)
            if (d.consoles[i].target == ConsoleTarget::serial)
                throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                            "Only the first console can be a serial port");
        // The first console of old is the first serial port under another name.
        if (d.serials.empty()) {
            Serial s;
            s.source = first.source;
            s.info = first.info;
            s.port = 0;
            d.serials.push_back(std::move(s));
        }
        first = stub(ConsoleTarget::serial);
        return;
    }
    if (d.serials.empty()) return;
    switch (d.serials.front().target) {
        case SerialTarget::absent:
        case SerialTarget::isa_serial:
        case SerialTarget::spapr_vio_serial:
        case SerialTarget::system_serial:
        case SerialTarget::sclp_serial:
            d.consoles.insert(d.consoles.begin(), stub(ConsoleTarget::serial));
            break;
        default:
            break;
    }
}

void number_consoles(Domain& d) {
    number_ports(d.consoles);
}

namespace {

// Memory of graphics cards comes in powers of two. Above the last of them libvirt's sum comes out as nothing at all,
// and its default takes the place of what was asked for.
void round_up(uint32_t& kib) {
    constexpr uint32_t last = 1u << 31;
    if (kib > last)
        throw Error(ErrorCode::overflow, ErrorDomain::qemu,
                    fmt::format("{} KiB of video memory are too many, the most is {}", kib, last));
    if (kib != 0) kib = std::bit_ceil(kib);
}

}  // namespace

void complete_videos(Domain& d) {
    for (Video& v : d.videos) {
        if (v.model == VideoModel::none) continue;
        if (v.heads == 0) v.heads = 1;
        switch (v.model) {
            case VideoModel::qxl:
                if (v.ram == 0) v.ram = 64 * 1024;
                if (v.vram == 0) v.vram = 64 * 1024;
                if (v.vgamem == 0) v.vgamem = 16 * 1024;
                round_up(v.ram);
                round_up(v.vram);
                break;
            case VideoModel::vga:
            case VideoModel::bochs:
            case VideoModel::vmvga:
                if (v.vram == 0) v.vram = 16 * 1024;
                round_up(v.vram);
                break;
            case VideoModel::cirrus:
            case VideoModel::vbox:
            case VideoModel::xen:
                if (v.vram == 0)
                    v.vram = v.model == VideoModel::xen ? 4 * 1024 : v.model == VideoModel::vbox ? 8 * 1024 : 16 * 1024;
                round_up(v.vram);
                break;
            default:
                break;
        }
    }
    if (d.videos.empty()) return;
    const auto primary = std::find_if(d.videos.begin(), d.videos.end(), [](const Video& v) { return v.primary; });
    if (primary != d.videos.end()) {
        std::rotate(d.videos.begin(), primary, primary + 1);
    } else if (d.videos.front().model != VideoModel::none) {
        d.videos.front().primary = true;
    }
}

namespace {

// The number of a controller that a device names. libvirt adds all the controllers up to it; we set a limit to that.
int controller_number(uint32_t number) {
    constexpr uint32_t most = 255;
    if (number > most)
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    fmt::format("controller number {} is too high, the most is {}", number, most));
    return static_cast<int>(number);
}

}  // namespace

void add_controllers_of_devices(Domain& d) {
    const auto of_disks = [&](DiskBus bus, ControllerType type) {
        int last = -1;
        for (const Disk& disk : d.disks)
            if (disk.bus == bus && disk.info.address.is(AddressType::drive))
                last = std::max(last, controller_number(disk.info.address.drive.controller));
        // Further SCSI controllers are of the kind of the one before.
        ControllerModel model = ControllerModel::absent;
        for (int i = 0; i <= last; i++) {
            if (const Controller* c = find_controller(std::as_const(d), type, i)) {
                model = type == ControllerType::scsi ? c->model : ControllerModel::absent;
                continue;
            }
            add_controller(d, type, i, model);
        }
    };
    of_disks(DiskBus::scsi, ControllerType::scsi);
    of_disks(DiskBus::fdc, ControllerType::fdc);
    of_disks(DiskBus::ide, ControllerType::ide);
    of_disks(DiskBus::sata, ControllerType::sata);
    // Just the ones that are named; who names none is on the first.
    const auto serial_bus = [&](const DeviceInfo& info) {
        add_controller(
            d, ControllerType::virtio_serial,
            info.address.is(AddressType::virtio_serial) ? controller_number(info.address.virtio_serial.controller) : 0);
    };
    for (const Channel& c : d.channels)
        if (c.target == ChannelTarget::virtio) serial_bus(c.info);
    for (const Console& c : d.consoles)
        if (c.target == ConsoleTarget::virtio) serial_bus(c.info);
    int last = -1;
    for (const Smartcard& s : d.smartcards)
        last = std::max(last,
                        controller_number(s.info.address.is(AddressType::ccid) ? s.info.address.ccid.controller : 0));
    for (int i = 0; i <= last; i++) add_controller(d, ControllerType::ccid, i);
}

void add_controllers_of_scsi_hostdevs(Domain& d) {
    int last = -1;
    ControllerModel scsi = ControllerModel::absent;
    for (const Controller& c : d.controllers)
        if (c.type == ControllerType::scsi) scsi = c.model;
    for (const Hostdev& h : d.hostdevs)
        if (h.mode == HostdevMode::subsystem && h.type == HostdevType::scsi)
            last = std::max(last, controller_number(h.info.address.drive.controller));
    for (int i = 0; i <= last; i++) add_controller(d, ControllerType::scsi, i, scsi);
}

void check_domain(const Domain& d) {
    for (size_t i = 0; i < d.disks.size(); i++) {
        const Disk& a = d.disks[i];
        for (size_t j = 0; j < i; j++) {
            const Disk& b = d.disks[j];
            if (a.target == b.target)
                throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                            fmt::format("target '{}' duplicated for disk sources", a.target));
            if (a.bus == b.bus && a.info.address.is(AddressType::drive) && b.info.address.is(AddressType::drive) &&
                a.info.address.drive == b.info.address.drive)
                throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                            fmt::format("Found duplicate drive address for disk with target name '{}' controller='{}' "
                                        "bus='{}' target='{}' unit='{}'",
                                        a.target, a.info.address.drive.controller, a.info.address.drive.bus,
                                        a.info.address.drive.target, a.info.address.drive.unit));
        }
    }
    for (size_t i = 0; i < d.controllers.size(); i++)
        for (size_t j = 0; j < i; j++) {
            const Controller& a = d.controllers[i];
            const Controller& b = d.controllers[j];
            if (a.type == b.type && a.index == b.index &&
                !(a.info.master_startport || b.info.master_startport || a.type == ControllerType::usb))
                throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                            fmt::format("Multiple '{}' controllers with index '{}'", xml::to_name(a.type), a.index));
        }
    std::vector<std::string> aliases;
    each_info(d, [&](const DeviceInfo& info) {
        if (info.alias.empty()) return;
        if (std::find(aliases.begin(), aliases.end(), info.alias) != aliases.end())
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        fmt::format("non unique alias detected: {}", info.alias));
        aliases.push_back(info.alias);
    });
    if (d.watchdogs.size() > 1)
        throw Error(ErrorCode::internal_error, ErrorDomain::domain, "only a single watchdog device is supported");
}

}  // namespace virtue::model
