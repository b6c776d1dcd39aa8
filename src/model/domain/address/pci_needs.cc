#include "model/domain/address/pci_needs.h"

#include "model/domain/card_models.h"
#include "model/domain/complete/machine.h"

namespace virtue::model {

namespace {

constexpr uint32_t old_slot = connect_hotplug | connect_pci;

uint32_t express(const Domain& d) {
    return has_pcie_root(d) ? connect_hotplug | connect_pcie : old_slot;
}

// Transitional models speak the old protocol too, which needs I/O ports: an old slot.
template <typename Model>
uint32_t virtio(const Domain& d, Model model, Model transitional) {
    return model == transitional ? old_slot : express(d);
}

}  // namespace

uint32_t needs_of(const Domain& d, const Controller& c) {
    switch (c.type) {
        case ControllerType::pci:
            return controller_needs(c.model);
        case ControllerType::usb:
            switch (c.model) {
                case ControllerModel::nec_xhci:
                case ControllerModel::qemu_xhci:
                    return express(d);
                case ControllerModel::none:
                case ControllerModel::qusb1:
                case ControllerModel::qusb2:
                    return connect_none;
                default:
                    return old_slot;
            }
        case ControllerType::ide:
        case ControllerType::sata:
            return old_slot;
        case ControllerType::scsi:
            switch (c.model) {
                case ControllerModel::virtio_scsi:
                case ControllerModel::virtio_non_transitional:
                    return express(d);
                case ControllerModel::vmpvscsi:
                    return old_slot;
                case ControllerModel::ibmvscsi:
                    return connect_none;
                default:
                    return old_slot;
            }
        case ControllerType::virtio_serial:
            return virtio(d, c.model, ControllerModel::virtio_transitional);
        default:
            return connect_none;
    }
}

uint32_t needs_of(const Domain& d, const Disk& disk) {
    if (disk.bus != DiskBus::virtio) return connect_none;
    return virtio(d, disk.model, DiskModel::virtio_transitional);
}

uint32_t needs_of(const Domain& d, const Interface& n) {
    if (n.type == InterfaceType::hostdev || n.type == InterfaceType::vdpa) return express(d);
    if (n.model == "usb-net" || n.model == "spapr-vlan") return connect_none;
    // The cards that boards without PCI have; elsewhere libvirt finds a slot for them.
    const bool on_board = arch_is_arm(d) && !is_arm_virt(d);
    if (on_board && (n.model == "lan9118" || n.model == "smc91c111")) return connect_none;
    if (n.model == "virtio" || n.model == "virtio-non-transitional" || n.model == "e1000e") return express(d);
    // A model that libvirt has no word for is taken for one that suits the newest bus.
    return known_card(n.model) || n.model.empty() ? old_slot : express(d);
}

uint32_t needs_of(const Domain&, const Sound& s) {
    const bool bus_less = s.model == SoundModel::pcspk || s.model == SoundModel::sb16 || s.model == SoundModel::usb;
    return bus_less ? connect_none : old_slot;
}

uint32_t needs_of(const Domain& d, const Video& v) {
    switch (v.model) {
        case VideoModel::virtio:
            return express(d);
        case VideoModel::bochs:
            return express(d);
        case VideoModel::none:
        case VideoModel::ramfb:
            return connect_none;
        default:
            return old_slot;
    }
}

uint32_t needs_of(const Domain& d, const Hostdev& h) {
    if (h.mode != HostdevMode::subsystem) return connect_none;
    switch (h.type) {
        case HostdevType::pci:
            return express(d);
        case HostdevType::mdev:
            return h.model == HostdevModel::vfio_pci ? express(d) : connect_none;
        case HostdevType::scsi_host:
            return virtio(d, h.model, HostdevModel::virtio_transitional);
        default:
            return connect_none;
    }
}

uint32_t needs_of(const Domain& d, const Input& i) {
    if (i.bus != InputBus::virtio) return connect_none;
    return virtio(d, i.model, VirtioModel::virtio_transitional);
}

uint32_t needs_of(const Domain&, const Serial& s) {
    return s.target == SerialTarget::pci_serial ? old_slot : connect_none;
}

uint32_t needs_of(const Domain& d, const Memballoon& b) {
    if (b.model == MemballoonModel::none || b.model == MemballoonModel::xen) return connect_none;
    return virtio(d, b.model, MemballoonModel::virtio_transitional);
}

uint32_t needs_of(const Domain&, const Watchdog& w) {
    return w.model == WatchdogModel::i6300esb ? old_slot : connect_none;
}
uint32_t needs_of(const Domain& d, const Rng& r) {
    return virtio(d, r.model, RngModel::virtio_transitional);
}

uint32_t needs_of(const Domain& d, const Filesystem& f) {
    return f.model == "virtio-transitional" ? old_slot : express(d);
}

uint32_t needs_of(const Domain& d, const Shmem& s) {
    static_cast<void>(d);
    static_cast<void>(s);
    return old_slot;
}
uint32_t needs_of(const Domain& d, const Vsock& v) {
    return virtio(d, v.model, VirtioModel::virtio_transitional);
}
uint32_t needs_of(const Domain& d, const Crypto&) {
    return express(d);
}

uint32_t needs_of(const Domain&, const Iommu& i) {
    return i.model == IommuModel::virtio ? connect_pcie | connect_integrated : connect_none;
}

uint32_t needs_of(const Domain& d, const MemoryDevice& m) {
    return m.model == MemoryModel::virtio_mem || m.model == MemoryModel::virtio_pmem ? express(d) : connect_none;
}

}  // namespace virtue::model
