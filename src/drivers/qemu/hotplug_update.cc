// Changes of devices of a running guest: media of drives, passwords, link state, the balloon's statistics.
#include "base/error.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/io_tune.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/command/single_device.h"
#include "drivers/qemu/device_changes.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/interfaces.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/opened_images.h"
#include "drivers/qemu/platform.h"
#include "drivers/qemu/qmp_options.h"
#include "host/links.h"
#include "io/offload.h"

namespace virtue::qemu {
namespace {

using model::Device;

[[noreturn]] void refuse_field(const char* field) {
    fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "cannot modify field '{}' of the disk", field);
}

/// The blocks of a disk as steps of the monitor.
std::vector<QmpStep> block_steps(Core& core, const Run& run, const model::Disk& disk, const CapabilitiesRef& caps) {
    if (disk.source.empty()) return {};
    LaunchContext context = launch_context(core, *run.domain, run.id, caps);
    const Device one[] = {disk};
    std::vector<std::string> options = build_device(*run.domain, one, std::move(context));
    std::vector<QmpStep> steps = qmp_steps(options);
    std::erase_if(steps, [](const QmpStep& step) { return step.is_device(); });
    return steps;
}

/// Gives the new disk numbers for its layers that no other disk of the guest has.
model::Disk numbered(const model::Domain& live, const model::Disk& old, model::Disk fresh) {
    fresh.info = old.info;
    fresh.source.index = 0;
    model::Domain copy = live;
    model::replace_device(copy, old, fresh);
    assign_aliases(copy);
    return std::get<model::Disk>(*model::find_device(copy, fresh));
}

/// Into a tray that was opened; again, when the guest closed it meanwhile, as firmware does that looks for a medium.
Task<void> insert_medium(std::shared_ptr<Monitor> monitor, std::string id, std::string node, bool force,
                         io::Deadline deadline) {
    for (int tries_left = 5;; tries_left--) {
        try {
            Json insert = Json::object({{"id", id}, {"node-name", node}});
            co_await monitor->command("blockdev-insert-medium", std::move(insert), deadline);
            co_return;
        } catch (const Error& error) {
            if (tries_left == 0 || error.message().find("is not open") == std::string::npos) throw;
        }
        Json open = Json::object({{"id", id}, {"force", force}});
        co_await monitor->command("blockdev-open-tray", std::move(open), deadline);
    }
}

Task<void> change_medium(Core& core, DomainOwner domain, model::Disk old, model::Disk fresh, CapabilitiesRef caps,
                         bool force, io::Deadline deadline) {
    model::StorageSource looked = co_await with_layers(core, fresh.source);
    fresh.source = std::move(looked);
    Run& run = domain->running();
    fresh = numbered(*run.domain, old, std::move(fresh));
    fresh.tray = model::DiskTray::closed;
    fresh.iotune = old.iotune;
    model::Domain only = model::without_devices(*run.domain);
    model::insert_device(only, fresh);
    std::vector<OwnedFile> files = guest_files(only, !run.images_opened);
    std::optional<DacOwner> owner = core.owner_of_files();
    if (owner) {
        auto give = [owner, files, user = *core.guest_user] { give_within_reach(*owner, files, user); };
        co_await io::offload(core.loop, std::move(give));
    }
    std::vector<QmpStep> adding = block_steps(core, run, fresh, caps);
    std::vector<QmpStep> removing = block_steps(core, run, old, caps);
    std::shared_ptr<Monitor> monitor = domain->monitor();
    const std::string& id = old.info.alias;
    Json open = Json::object({{"id", id}, {"force", force}});
    co_await monitor->command("blockdev-open-tray", std::move(open), deadline);
    if (!old.source.empty()) {
        Json remove = Json::object({{"id", id}});
        co_await monitor->command("blockdev-remove-medium", std::move(remove), deadline);
    }
    while (!removing.empty()) {
        QmpStep step = std::move(removing.back());
        removing.pop_back();
        Json reply = co_await monitor->exchange(step.undo, std::move(step.undo_arguments), deadline);
        static_cast<void>(reply);
    }
    if (run.images_opened) {
        co_await take_back_images(monitor, old, deadline);
        co_await hand_over_images(core, monitor, fresh, adding, deadline);
    }
    for (QmpStep& step : adding) co_await monitor->command(step.command, std::move(step.arguments), deadline);
    if (!fresh.source.empty()) {
        std::string node = fmt::format("libvirt-{}-format", fresh.source.index);
        co_await insert_medium(monitor, id, std::move(node), force, deadline);
        // The limits went with the medium before.
        if (fresh.iotune != model::DiskIoTune{}) {
            Json limits = throttle_arguments(fresh, fresh.iotune);
            co_await monitor->command("block_set_io_throttle", std::move(limits), deadline);
        }
    }
    Json close = Json::object({{"id", id}});
    co_await monitor->command("blockdev-close-tray", std::move(close), deadline);
    Run& now = domain->running();
    if (owner) now.files.insert(now.files.end(), files.begin(), files.end());
    model::replace_device(*now.domain, old, fresh);
}

Task<void> update_disk(Core& core, DomainOwner domain, model::Disk fresh, CapabilitiesRef caps, bool force,
                       io::Deadline deadline) {
    std::optional<Device> found = model::find_device(*domain->running().domain, fresh);
    if (!found) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "disk '{}' not found", fresh.target);
    }
    const model::Disk old = std::get<model::Disk>(*found);
    if (old.bus != fresh.bus && fresh.bus != model::DiskBus::none) refuse_field("bus");
    if (old.device != fresh.device) refuse_field("device");
    if (!fresh.serial.empty() && old.serial != fresh.serial) refuse_field("serial");
    if (old.shareable != fresh.shareable) refuse_field("shareable");
    const bool removable = old.device == model::DiskDevice::cdrom || old.device == model::DiskDevice::floppy;
    const bool same = old.source.type == fresh.source.type && old.source.path == fresh.source.path;
    if (!removable) {
        if (!same) {
            throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                        "disk device 'disk' cannot change its source",
                        "only the media of CD-ROM and floppy drives can be changed");
        }
        co_return;
    }
    fresh.bus = old.bus;
    fresh.readonly = old.readonly;
    if (fresh.source.format == model::StorageFormat::absent) fresh.source.format = old.source.format;
    if (!same) co_await change_medium(core, domain, old, std::move(fresh), std::move(caps), force, deadline);
}

Task<void> update_graphics(DomainOwner domain, model::Graphics fresh, io::Deadline deadline) {
    std::optional<Device> found = model::find_device(*domain->running().domain, fresh);
    if (!found) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "cannot find existing graphics device to modify of type '{}'",
             xml::to_name(fresh.type));
    }
    model::Graphics old = std::get<model::Graphics>(*found);
    if (old.type != model::GraphicsType::vnc && old.type != model::GraphicsType::spice) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "unable to change config on '{}' graphics type",
             xml::to_name(old.type));
    }
    const std::string name(xml::to_name(old.type));
    const bool moved = old.autoport != fresh.autoport || (!fresh.autoport && old.port != fresh.port);
    if (moved) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "cannot change port settings on {} graphics", name);
    }
    if (!fresh.keymap.empty() && old.keymap != fresh.keymap) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "cannot change keymap setting on {} graphics", name);
    }
    std::shared_ptr<Monitor> monitor = domain->monitor();
    if (fresh.password) {
        Json password = Json::object({{"protocol", name}, {"password", *fresh.password}});
        if (fresh.connected != model::ConnectedAction::absent) {
            password.set("connected", xml::to_name(fresh.connected));
        }
        co_await monitor->command("set_password", std::move(password), deadline);
        std::string time = fresh.password_valid_to.empty() ? "never" : fresh.password_valid_to;
        Json expiry = Json::object({{"protocol", name}, {"time", std::move(time)}});
        co_await monitor->command("expire_password", std::move(expiry), deadline);
    }
    model::Graphics changed = old;
    changed.password = fresh.password;
    changed.password_valid_to = fresh.password_valid_to;
    changed.connected = fresh.connected;
    model::replace_device(*domain->running().domain, old, changed);
}

bool is_bridged(model::InterfaceType type) {
    return type == model::InterfaceType::network || type == model::InterfaceType::bridge;
}

/// Throws operation_unsupported for what a card cannot change while the guest has it.
void require_changeable(const model::Interface& old, const model::Interface& fresh) {
    auto refuse = [](const char* what) {
        fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "cannot modify network device {}", what);
    };
    if (!fresh.model.empty() && fresh.model != old.model) refuse("model");
    if (fresh.type != old.type && !(is_bridged(fresh.type) && is_bridged(old.actual_type()))) refuse("type");
    if (fresh.mtu != 0 && fresh.mtu != old.mtu) refuse("MTU");
    if (fresh.info.boot_order != 0 && fresh.info.boot_order != old.info.boot_order) refuse("boot index setting");
    if (fresh.dev != old.dev) refuse("source");
}

bool is_elsewhere(const model::Interface& old, const model::Interface& fresh) {
    return fresh.type != old.type || fresh.network != old.network || fresh.bridge != old.bridge ||
           fresh.portgroup != old.portgroup;
}

/// The card on its new bridge; its old port is given back.
Task<model::Interface> move_card(Core& core, DomainOwner domain, model::Interface old, model::Interface fresh,
                                 io::Deadline deadline) {
    model::Interface changed = old;
    changed.type = fresh.type;
    changed.network = fresh.network;
    changed.bridge = fresh.bridge;
    changed.portgroup = fresh.portgroup;
    changed.bandwidth = fresh.bandwidth;
    co_await move_interface(core, domain, changed, deadline);
    auto left = std::make_shared<model::Domain>(model::without_devices(*domain->running().domain));
    left->interfaces = {old};
    // The tap stays the guest's: so does its filter.
    left->interfaces.front().filter.reset();
    co_await close_interfaces(core, left);
    co_return changed;
}

Task<void> update_interface(Core& core, DomainOwner domain, model::Interface fresh, io::Deadline deadline) {
    std::optional<Device> found = model::find_device(*domain->running().domain, fresh);
    if (!found) {
        fail(ErrorCode::device_missing, ErrorDomain::qemu, "no device matching MAC address {} found",
             fresh.mac ? fresh.mac->to_string() : "");
    }
    const model::Interface old = std::get<model::Interface>(*found);
    require_changeable(old, fresh);
    model::Interface changed = old;
    if (is_elsewhere(old, fresh)) {
        model::Interface moved = co_await move_card(core, domain, old, fresh, deadline);
        changed = std::move(moved);
        // From here on it is there, whatever else fails.
        model::replace_device(*domain->running().domain, old, changed);
    }
    const model::Interface before = changed;
    const bool up = fresh.link != model::LinkState::down;
    const bool was_up = old.link != model::LinkState::down;
    if (up != was_up) {
        Json arguments = Json::object({{"name", old.info.alias}, {"up", up}});
        co_await domain->monitor()->command("set_link", std::move(arguments), deadline);
    }
    changed.link = fresh.link;
    if (fresh.filter != old.filter) {
        changed.filter = fresh.filter;
        co_await refilter_interface(core, domain->running().domain, changed, deadline);
    }
    changed.port_isolated = fresh.port_isolated;
    const bool isolated = fresh.port_isolated == xml::YesNo::yes;
    if (isolated != (old.port_isolated == xml::YesNo::yes) && is_bridged(changed.actual_type())) {
        auto work = [device = changed.target, isolated] { host::set_port_isolated(device, isolated); };
        co_await io::offload(core.loop, std::move(work));
    }
    if (fresh.bandwidth != old.bandwidth) {
        changed.bandwidth = fresh.bandwidth;
        if (changed.actual) changed.actual->bandwidth = fresh.bandwidth;
        co_await change_floor(core, changed);
        co_await limit_interface(core, changed, deadline);
    }
    model::replace_device(*domain->running().domain, before, changed);
}

Task<void> update_balloon(DomainOwner domain, model::Memballoon fresh, io::Deadline deadline) {
    model::Domain& live = *domain->running().domain;
    if (!live.memballoon || live.memballoon->model != fresh.model) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu, "cannot modify memory balloon model");
    }
    if (auto polling = balloon_polling(live)) {
        Json arguments = Json::object(
            {{"path", polling->path}, {"property", "guest-stats-polling-interval"}, {"value", fresh.stats_period}});
        co_await domain->monitor()->command("qom-set", std::move(arguments), deadline);
    }
    set_balloon_period(*domain->running().domain, static_cast<int>(fresh.stats_period));
}

}  // namespace

Task<void> update_device(Core& core, DomainOwner domain, Device device, CapabilitiesRef capabilities, bool force,
                         io::Deadline deadline) {
    QemuPlatform platform(core.capabilities, capabilities, core.settings);
    const Device complete = complete_device(*domain->running().domain, device, platform);
    if (const auto* disk = std::get_if<model::Disk>(&complete)) {
        co_await update_disk(core, domain, *disk, std::move(capabilities), force, deadline);
    } else if (const auto* graphics = std::get_if<model::Graphics>(&complete)) {
        co_await update_graphics(domain, *graphics, deadline);
    } else if (const auto* interface = std::get_if<model::Interface>(&complete)) {
        co_await update_interface(core, domain, *interface, deadline);
    } else if (const auto* balloon = std::get_if<model::Memballoon>(&complete)) {
        co_await update_balloon(domain, *balloon, deadline);
    } else {
        fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "live update of device '{}' is not supported",
             model::device_kind(device));
    }
    domain->updated = true;
    co_await live_changed(core, domain);
}

}  // namespace virtue::qemu
