#include "drivers/qemu/hotplug.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/io_tune.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/command/single_device.h"
#include "drivers/qemu/device_changes.h"
#include "drivers/qemu/guest_secrets.h"
#include "drivers/qemu/hotplug_steps.h"
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

using namespace hotplug;

namespace {

using model::Device;

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

}  // namespace virtue::qemu
