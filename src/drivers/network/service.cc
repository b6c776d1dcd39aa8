#include "drivers/network/service.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <ctime>
#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "driver/constants.h"
#include "drivers/network/floors.h"
#include "drivers/network/hooks.h"
#include "drivers/network/leases.h"
#include "drivers/network/mac_map.h"
#include "drivers/network/run.h"
#include "io/offload.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network.ports");

using model::ForwardMode;
using model::NetworkPort;
using model::PlugType;

const model::PortGroup* group_of(const model::Network& network, const std::string& name) {
    for (const model::PortGroup& group : network.port_groups)
        if (name.empty() ? group.is_default : group.name == name) return &group;
    return nullptr;
}

unsigned users_of(const Network& network, const std::string& device) {
    unsigned users = 0;
    for (const auto& [uuid, port] : network.ports)
        if (port.plug == PlugType::direct && port.dev == device) users++;
    return users;
}

/// The least used interface of the pool; one that nobody uses where it cannot be shared.
std::string free_device(const Network& network) {
    const model::Network& live = *network.live;
    if (live.forward->interfaces.empty()) {
        fail(ErrorCode::internal_error, ErrorDomain::network,
             "network '{}' uses a direct mode, but has no forward dev and no interface pool", network.name());
    }
    const bool exclusive =
        live.mode() == ForwardMode::passthrough ||
        (live.mode() == ForwardMode::private_mode && live.virtual_port && live.virtual_port->type == "802.1Qbh");
    const model::ForwardInterface* best = nullptr;
    unsigned best_users = 0;
    for (const model::ForwardInterface& one : live.forward->interfaces) {
        const unsigned users = users_of(network, one.dev);
        if (exclusive && users > 0) continue;
        if (best && users >= best_users) continue;
        best = &one;
        best_users = users;
    }
    if (!best) {
        fail(ErrorCode::internal_error, ErrorDomain::network,
             "network '{}' requires exclusive access to interfaces, but none are available", network.name());
    }
    return best->dev;
}

model::PciAddress free_function(const Network& network) {
    for (const model::PciAddress& address : network.live->forward->addresses) {
        bool used = false;
        for (const auto& [uuid, port] : network.ports)
            used = used || (port.plug == PlugType::hostdev_pci && port.pci == address);
        if (!used) return address;
    }
    fail(ErrorCode::internal_error, ErrorDomain::network,
         "network '{}' requires exclusive access to interfaces, but none are available", network.name());
}

model::MacvtapMode macvtap_mode(ForwardMode mode) {
    switch (mode) {
        case ForwardMode::bridge:
            return model::MacvtapMode::bridge;
        case ForwardMode::private_mode:
            return model::MacvtapMode::priv;
        case ForwardMode::passthrough:
            return model::MacvtapMode::passthrough;
        default:
            return model::MacvtapMode::vepa;
    }
}

void plug_in(const Network& network, NetworkPort& port) {
    const model::Network& live = *network.live;
    if (live.owns_bridge() || (live.mode() == ForwardMode::bridge && !live.bridge.empty())) {
        port.plug = live.owns_bridge() ? PlugType::network : PlugType::bridge;
        port.bridge = live.bridge;
        port.mac_table_manager = live.mac_table_manager;
        return;
    }
    if (live.mode() == ForwardMode::hostdev) {
        port.plug = PlugType::hostdev_pci;
        port.pci = free_function(network);
        port.managed = live.forward->managed;
        port.driver = live.forward->driver;
        return;
    }
    port.plug = PlugType::direct;
    port.dev = free_device(network);
    port.mode = macvtap_mode(live.mode());
}

}  // namespace

const model::Network& definition_for(const Network& network, uint32_t flags) {
    const bool live = flags & api::network_update_affect_live;
    const bool config = flags & api::network_update_affect_config;
    if (live && !network.active)
        throw Error(ErrorCode::operation_invalid, ErrorDomain::network, "network is not running");
    if (config && !network.is_persistent()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::network,
                    "transient networks do not have any persistent config");
    }
    return config ? *network.persistent : network.current();
}

void refuse_missing_metadata() {
    constexpr auto no_network_metadata = static_cast<ErrorCode>(111);
    throw Error::with_message(no_network_metadata, ErrorDomain::network,
                              "metadata not found: Requested metadata element is not present");
}

void refuse_metadata_type(int32_t type) {
    // Networks have a title and a description only in libvirt 9.7 and later, which this model has no place for.
    if (type == 0 || type == 1) refuse_missing_metadata();
    throw Error(ErrorCode::invalid_arg, ErrorDomain::network, "unknown metadata type");
}

Definition with_users(const Network& network) {
    auto live = std::make_shared<model::Network>(*network.live);
    live->connections = static_cast<uint32_t>(network.ports.size());
    if (live->forward) {
        for (model::ForwardInterface& one : live->forward->interfaces) one.connections = users_of(network, one.dev);
    }
    return live;
}

NetworkPort complete_port(const Network& network, NetworkPort port) {
    const model::Network& live = *network.live;
    const model::PortGroup* group = group_of(live, port.group);
    if (!port.bandwidth && group) port.bandwidth = group->bandwidth;
    if (!port.vlan && group && group->vlan) port.vlan = group->vlan;
    if (!port.vlan) port.vlan = live.vlan;
    if (!port.virtual_port && group && group->virtual_port) port.virtual_port = group->virtual_port;
    if (!port.virtual_port) port.virtual_port = live.virtual_port;
    if (port.trust_guest_rx_filters == xml::YesNo::absent && group)
        port.trust_guest_rx_filters = group->trust_guest_rx_filters;
    if (port.trust_guest_rx_filters == xml::YesNo::absent) port.trust_guest_rx_filters = live.trust_guest_rx_filters;
    if (port.isolated == xml::YesNo::absent) port.isolated = live.isolated;
    if (!port.uuid) port.uuid = Uuid::generate();
    plug_in(network, port);
    reserve_floor(network, port);
    return port;
}

Task<std::vector<driver::NetworkLease>> read_leases(Core& core, Definition live) {
    if (live->bridge.empty()) co_return std::vector<driver::NetworkLease>();
    const std::string folder = core.settings.dnsmasq_folder();
    const std::string bridge = live->bridge;
    auto load = [folder, bridge] { return load_leases(folder, bridge); };
    const std::vector<LeaseRecord> records = co_await io::offload(core.loop, std::move(load));
    const int64_t now = std::time(nullptr);
    std::vector<driver::NetworkLease> leases;
    for (const LeaseRecord& record : records) {
        if (record.expiry > 0 && record.expiry < now) continue;
        driver::NetworkLease lease;
        lease.ip = record.ip;
        lease.mac = record.mac;
        lease.hostname = record.hostname == "*" ? "" : record.hostname;
        lease.client_id = record.client_id;
        lease.iaid = record.iaid;
        lease.expiry = record.expiry;
        lease.is_ipv6 = record.is_ipv6();
        for (const model::NetworkIp& ip : live->ips) {
            const auto address = model::HostAddress::parse(record.ip);
            const unsigned prefix = ip.effective_prefix();
            if (address && address->family == ip.address.family && address->masked(prefix) == ip.address.masked(prefix))
                lease.prefix = prefix;
        }
        leases.push_back(std::move(lease));
    }
    co_return leases;
}

Service::Service(Core& core) : core_(core), ready_(core.loop) {}

Task<void> Service::ready(io::Deadline deadline) {
    co_await ready_.take(deadline, "the networks that ran before");
}

void Service::set_ready(std::exception_ptr problem) {
    if (problem) ready_.set_error(std::move(problem));
    ready_.set(true);
}

Task<void> Service::count_users(NetworkOwner network) {
    network->live = with_users(*network);
    co_await save_status(core_, network);
    co_await save_mac_map(core_, network);
}

Task<void> Service::add_port(NetworkOwner network, NetworkPort port) {
    const Uuid uuid = *port.uuid;
    const Store store = core_.store;
    const std::string name = network->name();
    auto save = [store, name, port] { store.save_port(name, port); };
    network->ports[uuid] = port;
    std::optional<Error> problem;
    try {
        co_await run_hooks(core_.loop, core_.settings, *network->live, &port, "port-created", "begin");
        co_await set_floor(core_, network, port);
        co_await io::offload(core_.loop, std::move(save));
        co_await count_users(network);
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    network->ports.erase(uuid);
    co_await clear_floor(core_, network, port);
    auto forget = [store, name, uuid] { store.remove_port(name, uuid); };
    try {
        co_await io::offload(core_.loop, std::move(forget));
    } catch (const Error& error) {
        logger.warn("network '{}': {}", name, error.message());
    }
    throw *problem;
}

Task<void> Service::remove_port(NetworkOwner network, Uuid uuid) {
    auto found = network->ports.find(uuid);
    if (found == network->ports.end()) co_return;
    const NetworkPort port = std::move(found->second);
    network->ports.erase(found);
    co_await clear_floor(core_, network, port);
    const Store store = core_.store;
    const std::string name = network->name();
    auto remove = [store, name, uuid] { store.remove_port(name, uuid); };
    co_await io::offload(core_.loop, std::move(remove));
    co_await count_users(network);
    std::string problem;
    try {
        co_await run_hooks(core_.loop, core_.settings, *network->live, &port, "port-deleted", "begin");
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.warn("network '{}': {}", name, problem);
}

Task<driver::NetworkPlug> Service::plug(std::string name, NetworkPort wanted, io::Deadline deadline) {
    Core::Held held = co_await core_.hold(name, deadline);
    const NetworkOwner network = held.network;
    if (!network) {
        fail(ErrorCode::no_network, ErrorDomain::network, "no network with matching name '{}'", name);
    }
    driver::NetworkPlug plug;
    if (!network->active && network->autostart && network->is_persistent()) {
        // It is marked to be there whenever the host runs, so a guest that needs it may have it started.
        co_await start_network(core_, network, nullptr);
        logger.info("network '{}' was started for guest '{}'", name, wanted.owner_name);
        plug.started = true;
    }
    if (!network->active) {
        throw Error(
            ErrorCode::operation_invalid, ErrorDomain::network, fmt::format("network '{}' is not active", name),
            fmt::format("start it with 'virsh net-start {0}', or mark it with 'virsh net-autostart {0}' to have "
                        "it started for guests",
                        name));
    }
    plug.port = complete_port(*network, std::move(wanted));
    plug.mtu = network->live->mtu;
    co_await add_port(network, plug.port);
    co_return plug;
}

Task<void> Service::change_limits(NetworkOwner network, Uuid uuid, std::optional<model::Bandwidth> bandwidth) {
    const NetworkPort before = network->ports.at(uuid);
    NetworkPort changed = before;
    changed.bandwidth = std::move(bandwidth);
    reserve_floor(*network, changed);
    network->ports[uuid] = changed;
    std::optional<Error> problem;
    try {
        if (changed.class_id == 0) {
            co_await clear_floor(core_, network, before);
        } else {
            co_await set_floor(core_, network, changed);
        }
        const Store store = core_.store;
        const std::string name = network->name();
        auto save = [store, name, changed] { store.save_port(name, changed); };
        co_await io::offload(core_.loop, std::move(save));
        co_await save_status(core_, network);
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    network->ports[uuid] = before;
    if (before.class_id == 0) {
        co_await clear_floor(core_, network, std::move(changed));
    } else {
        co_await set_floor(core_, network, before);
    }
    throw *problem;
}

Task<uint32_t> Service::limit(std::string name, Uuid port, std::optional<model::Bandwidth> bandwidth) {
    const io::Deadline never = io::Deadline::never();
    Core::Held held = co_await core_.hold(name, never);
    const NetworkOwner network = held.network;
    if (!network || !network->active || !network->ports.contains(port)) co_return 0;
    co_await change_limits(network, port, std::move(bandwidth));
    co_return network->ports.at(port).class_id;
}

Task<void> Service::unplug(std::string name, Uuid port) {
    const io::Deadline never = io::Deadline::never();
    Core::Held held = co_await core_.hold(name, never);
    const NetworkOwner network = held.network;
    if (network && network->active) co_await remove_port(network, port);
}

Task<void> Service::claim(std::string name, NetworkPort port) {
    const io::Deadline never = io::Deadline::never();
    Core::Held held = co_await core_.hold(name, never);
    const NetworkOwner network = held.network;
    if (network && network->active && port.uuid && !network->ports.contains(*port.uuid))
        co_await add_port(network, std::move(port));
}

Task<void> Service::drop_ports(std::function<bool(const Uuid&)> is_stale) {
    std::vector<std::pair<NetworkOwner, Uuid>> stale;
    core_.networks.for_each([&](const Network& network) {
        if (!network.active) return;
        for (const auto& [uuid, port] : network.ports)
            if (port.owner_uuid && is_stale(*port.owner_uuid))
                stale.emplace_back(core_.networks.hold(network.uuid()), uuid);
    });
    const io::Deadline never = io::Deadline::never();
    for (const auto& [network, uuid] : stale) {
        io::Semaphore::Permit turn = co_await core_.turn(network, never);
        const auto port = network->ports.find(uuid);
        const bool is_there = network->active && port != network->ports.end();
        // Its guest may have been started meanwhile.
        if (!is_there || !port->second.owner_uuid || !is_stale(*port->second.owner_uuid)) continue;
        logger.info("network '{}': a port is free, its guest does not run", network->name());
        co_await remove_port(network, uuid);
    }
}

Task<std::vector<driver::NetworkLease>> Service::leases(std::string name) {
    const NetworkOwner network = core_.find(name);
    if (!network || !network->active) co_return std::vector<driver::NetworkLease>();
    const Definition live = network->live;
    co_return co_await read_leases(core_, live);
}

namespace {

// The first IPv4 address of a device of the host, or nothing.
std::string address_of_device(const std::string& device) {
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(all, &freeifaddrs);
    for (const ifaddrs* at = all; at != nullptr; at = at->ifa_next) {
        if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET || device != at->ifa_name) continue;
        char text[INET_ADDRSTRLEN] = "";
        sockaddr_in address{};
        memcpy(&address, at->ifa_addr, sizeof address);
        inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
        return text;
    }
    return {};
}

}  // namespace

std::string Service::address(const std::string& name) const {
    const NetworkOwner network = core_.find(name);
    if (!network) fail(ErrorCode::no_network, ErrorDomain::network, "no network with matching name '{}'", name);
    const model::Network& definition = network->current();
    if (!definition.ips.empty()) return definition.ips.front().address.to_string();
    std::string device = definition.bridge;
    if (device.empty() && definition.forward && !definition.forward->interfaces.empty())
        device = definition.forward->interfaces.front().dev;
    std::string found = device.empty() ? device : address_of_device(device);
    if (found.empty())
        fail(ErrorCode::internal_error, ErrorDomain::network, "network '{}' doesn't have an IP address", name);
    return found;
}

void Service::on_started(std::function<void(const std::string&, const std::string&)> callback) {
    core_.on_started = std::move(callback);
}

}  // namespace virtue::network
