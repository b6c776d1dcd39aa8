#include "drivers/qemu/hotplug_steps.h"

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/opened_images.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu::hotplug {
namespace {

constinit log::Module logger("qemu.hotplug");

using model::Device;

}  // namespace

void refuse(const std::string& sentence) {
    throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu, sentence);
}

void require_pluggable(const Device& device) {
    if (const auto* disk = std::get_if<model::Disk>(&device)) {
        using enum model::DiskBus;
        const bool removable = disk->device == model::DiskDevice::cdrom || disk->device == model::DiskDevice::floppy;
        if (removable && disk->bus != usb && disk->bus != scsi) refuse("cdrom/floppy device hotplug isn't supported");
        if (disk->bus != usb && disk->bus != scsi && disk->bus != virtio) {
            refuse(fmt::format("disk bus '{}' cannot be hotplugged.", xml::to_name(disk->bus)));
        }
        if (disk->transient) refuse("transient disk hotplug isn't supported");
        return;
    }
    if (const auto* controller = std::get_if<model::Controller>(&device)) {
        if (controller->type == model::ControllerType::scsi) return;
        refuse(fmt::format("'{}' controller cannot be hotplugged.", xml::to_name(controller->type)));
    }
    if (const auto* interface = std::get_if<model::Interface>(&device)) {
        using enum model::InterfaceType;
        const auto type = interface->actual_type();
        const bool on_host = type == network || type == bridge || type == direct || type == ethernet;
        const bool in_qemu = type == user || type == client || type == server || type == mcast || type == udp;
        if (on_host || in_qemu || type == vhostuser) return;
        refuse(fmt::format("hotplug of interface type of {} is not implemented yet", xml::to_name(type)));
    }
    const bool other =
        std::holds_alternative<model::Lease>(device) || std::holds_alternative<model::Hostdev>(device) ||
        std::holds_alternative<model::RedirectedDevice>(device) || std::holds_alternative<model::Serial>(device) ||
        std::holds_alternative<model::Channel>(device) || std::holds_alternative<model::Console>(device) ||
        std::holds_alternative<model::Parallel>(device) || std::holds_alternative<model::Rng>(device) ||
        std::holds_alternative<model::MemoryDevice>(device) || std::holds_alternative<model::Shmem>(device) ||
        std::holds_alternative<model::Watchdog>(device) || std::holds_alternative<model::Input>(device) ||
        std::holds_alternative<model::Filesystem>(device);
    if (!other) refuse(fmt::format("live attach of device '{}' is not supported", model::device_kind(device)));
}

Task<void> restore_files(Core& core, std::vector<OwnedFile> files) {
    std::optional<DacOwner> owner = core.owner_of_files();
    if (!owner || files.empty()) co_return;
    auto work = [owner, files] { owner->restore(files); };
    co_await io::offload(core.loop, std::move(work));
}

Task<void> undo(std::shared_ptr<Monitor> monitor, std::vector<QmpStep> steps, io::Deadline deadline) {
    while (!steps.empty()) {
        QmpStep step = std::move(steps.back());
        steps.pop_back();
        try {
            co_await monitor->command(step.undo, std::move(step.undo_arguments), deadline);
        } catch (const Error& error) {
            logger.debug("{}: {}", step.undo, error.message());
        }
    }
}

const model::Disk* own_disk(const Run& run, const Device& device) {
    return run.images_opened ? std::get_if<model::Disk>(&device) : nullptr;
}

Task<void> forget_images(DomainOwner domain, int id, Device device, io::Deadline deadline) {
    if (domain->id() != id || !own_disk(domain->running(), device)) co_return;
    model::Disk disk = std::get<model::Disk>(std::move(device));
    try {
        co_await take_back_images(domain->monitor(), std::move(disk), deadline);
    } catch (const Error& error) {
        logger.debug("images that were not needed stay with the guest: {}", error.message());
    }
}

}  // namespace virtue::qemu::hotplug
