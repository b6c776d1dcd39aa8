// Fills in what a definition leaves open, as libvirt does when it stores one: defaults, implicit devices, addresses.
// Pure functions over a Domain; usable from any thread.
#pragma once
#include "model/domain/complete/platform.h"

namespace virtue::model {

/// What holds whichever driver runs the domain: UUID, MAC addresses, buses, drive addresses, the implicit controllers
/// of disks and channels, the pairing of console and serial port. Throws Error with libvirt's codes for contradictions.
void complete(Domain& domain);

/// The same and all that QEMU machines have of themselves: machine type, CPU, root and USB controllers, keyboard and
/// mouse, memory balloon, default video and audio, and addresses on every bus. `fresh`: the domain was not defined
/// before, so a PCIe machine gets a spare port. `place_usb`: USB devices without a place get one, as in a new domain.
void complete_for_qemu(Domain& domain, const Platform& platform, bool fresh = true, bool place_usb = true);

}  // namespace virtue::model
