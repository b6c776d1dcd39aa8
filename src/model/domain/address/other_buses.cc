#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "model/domain/address/assign.h"
#include "model/domain/complete/machine.h"

namespace virtue::model {

namespace {

// Hands out numbers that nobody has, from `from` up.
class Numbers {
public:
    bool take(uint64_t n) { return taken_.insert(n).second; }
    uint64_t next(uint64_t from) {
        while (!take(from)) from++;
        return from;
    }

private:
    std::set<uint64_t> taken_;
};

bool unset(const DeviceInfo& info) {
    return info.address.is(AddressType::none);
}

}  // namespace

void assign_drive(const Domain& d, Disk& disk) {
    const auto index = disk_name_index(disk.target);
    if (!index)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    fmt::format("Unknown disk name '{}' and no address specified", disk.target));
    DriveAddress a;
    switch (disk.bus) {
        case DiskBus::ide:
            a.controller = *index / 4;
            a.bus = *index % 4 / 2;
            a.unit = *index % 2;
            break;
        case DiskBus::sata:
            a.controller = *index / 6;
            a.unit = *index % 6;
            break;
        case DiskBus::fdc:
            a.controller = *index / 2;
            a.unit = *index % 2;
            break;
        case DiskBus::scsi: {
            // Unit 7 is the controller itself; old controllers have no units above it.
            const bool wide = d.type != DomainType::vmware;
            if (wide) {
                a.controller = *index / 15;
                a.unit = *index % 15;
                if (a.unit >= 7) a.unit++;
            } else {
                a.controller = *index / 7;
                a.unit = *index % 7;
            }
            break;
        }
        default:
            return;
    }
    disk.info.address.type = AddressType::drive;
    disk.info.address.drive = a;
    for (const Hostdev& h : d.hostdevs)
        if (disk.bus == DiskBus::scsi && h.type == HostdevType::scsi && h.info.address.is(AddressType::drive) &&
            h.info.address.drive == a)
            throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                        fmt::format("using disk target name '{}' conflicts with SCSI host device address "
                                    "controller='{}' bus='{}' target='{}' unit='{}'",
                                    disk.target, a.controller, a.bus, a.target, a.unit));
}

void assign_scsi_hostdevs(Domain& d) {
    for (Hostdev& h : d.hostdevs) {
        if (h.mode != HostdevMode::subsystem || h.type != HostdevType::scsi || !unset(h.info)) continue;
        const auto used = [&](const DriveAddress& a) {
            const auto same = [&](const DeviceInfo& info) {
                return info.address.is(AddressType::drive) && info.address.drive == a;
            };
            return std::any_of(d.disks.begin(), d.disks.end(),
                               [&](const Disk& x) { return x.bus == DiskBus::scsi && same(x.info); }) ||
                   std::any_of(d.hostdevs.begin(), d.hostdevs.end(),
                               [&](const Hostdev& x) { return x.type == HostdevType::scsi && same(x.info); });
        };
        DriveAddress a;
        // The first controller that has a free unit; the narrow bus has seven.
        for (;; a.unit++) {
            if (a.unit == 7) {
                a.unit = 0;
                a.controller++;
            }
            if (!used(a)) break;
        }
        h.info.address.type = AddressType::drive;
        h.info.address.drive = a;
    }
}

void assign_virtio_serial(Domain& d) {
    std::set<std::pair<uint32_t, uint32_t>> taken;
    const auto ports_of = [&](uint32_t index) {
        const Controller* c = find_controller(std::as_const(d), ControllerType::virtio_serial, static_cast<int>(index));
        return c == nullptr ? 0u : static_cast<uint32_t>(c->ports.value_or(31));
    };
    const auto note = [&](DeviceInfo& info) {
        if (!info.address.is(AddressType::virtio_serial) || info.address.virtio_serial.port == 0) return;
        const VirtioSerialAddress& a = info.address.virtio_serial;
        if (a.port >= ports_of(a.controller) && ports_of(a.controller) != 0)
            throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                        fmt::format("virtio serial controller {} does not have port {}", a.controller, a.port));
        if (!taken.emplace(a.controller, a.port).second)
            throw Error(
                ErrorCode::xml_error, ErrorDomain::domain,
                fmt::format("virtio serial port {} on controller {} is already occupied", a.port, a.controller));
    };
    const auto give = [&](DeviceInfo& info, bool zero_too, bool given_controller) {
        if (info.address.is(AddressType::virtio_serial) && info.address.virtio_serial.port != 0) return;
        const uint32_t lowest = zero_too ? 0 : 1;
        VirtioSerialAddress& a = info.address.virtio_serial;
        info.address.type = AddressType::virtio_serial;
        uint32_t controller = given_controller ? a.controller : 0;
        while (true) {
            if (ports_of(controller) == 0 &&
                !find_controller(d, ControllerType::virtio_serial, static_cast<int>(controller)))
                add_controller(d, ControllerType::virtio_serial, static_cast<int>(controller));
            for (uint32_t port = lowest; port < ports_of(controller); port++) {
                if (!taken.emplace(controller, port).second) continue;
                a = {controller, 0, port};
                return;
            }
            if (given_controller)
                throw Error(ErrorCode::xml_error, ErrorDomain::none,
                            fmt::format("Unable to find a free virtio-serial port on controller {}", controller));
            controller++;
        }
    };
    for (Channel& c : d.channels)
        if (c.target == ChannelTarget::virtio) note(c.info);
    for (Console& c : d.consoles)
        if (c.target == ConsoleTarget::virtio) note(c.info);
    for (Channel& c : d.channels)
        if (c.target == ChannelTarget::virtio) give(c.info, false, c.info.address.is(AddressType::virtio_serial));
}

void assign_ccid(Domain& d) {
    std::set<std::pair<uint32_t, uint32_t>> taken;
    for (Smartcard& s : d.smartcards)
        if (s.info.address.is(AddressType::ccid))
            taken.emplace(s.info.address.ccid.controller, s.info.address.ccid.slot);
    for (Smartcard& s : d.smartcards) {
        if (!unset(s.info)) continue;
        CcidAddress a;
        while (!taken.emplace(a.controller, a.slot).second) a.slot++;
        s.info.address.type = AddressType::ccid;
        s.info.address.ccid = a;
    }
}

namespace {

bool is_virtio_ccw(const Domain& d) {
    return is_s390_ccw(d);
}

// Calls `visit` for each device that a channel subsystem or virtio-mmio can carry, in the order of the numbers.
template <typename Visit>
void each_virtio(Domain& d, bool mmio, Visit visit) {
    for (Disk& x : d.disks)
        if (x.bus == DiskBus::virtio) visit(x.info);
    for (Interface& x : d.interfaces)
        // The other virtio models say that they are on PCI.
        if (x.model == "virtio" && x.type != InterfaceType::hostdev) visit(x.info);
    if (!mmio) {
        for (Hostdev& x : d.hostdevs)
            if ((x.type == HostdevType::mdev && x.model == HostdevModel::vfio_ccw) || x.type == HostdevType::scsi_host)
                visit(x.info);
        for (Video& x : d.videos)
            if (x.model == VideoModel::virtio) visit(x.info);
    }
    for (Controller& x : d.controllers) {
        const bool virtio_scsi = x.type == ControllerType::scsi && x.model != ControllerModel::ibmvscsi &&
                                 x.model >= ControllerModel::virtio_scsi;
        if (virtio_scsi || x.type == ControllerType::virtio_serial) visit(x.info);
    }
    for (Input& x : d.inputs)
        if (x.bus == InputBus::virtio) visit(x.info);
    for (Filesystem& x : d.filesystems) visit(x.info);
    if (d.memballoon && d.memballoon->model != MemballoonModel::none) visit(d.memballoon->info);
    for (Rng& x : d.rngs) visit(x.info);
    if (!mmio && d.vsock) visit(d.vsock->info);
}

}  // namespace

void assign_ccw(Domain& d) {
    if (!is_virtio_ccw(d)) return;
    std::set<uint64_t> taken;
    const auto key = [](const CcwAddress& a) { return uint64_t{a.cssid} << 32 | uint64_t{a.ssid} << 16 | a.devno; };
    each_info(d, [&](DeviceInfo& info) {
        if (!info.address.is(AddressType::ccw) || !info.address.ccw.assigned) return;
        if (!taken.insert(key(info.address.ccw)).second)
            throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                        fmt::format("The CCW devno '{:x}.{:x}.{:04x}' is in use already", info.address.ccw.cssid,
                                    info.address.ccw.ssid, info.address.ccw.devno));
    });
    each_virtio(d, false, [&](DeviceInfo& info) {
        if (!unset(info) && !(info.address.is(AddressType::ccw) && !info.address.ccw.assigned)) return;
        CcwAddress a{0xfe, 0, 0, true};
        while (!taken.insert(key(a)).second) {
            if (++a.devno <= 0xffff) continue;
            a.devno = 0;
            a.ssid++;
        }
        info.address.type = AddressType::ccw;
        info.address.ccw = a;
    });
}

void assign_virtio_mmio(Domain& d) {
    const bool board_without_pci = arch_is_arm(d) && !is_arm_virt(d);
    if (!board_without_pci) return;
    each_virtio(d, true, [&](DeviceInfo& info) {
        if (unset(info)) info.address.type = AddressType::virtio_mmio;
    });
}

void assign_spapr_vio(Domain& d) {
    Numbers numbers;
    const auto note = [&](DeviceInfo& info) {
        if (!info.address.is(AddressType::spapr_vio) || !info.address.spapr_vio_reg) return;
        if (!numbers.take(*info.address.spapr_vio_reg))
            throw Error(ErrorCode::xml_error, ErrorDomain::qemu,
                        fmt::format("spapr-vio address {:#x} already in use", *info.address.spapr_vio_reg));
    };
    const auto give = [&](DeviceInfo& info, uint64_t from) {
        if (!info.address.is(AddressType::spapr_vio) || info.address.spapr_vio_reg) return;
        while (!numbers.take(from)) from += 0x1000;
        info.address.spapr_vio_reg = from;
    };
    each_info(d, note);
    for (Interface& n : d.interfaces) {
        if (n.model == "spapr-vlan") n.info.address.type = AddressType::spapr_vio;
        give(n.info, 0x1000);
    }
    for (Controller& c : d.controllers) {
        if (c.type == ControllerType::scsi && c.model == ControllerModel::ibmvscsi)
            c.info.address.type = AddressType::spapr_vio;
        give(c.info, 0x2000);
    }
    for (Serial& s : d.serials) {
        if (s.target == SerialTarget::spapr_vio_serial) s.info.address.type = AddressType::spapr_vio;
        give(s.info, 0x30000000);
    }
    if (d.nvram) {
        d.nvram->info.address.type = AddressType::spapr_vio;
        give(d.nvram->info, 0x3000);
    }
    for (Tpm& t : d.tpms) {
        if (t.model == TpmModel::spapr) t.info.address.type = AddressType::spapr_vio;
        give(t.info, 0x4000);
    }
}

void assign_dimms(Domain& d) {
    Numbers slots;
    const auto is_module = [](const MemoryDevice& m) {
        return m.model == MemoryModel::dimm || m.model == MemoryModel::nvdimm;
    };
    for (MemoryDevice& m : d.memory_devices) {
        if (!is_module(m) || !m.info.address.is(AddressType::dimm)) continue;
        if (!slots.take(m.info.address.dimm.slot))
            throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                        fmt::format("memory device slot '{}' is already being used by another memory device",
                                    m.info.address.dimm.slot));
    }
    for (MemoryDevice& m : d.memory_devices) {
        if (!is_module(m) || !unset(m.info)) continue;
        m.info.address.type = AddressType::dimm;
        m.info.address.dimm.slot = static_cast<uint32_t>(slots.next(0));
    }
}

}  // namespace virtue::model
