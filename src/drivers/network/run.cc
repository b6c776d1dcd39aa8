#include "drivers/network/run.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "driver/constants.h"
#include "drivers/network/dnsmasq.h"
#include "drivers/network/floors.h"
#include "drivers/network/hooks.h"
#include "drivers/network/plain_words.h"
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

/// A bridge that is there already belongs to somebody else. Throws system_error.
void require_no_bridge(const model::Network& network) {
    if (host::link_index(network.bridge) == 0) return;
    throw Error::from_errno(EEXIST, ErrorDomain::none, "error creating bridge interface " + network.bridge);
}

/// The bridge, down and without addresses. Runs on the pool.
void make_bridge(const model::Network& network) {
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

Task<void> limit(Core& core, const model::Network& network) {
    if (!network.bandwidth || network.bridge.empty()) co_return;
    std::vector<driver::TrafficCommand> commands =
        driver::set_bandwidth(network.bridge, *network.bandwidth, driver::Shaped::bridge);
    co_await run_traffic(core, std::move(commands));
}

/// The bridge of a network that starts. From its making on, the note of begin_change() tells whose it is.
Task<void> lay_bridge(Core& core, Definition live) {
    const Store store = core.store;
    auto lay = [store, live] {
        check_subnets(*live);
        require_no_bridge(*live);
        store.begin_change(*live);
        try {
            make_bridge(*live);
        } catch (...) {
            store.end_change(live->name);
            throw;
        }
    };
    co_await io::offload(core.loop, std::move(lay));
}

/// The turn to give a bridge its addresses.
Task<io::Semaphore::Permit> addressing_turn(Core& core) {
    return core.addressing.acquire(io::Deadline::never(), "the addresses of another network");
}

/// Rules and addresses for a bridge that was just made.
Task<void> address_bridge(Core& core, NetworkOwner network) {
    const Definition live = network->live;
    const std::string name = network->name();
    std::vector<Rule> rules = firewall_rules(*live);
    co_await core.firewall.apply(name, std::move(rules));
    auto bring_up = [live] { bring_up_bridge(*live); };
    co_await io::offload(core.loop, std::move(bring_up));
}

/// Names and limits for it.
Task<void> furnish_bridge(Core& core, NetworkOwner network) {
    const Definition live = network->live;
    co_await start_dnsmasq(core, network);
    co_await limit(core, *live);
}

/// "0000:03:10.1", the last part of where a link of sysfs points.
std::optional<model::PciAddress> pci_address_of(const std::string& link) {
    std::array<char, 4096> target{};
    const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
    if (length <= 0) return std::nullopt;
    std::string_view name(target.data(), static_cast<size_t>(length));
    name.remove_prefix(name.rfind('/') + 1);
    if (name.size() != 12 || name[4] != ':' || name[7] != ':' || name[10] != '.') return std::nullopt;
    const auto domain = parse_number<uint32_t>(name.substr(0, 4), 16);
    const auto bus = parse_number<uint32_t>(name.substr(5, 2), 16);
    const auto slot = parse_number<uint32_t>(name.substr(8, 2), 16);
    const auto function = parse_number<uint32_t>(name.substr(11), 16);
    if (!domain || !bus || !slot || !function) return std::nullopt;
    model::PciAddress address;
    address.domain = *domain;
    address.bus = *bus;
    address.slot = *slot;
    address.function = *function;
    return address;
}

/// A pool that is told by its physical function: the virtual functions are looked up, whole ones for hostdev, their
/// interfaces for the others.
void fill_pool(model::Network& network) {
    if (!network.forward || network.forward->pf.empty()) return;
    model::NetworkForward& forward = *network.forward;
    const std::string folder = "/sys/class/net/" + forward.pf + "/device";
    for (unsigned i = 0;; i++) {
        const std::string function = fmt::format("{}/virtfn{}", folder, i);
        if (::access(function.c_str(), F_OK) != 0) break;
        if (forward.mode == ForwardMode::hostdev) {
            if (const auto address = pci_address_of(function)) forward.addresses.push_back(*address);
            continue;
        }
        for (const std::string& name : io::list_folder(function + "/net")) forward.interfaces.push_back({name, 0});
    }
    if (forward.interfaces.empty() && forward.addresses.empty()) {
        fail(ErrorCode::internal_error, ErrorDomain::network, "No usable Vf's present on SRIOV PF {}", forward.pf);
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

/// Notes that a start or a stop begins, or that it is over. Never throws: without the note only a crash is noticed
/// less.
Task<void> note_change(Core& core, Definition live, bool begins) {
    const Store store = core.store;
    auto note = [store, live, begins] { begins ? store.begin_change(*live) : store.end_change(live->name); };
    std::string problem;
    try {
        co_await io::offload(core.loop, std::move(note));
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.warn("network '{}': {}", live->name, problem);
}

/// One that was not heard of in time, or whose pid file was not found, may work all the same. Never throws.
Task<void> end_unheard_dnsmasq(Core& core, Definition live) {
    try {
        co_await end_stray_dnsmasq(core, live);
    } catch (const Error& error) {
        logger.warn("network '{}': {}", live->name, error.message());
    }
}

Task<void> bring_up(Core& core, NetworkOwner network) {
    const Definition live = network->live;
    co_await run_hooks(core.loop, core.settings, *live, nullptr, "start", "begin");
    io::Semaphore::Permit addressing;
    if (live->owns_bridge()) {
        addressing = co_await addressing_turn(core);
        co_await lay_bridge(core, live);
    } else {
        co_await note_change(core, live, true);
    }
    std::optional<Error> problem;
    try {
        if (live->owns_bridge()) {
            co_await address_bridge(core, network);
            addressing.release();
            co_await furnish_bridge(core, network);
        } else {
            co_await bring_up_external(core, network);
        }
        co_await save_status(core, network);
        co_await run_hooks(core.loop, core.settings, *live, nullptr, "started", "begin");
    } catch (const Error& error) {
        problem.emplace(error);
    }
    addressing.release();
    if (problem) {
        if (live->owns_bridge() && !network->dnsmasq) co_await end_unheard_dnsmasq(core, live);
        co_await take_down(core, network);
    }
    co_await note_change(core, live, false);
    if (problem) throw *problem;
}

void leave_table(Core& core, const NetworkOwner& network) {
    network->removed = true;
    core.networks.erase(network->uuid());
}

}  // namespace

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
        co_await run_traffic(core, std::move(commands));
    }
    const Store store = core.store;
    auto forget = [store, name] { store.remove_status(name); };
    co_await io::offload(core.loop, std::move(forget));
}

Task<void> save_status(Core& core, NetworkOwner network) {
    const Store store = core.store;
    const Definition live = network->live;
    const Store::Shares shares = shares_of(*network);
    auto save = [store, live, shares] { store.save_status(*live, shares); };
    co_await io::offload(core.loop, std::move(save));
}

Task<void> start_network(Core& core, NetworkOwner network, Definition definition) {
    if (network->active) throw Error(ErrorCode::operation_invalid, ErrorDomain::network, "network is already active");
    auto live = std::make_shared<model::Network>(definition ? *definition : *network->persistent);
    // libvirt defines such networks, too.
    require_plain_words(*live);
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
    co_await note_change(core, live, true);
    try {
        co_await take_down(core, network);
        co_await note_change(core, live, false);
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
    io::Semaphore::Permit addressing = co_await addressing_turn(core);
    auto make = [live] {
        check_subnets(*live);
        make_bridge(*live);
        bring_up_bridge(*live);
    };
    co_await io::offload(core.loop, std::move(make));
    addressing.release();
    co_await keep_dnsmasq(core, network);
    std::string problem;
    try {
        co_await limit(core, *live);
        co_await set_floors(core, network);
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.error("network '{}' has no limits: {}", network->name(), problem);
    if (core.on_started) core.on_started(network->name(), live->bridge);
}

}  // namespace virtue::network
