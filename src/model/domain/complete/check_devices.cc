#include <algorithm>
#include <bit>

#include "model/domain/complete/machine.h"
#include "model/domain/complete/refuse.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

namespace {

void check_expander(const Domain& d, const Controller& c) {
    if (c.type != ControllerType::pci) return;
    const bool old = c.model == ControllerModel::pci_expander_bus;
    if (!old && c.model != ControllerModel::pcie_expander_bus) return;
    if (old && !is_i440fx(d))
        unsupported("pci-expander-bus controllers are only supported on 440fx-based machinetypes");
    if (!old && !is_q35(d) && !is_arm_virt(d))
        unsupported("pcie-expander-bus controllers are not supported with this machine type");
    const size_t cells = d.cpu ? d.cpu->numa.cells.size() : 0;
    if (c.pci.numa_node >= 0 && static_cast<size_t>(c.pci.numa_node) >= cells)
        throw Error(ErrorCode::xml_error, ErrorDomain::qemu,
                    fmt::format("{} with index {} is configured for a NUMA node ({}) not present in the domain's "
                                "<cpu><numa> array ({})",
                                xml::to_name(c.model), c.index, c.pci.numa_node, cells));
}

}  // namespace

void check_before_placing(const Domain& d) {
    if (!d.os.bootloader.empty()) unsupported("bootloader is not supported by QEMU");
    const ControllerModel root = is_i440fx(d)                                      ? ControllerModel::pci_root
                                 : is_q35(d) || is_arm_virt(d) || is_riscv_virt(d) ? ControllerModel::pcie_root
                                                                                   : ControllerModel::absent;
    for (const Controller& c : d.controllers) check_expander(d, c);
    for (const Controller& c : d.controllers) {
        if (c.type != ControllerType::pci || root == ControllerModel::absent) continue;
        const auto wrong = [](std::string sentence) {
            throw Error(ErrorCode::xml_error, ErrorDomain::qemu, std::move(sentence));
        };
        if (c.index == 0 && c.model != root)
            wrong(
                fmt::format("The PCI controller with index='0' must be model='{}' for this machine type, but "
                            "model='{}' was found instead",
                            xml::to_name(root), c.model == ControllerModel::absent ? "(null)" : xml::to_name(c.model)));
        if (c.index > 0 && (c.model == ControllerModel::pci_root || c.model == ControllerModel::pcie_root))
            wrong("pci-root and pcie-root controllers should have index 0");
    }
    for (const Disk& disk : d.disks) {
        const Address& a = disk.info.address;
        const bool reachable = a.is(AddressType::none) || a.is(AddressType::pci) || a.is(AddressType::ccw) ||
                               a.is(AddressType::s390) || a.is(AddressType::virtio_mmio);
        if (disk.bus == DiskBus::virtio && !reachable)
            unsupported("virtio disk cannot have an address of type '{}'", xml::to_name(a.type));
        if (a.is(AddressType::drive) && disk.bus == DiskBus::usb)
            throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "unexpected address type for usb disk");
        if (a.is(AddressType::drive) && disk.bus == DiskBus::xen)
            contradiction("Invalid address type 'drive' for the disk '{}' with the bus type '{}'", disk.target,
                          xml::to_name(disk.bus));
        if (a.is(AddressType::pci) && disk.bus == DiskBus::usb)
            throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "unexpected address type for usb disk");
        if ((a.is(AddressType::pci) || a.is(AddressType::ccw)) &&
            (disk.bus == DiskBus::ide || disk.bus == DiskBus::scsi || disk.bus == DiskBus::sata ||
             disk.bus == DiskBus::fdc))
            contradiction("Invalid address type '{}' for the disk '{}' with the bus type '{}'", xml::to_name(a.type),
                          disk.target, xml::to_name(disk.bus));
    }
    const bool virtio_iommu = d.iommu && d.iommu->model == IommuModel::virtio;
    if (virtio_iommu && !is_q35(d) && !is_arm_virt(d))
        unsupported("IOMMU device: 'virtio' is only supported with Q35 and ARM Virt machines");
    if (virtio_iommu && d.iommu->info.pci() != nullptr && d.iommu->info.pci()->bus != 0)
        refuse(ErrorCode::xml_error, "The device at PCI address {} needs to be an integrated device (bus=0)",
               d.iommu->info.pci()->to_string());
    if (!d.hubs.empty() && arch_is_s390(d)) unsupported("usb-hub not supported by QEMU binary");
}

namespace {

void check_ide_and_sata(const Domain& d) {
    const bool ide = std::any_of(d.controllers.begin(), d.controllers.end(),
                                 [](const Controller& c) { return c.type == ControllerType::ide; });
    const bool sata = std::any_of(d.controllers.begin(), d.controllers.end(),
                                  [](const Controller& c) { return c.type == ControllerType::sata; });
    for (const Controller& c : d.controllers) {
        if (c.type != ControllerType::ide || c.index <= 0 || !is_i440fx(d)) continue;
        for (const Disk& disk : d.disks)
            if (disk.bus == DiskBus::ide && static_cast<int>(disk.info.address.drive.controller) == c.index)
                throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "Only 1 IDE controller is supported");
        unsupported("Only a single IDE controller is supported for this machine type");
    }
    const bool has_ide = is_i440fx(d) || machine_is(d, "malta") || machine_is(d, "sun4u") || machine_is(d, "g3beige") ||
                         machine_is(d, "isapc");
    if (ide && !has_ide) unsupported("IDE controllers are unsupported for this QEMU binary or machine type");
    if (sata && arch_is_s390(d)) unsupported("SATA is not supported with this QEMU binary");
}

// Which of QEMU's devices may stand for a kind of controller.
bool fits(ControllerModel model, std::string_view name) {
    switch (model) {
        case ControllerModel::pci_bridge:
            return name == "pci-bridge";
        case ControllerModel::dmi_to_pci_bridge:
            return name == "i82801b11-bridge";
        case ControllerModel::pcie_to_pci_bridge:
            return name == "pcie-pci-bridge";
        case ControllerModel::pcie_root_port:
            return name == "ioh3420" || name == "pcie-root-port";
        case ControllerModel::pcie_switch_upstream_port:
            return name == "x3130-upstream";
        case ControllerModel::pcie_switch_downstream_port:
            return name == "xio3130-downstream";
        case ControllerModel::pci_expander_bus:
            return name == "pxb";
        case ControllerModel::pcie_expander_bus:
            return name == "pxb-pcie";
        default:
            return true;
    }
}

void check_model_name(const Domain& d, const Controller& c) {
    const std::string& name = c.pci.model_name;
    if (name.empty() || name == "none") return;
    const bool root = c.model == ControllerModel::pcie_root || (c.model == ControllerModel::pci_root && !is_pseries(d));
    if (!root && fits(c.model, name)) return;
    unsupported("Option 'modelName' {} for PCI controller with index '{}', model '{}' and modelName '{}'",
                root ? "is not valid" : "has invalid value", c.index, xml::to_name(c.model), name);
}

void check_pci_options(const Domain& d, const Controller& c) {
    const PciControllerOptions& p = c.pci;
    const auto option = [&](const char* name) {
        unsupported("Option '{}' is not valid for PCI controller with index '{}', model '{}' and modelName '{}'", name,
                    c.index, xml::to_name(c.model), p.model_name);
    };
    check_model_name(d, c);
    const bool expander = c.model == ControllerModel::pci_expander_bus || c.model == ControllerModel::pcie_expander_bus;
    const bool port =
        c.model == ControllerModel::pcie_root_port || c.model == ControllerModel::pcie_switch_downstream_port;
    if (p.bus_nr != -1 && !expander) option("busNr");
    if (p.chassis_nr != -1 && c.model != ControllerModel::pci_bridge) option("chassisNr");
    if (p.chassis != -1 && !port) option("chassis");
    if (p.port != -1 && !port) option("port");
    if (p.index != -1 && !(is_pseries(d) && c.model == ControllerModel::pci_root)) option("index");
    if (p.numa_node != -1 && c.index == 0 && is_pseries(d))
        contradiction("The PCI controller with index=0 can't be associated with a NUMA node");
    if (p.numa_node != -1 && !expander && !(is_pseries(d) && c.model == ControllerModel::pci_root)) option("numaNode");
    if (p.index != -1 && (p.index > 30))
        contradiction("PCI controller target index '{}' out of range - must be 0-30", p.index);
    if (p.index != -1 && ((c.index == 0) != (p.index == 0)))
        contradiction("Only the PCI controller with index 0 can have target index 0, and vice versa");
}

}  // namespace

namespace {

void check_not_virtio_scsi(const Controller& c) {
    const auto refuse_option = [](bool given, const char* name) {
        if (given) unsupported("'{}' is only supported by virtio-scsi controller", name);
    };
    refuse_option(c.driver.queues != 0, "queues");
    refuse_option(c.driver.cmd_per_lun != 0, "cmd_per_lun");
    refuse_option(c.driver.max_sectors != 0, "max_sectors");
    refuse_option(c.driver.ioeventfd != xml::Switch::absent, "ioeventfd");
}

}  // namespace

void check_controllers(const Domain& d) {
    check_ide_and_sata(d);
    for (const Controller& c : d.controllers) {
        if (c.type == ControllerType::pci) check_pci_options(d, c);
        const bool virtio = c.model == ControllerModel::virtio_scsi ||
                            c.model == ControllerModel::virtio_transitional ||
                            c.model == ControllerModel::virtio_non_transitional;
        if (c.model == ControllerModel::qusb1 || c.model == ControllerModel::qusb2)
            unsupported("USB controller model type 'qusb1' or 'qusb2' is not supported in qemu");
        if (c.type == ControllerType::scsi && c.model == ControllerModel::ncr53c90)
            unsupported("ncr53c90 SCSI controller is not a built-in for this machine");
        if (c.type == ControllerType::scsi && c.model == ControllerModel::buslogic)
            unsupported("Unsupported controller model: buslogic");
        if (c.driver.iothread != 0 && !(c.type == ControllerType::scsi && virtio))
            refuse(ErrorCode::xml_error, "'iothread' attribute only supported for virtio scsi controllers");
        if (!(c.type == ControllerType::scsi && virtio)) check_not_virtio_scsi(c);
        const bool xhci = c.model == ControllerModel::qemu_xhci || c.model == ControllerModel::nec_xhci;
        if (c.type == ControllerType::usb && xhci && c.ports.value_or(0) > 15)
            unsupported("'{}' controller only supports up to '15' ports", xml::to_name(c.model));
    }
}

namespace {

bool same_source(const Hostdev& a, const Hostdev& b) {
    if (a.mode != HostdevMode::subsystem || b.mode != HostdevMode::subsystem || a.type != b.type) return false;
    switch (a.type) {
        case HostdevType::pci:
            return a.pci.same_place(b.pci);
        case HostdevType::mdev:
            return a.mdev == b.mdev;
        case HostdevType::scsi:
            if (a.iscsi.protocol != b.iscsi.protocol) return false;
            return a.iscsi.protocol == StorageProtocol::none
                       ? a.scsi == b.scsi
                       : a.iscsi.name == b.iscsi.name && a.iscsi.hosts == b.iscsi.hosts;
        case HostdevType::scsi_host:
            return a.wwpn == b.wwpn;
        default:
            return false;
    }
}

void check_mdev(const Domain& d, const Hostdev& h) {
    const Address& a = h.info.address;
    const auto address = [&](bool fits) {
        if (!fits)
            throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                        fmt::format("Unsupported address type '{}' with mediated device model '{}'",
                                    xml::to_name(a.type), xml::to_name(h.model)));
    };
    switch (h.model) {
        case HostdevModel::absent:
            refuse(ErrorCode::xml_error, "Missing 'model' attribute in mediated device's <hostdev> element");
        case HostdevModel::vfio_pci:
            address(a.is(AddressType::none) || a.is(AddressType::pci) || a.is(AddressType::unassigned));
            break;
        case HostdevModel::vfio_ccw:
            address(a.is(AddressType::none) || a.is(AddressType::ccw) || a.is(AddressType::unassigned));
            break;
        default:
            break;
    }
    if (h.info.boot_order != 0 && h.model == HostdevModel::vfio_ap)
        unsupported("booting from assigned devices is not supported by mediated devices of model vfio-ap");
    if (h.display == xml::Switch::on && d.graphics.empty())
        unsupported("graphics device is needed for attribute value 'display=on' in <hostdev>");
}

void check_kind(const Domain& d, const Hostdev& h) {
    if (h.mode == HostdevMode::capabilities) unsupported("hostdev mode 'capabilities' is not supported in qemu");
    if (h.teaming && h.teaming->type != "transient")
        contradiction("teaming hostdev devices must have type='transient'");
    if (h.info.boot_order != 0 && h.type == HostdevType::scsi_host)
        unsupported("booting from assigned devices is not supported by vhost SCSI devices");
    if (h.type != HostdevType::mdev || arch_is_s390(d)) return;
    if (h.model == HostdevModel::vfio_ccw)
        unsupported("VFIO CCW device assignment is not supported by this version of QEMU");
    if (h.model == HostdevModel::vfio_ap)
        unsupported("VFIO AP device assignment is not supported by this version of QEMU");
}

}  // namespace

void check_hostdevs(const Domain& d) {
    int ramfb = 0;
    for (size_t i = 0; i < d.hostdevs.size(); i++) {
        const Hostdev& h = d.hostdevs[i];
        for (size_t j = 0; j < i; j++)
            if (same_source(h, d.hostdevs[j]) && h.model == HostdevModel::vfio_ap)
                unsupported("Only one hostdev of model vfio-ap is supported");
            else if (same_source(h, d.hostdevs[j]))
                refuse(ErrorCode::xml_error, "Hostdev already exists in the domain configuration");
        check_kind(d, h);
        if (h.sgio == Sgio::unfiltered) contradiction("unfiltered sgio is no longer supported");
        if (h.teaming && h.type != HostdevType::pci) contradiction("teaming is only supported for pci hostdev devices");
        if (h.type == HostdevType::mdev && h.mode == HostdevMode::subsystem) check_mdev(d, h);
        if (h.write_filtering != xml::YesNo::absent)
            unsupported("Write filtering of PCI device configuration space is not supported by qemu");
        if (h.ramfb == xml::Switch::on && ++ramfb > 1) contradiction("Only one vgpu device can have 'ramfb' enabled");
    }
    for (const Disk& disk : d.disks)
        if (disk.sgio == Sgio::unfiltered) contradiction("unfiltered sgio is no longer supported");
}

namespace {

bool video_fits(const Domain& d, VideoModel model) {
    if (arch_is_s390(d)) return model == VideoModel::virtio || model == VideoModel::none;
    if (arch_is_ppc64(d))
        return model == VideoModel::vga || model == VideoModel::virtio || model == VideoModel::none ||
               model == VideoModel::bochs || model == VideoModel::cirrus || model == VideoModel::vmvga;
    if (arch_is_riscv(d)) return model != VideoModel::qxl && model != VideoModel::cirrus && model != VideoModel::vmvga;
    if (arch_is_arm(d)) return model != VideoModel::qxl;
    return true;
}

bool can_be_second(VideoModel model) {
    return model == VideoModel::qxl || model == VideoModel::virtio;
}

void check_video_memory(const Video& v) {
    if (v.model == VideoModel::vga && v.vram != 0 && v.vram < 1024)
        unsupported("value for 'vram' must be at least 1 MiB (1024 KiB)");
    if (v.model != VideoModel::qxl) return;
    static constexpr uint32_t most = UINT32_MAX / 1024;  // QEMU counts bytes
    const auto require_countable = [](const char* name, uint32_t kib) {
        if (kib > most)
            throw Error(ErrorCode::overflow, ErrorDomain::qemu,
                        fmt::format("value for '{}' must be less than '{}'", name, most));
    };
    require_countable("vram", v.vram);
    require_countable("ram", v.ram);
    if (v.vgamem != 0 && v.vgamem < 1024) unsupported("value for 'vgamem' must be at least 1 MiB (1024 KiB)");
    if (v.vgamem != 0 && !std::has_single_bit(v.vgamem)) unsupported("value for 'vgamem' must be power of two");
}

}  // namespace

void check_displays(const Domain& d, const Platform& platform) {
    const bool spice = std::any_of(d.graphics.begin(), d.graphics.end(),
                                   [](const Graphics& g) { return g.type == GraphicsType::spice; });
    for (const Audio& a : d.audios)
        if (a.type == AudioType::spice && !spice) unsupported("Spice audio is not supported without spice graphics");
    for (const Video& v : d.videos) {
        if (v.model == VideoModel::none && d.videos.size() > 1)
            contradiction("a 'none' video type must be the only video device defined for the domain");
        if (v.model == VideoModel::vbox || v.model == VideoModel::parallels || v.model == VideoModel::xen ||
            v.model == VideoModel::gop || !video_fits(d, v.model))
            unsupported("domain configuration does not support video model '{}'", xml::to_name(v.model));
        if (!v.primary && v.model != VideoModel::none && !can_be_second(v.model))
            unsupported("video type '{}' is only valid as primary video device", xml::to_name(v.model));
        if (v.model == VideoModel::ramfb && !v.info.address.is(AddressType::none))
            contradiction("address not supported for video type ramfb");
        const bool resizes = v.model == VideoModel::vga || v.model == VideoModel::qxl ||
                             v.model == VideoModel::virtio || v.model == VideoModel::bochs;
        if (v.has_resolution && !resizes)
            throw Error(ErrorCode::xml_error, ErrorDomain::qemu, "model resolution is not supported");
        if (v.acceleration.accel3d == xml::YesNo::yes && v.model != VideoModel::virtio)
            unsupported("3d acceleration is supported only with 'virtio' video device");
        check_video_memory(v);
        if (v.backend == VideoBackend::vhostuser && v.model == VideoModel::none)
            unsupported("video type 'none' takes no driver");
    }
    const bool headless = std::any_of(d.graphics.begin(), d.graphics.end(),
                                      [](const Graphics& g) { return g.type == GraphicsType::egl_headless; });
    for (const Graphics& g : d.graphics) {
        if (g.type == GraphicsType::desktop || g.type == GraphicsType::rdp)
            unsupported("{} graphics are not supported with this QEMU", xml::to_name(g.type));
        if (headless && g.type != GraphicsType::egl_headless && g.type != GraphicsType::vnc &&
            g.type != GraphicsType::spice)
            unsupported("graphics type 'egl-headless' is only supported with one of: 'vnc', 'spice' graphics types");
        if (headless && g.type == GraphicsType::spice && g.gl == xml::YesNo::yes)
            unsupported("multiple OpenGL displays are not supported by QEMU");
        const bool on_network = !g.listens.empty() && g.listens[0].type != ListenType::socket;
        if (g.type == GraphicsType::spice && g.tls_port > 0 && on_network && !platform.spice_tls())
            unsupported("spice TLS port set in XML configuration, but TLS is disabled in qemu.conf");
        if (g.type == GraphicsType::vnc && g.password && g.password->size() > 8)
            unsupported("VNC password is {} characters long, only 8 permitted", g.password->size());
    }
}

namespace {

template <typename List, typename Visit>
void each_source(const List& list, Visit visit) {
    for (const auto& device : list) visit(device.source);
}

void check_source(const ChardevSource& s, bool spice) {
    if ((s.type == ChardevType::spicevmc || s.type == ChardevType::spiceport) && !spice)
        unsupported("chardev '{}' not supported without spice graphics", xml::to_name(s.type));
    if (s.reconnect.enabled == xml::YesNo::yes && s.reconnect.timeout == 0)
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "chardev reconnect source timeout cannot be '0'");
}

void check_serial(const Domain& d, const Serial& s) {
    const auto requires_target = [&](SerialTarget target) {
        if (s.target != target)
            unsupported("Target model '{}' requires target type '{}'", xml::to_name(s.model), xml::to_name(target));
    };
    if (s.model == SerialModel::isa_serial) requires_target(SerialTarget::isa_serial);
    if (s.model == SerialModel::usb_serial) requires_target(SerialTarget::usb_serial);
    if (s.model == SerialModel::pci_serial) requires_target(SerialTarget::pci_serial);
    if (s.model == SerialModel::spapr_vty) requires_target(SerialTarget::spapr_vio_serial);
    if (s.model == SerialModel::sclpconsole || s.model == SerialModel::sclplmconsole)
        requires_target(SerialTarget::sclp_serial);
    if (s.model == SerialModel::isa_debugcon) requires_target(SerialTarget::isa_debug);
    const auto requires_address = [&](SerialTarget target, AddressType address) {
        if (s.target == target && !s.info.address.is(AddressType::none) && !s.info.address.is(address))
            unsupported("Target type '{}' requires address type '{}'", xml::to_name(s.target), xml::to_name(address));
    };
    requires_address(SerialTarget::isa_serial, AddressType::isa);
    requires_address(SerialTarget::isa_debug, AddressType::isa);
    requires_address(SerialTarget::usb_serial, AddressType::usb);
    requires_address(SerialTarget::pci_serial, AddressType::pci);
    requires_address(SerialTarget::spapr_vio_serial, AddressType::spapr_vio);
    bool fits = true;
    switch (s.target) {
        case SerialTarget::isa_serial:
        case SerialTarget::isa_debug:
            fits = arch_is_x86(d) && !is_microvm(d);
            break;
        case SerialTarget::spapr_vio_serial:
            fits = is_pseries(d);
            break;
        case SerialTarget::system_serial:
            fits = (is_arm_virt(d) && s.model == SerialModel::pl011) || is_riscv_virt(d);
            break;
        case SerialTarget::sclp_serial:
            fits = arch_is_s390(d);
            break;
        default:
            break;
    }
    if (is_microvm(d) && s.target == SerialTarget::isa_serial) fits = true;
    if (!fits)
        unsupported(
            "Serial device with target type '{}' and target model '{}' not compatible with guest architecture or "
            "machine type",
            xml::to_name(s.target), xml::to_name(s.model));
}

}  // namespace

namespace {

void check_consoles(const Domain& d) {
    for (const Console& c : d.consoles) {
        const bool sclp = c.target == ConsoleTarget::sclp || c.target == ConsoleTarget::sclplm;
        if (sclp && !arch_is_s390(d)) unsupported("sclpconsole is not supported in this QEMU binary");
        if (c.target == ConsoleTarget::xen || c.target == ConsoleTarget::uml || c.target == ConsoleTarget::lxc ||
            c.target == ConsoleTarget::openvz)
            unsupported("unsupported console target type {}", xml::to_name(c.target));
    }
}

}  // namespace

void check_chardevs(const Domain& d) {
    const bool spice = std::any_of(d.graphics.begin(), d.graphics.end(),
                                   [](const Graphics& g) { return g.type == GraphicsType::spice; });
    const auto check = [&](const ChardevSource& s) { check_source(s, spice); };
    each_source(d.serials, check);
    each_source(d.parallels, check);
    each_source(d.channels, check);
    each_source(d.redirdevs, check);
    each_source(d.smartcards, check);
    for (size_t i = 1; i < d.consoles.size(); i++) check(d.consoles[i].source);
    for (const Serial& s : d.serials) check_serial(d, s);
    check_consoles(d);
    for (const Smartcard& s : d.smartcards)
        if (s.info.address.is(AddressType::ccid) && s.info.address.ccid.controller != 0)
            unsupported("this QEMU binary lacks multiple smartcard support");
    if (d.smartcards.size() > 1) unsupported("this QEMU binary lacks multiple smartcard support");
    for (const Smartcard& s : d.smartcards)
        if (s.mode == SmartcardMode::passthrough && s.source.type == ChardevType::unix_socket && s.source.path.empty())
            refuse(ErrorCode::internal_error, "Missing source path attribute for char device");
    for (const Rng& r : d.rngs)
        if (r.backend == RngBackendModel::egd) check_source(r.source, true);
    for (const Rng& r : d.rngs)
        if (r.backend == RngBackendModel::egd && r.source.type == ChardevType::unix_socket && r.source.path.empty())
            refuse(ErrorCode::internal_error, "Missing source path attribute for char device");
    if (!d.parallels.empty() && (arch_is_ppc64(d) || arch_is_s390(d))) unsupported("parallel ports are not supported");
    if (d.os.useserial == xml::YesNo::yes && !arch_is_x86(d))
        unsupported("BIOS serial console only supported on x86 architectures");
    if (d.os.useserial == xml::YesNo::yes && d.serials.empty())
        throw Error(ErrorCode::xml_error, ErrorDomain::qemu, "need at least one serial port to use BIOS serial output");
}

}  // namespace virtue::model
