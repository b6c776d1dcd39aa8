// From a device of the kernel's tree to the definition that clients see, with libvirt's names and choices. Pure but for
// the small files that it reads; any thread.
#pragma once
#include <optional>

#include "host/device_tree.h"
#include "model/nodedev/node_device.h"

namespace virtue::nodedev {

/// What kind of node device this is; nothing for those that libvirt does not show (partitions, bridges, …).
std::optional<model::NodeDeviceType> type_of(const host::TreeDevice& device);

/// Everything but the parent. Nothing if it is not to be shown.
std::optional<model::NodeDevice> describe(const host::SystemFiles& files, const host::TreeDevice& device);
/// The machine itself, "computer".
model::NodeDevice describe_computer(const host::SystemFiles& files, const std::string& host_uuid);

/// "scsi_0_0_0_0": subsystem, the device's own name, and what tells equal ones apart, in letters and digits.
std::string device_name(const host::TreeDevice& device, const std::string& distinction = {});

/// The words of the PCI database for a vendor and one of its products; empty where it knows none.
struct PciNames {
    std::string vendor, product;
};
PciNames find_pci_names(const host::SystemFiles& files, uint32_t vendor, uint32_t product);

/// The place that a PCI device's name tells: "0000:00:1f.2".
std::optional<model::PciAddress> parse_pci_address(const std::string& text);

// The parts, one for each kind of device.
void describe_pci(const host::SystemFiles& files, const host::TreeDevice& device, model::PciDevice& pci);
/// False if it is no storage that is shown.
bool describe_storage(const host::SystemFiles& files, const host::TreeDevice& device, model::StorageDevice& storage);
bool describe_scsi_host(const host::SystemFiles& files, const host::TreeDevice& device, model::ScsiHost& host);

/// A number that a property or file of a device gives; nothing if there is none.
std::optional<uint64_t> file_number(const host::SystemFiles& files, const std::string& path, int base);

}  // namespace virtue::nodedev
