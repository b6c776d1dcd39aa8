// The steps of complete(), one a file. Only complete.cc calls them. All throw Error with libvirt's codes.
#pragma once
#include "model/domain/complete/platform.h"

namespace virtue::model {

// Before anything that depends on the machine.
void complete_identity(Domain& domain);
void complete_memory(Domain& domain);
void complete_boot(Domain& domain);

// Of the devices, what every driver does.
void complete_disks(Domain& domain);
void complete_chardev_ports(Domain& domain);
void pair_console_and_serial(Domain& domain);
void complete_videos(Domain& domain);
void add_controllers_of_devices(Domain& domain);
void add_controllers_of_scsi_hostdevs(Domain& domain);
void number_consoles(Domain& domain);
void complete_controller_numbers(Domain& domain);

// What QEMU's machines have.
void complete_machine(Domain& domain, const Platform& platform);
void add_machine_devices(Domain& domain, const Platform& platform);
void complete_cpu(Domain& domain, const Platform& platform);
void complete_firmware(Domain& domain, const Platform& platform);
void complete_qemu_devices(Domain& domain, const Platform& platform);
void add_default_audio(Domain& domain);

// What QEMU cannot do; the first after arch and emulator are known, the others on the complete domain.
void check_arch(const Domain& domain);
void check_machine(const Domain& domain);
void check_before_placing(const Domain& domain);
void check_disks(const Domain& domain);
void check_controllers(const Domain& domain);
void check_interfaces(const Domain& domain);
void check_hostdevs(const Domain& domain);
void check_displays(const Domain& domain, const Platform& platform);
void check_chardevs(const Domain& domain);
void check_small_devices(const Domain& domain, const Platform& platform);

/// What every driver asks of the devices.
void check_definition(const Domain& domain);
void check_cards(const Domain& domain);
/// Of devices that are not virtio's: none of its options may be said.
void refuse_virtio_options(const VirtioOptions& options);
/// Contradictions that only the whole shows.
void check_domain(const Domain& domain);

}  // namespace virtue::model
