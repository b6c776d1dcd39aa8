#include "drivers/qemu/interfaces.h"

#include <fcntl.h>

#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "driver/bandwidth.h"
#include "driver/filter_service.h"
#include "driver/network_service.h"
#include "drivers/qemu/live_definition.h"
#include "host/links.h"
#include "io/offload.h"
#include "io/process.h"
#include "model/domain/device.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.interfaces");

using model::Interface;
using model::InterfaceType;
using model::PlugType;

/// What is to be made for one card, for the blocking pool.
struct Wanted {
    std::string alias;
    std::string name;    ///< of the tap, may hold %d
    std::string bridge;  ///< empty for none
    std::string lower;   ///< a macvtap on this device instead of a tap
    host::MacvtapMode mode = host::MacvtapMode::vepa;
    std::optional<MacAddress> mac;
    uint32_t mtu = 0;
    unsigned queues = 1;
    bool virtio = false;
    bool vhost = false;
    bool isolated = false;
    bool learns = true;
};

struct Made {
    std::string name;
    LaunchContext::InterfaceFds fds;
};

/// The tap's own address must not be the guest's, and high enough that the bridge does not take it for its own.
MacAddress tap_mac(MacAddress mac) {
    mac.bytes[0] = mac.bytes[0] == 0xfe ? 0xfa : 0xfe;
    return mac;
}

Made make_macvtap(const Wanted& wanted) {
    host::Tap tap = host::create_macvtap(wanted.lower, wanted.mode, *wanted.mac, wanted.queues);
    return {tap.name, {std::move(tap.queues), {}}};
}

Made make_tap(const Wanted& wanted) {
    host::TapOptions options;
    options.name = wanted.name;
    options.queues = wanted.queues;
    options.virtio_header = wanted.virtio;
    host::Tap tap = host::create_tap(options);
    if (wanted.mac) host::set_link_mac(tap.name, tap_mac(*wanted.mac));
    uint32_t mtu = wanted.mtu;
    if (mtu == 0 && !wanted.bridge.empty()) mtu = host::link_mtu(wanted.bridge);
    if (mtu != 0) host::set_link_mtu(tap.name, mtu);
    if (!wanted.bridge.empty()) {
        host::set_link_master(tap.name, wanted.bridge);
        if (wanted.isolated) host::set_port_isolated(tap.name, true);
        if (!wanted.learns) host::set_port_learning(tap.name, false);
    }
    host::set_link_up(tap.name, true);
    return {tap.name, {std::move(tap.queues), {}}};
}

Made make(const Wanted& wanted) {
    Made made = wanted.lower.empty() ? make_tap(wanted) : make_macvtap(wanted);
    for (unsigned i = 0; wanted.vhost && i < wanted.queues; i++) {
        Fd fd(::open("/dev/vhost-net", O_RDWR | O_CLOEXEC));
        // Without it QEMU moves the packets itself.
        if (!fd) break;
        made.fds.vhosts.push_back(std::move(fd));
    }
    if (made.fds.vhosts.size() != made.fds.taps.size()) made.fds.vhosts.clear();
    return made;
}

host::MacvtapMode macvtap_mode(model::MacvtapMode mode) {
    switch (mode) {
        case model::MacvtapMode::bridge:
            return host::MacvtapMode::bridge;
        case model::MacvtapMode::priv:
            return host::MacvtapMode::private_mode;
        case model::MacvtapMode::passthrough:
            return host::MacvtapMode::passthrough;
        case model::MacvtapMode::absent:
        case model::MacvtapMode::vepa:
            break;
    }
    return host::MacvtapMode::vepa;
}

model::NetworkPort port_for(const model::Domain& domain, const Interface& interface) {
    model::NetworkPort port;
    port.owner_name = domain.name;
    port.owner_uuid = domain.uuid;
    port.group = interface.portgroup;
    port.mac = interface.mac;
    port.virtual_port = interface.virtual_port;
    port.vlan = interface.vlan;
    port.bandwidth = interface.bandwidth;
    port.isolated = interface.port_isolated;
    port.trust_guest_rx_filters = interface.trust_guest_rx_filters;
    return port;
}

/// Enters what a port turned out to be, for the XML of the running guest.
void note_port(Interface& interface, const driver::NetworkPlug& plug) {
    const model::NetworkPort& port = plug.port;
    model::ActualInterface actual;
    actual.port_id = interface.port_id = port.uuid->to_string();
    actual.virtual_port = port.virtual_port;
    actual.vlan = port.vlan;
    actual.bandwidth = port.bandwidth;
    actual.class_id = port.class_id;
    switch (port.plug) {
        case PlugType::network:
        case PlugType::bridge:
            actual.type = port.plug == PlugType::network ? InterfaceType::network : InterfaceType::bridge;
            actual.bridge = port.bridge;
            actual.mac_table_manager = xml::to_name(port.mac_table_manager);
            break;
        case PlugType::direct:
            actual.type = InterfaceType::direct;
            actual.dev = port.dev;
            actual.mode = port.mode;
            break;
        case PlugType::hostdev_pci:
        case PlugType::none:
            break;
    }
    interface.actual = std::move(actual);
    if (interface.mtu == 0) interface.mtu = plug.mtu;
}

bool needs_device(const Interface& interface) {
    switch (interface.actual_type()) {
        case InterfaceType::network:
        case InterfaceType::bridge:
        case InterfaceType::direct:
        case InterfaceType::ethernet:
            return true;
        default:
            return false;
    }
}

Wanted wanted_for(const model::Domain& domain, const Interface& interface) {
    Wanted wanted;
    wanted.alias = interface.info.alias;
    wanted.mac = interface.mac;
    wanted.mtu = interface.mtu;
    wanted.queues = std::max(1U, interface.driver.queues);
    wanted.virtio = interface.is_virtio();
    wanted.vhost = interface.is_virtio() && is_kvm(domain) && interface.driver.name != model::InterfaceBackend::qemu;
    wanted.isolated = interface.port_isolated == xml::YesNo::yes;
    // Names of this form are ours to give.
    const bool named = !interface.target.empty() && !interface.target.starts_with("vnet");
    wanted.name = named ? interface.target : "vnet%d";
    if (interface.actual_type() == InterfaceType::direct) {
        wanted.lower = interface.actual ? interface.actual->dev : interface.dev;
        wanted.mode = macvtap_mode(interface.actual ? interface.actual->mode : interface.macvtap_mode);
    } else if (interface.actual_type() != InterfaceType::ethernet) {
        wanted.bridge = interface.actual ? interface.actual->bridge : interface.bridge;
        wanted.learns = !interface.actual || interface.actual->mac_table_manager != "libvirt";
    }
    return wanted;
}

Task<void> plug_in(Core& core, std::shared_ptr<model::Domain> live, size_t index, io::Deadline deadline) {
    const std::string network = live->interfaces[index].network;
    if (!core.networks) {
        fail(ErrorCode::no_network, ErrorDomain::network, "no network with matching name '{}'", network);
    }
    model::NetworkPort wanted = port_for(*live, live->interfaces[index]);
    driver::NetworkPlug plug = co_await core.networks->plug(network, std::move(wanted), deadline);
    note_port(live->interfaces[index], plug);
    if (plug.port.isolated == xml::YesNo::yes) live->interfaces[index].port_isolated = xml::YesNo::yes;
    if (plug.port.plug == PlugType::hostdev_pci) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "network '{}' gives whole PCI devices to guests, which this driver does not pass on", network);
    }
}

/// The rules for a guest's packets are in place before it sends the first. Throws.
Task<void> bind_filter(Core& core, std::shared_ptr<model::Domain> live, Interface interface, io::Deadline deadline) {
    if (!core.filters || interface.actual_type() == InterfaceType::direct)
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "packets of interface {} cannot be filtered",
             interface.target);
    model::FilterBinding binding;
    binding.owner_name = live->name;
    binding.owner_uuid = live->uuid;
    binding.port_device = interface.target;
    binding.mac = interface.mac;
    binding.filter = *interface.filter;
    co_await core.filters->bind(std::move(binding), deadline);
}

/// What holds for a card at the moment: a network may have added its own.
const std::optional<model::Bandwidth>& limits_of(const Interface& interface) {
    return interface.actual ? interface.actual->bandwidth : interface.bandwidth;
}

std::optional<Uuid> port_of(const Interface& interface) {
    return interface.type == InterfaceType::network ? Uuid::parse(interface.port_id) : std::nullopt;
}

}  // namespace

Task<LaunchContext::InterfaceFds> open_interface(Core& core, std::shared_ptr<model::Domain> live, size_t index,
                                                 io::Deadline deadline) {
    // A port that the document names was that of another run.
    live->interfaces[index].port_id.clear();
    live->interfaces[index].actual.reset();
    if (live->interfaces[index].type == InterfaceType::network) co_await plug_in(core, live, index, deadline);
    if (!needs_device(live->interfaces[index])) co_return LaunchContext::InterfaceFds();
    const Wanted wanted = wanted_for(*live, live->interfaces[index]);
    auto work = [wanted] { return make(wanted); };
    Made made = co_await io::offload(core.loop, std::move(work));
    live->interfaces[index].target = made.name;
    if (limits_of(live->interfaces[index])) co_await limit_interface(core, live->interfaces[index], deadline);
    if (live->interfaces[index].filter) co_await bind_filter(core, live, live->interfaces[index], deadline);
    co_return std::move(made.fds);
}

Task<void> refilter_interface(Core& core, std::shared_ptr<model::Domain> live, Interface interface,
                              io::Deadline deadline) {
    if (interface.filter) {
        co_await bind_filter(core, live, interface, deadline);
    } else if (core.filters) {
        co_await core.filters->unbind(interface.target);
    }
}

Task<InterfaceFds> open_interfaces(Core& core, std::shared_ptr<model::Domain> live, io::Deadline deadline) {
    InterfaceFds all;
    for (size_t i = 0; i < live->interfaces.size(); i++) {
        LaunchContext::InterfaceFds fds = co_await open_interface(core, live, i, deadline);
        if (!fds.taps.empty()) all.emplace(live->interfaces[i].info.alias, std::move(fds));
    }
    co_return all;
}

void resolve_listens(const Core& core, model::Domain& live) {
    for (model::Graphics& graphics : live.graphics)
        for (model::GraphicsListen& listen : graphics.listens)
            if (listen.type == model::ListenType::network && core.networks)
                listen.address = core.networks->address(listen.network);
}

Task<void> change_floor(Core& core, Interface& card) {
    const std::optional<Uuid> port = port_of(card);
    if (!port || !core.networks || !card.actual) co_return;
    const std::string network = card.network;
    std::optional<model::Bandwidth> limits = card.actual->bandwidth;
    card.actual->class_id = co_await core.networks->limit(network, *port, std::move(limits));
}

Task<void> limit_interface(Core& core, const Interface& card, io::Deadline deadline) {
    const std::string device = card.target;
    if (device.empty()) co_return;
    const bool own_end = card.actual_type() == InterfaceType::direct;
    const driver::Shaped shaped = own_end ? driver::Shaped::macvtap : driver::Shaped::tap;
    const std::optional<model::Bandwidth>& limits = limits_of(card);
    std::vector<driver::TrafficCommand> commands =
        limits ? driver::set_bandwidth(device, *limits, shaped) : driver::clear_bandwidth(device);
    for (driver::TrafficCommand& command : commands) {
        const std::string shown = join(command.words, " ");
        io::ProcessOptions options;
        options.arguments = std::move(command.words);
        options.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
        std::string nothing;
        const io::CommandResult result =
            co_await io::run_command(core.loop, std::move(options), std::move(nothing), deadline);
        if (result.status.success() || command.may_fail) continue;
        fail(ErrorCode::internal_error, ErrorDomain::none, "Child process ({}) unexpected {}: {}", shown,
             result.status.to_string(), result.errors);
    }
}

Task<void> move_interface(Core& core, DomainOwner domain, Interface& fresh, io::Deadline deadline) {
    auto alone = std::make_shared<model::Domain>(model::without_devices(*domain->running().domain));
    alone->interfaces = {fresh};
    Interface& card = alone->interfaces.front();
    card.port_id.clear();
    card.actual.reset();
    if (card.type == InterfaceType::network) co_await plug_in(core, alone, 0, deadline);
    std::optional<Error> failure;
    try {
        const bool bridged =
            card.actual_type() == InterfaceType::network || card.actual_type() == InterfaceType::bridge;
        if (!bridged) {
            throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                        "unable to change config on network type: its device on the host would be of another kind");
        }
        const std::string bridge = card.actual ? card.actual->bridge : card.bridge;
        const bool isolated = card.port_isolated == xml::YesNo::yes;
        auto work = [device = card.target, bridge, isolated] {
            host::set_link_master(device, bridge);
            if (isolated) host::set_port_isolated(device, true);
        };
        co_await io::offload(core.loop, std::move(work));
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) {
        card.target.clear();
        co_await close_interfaces(core, alone);
        throw *failure;
    }
    fresh = card;
}

Task<void> close_interfaces(Core& core, std::shared_ptr<model::Domain> live) {
    if (!live) co_return;
    for (const Interface& interface : live->interfaces) {
        std::string problem;
        try {
            const std::string device = interface.target;
            if (interface.filter && core.filters && !device.empty()) co_await core.filters->unbind(device);
            const bool stays = interface.actual_type() == InterfaceType::direct && !interface.target.empty();
            if (stays && interface.target.starts_with("macvtap")) {
                const std::string name = interface.target;
                auto remove = [name] { host::delete_link(name); };
                co_await io::offload(core.loop, std::move(remove));
            }
            const std::optional<Uuid> port = port_of(interface);
            const std::string network = interface.network;
            if (port && core.networks) co_await core.networks->unplug(network, *port);
        } catch (const Error& error) {
            problem = error.message();
        }
        if (!problem.empty()) logger.warn("interface {} of a guest that ended: {}", interface.target, problem);
    }
}

Task<void> drop_stale_ports(Core& core) {
    if (!core.networks) co_return;
    auto is_stale = [&core](const Uuid& owner) {
        const Domain* domain = core.domains.find(owner);
        return domain && !domain->is_active();
    };
    co_await core.networks->drop_ports(std::move(is_stale));
}

void rejoin_bridge(Core& core, const std::string& network, const std::string& bridge) {
    if (bridge.empty()) return;
    core.domains.for_each([&](const Domain& domain) {
        if (!domain.run() || !domain.run()->ready) return;
        for (const Interface& interface : domain.run()->domain->interfaces) {
            const std::optional<Uuid> uuid = port_of(interface);
            const bool of_network = uuid && interface.network == network && interface.actual &&
                                    interface.actual->bridge == bridge && !interface.target.empty();
            if (!of_network) continue;
            model::NetworkPort port = port_for(*domain.run()->domain, interface);
            port.uuid = uuid;
            port.plug = interface.actual->type == InterfaceType::network ? PlugType::network : PlugType::bridge;
            port.bridge = bridge;
            try {
                host::set_link_master(interface.target, bridge);
                if (interface.port_isolated == xml::YesNo::yes) host::set_port_isolated(interface.target, true);
            } catch (const Error& error) {
                logger.warn("guest '{}' is not on network '{}': {}", domain.name(), network, error.message());
                continue;
            }
            core.spawn(core.networks->claim(network, std::move(port)));
        }
    });
}

void rejoin_bridges(Core& core) {
    if (!core.networks) return;
    std::set<std::pair<std::string, std::string>> left;
    core.domains.for_each([&](const Domain& domain) {
        if (!domain.run() || !domain.run()->ready) return;
        for (const Interface& interface : domain.run()->domain->interfaces) {
            const bool is_plugged = port_of(interface) && interface.actual && !interface.actual->bridge.empty() &&
                                    !interface.target.empty();
            if (!is_plugged || host::link_index(interface.target) == 0) continue;
            if (host::link_master(interface.target).empty()) left.emplace(interface.network, interface.actual->bridge);
        }
    });
    for (const auto& [network, bridge] : left)
        if (host::link_index(bridge) != 0) rejoin_bridge(core, network, bridge);
}

Task<std::vector<KnownAddress>> leased_addresses(Core& core, DomainOwner domain) {
    std::vector<KnownAddress> found;
    const std::shared_ptr<model::Domain> live = domain->running().domain;
    for (const Interface& interface : live->interfaces) {
        if (interface.type != InterfaceType::network || !interface.mac || !core.networks) continue;
        const std::string network = interface.network;
        const std::vector<driver::NetworkLease> leases = co_await core.networks->leases(network);
        for (const driver::NetworkLease& lease : leases) {
            if (MacAddress::parse(lease.mac) != interface.mac) continue;
            found.push_back(
                {interface.target, interface.mac->to_string(), lease.ip, lease.prefix, lease.is_ipv6, lease.hostname});
        }
    }
    co_return found;
}

Task<std::vector<KnownAddress>> neighbour_addresses(Core& core, DomainOwner domain) {
    std::vector<KnownAddress> found;
    const std::shared_ptr<model::Domain> live = domain->running().domain;
    auto look = [] { return host::neighbours(); };
    const std::vector<host::Neighbour> all = co_await io::offload(core.loop, std::move(look));
    for (const Interface& interface : live->interfaces) {
        for (const host::Neighbour& one : all) {
            if (!interface.mac || one.mac != *interface.mac) continue;
            found.push_back({interface.target, interface.mac->to_string(), one.address, 0, one.is_ipv6});
        }
    }
    co_return found;
}

}  // namespace virtue::qemu
