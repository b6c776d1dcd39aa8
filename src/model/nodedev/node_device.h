// <device>: a device of the host and what it can do. Plain values: the driver owns its own, copies are independent.
// A device has one capability of `type`; only the member of that name counts.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/address.h"
#include "model/interface/host_interface.h"

namespace virtue::model {

/// The order is libvirt's virNodeDevCapType.
enum class NodeDeviceType : uint8_t {
    system,
    pci,
    usb_device,
    usb,
    net,
    scsi_host,
    scsi_target,
    scsi,
    storage,
    fc_host,
    vports,
    scsi_generic,
    drm,
    mdev_types,
    mdev,
    ccw,
    css,
    vdpa,
    ap_card,
    ap_queue,
    ap_matrix,
    vpd,
};
VIRTUE_XML_NAMES(NodeDeviceType, "system", "pci", "usb_device", "usb", "net", "scsi_host", "scsi_target", "scsi",
                 "storage", "fc_host", "vports", "scsi_generic", "drm", "mdev_types", "mdev", "ccw", "css", "vdpa",
                 "ap_card", "ap_queue", "ap_matrix", "vpd")

struct SystemDevice {
    std::string product;
    std::string hardware_vendor, hardware_version, hardware_serial;
    std::optional<Uuid> hardware_uuid;
    std::string firmware_vendor, firmware_version, firmware_release_date;
    bool operator==(const SystemDevice&) const = default;
};
void map(xml::Mapper& m, SystemDevice& device);

/// A number with the name that a database knows for it: <vendor id='0x8086'>Intel Corporation</vendor>.
struct NamedId {
    xml::Hex<uint32_t, 4> id;
    std::string name;
    bool operator==(const NamedId&) const = default;
};
void map(xml::Mapper& m, NamedId& id);

/// A kind of mediated device that a parent can make.
struct MdevType {
    std::string id, name, device_api;
    uint32_t available_instances = 0;
    bool operator==(const MdevType&) const = default;
};
void map(xml::Mapper& m, MdevType& type);

struct PciLink {
    std::string validity;  ///< cap, sta
    std::optional<uint32_t> port;
    std::string speed;  ///< 2.5, 5, 8, 16
    uint32_t width = 0;
    bool operator==(const PciLink&) const = default;
};
void map(xml::Mapper& m, PciLink& link);

struct IommuGroup {
    uint32_t number = 0;
    std::vector<PciAddress> addresses;
    bool operator==(const IommuGroup&) const = default;
};
void map(xml::Mapper& m, IommuGroup& group);

struct VirtualFunctions {
    uint32_t most = 0;
    std::vector<PciAddress> addresses;
    bool operator==(const VirtualFunctions&) const = default;
};

struct PciDevice {
    std::optional<xml::Hex<uint32_t, 6>> pci_class;
    uint32_t domain = 0, bus = 0, slot = 0, function = 0;
    NamedId product, vendor;
    std::optional<PciAddress> physical_function;
    std::optional<VirtualFunctions> virtual_functions;
    std::string header_type;  ///< pci-bridge, cardbus-bridge, or nothing
    std::vector<MdevType> mdev_types;
    std::optional<IommuGroup> iommu_group;
    std::optional<int> numa_node;
    bool express = false;
    std::vector<PciLink> links;
    bool operator==(const PciDevice&) const = default;
};
void map(xml::Mapper& m, PciDevice& device);

struct UsbDeviceNode {
    uint32_t bus = 0, device = 0;
    NamedId product, vendor;
    bool operator==(const UsbDeviceNode&) const = default;
};
void map(xml::Mapper& m, UsbDeviceNode& device);

struct UsbInterface {
    uint32_t number = 0, interface_class = 0, subclass = 0, protocol = 0;
    std::string description;
    bool operator==(const UsbInterface&) const = default;
};
void map(xml::Mapper& m, UsbInterface& interface);

struct NetDevice {
    std::string interface, address;
    HostLink link;
    std::vector<std::string> features;
    std::string kind;  ///< 80203, 80211, or nothing
    bool operator==(const NetDevice&) const = default;
};
void map(xml::Mapper& m, NetDevice& device);

struct FcHost {
    std::string wwnn, wwpn, fabric_wwn;
    bool operator==(const FcHost&) const = default;
};
struct VportOperations {
    uint32_t most = 0, now = 0;
    bool operator==(const VportOperations&) const = default;
};
struct ScsiHost {
    uint32_t host = 0;
    std::optional<uint32_t> unique_id;
    std::optional<FcHost> fc_host;
    std::optional<VportOperations> vports;
    bool operator==(const ScsiHost&) const = default;
};
void map(xml::Mapper& m, ScsiHost& host);

struct ScsiTarget {
    std::string target;
    std::string rport, wwpn;  ///< of a Fibre Channel remote port
    bool operator==(const ScsiTarget&) const = default;
};
void map(xml::Mapper& m, ScsiTarget& target);

struct ScsiDevice {
    uint32_t host = 0, bus = 0, target = 0, lun = 0;
    std::string type;
    bool operator==(const ScsiDevice&) const = default;
};
void map(xml::Mapper& m, ScsiDevice& device);

struct StorageDevice {
    std::string block, bus, drive_type, model, vendor, serial;
    bool removable = false, hotpluggable = false;
    std::optional<bool> media_available;
    std::optional<uint64_t> media_size;
    std::string media_label;
    uint64_t size = 0;  ///< bytes
    uint64_t logical_block_size = 0, blocks = 0;
    bool operator==(const StorageDevice&) const = default;
};
void map(xml::Mapper& m, StorageDevice& device);

struct MdevAttribute {
    std::string name, value;
    bool operator==(const MdevAttribute&) const = default;
};
void map(xml::Mapper& m, MdevAttribute& attribute);

struct MediatedDevice {
    std::string type;
    std::optional<Uuid> uuid;
    std::string parent_address;
    uint32_t iommu_group = 0;
    std::vector<MdevAttribute> attributes;
    bool operator==(const MediatedDevice&) const = default;
};
void map(xml::Mapper& m, MediatedDevice& device);

/// A place on s390's channel subsystem.
struct ChannelPlace {
    xml::Hex<uint32_t, 1> cssid, ssid;
    xml::Hex<uint32_t, 4> devno;
    bool operator==(const ChannelPlace&) const = default;
};
void map(xml::Mapper& m, ChannelPlace& place);

struct ChannelDevice {
    ChannelPlace place;
    std::optional<ChannelPlace> device_address;  ///< css only
    std::vector<MdevType> mdev_types;            ///< css only
    bool operator==(const ChannelDevice&) const = default;
};

/// Crypto cards of s390.
struct CryptoDevice {
    xml::Hex<uint32_t, 2> adapter;
    xml::Hex<uint32_t, 4> domain;      ///< ap_queue only
    std::vector<MdevType> mdev_types;  ///< ap_matrix only
    bool operator==(const CryptoDevice&) const = default;
};

struct NodeDeviceCapability {
    NodeDeviceType type = NodeDeviceType::system;
    SystemDevice system;
    PciDevice pci;
    UsbDeviceNode usb_device;
    UsbInterface usb;
    NetDevice net;
    ScsiHost scsi_host;
    ScsiTarget scsi_target;
    ScsiDevice scsi;
    StorageDevice storage;
    std::string character_device;  ///< scsi_generic, vdpa
    std::string drm_type;          ///< primary, control, render
    MediatedDevice mdev;
    ChannelDevice channel;  ///< ccw, css
    CryptoDevice crypto;    ///< ap_card, ap_queue, ap_matrix
    bool operator==(const NodeDeviceCapability&) const = default;
};
void map(xml::Mapper& m, NodeDeviceCapability& capability);

/// The part of the capabilities that only s390 has.
void map_s390(xml::Mapper& m, NodeDeviceCapability& capability);

struct NodeDevice {
    static constexpr const char* element = "device";
    static constexpr ErrorDomain error_domain = ErrorDomain::nodedev;

    std::string name;
    std::string path;  ///< in /sys
    std::string devnode;
    std::vector<std::string> devlinks;
    std::string parent, parent_wwnn, parent_wwpn, parent_fabric_wwn;
    std::string driver;
    std::vector<NodeDeviceCapability> capabilities;
    bool operator==(const NodeDevice&) const = default;

    /// Reads a definition. `create`: for a device that is to be made, which has no name of its own. Throws Error.
    static NodeDevice parse(std::string_view text, bool create = false, bool validate = false);
    /// True if the device (or a part of its capability) has that capability, as lists filter by it.
    bool has_capability(NodeDeviceType type) const;
};
void map(xml::Mapper& m, NodeDevice& device);

}  // namespace virtue::model
