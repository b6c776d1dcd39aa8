// <hostdev>: a device of the host given to the guest. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/disk.h"
#include "model/domain/interface.h"
#include "model/domain/storage_source.h"

namespace virtue::model {

enum class HostdevMode : uint8_t { subsystem, capabilities };
VIRTUE_XML_NAMES(HostdevMode, "subsystem", "capabilities")
enum class HostdevType : uint8_t { usb, pci, scsi, scsi_host, mdev, storage, misc, net };
VIRTUE_XML_NAMES(HostdevType, "usb", "pci", "scsi", "scsi_host", "mdev", "storage", "misc", "net")
enum class HostdevModel : uint8_t {
    absent,
    virtio,
    virtio_transitional,
    virtio_non_transitional,
    vfio_pci,
    vfio_ccw,
    vfio_ap
};
VIRTUE_XML_NAMES(HostdevModel, "", "virtio", "virtio-transitional", "virtio-non-transitional", "vfio-pci", "vfio-ccw",
                 "vfio-ap")

struct UsbHostSource {
    std::optional<xml::Hex<uint16_t, 4>> vendor, product;
    uint32_t bus = 0, device = 0;
    bool has_address = false;
    xml::Switch autoaddress = xml::Switch::absent;
    StartupPolicy startup_policy = StartupPolicy::absent;
    std::string guest_reset;
    bool operator==(const UsbHostSource&) const = default;
};

struct ScsiHostSource {
    std::string adapter;  ///< "scsi_host0"
    uint32_t bus = 0, target = 0;
    uint64_t unit = 0;
    bool operator==(const ScsiHostSource&) const = default;
};

struct Hostdev {
    VIRTUE_BIG_VALUE(Hostdev);
    static constexpr const char* element = "hostdev";
    HostdevMode mode = HostdevMode::subsystem;
    HostdevType type = HostdevType::usb;
    xml::YesNo managed = xml::YesNo::absent;
    HostdevModel model = HostdevModel::absent;
    xml::Switch display = xml::Switch::absent;
    xml::Switch ramfb = xml::Switch::absent;
    Sgio sgio = Sgio::absent;
    xml::YesNo rawio = xml::YesNo::absent;
    PciDriverName driver = PciDriverName::absent;
    xml::YesNo write_filtering = xml::YesNo::absent;
    UsbHostSource usb;
    PciAddress pci;
    ScsiHostSource scsi;
    StorageSource iscsi;  ///< type scsi with a source of protocol iscsi
    std::string wwpn;     ///< scsi_host
    std::optional<Uuid> mdev;
    std::string capability;  ///< mode capabilities: the block device, char device or interface
    std::vector<IpAddress> ips;
    std::vector<Route> routes;
    bool readonly = false;
    bool shareable = false;
    std::optional<InterfaceTeaming> teaming;
    DeviceInfo info;
    bool operator==(const Hostdev&) const = default;
};
void map(xml::Mapper& m, Hostdev& hostdev);

}  // namespace virtue::model
