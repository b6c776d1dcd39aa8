#include "drivers/qemu/device_changes.h"

#include <fmt/format.h>

#include "base/error.h"
#include "model/domain/complete/complete.h"

namespace virtue::qemu {
namespace {

using model::Device;
using model::Domain;

template <typename... Ts>
bool is_one_of(const Device& device) {
    return (std::holds_alternative<Ts>(device) || ...);
}

bool is_chardev(const Device& device) {
    return is_one_of<model::Serial, model::Parallel, model::Console, model::Channel>(device);
}

// What a persistent definition may gain or lose while libvirt looks on.
bool is_pluggable(const Device& device) {
    return is_chardev(device) ||
           is_one_of<model::Disk, model::Controller, model::Lease, model::Filesystem, model::Interface, model::Input,
                     model::Sound, model::Hostdev, model::RedirectedDevice, model::Watchdog, model::Rng, model::Shmem,
                     model::MemoryDevice, model::Vsock>(device);
}

[[noreturn]] void refuse_kind(const char* what, const Device& device) {
    fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "persistent {} of device '{}' is not supported", what,
         model::device_kind(device));
}

// The words that libvirt has for a device that is not there.
std::string missing(const Device& device) {
    if (const auto* disk = std::get_if<model::Disk>(&device)) return "no target device " + disk->target;
    if (const auto* lease = std::get_if<model::Lease>(&device)) {
        return fmt::format("Lease {} in lockspace {} does not exist", lease->key,
                           lease->lockspace.empty() ? "(null)" : lease->lockspace);
    }
    if (is_one_of<model::Filesystem>(device)) return "no matching filesystem device was found";
    if (is_one_of<model::Rng>(device)) return "no matching RNG device was found";
    if (is_one_of<model::MemoryDevice>(device)) return "matching memory device was not found";
    if (is_one_of<model::RedirectedDevice>(device)) return "no matching redirdev was not found";
    if (is_one_of<model::Shmem>(device)) return "matching shmem device was not found";
    if (is_one_of<model::Input>(device)) return "matching input device not found";
    if (is_one_of<model::Vsock>(device)) return "matching vsock device not found";
    if (is_one_of<model::Watchdog>(device)) return "domain has no watchdog";
    return "device not present in domain configuration";
}

}  // namespace

void require_disk_name(const Device& device) {
    const auto* disk = std::get_if<model::Disk>(&device);
    if (disk == nullptr || model::disk_name_index(disk->target)) return;
    if (!disk->info.address.is(model::AddressType::none)) return;
    fail(ErrorCode::xml_error, ErrorDomain::domain, "Unknown disk name '{}' and no address specified", disk->target);
}

namespace {

bool has_usb(const Domain& domain) {
    for (const model::Controller& controller : domain.controllers) {
        if (controller.type == model::ControllerType::usb && controller.model != model::ControllerModel::none)
            return true;
    }
    return false;
}

/// Bridges and ports are taken as they are given: what is left open is filled in only when a whole guest is read.
void require_whole(const model::Controller& c) {
    using enum model::ControllerModel;
    if (c.type != model::ControllerType::pci || c.model == pci_root || c.model == pcie_root) return;
    const auto need = [&](bool said, const char* option) {
        if (said) return;
        fail(ErrorCode::internal_error, ErrorDomain::qemu,
             "Required option '{}' is not set for PCI controller with index '{}', model '{}' and modelName '{}'",
             option, c.index, xml::to_name(c.model), c.pci.model_name.empty() ? "none" : c.pci.model_name);
    };
    const bool port = c.model == pcie_root_port || c.model == pcie_switch_downstream_port;
    need(!c.pci.model_name.empty() && c.pci.model_name != "none", "modelName");
    need(c.model != pci_bridge || c.pci.chassis_nr != -1, "chassisNr");
    need(!port || c.pci.chassis != -1, "chassis");
    need(!port || c.pci.port != -1, "port");
    need((c.model != pci_expander_bus && c.model != pcie_expander_bus) || c.pci.bus_nr != -1, "busNr");
}

/// What single devices need of the guest and its emulator, whatever else the guest has.
void require_possible(const Domain& domain, const Device& device, const model::Platform& platform) {
    const auto refuse = [](ErrorDomain where, const std::string& sentence) {
        throw Error(ErrorCode::config_unsupported, where, sentence);
    };
    const auto* disk = std::get_if<model::Disk>(&device);
    if (disk != nullptr && disk->bus == model::DiskBus::usb && !platform.has_device(domain, "usb-storage")) {
        refuse(ErrorDomain::qemu, "This QEMU doesn't support '-device usb-storage'");
    }
    if (const auto* shmem = std::get_if<model::Shmem>(&device)) {
        const std::string name(xml::to_name(shmem->model));
        if (!platform.has_device(domain, name)) {
            refuse(ErrorDomain::qemu, fmt::format("shmem model '{}' is not supported by this QEMU binary", name));
        }
    }
    if (const auto* controller = std::get_if<model::Controller>(&device)) require_whole(*controller);
    const auto* memory = std::get_if<model::MemoryDevice>(&device);
    if (memory != nullptr && memory->node >= 0 && !(domain.cpu && !domain.cpu->numa.cells.empty())) {
        throw Error(ErrorCode::xml_detail, ErrorDomain::domain,
                    "can't add memory backend as guest has no NUMA nodes configured");
    }
    if (has_usb(domain)) return;
    if (is_one_of<model::RedirectedDevice>(device)) {
        refuse(ErrorDomain::domain, "cannot add redirected USB device: USB is disabled for this domain");
    }
}

/// Where a SCSI disk goes by its name: seven to a controller, as on a narrow bus.
Device placed_by_name(const Device& device) {
    const auto* disk = std::get_if<model::Disk>(&device);
    if (disk == nullptr || disk->bus != model::DiskBus::scsi) return device;
    const auto index = model::disk_name_index(disk->target);
    if (!index || !disk->info.address.is(model::AddressType::none)) return device;
    model::Disk placed = *disk;
    placed.info.address.type = model::AddressType::drive;
    placed.info.address.drive.controller = static_cast<uint32_t>(*index / 7);
    placed.info.address.drive.unit = static_cast<uint32_t>(*index % 7);
    return placed;
}

}  // namespace

Device complete_device(const Domain& domain, const Device& given, const model::Platform& platform) {
    require_possible(domain, given, platform);
    const Device device = placed_by_name(given);
    Domain alone = model::without_devices(domain);
    if (is_one_of<model::Hub>(device)) alone.hubs.clear();
    // What a device shows or speaks through is asked of the guest's screens.
    if (!is_one_of<model::Graphics>(device)) {
        alone.graphics = domain.graphics;
    } else {
        std::erase_if(alone.audios, [](const model::Audio& a) { return a.type == model::AudioType::spice; });
    }
    const model::DeviceInfo* raw = model::info_of(device);
    const bool ccw = raw != nullptr && raw->address.is(model::AddressType::ccw);
    if (ccw && !domain.os.machine.starts_with("s390-ccw")) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "cannot use CCW address type for device '{}' using machine type '{}'",
             raw->alias.empty() ? "<null>" : raw->alias, domain.os.machine);
    }
    if (const auto* controller = std::get_if<model::Controller>(&device)) {
        // One of the domain's own is not asked to make room for itself.
        if (model::find_device(alone, *controller)) return device;
    }
    Device placeless = device;
    model::DeviceInfo* info = model::info_of(placeless);
    // Places of other devices' kinds are checked; that two want one place is found when it is put in.
    if (info != nullptr && info->address.is(model::AddressType::pci)) info->address.pci = {};
    model::insert_device(alone, placeless);
    // Whether there is a USB for it is found when it is put in.
    model::complete_for_qemu(alone, platform, false, false);
    auto finish = [&](auto& list) {
        if (list.size() != 1) return device;
        Device done = list.front();
        if (model::DeviceInfo* own = model::info_of(done); own != nullptr && raw != nullptr)
            own->address = raw->address;
        return done;
    };
    if (is_one_of<model::Disk>(device)) return finish(alone.disks);
    if (is_one_of<model::Interface>(device)) return finish(alone.interfaces);
    if (is_one_of<model::Channel>(device)) return finish(alone.channels);
    if (is_one_of<model::Rng>(device)) return finish(alone.rngs);
    if (is_one_of<model::Shmem>(device)) return finish(alone.shmems);
    if (is_one_of<model::Hostdev>(device)) return finish(alone.hostdevs);
    if (is_one_of<model::MemoryDevice>(device)) return finish(alone.memory_devices);
    if (is_one_of<model::Watchdog>(device)) return finish(alone.watchdogs);
    return device;
}

void require_new(const Domain& domain, const Device& device, ErrorCode code) {
    if (is_one_of<model::Interface, model::Sound, model::Rng, model::MemoryDevice, model::RedirectedDevice,
                  model::Watchdog, model::Graphics>(device)) {
        return;
    }
    if (is_one_of<model::Vsock>(device)) {
        if (domain.vsock) throw Error(code, ErrorDomain::qemu, "domain already has a vsock device");
        return;
    }
    if (const auto* controller = std::get_if<model::Controller>(&device); controller && controller->index < 0) return;
    if (const auto* console = std::get_if<model::Console>(&device);
        console && console->target == model::ConsoleTarget::serial)
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu, "attaching serial console is not supported");
    if (const auto* console = std::get_if<model::Console>(&device); console && console->port < 0) return;
    if (is_one_of<model::Input>(device) || !model::find_device(domain, device)) return;
    if (const auto* disk = std::get_if<model::Disk>(&device)) {
        fail(code, ErrorDomain::qemu, "target {} already exists", disk->target);
    }
    if (const auto* controller = std::get_if<model::Controller>(&device)) {
        fail(code, ErrorDomain::qemu, "controller index='{}' already exists", controller->index);
    }
    if (const auto* lease = std::get_if<model::Lease>(&device)) {
        fail(code, ErrorDomain::qemu, "Lease {} in lockspace {} already exists", lease->key, lease->lockspace);
    }
    if (is_one_of<model::Filesystem>(device)) throw Error(code, ErrorDomain::qemu, "Target already exists");
    if (is_chardev(device)) throw Error(code, ErrorDomain::qemu, "chardev already exists");
    throw Error(code, ErrorDomain::qemu, "device is already in the domain configuration");
}

Device find_present(const Domain& domain, const Device& device) {
    std::optional<Device> found = model::find_device(domain, device);
    if (found) return *found;
    const ErrorCode code = is_chardev(device) ? ErrorCode::invalid_arg : ErrorCode::device_missing;
    throw Error(code, ErrorDomain::qemu, missing(device));
}

namespace {

/// Throws config_unsupported for a USB device where there is no USB.
void require_bus(const Domain& domain, const Device& device) {
    const auto* hostdev = std::get_if<model::Hostdev>(&device);
    const auto* input = std::get_if<model::Input>(&device);
    const bool on_usb = (input != nullptr && input->bus == model::InputBus::usb) ||
                        (hostdev != nullptr && hostdev->mode == model::HostdevMode::subsystem &&
                         hostdev->type == model::HostdevType::usb);
    if (!on_usb || has_usb(domain)) return;
    throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                "Device configuration is not compatible: Domain has no USB bus support");
}

/// A SCSI disk brings a controller of the machine's usual kind along, whatever others there are.
void add_controller_for(Domain& domain, const Device& device) {
    const auto* disk = std::get_if<model::Disk>(&device);
    if (disk == nullptr || disk->bus != model::DiskBus::scsi || !disk->info.address.is(model::AddressType::drive))
        return;
    const auto index = static_cast<int>(disk->info.address.drive.controller);
    for (const model::Controller& controller : domain.controllers) {
        if (controller.type == model::ControllerType::scsi && controller.index == index) return;
    }
    model::Controller controller;
    controller.type = model::ControllerType::scsi;
    controller.index = index;
    domain.controllers.push_back(std::move(controller));
}

}  // namespace

void attach_to_config(Domain& domain, const Device& device) {
    if (!is_pluggable(device)) refuse_kind("attach", device);
    require_bus(domain, device);
    const model::DeviceInfo* info = model::info_of(device);
    if (info != nullptr && model::find_device_by_alias(domain, info->alias)) {
        fail(ErrorCode::config_unsupported, ErrorDomain::domain, "non unique alias detected: {}", info->alias);
    }
    require_new(domain, device, ErrorCode::operation_invalid);
    model::insert_device(domain, device);
    add_controller_for(domain, device);
}

void detach_from_config(Domain& domain, const Device& device) {
    if (!is_pluggable(device)) refuse_kind("detach", device);
    const Device found = find_present(domain, device);
    model::remove_device(domain, found);
}

void update_in_config(Domain& domain, const Device& device) {
    if (!is_one_of<model::Disk, model::Graphics, model::Interface, model::MemoryDevice>(device)) {
        refuse_kind("update", device);
    }
    std::optional<Device> found = model::find_device(domain, device);
    const auto* memory = std::get_if<model::MemoryDevice>(&device);
    // A module is told from others of its size by its place.
    if (memory != nullptr && memory->info.address.is(model::AddressType::none)) found.reset();
    if (!found) {
        if (const auto* disk = std::get_if<model::Disk>(&device)) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "target {} doesn't exist.", disk->target);
        }
        if (const auto* graphics = std::get_if<model::Graphics>(&device)) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "cannot find existing graphics type '{}' device to modify",
                 xml::to_name(graphics->type));
        }
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "memory not found");
    }
    model::replace_device(domain, *found, device);
}

}  // namespace virtue::qemu
