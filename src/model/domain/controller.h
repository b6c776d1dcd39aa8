// <controller>: the buses of the guest. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/device_info.h"
#include "model/domain/size.h"

namespace virtue::model {

enum class ControllerType : uint8_t { ide, fdc, scsi, sata, virtio_serial, ccid, usb, pci, xenbus, isa };
VIRTUE_XML_NAMES(ControllerType, "ide", "fdc", "scsi", "sata", "virtio-serial", "ccid", "usb", "pci", "xenbus", "isa")

/// The models of all types in one list; which fit a type is checked when reading.
enum class ControllerModel : uint8_t {
    absent,
    // pci
    pci_root,
    pcie_root,
    pci_bridge,
    dmi_to_pci_bridge,
    pcie_to_pci_bridge,
    pcie_root_port,
    pcie_switch_upstream_port,
    pcie_switch_downstream_port,
    pci_expander_bus,
    pcie_expander_bus,
    // scsi, with the two last also of virtio-serial
    automatic,
    buslogic,
    lsilogic,
    lsisas1068,
    vmpvscsi,
    ibmvscsi,
    virtio_scsi,
    lsisas1078,
    ncr53c90,
    dc390,
    am53c974,
    virtio,
    virtio_transitional,
    virtio_non_transitional,
    // usb
    piix3_uhci,
    piix4_uhci,
    ehci,
    ich9_ehci1,
    ich9_uhci1,
    ich9_uhci2,
    ich9_uhci3,
    vt82c686b_uhci,
    pci_ohci,
    nec_xhci,
    qusb1,
    qusb2,
    qemu_xhci,
    none,
    // ide
    piix3,
    piix4,
    ich6,
};
VIRTUE_XML_NAMES(ControllerModel, "", "pci-root", "pcie-root", "pci-bridge", "dmi-to-pci-bridge", "pcie-to-pci-bridge",
                 "pcie-root-port", "pcie-switch-upstream-port", "pcie-switch-downstream-port", "pci-expander-bus",
                 "pcie-expander-bus", "auto", "buslogic", "lsilogic", "lsisas1068", "vmpvscsi", "ibmvscsi",
                 "virtio-scsi", "lsisas1078", "ncr53c90", "dc390", "am53c974", "virtio", "virtio-transitional",
                 "virtio-non-transitional", "piix3-uhci", "piix4-uhci", "ehci", "ich9-ehci1", "ich9-uhci1",
                 "ich9-uhci2", "ich9-uhci3", "vt82c686b-uhci", "pci-ohci", "nec-xhci", "qusb1", "qusb2", "qemu-xhci",
                 "none", "piix3", "piix4", "ich6")

struct ControllerDriver {
    uint32_t queues = 0;
    uint32_t cmd_per_lun = 0;
    uint32_t max_sectors = 0;
    xml::Switch ioeventfd = xml::Switch::absent;
    uint32_t iothread = 0;
    VirtioOptions virtio;
    bool operator==(const ControllerDriver&) const = default;
};

/// What only PCI controllers have; -1 means not given.
struct PciControllerOptions {
    std::string model_name;  ///< QEMU's device: "pcie-root-port", "pxb", …
    int chassis_nr = -1;
    int chassis = -1;
    int port = -1;
    int bus_nr = -1;
    int index = -1;
    int numa_node = -1;
    xml::Switch hotplug = xml::Switch::absent;
    bool has_pcihole64 = false;
    Kibibytes pcihole64;
    bool operator==(const PciControllerOptions&) const = default;
};

struct Controller {
    VIRTUE_BIG_VALUE(Controller);
    static constexpr const char* element = "controller";

    ControllerType type = ControllerType::ide;
    int index = -1;  ///< -1: to be chosen
    ControllerModel model = ControllerModel::absent;
    std::optional<int> ports;    ///< virtio-serial, USB (xhci)
    std::optional<int> vectors;  ///< virtio-serial
    int max_grant_frames = -1;   ///< xenbus
    int max_event_channels = -1;
    ControllerDriver driver;
    PciControllerOptions pci;
    DeviceInfo info;
    bool operator==(const Controller&) const = default;

    bool is(ControllerType t, ControllerModel mo) const { return type == t && model == mo; }
};
void map(xml::Mapper& m, Controller& controller);

}  // namespace virtue::model
