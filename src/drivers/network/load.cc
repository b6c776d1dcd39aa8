#include "drivers/network/load.h"

#include <unistd.h>

#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/network/bridge_names.h"
#include "drivers/network/dnsmasq.h"
#include "drivers/network/run.h"
#include "drivers/network/service.h"
#include "drivers/network/subnets.h"
#include "host/links.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network.load");

void forget(Core& core, const NetworkOwner& network) {
    network->active = false;
    network->live = nullptr;
    network->ports.clear();
    if (network->is_persistent()) return;
    network->removed = true;
    core.networks.erase(network->uuid());
}

/// Takes a network up that runs, as far as it needs nothing but its files.
NetworkOwner known_as_running(Core& core, Store::Status& status) {
    NetworkOwner network = core.networks.hold(*status.live->uuid);
    if (!network) {
        network = std::make_shared<Network>(core.loop, *status.live->uuid, status.live->name);
        core.networks.insert(network);
    }
    network->live = status.live;
    network->ports = std::move(status.ports);
    network->live = with_users(*network);
    network->active = true;
    if (status.live->owns_bridge()) core.firewall.adopt(network->name(), firewall_rules(*status.live));
    return network;
}

/// The rest: its bridge and its dnsmasq.
Task<void> take_up(Core& core, NetworkOwner network, bool is_stale) {
    const Definition live = network->live;
    const bool gone = live->owns_bridge() && host::link_index(live->bridge) == 0;
    if (gone && is_stale) {
        // The host was started again since: the network does not run.
        co_await take_down(core, network);
        forget(core, network);
        co_return;
    }
    std::optional<Error> problem;
    try {
        if (gone) {
            co_await end_stray_dnsmasq(core, live);
            co_await repair_bridge(core, network);
        } else {
            co_await adopt_dnsmasq(core, network);
        }
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    co_await take_down(core, network);
    forget(core, network);
    throw *problem;
}

/// False for a bridge that only has the name of one of ours. An address that cannot be read says nothing.
bool is_our_bridge(const model::Network& live) {
    try {
        const std::string address = io::read_file("/sys/class/net/" + live.bridge + "/address", 8192);
        return !live.mac || MacAddress::parse(std::string(trim(address))) == live.mac;
    } catch (const Error&) {
        return true;
    }
}

/// A program that a killed daemon was just starting has come to work by then; on a busy host by the last of them.
constexpr io::Milliseconds late[] = {io::Milliseconds(1000), io::Milliseconds(4000), io::Milliseconds(20000)};

/// What the killed daemon had forked may have been no dnsmasq yet, or an nft that had not written.
Task<void> clear_later(Core& core, Definition live) {
    const io::Deadline until_end = io::Deadline::never().with_cancel(core.gate.cancel_source());
    for (const io::Milliseconds time : late) {
        io::Deadline pause = io::Deadline::after(time).with_cancel(core.gate.cancel_source());
        const bool waited = co_await core.loop.sleep_until(pause);
        if (!waited) co_return;
        const Core::Held held = co_await core.hold(live->name, until_end);
        if (held.network && held.network->active) co_return;
        io::Semaphore::Permit naming;
        if (!held.network) {
            naming = co_await core.naming.acquire(until_end, "another definition of a network");
            if (core.find(live->name)) co_return;
        }
        co_await end_stray_dnsmasq(core, live);
        co_await core.firewall.rewrite();
    }
}

/// A start or a stop was cut off, before its client was told that it was done: the network is stopped.
Task<void> clear_away(Core& core, Definition live) {
    logger.warn("network '{}' was being started or stopped when the daemon ended; it is stopped", live->name);
    auto network = std::make_shared<Network>(core.loop, *live->uuid, live->name);
    network->live = live;
    co_await end_stray_dnsmasq(core, live);
    core.firewall.adopt(live->name, firewall_rules(*live));
    if (live->owns_bridge() && !is_our_bridge(*live)) {
        auto without = std::make_shared<model::Network>(*live);
        without->forward = model::NetworkForward();
        without->forward->mode = model::ForwardMode::bridge;
        without->bandwidth.reset();
        network->live = std::move(without);
    }
    co_await take_down(core, network);
    const Store store = core.store;
    const Settings settings = core.settings;
    const bool is_known = core.networks.find(*live->uuid) != nullptr;
    auto finish = [store, settings, live, is_known] {
        if (!is_known) remove_dnsmasq_files(settings, *live);
        store.end_change(live->name);
    };
    co_await io::offload(core.loop, std::move(finish));
    core.spawn(clear_later(core, live));
}

/// The network that came with the system names a subnet that this host may have already. Nobody used it yet, so it can
/// have another.
bool is_shipped_and_taken(const model::Network& network) {
    if (network.name != "default" || !network.owns_bridge() || network.ips.size() != 1 || !network.routes.empty())
        return false;
    const model::NetworkIp& ip = network.ips.front();
    return ip.address.is_ipv4() && ip.ranges.size() <= 1 && ip.hosts.empty() && find_clash(network).has_value();
}

/// What defining would have added to a definition that somebody laid into the folder. It is written, so that it is the
/// same after the next start.
Task<void> complete_new(Core& core, NetworkOwner network) {
    auto definition = std::make_shared<model::Network>(*network->persistent);
    if (is_shipped_and_taken(*definition)) {
        const std::string before = definition->ips.front().address.to_string();
        release_subnet(definition->ips.front());
        choose_subnets(core, *definition);
        logger.info("the subnet of {} is in use on this host: network '{}' has that of {}", before, network->name(),
                    definition->ips.front().address.to_string());
    }
    choose_subnets(core, *definition);
    choose_bridge_name(core, *definition);
    const Store store = core.store;
    const Definition done = std::move(definition);
    auto save = [store, done] { store.save_definition(*done); };
    co_await io::offload(core.loop, std::move(save));
    network->persistent = done;
}

void load_definitions(Core& core, std::vector<NetworkOwner>& fresh) {
    for (Store::Found& found : core.store.load_definitions()) {
        const bool clash = found.definition && core.networks.find(*found.definition->uuid);
        if (!found.problem.empty() || clash) {
            logger.error("passing over the network '{}': {}", found.name, clash ? "its UUID is taken" : found.problem);
            continue;
        }
        auto network = std::make_shared<Network>(core.loop, *found.definition->uuid, found.definition->name);
        network->persistent = std::move(found.definition);
        network->autostart = found.autostart;
        if (found.is_new) fresh.push_back(network);
        core.networks.insert(std::move(network));
    }
}

/// What could not be read is told; the rest comes back.
std::vector<Store::Status> readable(std::vector<Store::Status> all) {
    for (const Store::Status& status : all)
        if (!status.problem.empty()) logger.error("a network that runs could not be taken up: {}", status.problem);
    std::erase_if(all, [](const Store::Status& status) { return !status.problem.empty(); });
    return all;
}

struct Running {
    NetworkOwner network;
    bool is_stale;
};

std::vector<Running> load_running(Core& core, const std::vector<Store::Status>& cut_off) {
    std::set<std::string> half_done;
    for (const Store::Status& change : cut_off) half_done.insert(change.live->name);
    std::vector<Running> running;
    for (Store::Status& status : readable(core.store.load_statuses()))
        if (!half_done.contains(status.live->name))
            running.push_back({known_as_running(core, status), status.is_stale});
    return running;
}

}  // namespace

Task<void> load_networks(Core& core) {
    core.store.make_folders();
    std::vector<NetworkOwner> fresh;
    load_definitions(core, fresh);
    const std::vector<Store::Status> cut_off = readable(core.store.load_changes());
    // The rules of those that run are known before the first change of the firewall, which writes them all.
    const std::vector<Running> running = load_running(core, cut_off);
    for (const Store::Status& change : cut_off) {
        std::string problem;
        try {
            co_await clear_away(core, change.live);
        } catch (const Error& error) {
            problem = error.message();
        }
        if (!problem.empty()) logger.error("what is left of a network could not be taken away: {}", problem);
    }
    for (const Running& one : running) {
        std::string problem;
        try {
            co_await take_up(core, one.network, one.is_stale);
        } catch (const Error& error) {
            problem = error.message();
        }
        if (!problem.empty()) logger.error("network '{}' runs no longer: {}", one.network->name(), problem);
    }
    for (const NetworkOwner& network : fresh) {
        std::string problem;
        try {
            co_await complete_new(core, network);
        } catch (const Error& error) {
            problem = error.message();
        }
        if (!problem.empty()) logger.error("network '{}': {}", network->name(), problem);
    }
    std::string problem;
    try {
        co_await core.firewall.repair();
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.error("the firewall rules of the networks are not in place: {}", problem);
}

namespace {

Task<void> autostart(Core& core, NetworkOwner network) {
    std::string problem;
    try {
        const io::Deadline until_end = io::Deadline::never().with_cancel(core.gate.cancel_source());
        io::Semaphore::Permit turn = co_await core.turn(network, until_end);
        if (!network->active && !network->removed) co_await start_network(core, network, nullptr);
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.error("Failed to autostart network '{}': {}", network->name(), problem);
}

}  // namespace

Task<void> autostart_networks(Core& core) {
    const std::string mark = core.settings.state() + "/autostarted";
    if (::access(mark.c_str(), F_OK) == 0) co_return;
    std::vector<NetworkOwner> wanted;
    core.networks.for_each([&](Network& network) {
        if (network.autostart && !network.active) wanted.push_back(core.networks.hold(network.uuid()));
    });
    // Side by side: a hook of one may take long.
    io::Gate starts(core.loop, [](std::exception_ptr error) { logger.error("{}", log::describe(error)); });
    for (const NetworkOwner& network : wanted) starts.spawn(autostart(core, network));
    co_await starts.close();
    // At the end: a daemon that is killed before has the next one start the rest.
    if (!core.gate.cancel_source().is_cancelled()) io::write_file_atomically(mark, "", 0600);
}

}  // namespace virtue::network
