// Plugging, unplugging and changing devices of a running guest over its monitor. What fails half-way is taken back.
// Callers hold the guest's modify job. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"
#include "model/domain/device.h"

namespace virtue::qemu {

/// Plugs a device as the document gave it: it gets its defaults, place and alias here, and whatever controller it
/// needs. Puts it into the live definition and announces it. Throws operation_unsupported for kinds that cannot be
/// plugged, operation_failed for what is there already, QEMU's own errors.
Task<void> plug_device(Core& core, DomainOwner domain, model::Device device, CapabilitiesRef capabilities,
                       io::Deadline deadline);

/// Asks the guest to let go of a device of the live definition. When the guest answers in time the device is gone at
/// the return; else it goes (or stays) later, as an event tells. Throws operation_failed when the guest refused.
Task<void> unplug_device(Core& core, DomainOwner domain, model::Device device, io::Deadline deadline);

/// Changes what can be changed: media, passwords, link state, statistics period. Throws operation_unsupported naming
/// what cannot.
Task<void> update_device(Core& core, DomainOwner domain, model::Device device, CapabilitiesRef capabilities, bool force,
                         io::Deadline deadline);

/// The device is gone from QEMU: its back ends, its place in the live definition and its files go, too. Announces it.
Task<void> finish_unplug(Core& core, DomainOwner domain, std::string alias);

}  // namespace virtue::qemu
