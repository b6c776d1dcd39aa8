// Names for devices and node numbers for disks, as libvirt gives them: clients and management software know them.
#include <fmt/format.h>

#include "drivers/qemu/command/command.h"
#include "drivers/qemu/command/devices.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using model::Controller;
using model::ControllerModel;
using model::ControllerType;
using model::Disk;
using model::DiskBus;

namespace {

template <typename List>
void number(List& list, const char* prefix) {
    size_t i = 0;
    for (auto& device : list) {
        if (device.info.alias.empty()) device.info.alias = fmt::format("{}{}", prefix, i);
        i++;
    }
}

std::string disk_alias(const Disk& disk, const GuestShape& shape) {
    const model::DriveAddress& drive = disk.info.address.drive;
    if (disk.info.address.is(model::AddressType::drive)) {
        if (disk.bus == DiskBus::scsi) {
            const Controller* controller = shape.find_controller(ControllerType::scsi, drive.controller);
            const bool flat = controller != nullptr && (controller->model == ControllerModel::lsilogic ||
                                                        controller->model == ControllerModel::absent);
            if (flat) return fmt::format("scsi{}-{}-{}", drive.controller, drive.bus, drive.unit);
            return fmt::format("scsi{}-{}-{}-{}", drive.controller, drive.bus, drive.target, drive.unit);
        }
        return fmt::format("{}{}-{}-{}", xml::to_name(disk.bus), drive.controller, drive.bus, drive.unit);
    }
    const unsigned index = model::disk_name_index(disk.target).value_or(0);
    return fmt::format("{}-disk{}", xml::to_name(disk.bus), index);
}

std::string controller_alias(const Controller& controller, const GuestShape& shape) {
    switch (controller.type) {
        case ControllerType::pci:
            if (controller.model == ControllerModel::pcie_root) return "pcie.0";
            if (controller.model == ControllerModel::pci_root && controller.index == 0) {
                // Machines with one PCI bus call it plainly "pci".
                const bool plain = shape.is_ppc64() && !shape.is_pseries();
                return plain ? "pci" : "pci.0";
            }
            return fmt::format("pci.{}", controller.index);
        case ControllerType::ide:
            if (controller.index == 0 && shape.is_i440fx()) return "ide";
            break;
        case ControllerType::sata:
            if (controller.index == 0 && shape.is_q35()) return "ide";
            break;
        case ControllerType::usb:
            return controller.index == 0 ? "usb" : fmt::format("usb{}", controller.index);
        default:
            break;
    }
    return fmt::format("{}{}", xml::to_name(controller.type), controller.index);
}

const char* memory_prefix(model::MemoryModel model) {
    switch (model) {
        case model::MemoryModel::nvdimm:
            return "nvdimm";
        case model::MemoryModel::virtio_pmem:
            return "virtiopmem";
        case model::MemoryModel::virtio_mem:
            return "virtiomem";
        case model::MemoryModel::sgx_epc:
            return "epc";
        case model::MemoryModel::absent:
        case model::MemoryModel::dimm:
            break;
    }
    return "dimm";
}

void number_memory(model::Domain& domain) {
    for (size_t i = 0; i < domain.memory_devices.size(); i++) {
        model::MemoryDevice& memory = domain.memory_devices[i];
        if (!memory.info.alias.empty()) continue;
        // A module is named after its slot, which migration must find again.
        const bool slotted = memory.info.address.is(model::AddressType::dimm);
        memory.info.alias =
            fmt::format("{}{}", memory_prefix(memory.model), slotted ? memory.info.address.dimm.slot : i);
    }
}

void number_consoles(model::Domain& domain) {
    for (size_t i = 0; i < domain.consoles.size(); i++) {
        model::Console& console = domain.consoles[i];
        if (!console.info.alias.empty()) continue;
        const bool mirror = i == 0 && console.target == model::ConsoleTarget::serial && !domain.serials.empty();
        console.info.alias = mirror ? domain.serials.front().info.alias : fmt::format("console{}", i);
    }
}

void number_layers(model::StorageSource& source, uint32_t& next) {
    model::StorageSource* layer = &source;
    while (layer != nullptr && layer->type != model::StorageType::none) {
        if (layer->index == 0) layer->index = ++next;
        layer = layer->backing.empty() ? nullptr : &layer->backing.front();
    }
}

void clear_layers(model::StorageSource& source) {
    source.index = 0;
    for (model::StorageSource& below : source.backing) clear_layers(below);
}

uint32_t highest_index(const model::Domain& domain) {
    uint32_t highest = 0;
    auto look_at = [&highest](const model::StorageSource& top) {
        const model::StorageSource* layer = &top;
        while (layer != nullptr) {
            highest = std::max(highest, layer->index);
            layer = layer->backing.empty() ? nullptr : &layer->backing.front();
        }
    };
    for (const Disk& disk : domain.disks) {
        look_at(disk.source);
        if (disk.mirror) look_at(disk.mirror->source);
    }
    return highest;
}

}  // namespace

void show_without_host(model::Domain& domain) {
    // Numbers of layers are those of a running guest.
    for (Disk& disk : domain.disks) {
        clear_layers(disk.source);
        if (disk.mirror) clear_layers(disk.mirror->source);
    }
    for (model::Interface& interface : domain.interfaces) {
        if (interface.type == model::InterfaceType::hostdev) continue;
        model::Interface plain;
        plain.type = model::InterfaceType::ethernet;
        plain.mac = interface.mac;
        plain.model = interface.model;
        plain.info.address = interface.info.address;
        interface = std::move(plain);
    }
    // Ports are allotted at the start; libvirt shows these in their place.
    for (model::Graphics& graphics : domain.graphics) {
        const bool vnc = graphics.type == model::GraphicsType::vnc;
        if (!graphics.autoport || (!vnc && graphics.type != model::GraphicsType::spice)) continue;
        graphics.port = vnc ? 5900 : 5901;
        if (!vnc && graphics.tls_port == -1) graphics.tls_port = 5902;
    }
}

void assign_aliases(model::Domain& domain) {
    GuestShape shape;
    shape.arch = domain.os.arch;
    shape.machine = domain.os.machine;
    shape.controllers = domain.controllers;
    for (Controller& controller : domain.controllers) {
        if (controller.info.alias.empty()) controller.info.alias = controller_alias(controller, shape);
    }
    for (Disk& disk : domain.disks) {
        if (disk.info.alias.empty()) disk.info.alias = disk_alias(disk, shape);
    }
    size_t host_devices = 0;
    size_t cards = 0;
    for (model::Interface& interface : domain.interfaces) {
        const bool is_host_device = interface.actual_type() == model::InterfaceType::hostdev;
        if (interface.info.alias.empty()) {
            interface.info.alias =
                is_host_device ? fmt::format("hostdev{}", host_devices) : fmt::format("net{}", cards);
        }
        is_host_device ? host_devices++ : cards++;
    }
    for (model::Hostdev& hostdev : domain.hostdevs) {
        if (hostdev.info.alias.empty()) hostdev.info.alias = fmt::format("hostdev{}", host_devices);
        host_devices++;
    }
    number(domain.filesystems, "fs");
    number(domain.sounds, "sound");
    number(domain.redirdevs, "redir");
    number(domain.videos, "video");
    number(domain.serials, "serial");
    number(domain.parallels, "parallel");
    number(domain.channels, "channel");
    number_consoles(domain);
    number(domain.hubs, "hub");
    number(domain.shmems, "shmem");
    number(domain.smartcards, "smartcard");
    number(domain.inputs, "input");
    number(domain.watchdogs, "watchdog");
    number(domain.rngs, "rng");
    number(domain.tpms, "tpm");
    number(domain.cryptos, "crypto");
    number_memory(domain);
    auto single = [](auto& device, const char* alias) {
        if (device && device->info.alias.empty()) device->info.alias = alias;
    };
    const bool has_balloon = domain.memballoon && domain.memballoon->model != model::MemballoonModel::none;
    if (has_balloon) single(domain.memballoon, "balloon0");
    single(domain.nvram, "nvram");
    single(domain.vsock, "vsock0");
    single(domain.iommu, "iommu0");
    number_nodes(domain);
}

void number_nodes(model::Domain& domain) {
    // From the last disk to the first, and each from its top layer down.
    uint32_t next = highest_index(domain);
    for (size_t i = domain.disks.size(); i-- > 0;) {
        // Cards are drives of the board, which know no nodes.
        if (domain.disks[i].bus != DiskBus::sd) number_layers(domain.disks[i].source, next);
    }
    for (model::Hostdev& hostdev : domain.hostdevs) {
        const bool scsi = hostdev.mode == model::HostdevMode::subsystem && hostdev.type == model::HostdevType::scsi;
        if (scsi && hostdev.iscsi.index == 0) hostdev.iscsi.index = ++next;
    }
}

}  // namespace virtue::qemu
