// What every device has: its alias, its address, its place in the boot order. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/address.h"

namespace virtue::model {

/// <alias>, <address>, <boot>, <rom>, <acpi>, <master> of a device.
struct DeviceInfo {
    VIRTUE_BIG_VALUE(DeviceInfo);
    std::string alias;  ///< "disk0" while it runs, or the user's own, which starts with "ua-"
    Address address;
    uint32_t boot_order = 0;  ///< from 1; 0: not given
    std::string loadparm;
    std::optional<uint32_t> master_startport;  ///< USB companion controllers
    xml::YesNo rom_enabled = xml::YesNo::absent;
    xml::Switch rom_bar = xml::Switch::absent;
    std::optional<std::string> rom_file;
    uint32_t acpi_index = 0;
    bool operator==(const DeviceInfo&) const = default;

    bool has_user_alias() const { return alias.starts_with("ua-"); }
    const PciAddress* pci() const { return address.is(AddressType::pci) ? &address.pci : nullptr; }
    PciAddress* pci() { return address.is(AddressType::pci) ? &address.pci : nullptr; }
};

/// Which of the optional parts a device may have.
enum class InfoParts : uint8_t { plain = 0, boot = 1, rom = 2, boot_and_rom = 3 };

/// Maps the children of the device's element that make up its info; the last call of each device's map().
void map_info(xml::Mapper& m, DeviceInfo& info, InfoParts parts = InfoParts::plain);

/// The model of a virtio device that has no other.
enum class VirtioModel : uint8_t { absent, virtio, virtio_transitional, virtio_non_transitional };
VIRTUE_XML_NAMES(VirtioModel, "", "virtio", "virtio-transitional", "virtio-non-transitional")

/// iommu, ats, packed, page_per_vq of virtio devices.
struct VirtioOptions {
    xml::Switch iommu = xml::Switch::absent;
    xml::Switch ats = xml::Switch::absent;
    xml::Switch packed = xml::Switch::absent;
    xml::Switch page_per_vq = xml::Switch::absent;
    bool operator==(const VirtioOptions&) const = default;
};
/// The attributes, inside a <driver> element.
void map(xml::Mapper& m, VirtioOptions& options);

/// <seclabel> inside a device's <source>.
struct DeviceSecurityLabel {
    std::string model;
    std::string label;
    bool labelskip = false;
    std::optional<bool> relabel;
    bool operator==(const DeviceSecurityLabel&) const = default;
};
void map(xml::Mapper& m, DeviceSecurityLabel& label);

}  // namespace virtue::model
