// One device by itself, as calls bring it that attach, change or detach a device: read, put into a domain, found in a
// domain by what identifies its kind. Values and pure functions; any thread.
#pragma once
#include <variant>

#include "model/domain/domain.h"

namespace virtue::model {

using Device = std::variant<Disk, Controller, Lease, Filesystem, Interface, Smartcard, Serial, Parallel, Console,
                            Channel, Input, Tpm, Graphics, Sound, Audio, Video, Hostdev, RedirectedDevice, Hub,
                            Watchdog, Memballoon, Rng, Nvram, Panic, Shmem, MemoryDevice, Crypto, Iommu, Vsock>;

/// Reads the document of one device. Throws xml_detail, config_unsupported "unknown device type 'x'", xml_error.
Device parse_device(std::string_view text, bool inactive);

/// The kind as libvirt calls it in errors: "disk", "chr", "net", "filesystem".
const char* device_kind(const Device& device);

/// Where it sits and its alias; null for kinds that have none (lease, graphics, audio).
DeviceInfo* info_of(Device& device);
const DeviceInfo* info_of(const Device& device);

/// Puts it behind the others of its kind, disks and controllers in their order. False if a domain has at most one of
/// its kind and `domain` has it already.
bool insert_device(Domain& domain, Device device);

/// The device of `domain` that `wanted` identifies (a disk by its target, a network card by MAC or address, …); nothing
/// if there is none. Throws operation_failed where several fit, libvirt's device_missing for network cards.
std::optional<Device> find_device(const Domain& domain, const Device& wanted);
/// The device with an alias.
std::optional<Device> find_device_by_alias(const Domain& domain, const std::string& alias);
/// Takes a device out that find_device() gave; and its twin console, where it is the first serial port.
void remove_device(Domain& domain, const Device& device);
/// Puts `fresh` in the place of `old`.
void replace_device(Domain& domain, const Device& old, Device fresh);

/// A copy of `domain` without devices, except controllers and hubs: for checking one device by itself.
Domain without_devices(const Domain& domain);

}  // namespace virtue::model
