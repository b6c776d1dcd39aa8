#include "model/domain/device.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "model/domain/settle.h"

namespace virtue::model {
namespace {

// The list of a domain that holds a kind of device.
std::vector<Disk>& list(Domain& d, const Disk*) {
    return d.disks;
}
std::vector<Controller>& list(Domain& d, const Controller*) {
    return d.controllers;
}
std::vector<Lease>& list(Domain& d, const Lease*) {
    return d.leases;
}
std::vector<Filesystem>& list(Domain& d, const Filesystem*) {
    return d.filesystems;
}
std::vector<Interface>& list(Domain& d, const Interface*) {
    return d.interfaces;
}
std::vector<Smartcard>& list(Domain& d, const Smartcard*) {
    return d.smartcards;
}
std::vector<Serial>& list(Domain& d, const Serial*) {
    return d.serials;
}
std::vector<Parallel>& list(Domain& d, const Parallel*) {
    return d.parallels;
}
std::vector<Console>& list(Domain& d, const Console*) {
    return d.consoles;
}
std::vector<Channel>& list(Domain& d, const Channel*) {
    return d.channels;
}
std::vector<Input>& list(Domain& d, const Input*) {
    return d.inputs;
}
std::vector<Tpm>& list(Domain& d, const Tpm*) {
    return d.tpms;
}
std::vector<Graphics>& list(Domain& d, const Graphics*) {
    return d.graphics;
}
std::vector<Sound>& list(Domain& d, const Sound*) {
    return d.sounds;
}
std::vector<Audio>& list(Domain& d, const Audio*) {
    return d.audios;
}
std::vector<Video>& list(Domain& d, const Video*) {
    return d.videos;
}
std::vector<Hostdev>& list(Domain& d, const Hostdev*) {
    return d.hostdevs;
}
std::vector<RedirectedDevice>& list(Domain& d, const RedirectedDevice*) {
    return d.redirdevs;
}
std::vector<Hub>& list(Domain& d, const Hub*) {
    return d.hubs;
}
std::vector<Watchdog>& list(Domain& d, const Watchdog*) {
    return d.watchdogs;
}
std::vector<Rng>& list(Domain& d, const Rng*) {
    return d.rngs;
}
std::vector<Panic>& list(Domain& d, const Panic*) {
    return d.panics;
}
std::vector<Shmem>& list(Domain& d, const Shmem*) {
    return d.shmems;
}
std::vector<MemoryDevice>& list(Domain& d, const MemoryDevice*) {
    return d.memory_devices;
}
std::vector<Crypto>& list(Domain& d, const Crypto*) {
    return d.cryptos;
}
std::optional<Memballoon>& list(Domain& d, const Memballoon*) {
    return d.memballoon;
}
std::optional<Nvram>& list(Domain& d, const Nvram*) {
    return d.nvram;
}
std::optional<Iommu>& list(Domain& d, const Iommu*) {
    return d.iommu;
}
std::optional<Vsock>& list(Domain& d, const Vsock*) {
    return d.vsock;
}

template <typename T>
auto& list_of(Domain& d) {
    return list(d, static_cast<const T*>(nullptr));
}
template <typename T>
const auto& list_of(const Domain& d) {
    return list(const_cast<Domain&>(d), static_cast<const T*>(nullptr));
}

// Calls `visit` for each device of a kind that is there.
template <typename T, typename Visit>
void each(const Domain& d, Visit visit) {
    const auto& all = list_of<T>(d);
    if constexpr (requires { all.has_value(); }) {
        if (all) visit(*all);
    } else {
        for (const T& device : all) visit(device);
    }
}

template <typename T>
constexpr bool has_info = requires(T& device) { device.info; };

// The first kind of the variant whose element has that name; reads it.
template <size_t I = 0>
Device read_as(xml::Element root, const xml::Options& options) {
    if constexpr (I == std::variant_size_v<Device>) {
        fail(ErrorCode::config_unsupported, ErrorDomain::domain, "unknown device type '{}'", root.name());
    } else {
        using T = std::variant_alternative_t<I, Device>;
        if (root.name() == T::element) return xml::read<T>(root, options);
        return read_as<I + 1>(root, options);
    }
}

// ---- which device of a domain is meant

bool same_address(const DeviceInfo& wanted, const DeviceInfo& there) {
    if (wanted.address.is(AddressType::none)) return true;
    if (wanted.address.is(AddressType::pci) && wanted.address.pci.empty()) return true;
    if (wanted.address.is(AddressType::pci) && there.address.is(AddressType::pci)) {
        // Its second name on s390 tells nothing more.
        const PciAddress& a = wanted.address.pci;
        const PciAddress& b = there.address.pci;
        return a.domain == b.domain && a.bus == b.bus && a.slot == b.slot && a.function == b.function;
    }
    return wanted.address == there.address;
}

bool same_alias(const DeviceInfo& wanted, const DeviceInfo& there) {
    return wanted.alias.empty() || wanted.alias == there.alias;
}

bool same_source(const ChardevSource& wanted, const ChardevSource& there) {
    if (wanted.type != there.type) return false;
    switch (wanted.type) {
        case ChardevType::pty:
        case ChardevType::unix_socket:
            return wanted.path.empty() || wanted.path == there.path;
        case ChardevType::udp:
        case ChardevType::tcp:
            return wanted.host == there.host && wanted.service == there.service &&
                   wanted.bind_service == there.bind_service;
        default:
            return wanted.path == there.path && wanted.channel == there.channel;
    }
}

bool fits(const Disk& wanted, const Disk& there) {
    return wanted.target == there.target;
}
bool fits(const Controller& wanted, const Controller& there) {
    return wanted.type == there.type && wanted.index == there.index;
}
bool fits(const Lease& wanted, const Lease& there) {
    return wanted.key == there.key && wanted.lockspace == there.lockspace;
}
bool fits(const Filesystem& wanted, const Filesystem& there) {
    return wanted.target == there.target;
}
// A port that the document leaves open is none of those that are there, as libvirt has it.
bool fits(const Serial& wanted, const Serial& there) {
    return same_source(wanted.source, there.source) && wanted.port == there.port;
}
bool fits(const Parallel& wanted, const Parallel& there) {
    return same_source(wanted.source, there.source) && wanted.port == there.port;
}
bool fits(const Console& wanted, const Console& there) {
    return same_source(wanted.source, there.source) && wanted.target == there.target &&
           (wanted.port == -1 || wanted.port == there.port);
}
bool fits(const Channel& wanted, const Channel& there) {
    return same_source(wanted.source, there.source) && wanted.target == there.target && wanted.name == there.name &&
           wanted.guest_address == there.guest_address && wanted.guest_port == there.guest_port;
}
bool fits(const Input& wanted, const Input& there) {
    return wanted.type == there.type && (wanted.bus == InputBus::absent || wanted.bus == there.bus) &&
           wanted.evdev == there.evdev && same_address(wanted.info, there.info) && same_alias(wanted.info, there.info);
}
bool fits(const Sound& wanted, const Sound& there) {
    return wanted.model == there.model && same_address(wanted.info, there.info);
}
bool fits(const Hostdev& wanted, const Hostdev& there) {
    if (wanted.mode != there.mode || wanted.type != there.type) return false;
    switch (wanted.type) {
        case HostdevType::pci:
            return wanted.pci.same_place(there.pci);
        case HostdevType::usb:
            if (wanted.usb.has_address) {
                return there.usb.has_address && wanted.usb.bus == there.usb.bus &&
                       wanted.usb.device == there.usb.device;
            }
            return wanted.usb.vendor == there.usb.vendor && wanted.usb.product == there.usb.product;
        case HostdevType::scsi:
            return wanted.scsi == there.scsi && wanted.iscsi.path == there.iscsi.path;
        default:
            return wanted.wwpn == there.wwpn && wanted.mdev == there.mdev && wanted.capability == there.capability;
    }
}
bool fits(const RedirectedDevice& wanted, const RedirectedDevice& there) {
    return wanted.bus == there.bus && same_source(wanted.source, there.source) &&
           same_address(wanted.info, there.info) && same_alias(wanted.info, there.info);
}
bool fits(const Watchdog& wanted, const Watchdog& there) {
    return wanted.model == there.model && same_address(wanted.info, there.info);
}
bool fits(const Rng& wanted, const Rng& there) {
    return wanted.model == there.model && wanted.backend == there.backend && wanted.rate == there.rate &&
           (wanted.device.empty() || wanted.device == there.device) && same_source(wanted.source, there.source) &&
           same_address(wanted.info, there.info);
}
bool fits(const Shmem& wanted, const Shmem& there) {
    return wanted.name == there.name && wanted.model == there.model && wanted.size == there.size &&
           wanted.has_server == there.has_server && wanted.server_path == there.server_path &&
           wanted.vectors == there.vectors && same_address(wanted.info, there.info) &&
           same_alias(wanted.info, there.info);
}
bool fits(const MemoryDevice& wanted, const MemoryDevice& there) {
    return wanted.model == there.model && wanted.size == there.size && wanted.node == there.node &&
           wanted.path == there.path && wanted.nodes == there.nodes && wanted.page_size == there.page_size &&
           same_address(wanted.info, there.info);
}
bool fits(const Vsock& wanted, const Vsock& there) {
    return wanted.automatic_cid == there.automatic_cid && (wanted.cid == 0 || wanted.cid == there.cid);
}
bool fits(const Graphics& wanted, const Graphics& there) {
    return wanted.type == there.type;
}
template <typename T>
bool fits(const T&, const T&) {
    return true;
}

std::optional<Device> find_interface(const Domain& domain, const Interface& wanted) {
    const Interface* found = nullptr;
    const bool placed = !wanted.info.address.is(AddressType::none);
    for (const Interface& there : domain.interfaces) {
        if (wanted.mac && wanted.mac != there.mac) continue;
        if (!same_address(wanted.info, there.info) || !same_alias(wanted.info, there.info)) continue;
        if (found != nullptr && !placed) {
            if (!wanted.mac) break;
            fail(ErrorCode::operation_failed, ErrorDomain::domain, "multiple devices matching MAC address {} found",
                 wanted.mac->to_string());
        }
        found = &there;
    }
    if (found != nullptr) return Device(*found);
    if (wanted.mac) {
        fail(ErrorCode::device_missing, ErrorDomain::domain, "no device matching MAC address {} found",
             wanted.mac->to_string());
    }
    throw Error(ErrorCode::device_missing, ErrorDomain::domain, "no matching device found");
}

}  // namespace

Device parse_device(std::string_view text, bool inactive) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.source = "(device_definition)";
    options.inactive = inactive;
    const xml::Document document = xml::Document::parse(text, options.source, options.domain, options.limits);
    return read_as(document.root(), options);
}

const char* device_kind(const Device& device) {
    static constexpr const char* names[] = {
        "disk",    "controller", "lease",  "filesystem", "net",        "smartcard", "chr",   "chr",
        "chr",     "chr",        "input",  "tpm",        "graphics",   "sound",     "audio", "video",
        "hostdev", "redirdev",   "hub",    "watchdog",   "memballoon", "rng",       "nvram", "panic",
        "shmem",   "memory",     "crypto", "iommu",      "vsock"};
    static_assert(std::size(names) == std::variant_size_v<Device>);
    return names[device.index()];
}

const DeviceInfo* info_of(const Device& device) {
    return std::visit(
        [](const auto& one) -> const DeviceInfo* {
            if constexpr (has_info<decltype(one)>) {
                return &one.info;
            } else {
                return nullptr;
            }
        },
        device);
}

DeviceInfo* info_of(Device& device) {
    return const_cast<DeviceInfo*>(info_of(std::as_const(device)));
}

bool insert_device(Domain& domain, Device device) {
    return std::visit(
        [&](auto& one) {
            using T = std::decay_t<decltype(one)>;
            auto& all = list_of<T>(domain);
            if constexpr (requires { all.has_value(); }) {
                if (all) return false;
                all = std::move(one);
            } else {
                all.push_back(std::move(one));
            }
            if constexpr (std::is_same_v<T, Disk>) settle_disks(domain);
            if constexpr (std::is_same_v<T, Controller>) settle_controllers(domain);
            return true;
        },
        device);
}

std::optional<Device> find_device(const Domain& domain, const Device& wanted) {
    if (const auto* interface = std::get_if<Interface>(&wanted)) return find_interface(domain, *interface);
    return std::visit(
        [&](const auto& one) {
            using T = std::decay_t<decltype(one)>;
            std::optional<Device> found;
            each<T>(domain, [&](const T& there) {
                if (!found && fits(one, there)) found = there;
            });
            return found;
        },
        wanted);
}

namespace {

template <size_t I = 0>
std::optional<Device> find_alias(const Domain& domain, const std::string& alias) {
    if constexpr (I < std::variant_size_v<Device>) {
        using T = std::variant_alternative_t<I, Device>;
        std::optional<Device> found;
        if constexpr (has_info<T>) {
            each<T>(domain, [&](const T& there) {
                if (there.info.alias == alias) found = there;
            });
        }
        return found ? found : find_alias<I + 1>(domain, alias);
    } else {
        return std::nullopt;
    }
}

}  // namespace

std::optional<Device> find_device_by_alias(const Domain& domain, const std::string& alias) {
    return alias.empty() ? std::nullopt : find_alias(domain, alias);
}

void remove_device(Domain& domain, const Device& device) {
    std::visit(
        [&](const auto& one) {
            using T = std::decay_t<decltype(one)>;
            auto& all = list_of<T>(domain);
            if constexpr (requires { all.has_value(); }) {
                all.reset();
            } else {
                auto at = std::find(all.begin(), all.end(), one);
                if (at == all.end()) return;
                const bool first = at == all.begin();
                all.erase(at);
                if constexpr (std::is_same_v<T, Serial>) {
                    const bool twin =
                        first && !domain.consoles.empty() && domain.consoles.front().target == ConsoleTarget::serial;
                    if (twin && domain.serials.empty()) domain.consoles.erase(domain.consoles.begin());
                }
            }
        },
        device);
}

void replace_device(Domain& domain, const Device& old, Device fresh) {
    std::visit(
        [&](auto& one) {
            using T = std::decay_t<decltype(one)>;
            auto& all = list_of<T>(domain);
            if constexpr (requires { all.has_value(); }) {
                all = std::move(one);
            } else {
                auto at = std::find(all.begin(), all.end(), std::get<T>(old));
                if (at != all.end()) *at = std::move(one);
            }
        },
        fresh);
}

Domain without_devices(const Domain& domain) {
    Domain bare = domain;
    bare.disks.clear();
    bare.leases.clear();
    bare.filesystems.clear();
    bare.interfaces.clear();
    bare.smartcards.clear();
    bare.serials.clear();
    bare.parallels.clear();
    bare.consoles.clear();
    bare.channels.clear();
    bare.inputs.clear();
    bare.tpms.clear();
    bare.graphics.clear();
    bare.sounds.clear();
    bare.videos.clear();
    bare.hostdevs.clear();
    bare.redirdevs.clear();
    bare.watchdogs.clear();
    bare.memballoon.reset();
    bare.rngs.clear();
    bare.nvram.reset();
    bare.panics.clear();
    bare.shmems.clear();
    bare.memory_devices.clear();
    bare.cryptos.clear();
    bare.iommu.reset();
    bare.vsock.reset();
    return bare;
}

}  // namespace virtue::model
