#include "drivers/qemu/hotplug.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/io_tune.h"
#include "drivers/qemu/block/job_flow.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/command/single_device.h"
#include "drivers/qemu/device_changes.h"
#include "drivers/qemu/guest_secrets.h"
#include "drivers/qemu/interfaces.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/opened_images.h"
#include "drivers/qemu/platform.h"
#include "drivers/qemu/qmp_options.h"
#include "drivers/qemu/start.h"
#include "io/files.h"
#include "io/offload.h"
#include "model/domain/complete/complete.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.hotplug");

using model::Device;

/// What libvirt waits for a guest to let go of a device.
constexpr io::Milliseconds unplug_patience{5000};

[[noreturn]] void refuse(const std::string& sentence) {
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

std::multiset<std::string> aliases_of(const model::Domain& domain) {
    std::multiset<std::string> aliases;
    model::each_info(domain, [&](const model::DeviceInfo& info) { aliases.insert(info.alias); });
    return aliases;
}

/// A guest with a new device in it, and the new devices: controllers that it needs first.
struct Addition {
    std::shared_ptr<model::Domain> whole;
    std::vector<Device> devices;
    std::vector<std::string> folders;  ///< to be made for sockets
};

/// "net0" is taken: the lowest free number behind the same word.
std::string free_alias(const std::string& taken, const std::multiset<std::string>& aliases) {
    std::string word = taken;
    while (!word.empty() && std::isdigit(static_cast<unsigned char>(word.back()))) word.pop_back();
    for (int number = 0;; number++) {
        std::string alias = word + std::to_string(number);
        if (!aliases.contains(alias)) return alias;
    }
}

Addition add_to(const model::Domain& live, const Device& device, const model::Platform& platform,
                const std::string& channel_folder) {
    Addition addition;
    addition.whole = std::make_shared<model::Domain>(live);
    model::Domain& whole = *addition.whole;
    if (!model::insert_device(whole, device)) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    fmt::format("domain already has a {} device", model::device_kind(device)));
    }
    model::complete_for_qemu(whole, platform, false);
    addition.folders = set_channel_paths(whole, channel_folder);
    assign_aliases(whole);
    const std::multiset<std::string> before = aliases_of(live);
    const std::multiset<std::string> after = aliases_of(whole);
    Device fresh = device;
    for (const std::string& alias : std::set<std::string>(after.begin(), after.end())) {
        if (after.count(alias) <= before.count(alias)) continue;
        std::optional<Device> found = model::find_device_by_alias(whole, alias);
        if (!found) continue;
        if (found->index() != device.index()) {
            const auto* controller = std::get_if<model::Controller>(&*found);
            const bool scsi = controller != nullptr && controller->type == model::ControllerType::scsi;
            if (!scsi) throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "No more available PCI slots");
            addition.devices.push_back(std::move(*found));
            continue;
        }
        fresh = std::move(*found);
        if (after.count(alias) > 1) model::info_of(fresh)->alias = free_alias(alias, after);
    }
    addition.devices.push_back(std::move(fresh));
    return addition;
}

/// Files of the new devices that the guest's user does not own yet.
std::vector<OwnedFile> new_files(const Run& run, const Addition& addition) {
    model::Domain only = model::without_devices(*addition.whole);
    for (const Device& device : addition.devices) model::insert_device(only, device);
    for (const std::string& image : settle_images(only)) {
        std::error_code ignored;
        if (std::filesystem::exists(image, ignored)) continue;
        throw Error::from_errno(ENOENT, ErrorDomain::storage, "Cannot access storage file '" + image + "'");
    }
    std::vector<OwnedFile> files;
    for (OwnedFile& file : guest_files(only, !run.images_opened)) {
        const bool known = std::any_of(run.files.begin(), run.files.end(),
                                       [&](const OwnedFile& other) { return other.path == file.path; });
        if (!known) files.push_back(std::move(file));
    }
    return files;
}

bool has_secret(const model::StorageSource& source) {
    if (source.auth || source.encryption) return true;
    return std::any_of(source.backing.begin(), source.backing.end(), has_secret);
}

/// The secrets of the new devices, encrypted for this guest.
std::map<std::string, std::string> new_secrets(const Core& core, const Run& run, const Addition& addition) {
    model::Domain only = model::without_devices(*addition.whole);
    for (const Device& device : addition.devices) {
        const auto* disk = std::get_if<model::Disk>(&device);
        const auto* hostdev = std::get_if<model::Hostdev>(&device);
        const bool has = (disk && has_secret(disk->source)) || (hostdev && hostdev->iscsi.auth);
        if (has) model::insert_device(only, device);
    }
    if (only.disks.empty() && only.hostdevs.empty()) return {};
    return guest_secrets(only, core.secrets, read_master_key(run.folder + "/master-key.aes"));
}

Task<void> give_files(Core& core, std::vector<OwnedFile> files) {
    std::optional<DacOwner> owner = core.owner_of_files();
    if (!owner || files.empty()) co_return;
    auto work = [owner, files, user = *core.guest_user] { give_within_reach(*owner, files, user); };
    co_await io::offload(core.loop, std::move(work));
}

/// Folders for the sockets of channels, owned by the guest's user, who makes the sockets.
Task<void> make_folders(Core& core, std::vector<std::string> folders) {
    if (folders.empty()) co_return;
    std::optional<GuestUser> user = core.guest_user;
    auto work = [user, folders] {
        for (const std::string& folder : folders) {
            io::make_folders(folder, 0750);
            if (user) DacOwner(user->uid, user->gid, false).give_for_good(folder);
        }
    };
    co_await io::offload(core.loop, std::move(work));
}

Task<void> restore_files(Core& core, std::vector<OwnedFile> files) {
    std::optional<DacOwner> owner = core.owner_of_files();
    if (!owner || files.empty()) co_return;
    auto work = [owner, files] { owner->restore(files); };
    co_await io::offload(core.loop, std::move(work));
}

/// Takes back what was done, the last first. Nothing of it may stop the rest.
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

/// Runs the steps; gives the ptys that QEMU made, by the back end's id.
Task<std::map<std::string, std::string>> run_steps(std::shared_ptr<Monitor> monitor, std::vector<QmpStep> steps,
                                                   io::Deadline deadline) {
    std::map<std::string, std::string> ptys;
    std::vector<QmpStep> done;
    std::optional<Error> failure;
    try {
        for (QmpStep& step : steps) {
            Json arguments = step.arguments;
            Json answer = co_await monitor->command(step.command, std::move(arguments), deadline);
            if (std::string pty = answer.string_or("pty", ""); !pty.empty()) {
                ptys[step.arguments.string_or("id", "").substr(4)] = pty;
            }
            done.push_back(std::move(step));
        }
        co_return ptys;
    } catch (const Error& error) {
        failure.emplace(error);
    }
    co_await undo(monitor, std::move(done), deadline);
    throw *failure;
}

/// "12:13" with each number as QEMU knows the descriptor.
std::string fd_names(const std::string& numbers) {
    std::string names;
    for (std::string_view number : split(numbers, ':')) {
        names += fmt::format("{}virtue-fd{}", names.empty() ? "" : ":", number);
    }
    return names;
}

/// Gives QEMU the descriptors that the steps name by number; from then on the steps name them as QEMU does.
Task<void> hand_over(std::shared_ptr<Monitor> monitor, std::vector<QmpStep>& steps, std::vector<PassedFd> descriptors,
                     io::Deadline deadline) {
    for (const PassedFd& passed : descriptors) {
        Json name = Json::object({{"fdname", fd_names(std::to_string(passed.child_number))}});
        std::vector<const Fd*> fds = {&passed.fd};
        co_await monitor->command_with_fds("getfd", std::move(name), std::move(fds), deadline);
    }
    for (QmpStep& step : steps) {
        if (step.command != "netdev_add") continue;
        for (const char* key : {"fd", "fds", "vhostfd", "vhostfds"}) {
            const std::string numbers = step.arguments.string_or(key, "");
            if (!numbers.empty()) step.arguments.set(key, fd_names(numbers));
        }
    }
}

/// What the host has for a new card.
struct NewCard {
    std::shared_ptr<model::Domain> alone;  ///< the guest with nothing but this card; null if the device is none
    LaunchContext::InterfaceFds fds;
};

Task<NewCard> open_new_card(Core& core, const model::Domain& whole, Device& device, io::Deadline deadline) {
    NewCard made;
    auto* card = std::get_if<model::Interface>(&device);
    if (card == nullptr) co_return made;
    made.alone = std::make_shared<model::Domain>(model::without_devices(whole));
    made.alone->interfaces = {*card};
    std::optional<Error> failure;
    try {
        LaunchContext::InterfaceFds fds = co_await open_interface(core, made.alone, 0, deadline);
        made.fds = std::move(fds);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) {
        co_await close_interfaces(core, made.alone);
        throw *failure;
    }
    *card = made.alone->interfaces.front();
    co_return made;
}

/// The limits of a disk, which QEMU takes once the device is there. It goes with its limits: nothing undoes them.
std::optional<QmpStep> limit_step(const Device& device) {
    const auto* disk = std::get_if<model::Disk>(&device);
    if (disk == nullptr || disk->iotune == model::DiskIoTune{} || disk->source.empty()) return std::nullopt;
    return QmpStep{"block_set_io_throttle", throttle_arguments(*disk, disk->iotune), "", {}};
}

/// The disk, if its images are opened by the daemon.
const model::Disk* own_disk(const Run& run, const Device& device) {
    return run.images_opened ? std::get_if<model::Disk>(&device) : nullptr;
}

/// After a disk that did not come: QEMU closes what it got for it, if it still runs and listens.
Task<void> forget_images(DomainOwner domain, int id, Device device, io::Deadline deadline) {
    if (domain->id() != id || !own_disk(domain->running(), device)) co_return;
    model::Disk disk = std::get<model::Disk>(std::move(device));
    try {
        co_await take_back_images(domain->monitor(), std::move(disk), deadline);
    } catch (const Error& error) {
        logger.debug("images that were not needed stay with the guest: {}", error.message());
    }
}

Task<void> enter(Core& core, DomainOwner domain, Addition addition, std::map<std::string, std::string> ptys) {
    Run& run = domain->running();
    model::Domain& live = *run.domain;
    for (const Device& device : addition.devices) model::insert_device(live, device);
    live.memory = addition.whole->memory;
    live.current_memory = addition.whole->current_memory;
    set_terminals(live, ptys);
    domain->updated = true;
    const model::DeviceInfo* info = model::info_of(addition.devices.back());
    std::string alias = info != nullptr ? info->alias : "";
    co_await live_changed(core, domain);
    if (!alias.empty()) core.announcer.device_added(*domain, alias);
}

}  // namespace

Task<void> plug_device(Core& core, DomainOwner domain, Device device, CapabilitiesRef capabilities,
                       io::Deadline deadline) {
    Run& run = domain->running();
    QemuPlatform platform(core.capabilities, capabilities, core.settings);
    Device complete = complete_device(*run.domain, device, platform);
    if (const auto* disk = std::get_if<model::Disk>(&complete)) {
        std::optional<Device> there = model::find_device(*run.domain, complete);
        const bool removable = disk->device == model::DiskDevice::cdrom || disk->device == model::DiskDevice::floppy;
        if (there && removable && std::get<model::Disk>(*there).device == disk->device) {
            co_await update_device(core, domain, std::move(device), std::move(capabilities), false, deadline);
            co_return;
        }
    }
    require_pluggable(complete);
    const bool by_name =
        std::holds_alternative<model::Disk>(complete) || std::holds_alternative<model::Controller>(complete);
    require_new(*run.domain, complete, by_name ? ErrorCode::operation_failed : ErrorCode::operation_invalid);
    if (auto* disk = std::get_if<model::Disk>(&complete)) {
        model::StorageSource looked = co_await with_layers(core, disk->source);
        disk->source = std::move(looked);
    }
    Addition addition = add_to(*run.domain, complete, platform, run.channel_folder);
    std::vector<OwnedFile> files = new_files(run, addition);
    const int id = run.id;
    NewCard card = co_await open_new_card(core, *addition.whole, addition.devices.back(), deadline);
    std::map<std::string, std::string> ptys;
    bool given = false;
    std::optional<Error> failure;
    try {
        if (domain->id() != id) throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "domain is not running");
        LaunchContext context = launch_context(core, *addition.whole, id, capabilities);
        if (card.alone) {
            context.interface_fds.emplace(card.alone->interfaces.front().info.alias, std::move(card.fds));
        }
        std::map<std::string, std::string> secrets = new_secrets(core, domain->running(), addition);
        context.secrets = std::move(secrets);
        std::vector<PassedFd> descriptors;
        std::vector<std::string> options =
            build_device(*addition.whole, addition.devices, std::move(context), &descriptors);
        std::vector<QmpStep> steps = qmp_steps(options);
        if (std::optional<QmpStep> limits = limit_step(addition.devices.back())) steps.push_back(std::move(*limits));
        co_await make_folders(core, addition.folders);
        co_await give_files(core, files);
        given = true;
        std::shared_ptr<Monitor> monitor = domain->monitor();
        co_await hand_over(monitor, steps, std::move(descriptors), deadline);
        if (const model::Disk* disk = own_disk(domain->running(), addition.devices.back())) {
            model::Disk plugged = *disk;
            co_await hand_over_images(core, monitor, std::move(plugged), steps, deadline);
        }
        std::map<std::string, std::string> made = co_await run_steps(monitor, std::move(steps), deadline);
        ptys = std::move(made);
        if (card.alone && card.alone->interfaces.front().link == model::LinkState::down) {
            Json down = Json::object({{"name", card.alone->interfaces.front().info.alias}, {"up", false}});
            co_await monitor->command("set_link", std::move(down), deadline);
        }
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) {
        if (given) co_await restore_files(core, std::move(files));
        co_await close_interfaces(core, card.alone);
        Device refused = addition.devices.back();
        co_await forget_images(domain, id, std::move(refused), deadline);
        throw *failure;
    }
    std::vector<OwnedFile>& owned = domain->running().files;
    owned.insert(owned.end(), files.begin(), files.end());
    co_await enter(core, domain, std::move(addition), std::move(ptys));
    if (std::holds_alternative<model::MemoryDevice>(complete)) co_await learn_memory_devices(domain, deadline);
}

namespace {

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
