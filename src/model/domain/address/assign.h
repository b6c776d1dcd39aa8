// Gives every device of a domain its place on the buses, adding controllers where the machine needs more. Pure
// functions over a Domain; usable from any thread. All throw Error with libvirt's codes where places clash or run out.
#pragma once
#include "model/domain/domain.h"

namespace virtue::model {

/// PCI: chip set devices where they belong, the rest in libvirt's order; bridges and ports as needed. `spare_port`: a
/// PCIe machine whose ports we choose gets one more, for a device to come.
void assign_pci(Domain& domain, bool spare_port);
/// The place of a disk without address that its name tells: "sdb" is unit 1.
void assign_drive(const Domain& domain, Disk& disk);
/// Units of SCSI host devices that have no address.
void assign_scsi_hostdevs(Domain& domain);
/// Ports of virtio-serial controllers.
void assign_virtio_serial(Domain& domain);
/// Ports of USB controllers and hubs.
void assign_usb(Domain& domain);
/// s390 channel devices.
void assign_ccw(Domain& domain);
/// Registers of pseries' own bus.
void assign_spapr_vio(Domain& domain);
/// Virtio devices of ARM boards without PCI.
void assign_virtio_mmio(Domain& domain);
/// CCID slots of smartcards.
void assign_ccid(Domain& domain);
/// Slots of memory modules.
void assign_dimms(Domain& domain);

}  // namespace virtue::model
