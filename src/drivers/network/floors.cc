#include "drivers/network/floors.h"

#include <set>

#include "base/bitmap.h"
#include "base/error.h"
#include "base/log.h"
#include "driver/bandwidth.h"
#include "drivers/network/commands.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network.floors");

constexpr unsigned first_class = 3;
constexpr unsigned last_class = 4095;

uint64_t floor_of(const model::NetworkPort& port) {
    return port.bandwidth && port.bandwidth->inbound ? port.bandwidth->inbound->floor : 0;
}

driver::Guarantee guarantee_of(const model::NetworkPort& port) {
    driver::Guarantee guarantee;
    guarantee.class_id = port.class_id;
    if (port.mac) guarantee.mac = *port.mac;
    guarantee.floor = floor_of(port);
    return guarantee;
}

const model::BandwidthLimit& limit_of(const Network& network) {
    return *network.live->bandwidth->inbound;
}

bool has_limit(const Network& network) {
    return network.live && network.live->bandwidth && network.live->bandwidth->inbound;
}

[[noreturn]] void overcommit(const Network& network, const model::NetworkPort& port, uint64_t sum, const char* what,
                             uint64_t limit) {
    fail(ErrorCode::operation_invalid, ErrorDomain::network,
         "Cannot plug '{}' interface into '{}' because new combined inbound floor={} would overcommit {}={} on network "
         "'{}'",
         port.mac ? port.mac->to_string() : "", network.live->bridge, sum, what, limit, network.name());
}

uint64_t guaranteed(const Network& network) {
    uint64_t sum = 0;
    for (const auto& [uuid, port] : network.ports)
        if (port.class_id != 0) sum += floor_of(port);
    return sum;
}

unsigned free_class(const Network& network) {
    std::set<unsigned> used;
    for (const auto& [uuid, port] : network.ports) used.insert(port.class_id);
    for (unsigned id = first_class; id <= last_class; id++)
        if (!used.contains(id)) return id;
    fail(ErrorCode::internal_error, ErrorDomain::network, "Could not generate next class ID");
}

}  // namespace

Task<void> run_traffic(Core& core, std::vector<driver::TrafficCommand> commands) {
    for (driver::TrafficCommand& command : commands) {
        CommandOptions options;
        options.may_fail = command.may_fail;
        co_await run_tool(core.loop, std::move(command.words), std::move(options), core.settings.command_deadline);
    }
}

Store::Shares shares_of(const Network& network) {
    Bitmap taken;
    for (unsigned id = 0; id < first_class; id++) taken.set(id);
    for (const auto& [uuid, port] : network.ports)
        if (port.class_id != 0) taken.set(port.class_id);
    Store::Shares shares;
    shares.classes = taken.to_string();
    shares.floors = guaranteed(network);
    return shares;
}

void reserve_floor(const Network& network, model::NetworkPort& port) {
    port.class_id = 0;
    const uint64_t floor = floor_of(port);
    if (floor == 0) return;
    if (!has_limit(network) || network.live->bridge.empty() || !port.mac) {
        fail(ErrorCode::operation_unsupported, ErrorDomain::network,
             "Invalid use of 'floor' on interface with MAC address {} - network '{}' has no inbound QoS set",
             port.mac ? port.mac->to_string() : "", network.name());
    }
    const model::BandwidthLimit& whole = limit_of(network);
    uint64_t sum = floor;
    for (const auto& [uuid, other] : network.ports)
        if (other.class_id != 0 && other.uuid != port.uuid) sum += floor_of(other);
    if (whole.peak != 0 && sum > whole.peak) overcommit(network, port, sum, "peak", whole.peak);
    if (whole.peak == 0 && sum > whole.average) overcommit(network, port, sum, "average", whole.average);
    const auto known = port.uuid ? network.ports.find(*port.uuid) : network.ports.end();
    const bool has_class = known != network.ports.end() && known->second.class_id != 0;
    port.class_id = has_class ? known->second.class_id : free_class(network);
}

void require_free_class(const Network& network, const model::NetworkPort& port) {
    if (port.class_id == 0) return;
    if (port.class_id < first_class || port.class_id > last_class)
        fail(ErrorCode::invalid_arg, ErrorDomain::network, "the class {} of a port must be between {} and {}",
             port.class_id, first_class, last_class);
    for (const auto& [uuid, other] : network.ports)
        if (other.class_id == port.class_id)
            fail(ErrorCode::invalid_arg, ErrorDomain::network, "the class {} is that of port {}", port.class_id,
                 uuid.to_string());
}

Task<void> set_floor(Core& core, NetworkOwner network, model::NetworkPort port) {
    if (port.class_id == 0 || !has_limit(*network)) co_return;
    const driver::Guarantee guarantee = guarantee_of(port);
    const std::string bridge = network->live->bridge;
    std::vector<driver::TrafficCommand> commands = driver::remove_guarantee(bridge, guarantee);
    for (driver::TrafficCommand& one : driver::add_guarantee(bridge, limit_of(*network), guarantee))
        commands.push_back(std::move(one));
    for (driver::TrafficCommand& one : driver::share_rest(bridge, limit_of(*network), guaranteed(*network)))
        commands.push_back(std::move(one));
    std::optional<Error> problem;
    try {
        co_await run_traffic(core, std::move(commands));
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    co_await clear_floor(core, network, std::move(port));
    throw *problem;
}

Task<void> clear_floor(Core& core, NetworkOwner network, model::NetworkPort port) {
    if (port.class_id == 0 || !has_limit(*network)) co_return;
    const std::string bridge = network->live->bridge;
    uint64_t rest = guaranteed(*network);
    if (port.uuid && network->ports.contains(*port.uuid)) rest -= std::min(rest, floor_of(port));
    std::vector<driver::TrafficCommand> commands = driver::remove_guarantee(bridge, guarantee_of(port));
    for (driver::TrafficCommand& one : driver::share_rest(bridge, limit_of(*network), rest))
        commands.push_back(std::move(one));
    std::string problem;
    try {
        co_await run_traffic(core, std::move(commands));
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.warn("network '{}': {}", network->name(), problem);
}

Task<void> set_floors(Core& core, NetworkOwner network) {
    std::vector<model::NetworkPort> ports;
    for (const auto& [uuid, port] : network->ports) ports.push_back(port);
    for (const model::NetworkPort& port : ports) co_await set_floor(core, network, port);
}

}  // namespace virtue::network
