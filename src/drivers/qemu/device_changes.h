// Attaching, changing and detaching one device in a definition: what is refused and with which words, before the whole
// is completed again. Pure functions over the model; any thread.
#pragma once
#include "model/domain/complete/platform.h"
#include "model/domain/device.h"

namespace virtue::qemu {

/// The device with its defaults, checked by itself against the machine of `domain`: its address is only what the
/// document gave. Throws what define would.
model::Device complete_device(const model::Domain& domain, const model::Device& device,
                              const model::Platform& platform);
/// Refuses a disk whose name says nothing. Throws xml_error.
void require_disk_name(const model::Device& device);

/// Each changes the persistent definition; the caller completes it and keeps it. Throw operation_invalid,
/// device_missing, operation_unsupported "persistent attach of device 'x' is not supported".
void attach_to_config(model::Domain& domain, const model::Device& device);
void detach_from_config(model::Domain& domain, const model::Device& device);
void update_in_config(model::Domain& domain, const model::Device& device);

/// Refuses what the domain has already (targets, numbers, host devices). `code` differs between config and live.
void require_new(const model::Domain& domain, const model::Device& device, ErrorCode code);
/// The device that is meant. Throws device_missing with the words for its kind.
model::Device find_present(const model::Domain& domain, const model::Device& device);

}  // namespace virtue::qemu
