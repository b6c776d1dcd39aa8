// The devices of a live definition: their files, their sockets and terminals, the names by which others know them.
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "drivers/qemu/live_definition.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

const model::Channel* agent_channel(const model::Domain& domain) {
    for (const model::Channel& channel : domain.channels) {
        if (channel.target == model::ChannelTarget::virtio && channel.name == "org.qemu.guest_agent.0") return &channel;
    }
    return nullptr;
}

void add_file(std::vector<OwnedFile>& files, const std::string& path, bool shared, bool restore = true) {
    std::error_code ignored;
    if (path.empty() || !std::filesystem::exists(path, ignored)) return;
    files.push_back({path, shared, restore});
}

void add_source(std::vector<OwnedFile>& files, const model::StorageSource& source, bool shared) {
    for (const model::DeviceSecurityLabel& label : source.security_labels) {
        if (label.relabel && !*label.relabel && (label.model.empty() || label.model == "dac")) return;
    }
    if (source.is_local()) add_file(files, source.path, shared);
    for (const model::StorageSource& below : source.backing) add_source(files, below, true);
}

/// All character devices with their aliases, first as const, then for change.
template <typename D, typename Visit>
void each_chardev(D& domain, Visit visit) {
    for (auto& device : domain.serials) visit(device);
    for (auto& device : domain.parallels) visit(device);
    for (auto& device : domain.consoles) visit(device);
    for (auto& device : domain.channels) visit(device);
}

}  // namespace

std::vector<std::string> settle_images(model::Domain& domain) {
    std::vector<std::string> wanted;
    std::error_code ignored;
    for (model::Disk& disk : domain.disks) {
        // An empty drive has a format only once there is something in it.
        if (disk.source.empty()) disk.source.format = model::StorageFormat::absent;
        if (!disk.source.is_local() || disk.source.path.empty() || !disk.source.fdgroup.empty()) continue;
        bool removable = disk.device == model::DiskDevice::cdrom || disk.device == model::DiskDevice::floppy;
        bool optional = disk.source.startup_policy == model::StartupPolicy::optional;
        if (removable && optional && !std::filesystem::exists(disk.source.path, ignored)) {
            disk.source = model::StorageSource{};
            continue;
        }
        wanted.push_back(disk.source.path);
    }
    return wanted;
}

std::vector<OwnedFile> guest_files(const model::Domain& domain, bool images) {
    std::vector<OwnedFile> files;
    for (const model::Disk& disk : domain.disks) {
        if (!images || !disk.source.fdgroup.empty()) continue;
        add_source(files, disk.source, disk.readonly || disk.shareable || disk.device == model::DiskDevice::cdrom);
        if (disk.mirror && disk.mirror->job == "copy") add_source(files, disk.mirror->source, false);
    }
    add_file(files, domain.os.kernel, true);
    add_file(files, domain.os.initrd, true);
    add_file(files, domain.os.dtb, true);
    add_file(files, domain.os.slic_table, true);
    // The variable store stays with the guest's user: nobody else has a use for it.
    add_file(files, nvram_path(domain), false, false);
    for (const model::Filesystem& filesystem : domain.filesystems) (void)filesystem;  // shared folders keep their owner
    each_chardev(domain, [&](const model::Chardev& device) {
        bool is_file = device.source.type == model::ChardevType::file || device.source.type == model::ChardevType::dev;
        if (is_file) add_file(files, device.source.path, false);
    });
    return files;
}

std::vector<std::string> set_channel_paths(model::Domain& domain, const std::string& folder) {
    bool used = false;
    for (model::Channel& channel : domain.channels) {
        if (channel.source.type != model::ChardevType::unix_socket || !channel.source.path.empty()) continue;
        if (channel.target != model::ChannelTarget::virtio) continue;
        channel.source.path = folder + "/" + (channel.name.empty() ? "channel" : channel.name);
        channel.source.listen = true;
        used = true;
    }
    return used ? std::vector<std::string>{folder} : std::vector<std::string>{};
}

std::vector<ListeningSocket> listening_sockets(const model::Domain& domain) {
    std::vector<ListeningSocket> sockets;
    each_chardev(domain, [&](const model::Chardev& device) {
        const model::ChardevSource& source = device.source;
        if (source.type != model::ChardevType::unix_socket || !source.listen || source.path.empty()) return;
        bool seen = std::any_of(sockets.begin(), sockets.end(),
                                [&](const ListeningSocket& other) { return other.path == source.path; });
        if (!seen) sockets.push_back({device.info.alias, source.path});
    });
    return sockets;
}

void set_terminals(model::Domain& domain, const std::map<std::string, std::string>& ptys) {
    each_chardev(domain, [&](model::Chardev& device) {
        if (device.source.type != model::ChardevType::pty) return;
        auto found = ptys.find(device.info.alias);
        if (found != ptys.end()) device.source.path = found->second;
    });
    // The first console of a machine with a serial port is that port under another name.
    if (domain.consoles.empty() || domain.serials.empty()) return;
    model::Console& console = domain.consoles.front();
    if (console.target != model::ConsoleTarget::serial) return;
    console.source = domain.serials.front().source;
    console.info.alias = domain.serials.front().info.alias;
}

bool set_channel_state(model::Domain& domain, const std::string& alias, bool open) {
    for (model::Channel& channel : domain.channels) {
        if (channel.info.alias != alias || channel.target != model::ChannelTarget::virtio) continue;
        channel.state = open ? model::ChannelState::connected : model::ChannelState::disconnected;
        return &channel == agent_channel(domain);
    }
    return false;
}

std::optional<std::string> agent_socket(const model::Domain& domain) {
    const model::Channel* channel = agent_channel(domain);
    if (!channel || channel->source.type != model::ChardevType::unix_socket || channel->source.path.empty())
        return std::nullopt;
    return channel->source.path;
}

Terminal find_console(const model::Domain& domain, const std::string& device) {
    const model::Chardev* found = nullptr;
    if (device.empty()) {
        if (!domain.consoles.empty()) {
            found = &domain.consoles.front();
            if (domain.consoles.front().target == model::ConsoleTarget::serial && !domain.serials.empty())
                found = &domain.serials.front();
        } else if (!domain.serials.empty()) {
            found = &domain.serials.front();
        }
    }
    auto take = [&](const model::Chardev& candidate) {
        if (!found && !device.empty() && candidate.info.alias == device) found = &candidate;
    };
    for (const model::Console& console : domain.consoles) take(console);
    for (const model::Serial& serial : domain.serials) take(serial);
    for (const model::Parallel& parallel : domain.parallels) take(parallel);
    if (!found && device.empty() && !domain.parallels.empty()) found = &domain.parallels.front();
    if (!found) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "cannot find console device '{}'",
             device.empty() ? "default" : device);
    }
    if (found->source.type == model::ChardevType::unix_socket) return {found->source.path, true};
    if (found->source.type != model::ChardevType::pty) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "character device {} is not using a PTY or UNIX socket",
             found->info.alias);
    }
    return {found->source.path, false};
}

Terminal find_channel(const model::Domain& domain, const std::string& name) {
    const model::Channel* found = nullptr;
    for (const model::Channel& channel : domain.channels) {
        bool wanted = name.empty() || channel.name == name || channel.info.alias == name;
        if (!found && wanted) found = &channel;
    }
    if (!found) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "cannot find channel {}", name.empty() ? "(default)" : name);
    }
    if (found->source.type == model::ChardevType::unix_socket) return {found->source.path, true};
    if (found->source.type != model::ChardevType::pty) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "channel {} is not using a UNIX socket", name);
    }
    return {found->source.path, false};
}

std::vector<DiskName> disk_names(const model::Domain& domain) {
    std::vector<DiskName> names;
    for (const model::Disk& disk : domain.disks) {
        DiskName name;
        name.target = disk.target;
        name.alias = disk.info.alias;
        name.is_file = disk.source.is_local();
        name.source = disk.source.is_local() ? disk.source.path : disk.source.name;
        // An empty drive has a number, and no node that bears it.
        const uint32_t index = disk.source.empty() ? 0 : disk.source.index;
        if (index > 0) name.node = fmt::format("libvirt-{}-format", index);
        name.index = index;
        for (const model::StorageSource* layer = &disk.source; !layer->backing.empty();) {
            layer = &layer->backing.front();
            if (layer->type != model::StorageType::none) name.indexes_below.push_back(layer->index);
        }
        names.push_back(std::move(name));
    }
    return names;
}

std::string find_disk_at(const model::Domain& domain, int64_t bus, int64_t target, int64_t unit) {
    for (const model::Disk& disk : domain.disks) {
        const model::Address& address = disk.info.address;
        if (!address.is(model::AddressType::drive)) continue;
        bool same = address.drive.bus == bus && address.drive.target == target && address.drive.unit == unit;
        if (same) return disk.target;
    }
    return {};
}

std::vector<InterfaceName> interface_names(const model::Domain& domain) {
    std::vector<InterfaceName> names;
    for (const model::Interface& interface : domain.interfaces) {
        InterfaceName name;
        name.device = interface.target;
        if (interface.mac) name.mac = interface.mac->to_string();
        name.alias = interface.info.alias;
        name.link_down = interface.link == model::LinkState::down;
        name.is_own_end = interface.actual_type() == model::InterfaceType::direct;
        names.push_back(std::move(name));
    }
    return names;
}

}  // namespace virtue::qemu
