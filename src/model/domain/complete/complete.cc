#include "model/domain/complete/complete.h"

#include "model/domain/address/assign.h"
#include "model/domain/complete/machine.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

namespace {

// Where names tell it, once buses are known.
void place_drives(Domain& d) {
    for (Disk& disk : d.disks)
        if (disk.info.address.is(AddressType::none)) assign_drive(d, disk);
}

void check_for_qemu(const Domain& d, const Platform& platform) {
    check_machine(d);
    check_disks(d);
    check_controllers(d);
    check_interfaces(d);
    check_hostdevs(d);
    check_displays(d, platform);
    check_chardevs(d);
    check_small_devices(d, platform);
}

}  // namespace

void complete(Domain& d) {
    complete_identity(d);
    complete_memory(d);
    complete_boot(d);
    complete_controller_numbers(d);
    assign_scsi_hostdevs(d);
    add_controllers_of_scsi_hostdevs(d);
    complete_disks(d);
    complete_chardev_ports(d);
    pair_console_and_serial(d);
    number_consoles(d);
    complete_videos(d);
    place_drives(d);
    add_controllers_of_devices(d);
    check_domain(d);
}

void complete_for_qemu(Domain& d, const Platform& platform, bool fresh, bool place_usb) {
    complete_identity(d);
    check_arch(d);
    complete_machine(d, platform);
    complete_memory(d);
    complete_boot(d);
    complete_controller_numbers(d);
    assign_scsi_hostdevs(d);
    add_controllers_of_scsi_hostdevs(d);
    add_machine_devices(d, platform);
    complete_firmware(d, platform);
    complete_cpu(d, platform);
    complete_disks(d);
    complete_chardev_ports(d);
    complete_qemu_devices(d, platform);
    pair_console_and_serial(d);
    number_consoles(d);
    complete_videos(d);
    place_drives(d);
    add_controllers_of_devices(d);
    // Controllers and ports that devices brought along have defaults too.
    complete_qemu_devices(d, platform);
    check_before_placing(d);
    assign_virtio_serial(d);
    complete_qemu_devices(d, platform);
    assign_ccid(d);
    assign_spapr_vio(d);
    assign_ccw(d);
    assign_virtio_mmio(d);
    assign_pci(d, fresh);
    if (place_usb) assign_usb(d);
    assign_dimms(d);
    add_default_audio(d);
    platform.check(d);
    check_definition(d);
    check_domain(d);
    check_for_qemu(d, platform);
}

}  // namespace virtue::model
