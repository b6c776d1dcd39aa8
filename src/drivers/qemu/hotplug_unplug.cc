#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/block/job_flow.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/command/single_device.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/hotplug_steps.h"
#include "drivers/qemu/interfaces.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/live_definition.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using namespace hotplug;

namespace {

constinit log::Module logger("qemu.hotplug");

using model::Device;

/// What libvirt waits for a guest to let go of a device.
constexpr io::Milliseconds unplug_patience{5000};

void require_unpluggable(const model::Domain& domain, const Device& device) {
    if (const auto* disk = std::get_if<model::Disk>(&device)) {
        using enum model::DiskBus;
        const bool plain = disk->device == model::DiskDevice::disk || disk->device == model::DiskDevice::lun;
        if (!plain && disk->bus != usb && disk->bus != scsi) {
            refuse(fmt::format("disk device type '{}' cannot be detached", xml::to_name(disk->device)));
        }
        if (disk->bus != usb && disk->bus != scsi && disk->bus != virtio) {
            refuse("This type of disk cannot be hot unplugged");
        }
        return;
    }
    if (const auto* controller = std::get_if<model::Controller>(&device)) {
        if (controller->type != model::ControllerType::scsi) {
            refuse(fmt::format("'{}' controller cannot be hotunplugged.", xml::to_name(controller->type)));
        }
        for (const model::Disk& disk : domain.disks) {
            const bool on_it = disk.bus == model::DiskBus::scsi &&
                               std::cmp_equal(disk.info.address.drive.controller, controller->index);
            if (!on_it) continue;
            throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "device cannot be detached: device is busy");
        }
        return;
    }
    if (std::holds_alternative<model::Interface>(device)) return;
    try {
        require_pluggable(device);
    } catch (const Error&) {
        refuse(fmt::format("live detach of device '{}' is not supported", model::device_kind(device)));
    }
}

}  // namespace

Task<void> unplug_device(Core& core, DomainOwner domain, Device device, io::Deadline deadline) {
    Run& run = domain->running();
    require_unpluggable(*run.domain, device);
    if (const auto* disk = std::get_if<model::Disk>(&device)) require_no_block_job(run, *disk);
    const model::DeviceInfo* info = model::info_of(device);
    if (info == nullptr) {
        model::remove_device(*run.domain, device);
        co_await live_changed(core, domain);
        co_return;
    }
    std::string alias = info->alias;
    int id = domain->id();
    auto leaving = std::make_shared<io::Completion<bool>>(core.loop);
    run.unplugging[alias] = leaving;
    Json arguments = Json::object({{"id", alias}});
    Json reply = co_await domain->monitor()->exchange("device_del", std::move(arguments), deadline);
    if (const Json* error = reply.find("error")) {
        if (domain->id() == id) domain->running().unplugging.erase(alias);
        if (error->string_or("class", "") != "DeviceNotFound") throw monitor_error("device_del", *error);
        co_await finish_unplug(core, domain, alias);
        co_return;
    }
    bool gone = false;
    bool answered = true;
    try {
        io::Deadline patience = deadline.within(unplug_patience);
        gone = co_await leaving->take(patience, "the guest's letting go of a device");
    } catch (const Error& error) {
        if (error.code() != ErrorCode::operation_timeout) throw;
        answered = false;
    }
    if (domain->id() != id) throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "domain is not running");
    domain->running().unplugging.erase(alias);
    if (!answered) co_return;
    if (!gone) {
        throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "unplug of device was rejected by the guest");
    }
    co_await finish_unplug(core, domain, alias);
}

namespace {

/// The files of a device that is gone which no other device of the guest uses; they are taken off the run's list.
std::vector<OwnedFile> no_longer_used(Run& run, const Device& device) {
    auto paths = [](const model::Domain& domain) {
        std::set<std::string> all;
        for (const OwnedFile& file : guest_files(domain)) all.insert(file.path);
        return all;
    };
    model::Domain only = model::without_devices(*run.domain);
    model::insert_device(only, device);
    const std::set<std::string> its_own = paths(only);
    const std::set<std::string> still = paths(*run.domain);
    std::vector<OwnedFile> left;
    std::erase_if(run.files, [&](const OwnedFile& file) {
        const bool gone = its_own.contains(file.path) && !still.contains(file.path);
        if (gone) left.push_back(file);
        return gone;
    });
    return left;
}

/// The tap of a card that is gone, and its port. `only` is the guest with nothing but this card.
Task<void> remove_card_behind(Core& core, std::shared_ptr<model::Domain> only, std::shared_ptr<Monitor> monitor,
                              io::Deadline deadline) {
    const model::Interface& card = only->interfaces.front();
    try {
        Json arguments = Json::object({{"id", "host" + card.info.alias}});
        co_await monitor->command("netdev_del", std::move(arguments), deadline);
    } catch (const Error& error) {
        logger.warn("the tap '{}' stays until its guest ends: {}", card.target, error.message());
    }
    co_await close_interfaces(core, only);
}

/// The QMP commands that made a device that is gone, of which the last steps are still to be undone.
std::vector<QmpStep> steps_behind(Core& core, const Domain& domain, const Run& run, const Device& device) {
    std::vector<QmpStep> steps;
    try {
        CapabilitiesRef capabilities = core.capabilities.find(emulator_of(*run.domain));
        LaunchContext context = launch_context(core, *run.domain, run.id, capabilities);
        const Device one[] = {device};
        std::vector<std::string> options = build_device(*run.domain, one, std::move(context));
        steps = qmp_steps(options);
    } catch (const Error& error) {
        logger.warn("what stood behind a device of guest '{}' stays: {}", domain.name(), error.message());
    }
    std::erase_if(steps, [](const QmpStep& step) { return step.is_device(); });
    return steps;
}

}  // namespace

Task<void> finish_unplug(Core& core, DomainOwner domain, std::string alias) {
    if (!domain->is_active()) co_return;
    Run& run = domain->running();
    std::optional<Device> device = model::find_device_by_alias(*run.domain, alias);
    if (!device) co_return;
    const auto* card = std::get_if<model::Interface>(&*device);
    const bool has_tap = card != nullptr && !card->target.empty();
    std::vector<QmpStep> steps;
    if (!has_tap) steps = steps_behind(core, *domain, run, *device);
    auto alone = std::make_shared<model::Domain>(model::without_devices(*run.domain));
    if (has_tap) alone->interfaces = {*card};
    if (const auto* memory = std::get_if<model::MemoryDevice>(&*device)) {
        const uint64_t size = std::min(run.domain->memory.count, memory->size.count);
        run.domain->memory.count -= size;
        if (run.domain->current_memory) {
            run.domain->current_memory->count = std::min(run.domain->current_memory->count, run.domain->memory.count);
        }
    }
    model::remove_device(*run.domain, *device);
    domain->changed();
    std::shared_ptr<Monitor> monitor = domain->monitor();
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline).with_cancel(core.gate.cancel_source());
    co_await undo(monitor, std::move(steps), deadline);
    if (has_tap) co_await remove_card_behind(core, alone, monitor, deadline);
    if (!domain->is_active()) co_return;
    // The files that no other device of the guest uses.
    std::vector<OwnedFile> left = no_longer_used(domain->running(), *device);
    co_await restore_files(core, std::move(left));
    const int id = domain->id();
    co_await forget_images(domain, id, std::move(*device), deadline);
    co_await live_changed(core, domain);
    core.announcer.device_removed(*domain, alias);
}

}  // namespace virtue::qemu
