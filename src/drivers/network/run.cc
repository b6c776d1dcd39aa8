#include "drivers/network/run.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "driver/bandwidth.h"
#include "driver/constants.h"
#include "drivers/network/commands.h"
#include "drivers/network/dnsmasq.h"
#include "drivers/network/hooks.h"
#include "drivers/network/service.h"
#include "drivers/network/subnets.h"
#include "host/links.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network");

using model::ForwardMode;
using model::HostAddress;

host::AddressBytes bytes_of(const HostAddress& address) {
    return {address.bytes.begin(), address.bytes.begin() + address.width() / 8};
}

/// Writes a kernel setting. Throws system_error; a missing file is fine where `optional`.
void set_kernel(const std::string& path, const char* value, bool optional) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT && optional) return;
    if (fd && ::write(fd.get(), value, 1) == 1) return;
    throw Error::from_errno(errno, ErrorDomain::network, fmt::format("cannot write to {}", path));
}

bool has_ipv6(const model::Network& network) {
    for (const model::NetworkIp& ip : network.ips)
        if (ip.address.is_ipv6()) return true;
    return false;
}

void set_ipv6(const model::Network& network) {
    const std::string folder = "/proc/sys/net/ipv6/conf/" + network.bridge + "/";
    // Without an address of its own the bridge stays silent, so that guests do not find the host by it.
    set_kernel(folder + "disable_ipv6", has_ipv6(network) ? "0" : "1", true);
    // The bridge is a router: what guests advertise is not for the host.
    set_kernel(folder + "accept_ra", "0", true);
    set_kernel(folder + "autoconf", "0", true);
}

void set_forwarding(const model::Network& network) {
    bool ipv4 = false;
    for (const model::NetworkIp& ip : network.ips) ipv4 = ipv4 || !ip.address.is_ipv6();
    if (ipv4) set_kernel("/proc/sys/net/ipv4/ip_forward", "1", false);
    if (has_ipv6(network)) set_kernel("/proc/sys/net/ipv6/conf/all/forwarding", "1", true);
}

/// The bridge, down and without addresses. Runs on the pool.
void make_bridge(const model::Network& network) {
    check_subnets(network);
    host::BridgeOptions options;
    options.mac = network.mac;
    options.stp = network.stp;
    options.forward_delay = network.delay;
    options.vlan_filtering = network.mac_table_manager == model::MacTableManager::libvirt;
    host::create_bridge(network.bridge, options);
    try {
        if (network.mtu != 0) host::set_link_mtu(network.bridge, network.mtu);
        set_ipv6(network);
    } catch (...) {
        host::delete_link(network.bridge);
        throw;
    }
}

/// Addresses, routes, up. Runs on the pool.
void bring_up_bridge(const model::Network& network) {
    for (const model::NetworkIp& ip : network.ips) {
        const unsigned prefix = ip.effective_prefix();
        host::AddressBytes broadcast;
        if (!ip.address.is_ipv6() && prefix < 31) broadcast = bytes_of(ip.address.broadcast(prefix));
        host::add_address(network.bridge, bytes_of(ip.address), prefix, broadcast);
    }
    host::set_link_up(network.bridge, true);
    for (const model::NetworkRoute& route : network.routes) {
        unsigned prefix = route.effective_prefix();
        if (!route.prefix && route.netmask.empty()) prefix = route.address.is_ipv6() ? 64 : 0;
        host::add_route(network.bridge, bytes_of(route.address.masked(prefix)), prefix, bytes_of(route.gateway),
                        route.metric);
    }
    if (network.mode() != ForwardMode::none) set_forwarding(network);
}

Task<void> run_all(Core& core, std::vector<driver::TrafficCommand> commands) {
    for (driver::TrafficCommand& command : commands) {
        CommandOptions options;
        options.may_fail = command.may_fail;
        co_await run_tool(core.loop, std::move(command.words), std::move(options), core.settings.command_deadline);
    }
}

Task<void> limit(Core& core, const model::Network& network) {
    if (!network.bandwidth || network.bridge.empty()) co_return;
    std::vector<driver::TrafficCommand> commands =
        driver::set_bandwidth(network.bridge, *network.bandwidth, driver::Shaped::bridge);
    co_await run_all(core, std::move(commands));
}

/// Takes away what start made; each part may be missing.
Task<void> take_down(Core& core, NetworkOwner network) {
    const Definition live = network->live;
    co_await stop_dnsmasq(core, network);
    const std::string name = network->name();
    co_await core.firewall.remove(name);
    if (live->owns_bridge()) {
        std::string problem;
        try {
            const std::string bridge = live->bridge;
            auto remove = [bridge] { host::delete_link(bridge); };
            co_await io::offload(core.loop, std::move(remove));
        } catch (const Error& error) {
            problem = error.message();
        }
        if (!problem.empty()) logger.warn("network '{}': {}", name, problem);
    } else if (live->bandwidth && !live->bridge.empty()) {
        std::vector<driver::TrafficCommand> commands = driver::clear_bandwidth(live->bridge);
        co_await run_all(core, std::move(commands));
    }
    const Store store = core.store;
    auto forget = [store, name] { store.remove_status(name); };
    co_await io::offload(core.loop, std::move(forget));
}

Task<void> bring_up_virtual(Core& core, NetworkOwner network) {
    const Definition live = network->live;
    auto make = [live] { make_bridge(*live); };
    co_await io::offload(core.loop, std::move(make));
    std::optional<Error> problem;
    try {
        const std::string name = network->name();
        std::vector<Rule> rules = firewall_rules(*live);
        co_await core.firewall.apply(name, std::move(rules));
        auto bring_up = [live] { bring_up_bridge(*live); };
        co_await io::offload(core.loop, std::move(bring_up));
        co_await start_dnsmasq(core, network);
        co_await limit(core, *live);
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    co_await take_down(core, network);
    throw *problem;
}

/// A pool of interfaces: the virtual functions of a physical one are looked up.
void fill_pool(model::Network& network) {
    if (!network.forward || network.forward->pf.empty()) return;
    const std::string folder = "/sys/class/net/" + network.forward->pf + "/device";
    for (unsigned i = 0;; i++) {
        const std::string function = fmt::format("{}/virtfn{}", folder, i);
        if (::access(function.c_str(), F_OK) != 0) break;
        for (const std::string& name : io::list_folder(function + "/net"))
            network.forward->interfaces.push_back({name, 0});
    }
    if (network.forward->interfaces.empty() && network.forward->addresses.empty()) {
        fail(ErrorCode::internal_error, ErrorDomain::network, "No usable Vf's present on SRIOV PF {}",
             network.forward->pf);
    }
}

Task<void> bring_up_external(Core& core, NetworkOwner network) {
    const Definition live = network->live;
    if (network->live->mode() == ForwardMode::bridge && !live->bridge.empty()) {
        if (live->mac_table_manager == model::MacTableManager::libvirt) {
            const std::string bridge = live->bridge;
            auto filter = [bridge] { host::set_bridge_vlan_filtering(bridge, true); };
            co_await io::offload(core.loop, std::move(filter));
        }
        co_await limit(core, *live);
    }
}

Task<void> bring_up(Core& core, NetworkOwner network) {
    co_await run_hooks(core.loop, core.settings, *network->live, nullptr, "start", "begin");
    if (network->live->owns_bridge()) {
        co_await bring_up_virtual(core, network);
    } else {
        co_await bring_up_external(core, network);
    }
    std::optional<Error> problem;
    try {
        co_await save_status(core, network);
        co_await run_hooks(core.loop, core.settings, *network->live, nullptr, "started", "begin");
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    co_await take_down(core, network);
    throw *problem;
}

void leave_table(Core& core, const NetworkOwner& network) {
    network->removed = true;
    core.networks.erase(network->uuid());
}

}  // namespace

Task<void> save_status(Core& core, NetworkOwner network) {
    const Store store = core.store;
    const Definition live = network->live;
    auto save = [store, live] { store.save_status(*live); };
    co_await io::offload(core.loop, std::move(save));
}

Task<void> start_network(Core& core, NetworkOwner network, Definition definition) {
    if (network->active) throw Error(ErrorCode::operation_invalid, ErrorDomain::network, "network is already active");
    auto live = std::make_shared<model::Network>(definition ? *definition : *network->persistent);
    fill_pool(*live);
    if (live->mode() == ForwardMode::nat && live->forward->port_start == 0 && live->forward->port_end == 0) {
        live->forward->port_start = 1024;
        live->forward->port_end = 65535;
    }
    network->live = std::move(live);
    network->dnsmasq_restarts = 0;
    std::optional<Error> problem;
    try {
        co_await bring_up(core, network);
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (problem) {
        network->live = nullptr;
        network->ports.clear();
        throw *problem;
    }
    network->active = true;
    core.tell(*network, api::network_event_started);
    if (core.on_started) core.on_started(network->name(), network->live->bridge);
}

Task<void> stop_network(Core& core, NetworkOwner network) {
    if (!network->active) {
        fail(ErrorCode::operation_invalid, ErrorDomain::network, "network '{}' is not active", network->name());
    }
    const Definition live = network->live;
    network->active = false;
    std::string problem;
    try {
        co_await take_down(core, network);
        co_await run_hooks(core.loop, core.settings, *live, nullptr, "stopped", "end");
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.warn("network '{}' was stopped, but: {}", network->name(), problem);
    network->live = nullptr;
    network->ports.clear();
    core.tell(*network, api::network_event_stopped);
    if (network->is_persistent()) co_return;
    leave_table(core, network);
    const Settings settings = core.settings;
    auto remove = [settings, live] { remove_dnsmasq_files(settings, *live); };
    co_await io::offload(core.loop, std::move(remove));
}

Task<void> change_live(Core& core, NetworkOwner network, Definition definition) {
    const Definition before = network->live;
    network->live = definition;
    std::optional<Error> problem;
    try {
        if (definition->owns_bridge()) {
            std::vector<Rule> rules = firewall_rules(*definition);
            const bool same = rules == firewall_rules(*before);
            const std::string name = network->name();
            if (!same) co_await core.firewall.apply(name, std::move(rules));
            co_await refresh_dnsmasq(core, network);
        }
        co_await save_status(core, network);
        co_await run_hooks(core.loop, core.settings, *definition, nullptr, "updated", "begin");
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    network->live = before;
    std::string second;
    try {
        std::vector<Rule> rules = firewall_rules(*before);
        const std::string name = network->name();
        if (before->owns_bridge()) co_await core.firewall.apply(name, std::move(rules));
        co_await refresh_dnsmasq(core, network);
        co_await save_status(core, network);
    } catch (const Error& error) {
        second = error.message();
    }
    if (!second.empty()) logger.error("network '{}' could not be put back: {}", network->name(), second);
    throw *problem;
}

Task<void> repair_bridge(Core& core, NetworkOwner network) {
    const Definition live = network->live;
    if (!network->active || !live->owns_bridge() || host::link_index(live->bridge) != 0) co_return;
    logger.warn("the bridge {} of network '{}' was removed; making it again", live->bridge, network->name());
    co_await stop_dnsmasq(core, network);
    auto make = [live] {
        make_bridge(*live);
        bring_up_bridge(*live);
    };
    co_await io::offload(core.loop, std::move(make));
    co_await start_dnsmasq(core, network);
    co_await limit(core, *live);
    if (core.on_started) core.on_started(network->name(), live->bridge);
}

namespace {

Task<void> take_up(Core& core, Store::Status status) {
    NetworkOwner network = core.networks.hold(*status.live->uuid);
    if (!network) {
        network = std::make_shared<Network>(*status.live->uuid, status.live->name);
        core.networks.insert(network);
    }
    network->live = status.live;
    network->ports = std::move(status.ports);
    const bool gone = status.live->owns_bridge() && host::link_index(status.live->bridge) == 0;
    if (gone) {
        // The host was started again, or somebody removed it while nobody looked: the network does not run.
        co_await take_down(core, network);
        network->live = nullptr;
        network->ports.clear();
        if (!network->is_persistent()) leave_table(core, network);
        co_return;
    }
    network->live = with_users(*network);
    network->active = true;
    if (status.live->owns_bridge()) core.firewall.adopt(network->name(), firewall_rules(*status.live));
    co_await adopt_dnsmasq(core, network);
}

}  // namespace

Task<void> load_networks(Core& core) {
    core.store.make_folders();
    for (Store::Found& found : core.store.load_definitions()) {
        const bool clash = found.definition && core.networks.find(*found.definition->uuid);
        if (!found.problem.empty() || clash) {
            logger.error("passing over the network '{}': {}", found.name, clash ? "its UUID is taken" : found.problem);
            continue;
        }
        auto network = std::make_shared<Network>(*found.definition->uuid, found.definition->name);
        network->persistent = std::move(found.definition);
        network->autostart = found.autostart;
        core.networks.insert(std::move(network));
    }
    std::vector<Store::Status> statuses = core.store.load_statuses();
    for (Store::Status& status : statuses) {
        std::string problem = status.problem;
        try {
            if (problem.empty()) co_await take_up(core, std::move(status));
        } catch (const Error& error) {
            problem = error.message();
        }
        if (!problem.empty()) logger.error("a network that runs could not be taken up: {}", problem);
    }
    std::string problem;
    try {
        co_await core.firewall.repair();
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.error("the firewall rules of the networks are not in place: {}", problem);
}

Task<void> autostart_networks(Core& core) {
    const std::string mark = core.settings.state() + "/autostarted";
    if (::access(mark.c_str(), F_OK) == 0) co_return;
    io::write_file_atomically(mark, "", 0600);
    std::vector<NetworkOwner> wanted;
    core.networks.for_each([&](Network& network) {
        if (network.autostart && !network.active) wanted.push_back(core.networks.hold(network.uuid()));
    });
    for (const NetworkOwner& network : wanted) {
        std::string problem;
        try {
            io::Deadline deadline = io::Deadline::never().with_cancel(core.gate.cancel_source());
            io::Semaphore::Permit turn = co_await core.turn(deadline);
            if (!network->active && !network->removed) co_await start_network(core, network, nullptr);
        } catch (const Error& error) {
            problem = error.message();
        }
        if (!problem.empty()) logger.error("Failed to autostart network '{}': {}", network->name(), problem);
    }
}

}  // namespace virtue::network
