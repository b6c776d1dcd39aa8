#include <algorithm>

#include <fmt/format.h>

#include "model/domain/complete/machine.h"
#include "model/domain/complete/refuse.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

namespace {

const char* usual_port(StorageProtocol protocol) {
    switch (protocol) {
        case StorageProtocol::http:
            return "80";
        case StorageProtocol::https:
            return "443";
        case StorageProtocol::ftp:
            return "21";
        case StorageProtocol::ftps:
            return "990";
        case StorageProtocol::tftp:
            return "69";
        case StorageProtocol::ssh:
            return "22";
        case StorageProtocol::nbd:
            return "10809";
        case StorageProtocol::iscsi:
            return "3260";
        case StorageProtocol::gluster:
            return "24007";
        case StorageProtocol::sheepdog:
            return "7000";
        case StorageProtocol::vxhs:
            return "9999";
        default:
            return "";
    }
}

void complete_disk_driver(Disk& disk) {
    if (disk.source.type == StorageType::vhostuser) {
        if (disk.driver.name.empty()) disk.driver.name = "qemu";
        if (disk.source.format == StorageFormat::absent) disk.source.format = StorageFormat::raw;
        if (disk.snapshot == SnapshotLocation::absent) disk.snapshot = SnapshotLocation::no;
        return;
    }
    if (disk.driver.name.empty()) disk.driver.name = "qemu";
    if (disk.source.type == StorageType::network)
        for (NetworkHost& host : disk.source.hosts)
            if (host.transport == HostTransport::tcp && host.port.empty()) host.port = usual_port(disk.source.protocol);
    // An empty drive is an empty drive, whatever it held before.
    const bool removable = disk.device == DiskDevice::cdrom || disk.device == DiskDevice::floppy;
    if (removable && disk.source.empty()) disk.source.type = StorageType::file;
    if (disk.source.format == StorageFormat::absent && disk.source.type != StorageType::volume)
        disk.source.format = StorageFormat::raw;
    for (StorageSource* layer = &disk.source; layer != nullptr;
         layer = layer->backing.empty() ? nullptr : &layer->backing[0])
        if (layer->encryption && layer->encryption->format >= EncryptionFormat::luks &&
            layer->encryption->engine == EncryptionEngine::absent)
            layer->encryption->engine = EncryptionEngine::qemu;
}

void complete_interface(const Domain& d, Interface& n) {
    if (n.model.empty() && n.type != InterfaceType::hostdev) {
        if (n.type == InterfaceType::vdpa || arch_is_s390(d) || is_arm_virt(d) || is_riscv_virt(d)) {
            n.model = "virtio";
        } else if (machine_is(d, "versatilepb") || d.os.machine.starts_with("realview")) {
            n.model = "smc91c111";
        } else if (arch_is_arm(d)) {
            n.model = "lan9118";
        } else {
            n.model = "rtl8139";
        }
    }
}

ControllerModel usb_model(const Domain& d, const Platform& platform) {
    if (arch_is_arm(d) || arch_is_riscv(d) || arch_is_ppc64(d)) {
        if (platform.has_device(d, "qemu-xhci")) return ControllerModel::qemu_xhci;
        return ControllerModel::nec_xhci;
    }
    if (arch_is_s390(d)) return ControllerModel::none;
    return ControllerModel::piix3_uhci;
}

void complete_controller(const Domain& d, Controller& c, const Platform& platform) {
    if (c.type == ControllerType::usb && c.model == ControllerModel::absent) c.model = usb_model(d, platform);
    if (c.type == ControllerType::scsi &&
        (c.model == ControllerModel::absent || c.model == ControllerModel::automatic)) {
        if (is_pseries(d)) {
            c.model = ControllerModel::ibmvscsi;
        } else if (arch_is_s390(d) || !platform.has_device(d, "lsi53c895a")) {
            c.model = ControllerModel::virtio_scsi;
        } else {
            c.model = ControllerModel::lsilogic;
        }
    }
}

SerialTarget serial_target(const Domain& d, const Serial& s) {
    if (s.info.address.is(AddressType::usb)) return SerialTarget::usb_serial;
    if (s.info.address.is(AddressType::pci)) return SerialTarget::pci_serial;
    if (s.info.address.is(AddressType::spapr_vio)) return SerialTarget::spapr_vio_serial;
    if (arch_is_x86(d)) return SerialTarget::isa_serial;
    if (is_pseries(d)) return SerialTarget::spapr_vio_serial;
    if (is_arm_virt(d) || is_riscv_virt(d)) return SerialTarget::system_serial;
    if (arch_is_s390(d)) return SerialTarget::sclp_serial;
    return SerialTarget::absent;
}

SerialModel serial_model(const Domain& d, const Serial& s) {
    switch (s.target) {
        case SerialTarget::isa_serial:
            return SerialModel::isa_serial;
        case SerialTarget::usb_serial:
            return SerialModel::usb_serial;
        case SerialTarget::pci_serial:
            return SerialModel::pci_serial;
        case SerialTarget::spapr_vio_serial:
            return SerialModel::spapr_vty;
        case SerialTarget::system_serial:
            return arch_is_riscv(d) ? SerialModel::uart_16550a : SerialModel::pl011;
        case SerialTarget::sclp_serial:
            return SerialModel::sclpconsole;
        case SerialTarget::isa_debug:
            return SerialModel::isa_debugcon;
        default:
            return SerialModel::absent;
    }
}

// Paths as a start of some version made them: …/channel/target/GUEST.NAME and …/domain-1-GUEST/NAME.
bool is_made_up_path(const Channel& c) {
    const std::string_view path = c.source.path;
    constexpr std::string_view folder = "/var/lib/libvirt/qemu/channel/";
    if (path.starts_with(folder)) {
        std::string_view rest = path.substr(folder.size());
        if (rest.starts_with("target/")) rest.remove_prefix(7);
        const size_t slash = rest.find('/');
        if (rest.substr(0, slash).find('.', 1) != std::string_view::npos) return true;
    }
    if (c.name.empty() || !path.ends_with("/" + c.name)) return false;
    const std::string_view parent = path.substr(0, path.size() - c.name.size() - 1);
    const size_t slash = parent.rfind('/');
    return parent.substr(slash == std::string_view::npos ? 0 : slash + 1).starts_with("domain-");
}

void complete_chardevs(Domain& d) {
    for (Serial& s : d.serials) {
        // Of old every serial port was called ISA.
        if (s.target == SerialTarget::isa_serial && !arch_is_x86(d)) {
            s.target = SerialTarget::absent;
            s.model = SerialModel::absent;
        }
        if (s.target == SerialTarget::absent) s.target = serial_target(d, s);
        if (s.model == SerialModel::absent) s.model = serial_model(d, s);
    }
    for (Console& c : d.consoles)
        if (c.target == ConsoleTarget::absent) c.target = ConsoleTarget::serial;
    for (Channel& c : d.channels) {
        // A path that we made up belongs to the start, not to the definition.
        if (c.source.type == ChardevType::unix_socket && (c.source.path.empty() || is_made_up_path(c)) &&
            c.source.reconnect.enabled == xml::YesNo::yes)
            throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                        "chardev reconnect is possible only for connect mode");
        if (c.source.type == ChardevType::unix_socket && is_made_up_path(c)) {
            c.source = {};
            c.source.type = ChardevType::unix_socket;
        }
        if (c.source.type == ChardevType::unix_socket && c.source.path.empty()) c.source.listen = true;
    }
}

void complete_inputs(Domain& d) {
    for (Input& i : d.inputs) {
        if (i.type == InputType::evdev) {
            if (i.bus != InputBus::absent) contradiction("input evdev doesn't support bus element");
            i.bus = InputBus::absent;
            continue;
        }
        if (i.bus != InputBus::absent) continue;
        if (i.type == InputType::passthrough) {
            i.bus = InputBus::virtio;
        } else if (arch_is_s390(d)) {
            i.bus = InputBus::virtio;
        } else if (i.type == InputType::tablet || !arch_is_x86(d)) {
            i.bus = InputBus::usb;
        } else {
            i.bus = InputBus::ps2;
        }
    }
}

void complete_tpms(Domain& d) {
    for (Tpm& t : d.tpms) {
        if (t.persistent_state == xml::YesNo::no) t.persistent_state = xml::YesNo::absent;
        if (t.model == TpmModel::absent) t.model = is_pseries(d) ? TpmModel::spapr : TpmModel::tis;
        if (t.backend == TpmBackend::emulator && t.version == TpmVersion::absent)
            t.version = t.model == TpmModel::tis && !arch_is_arm(d) ? TpmVersion::v1_2 : TpmVersion::v2_0;
    }
}

void complete_small(Domain& d) {
    if (d.vsock && d.vsock->model == VirtioModel::absent) d.vsock->model = VirtioModel::virtio;
    if (d.vsock && d.vsock->automatic_cid == xml::YesNo::absent)
        d.vsock->automatic_cid = d.vsock->cid == 0 ? xml::YesNo::yes : xml::YesNo::no;
    for (Video& v : d.videos)
        if (v.model == VideoModel::absent)
            v.model = arch_is_ppc64(d) ? VideoModel::vga : arch_is_x86(d) ? VideoModel::cirrus : VideoModel::virtio;
    for (Graphics& g : d.graphics) {
        // Without a password there is nothing that ends or is kept.
        if (!g.password) {
            g.password_valid_to.clear();
            g.connected = ConnectedAction::absent;
        }
        // Neither port nor leave to choose one: it is for a connection that is handed over.
        const bool no_port = g.type == GraphicsType::spice && g.port == 0 && g.tls_port == 0 && !g.autoport;
        if (no_port && !g.listens.empty() && g.listens[0].type == ListenType::address)
            g.listens[0] = GraphicsListen{ListenType::none, "", "", "", false, false};
    }
    for (Graphics& g : d.graphics)
        if (!g.listens.empty() && g.listens[0].type == ListenType::socket &&
            g.listens[0].socket.starts_with("/var/lib/libvirt/qemu/domain-")) {
            g.listens[0] = GraphicsListen{};
            g.autoport = true;
        }
    for (MemoryDevice& m : d.memory_devices)
        if (m.model == MemoryModel::virtio_pmem && m.access.empty()) m.access = "shared";
    for (Rng& r : d.rngs)
        if (r.rate && r.rate->bytes == 0) r.rate.reset();
    for (Rng& r : d.rngs)
        if (r.backend == RngBackendModel::random && r.device.empty()) r.device = "/dev/random";
    for (RedirectedDevice& r : d.redirdevs)
        if (r.source.type == ChardevType::dbus && r.source.channel.empty()) r.source.channel = "org.qemu.usbredir";
    for (Shmem& s : d.shmems) {
        if (s.model == ShmemModel::ivshmem_plain && s.size == 0) s.size = 4u << 20;
        if (s.model != ShmemModel::ivshmem_doorbell) continue;
        s.has_msi = true;
        if (s.ioeventfd == xml::Switch::absent) s.ioeventfd = xml::Switch::on;
    }
    for (Filesystem& f : d.filesystems)
        if (f.access == FilesystemAccess::absent && f.socket.empty()) f.access = FilesystemAccess::passthrough;
    for (Hostdev& h : d.hostdevs) {
        if (h.mode != HostdevMode::subsystem) continue;
        if (h.type == HostdevType::mdev && h.model == HostdevModel::vfio_pci && h.display == xml::Switch::absent)
            h.display = xml::Switch::off;
    }
}

}  // namespace

void complete_qemu_devices(Domain& d, const Platform& platform) {
    for (Disk& disk : d.disks) complete_disk_driver(disk);
    for (Interface& n : d.interfaces) complete_interface(d, n);
    for (Controller& c : d.controllers) complete_controller(d, c, platform);
    complete_chardevs(d);
    complete_inputs(d);
    complete_tpms(d);
    complete_small(d);
    // What is not there has no place.
    if (d.memballoon && d.memballoon->model == MemballoonModel::none) d.memballoon->info.address = {};
}

}  // namespace virtue::model
