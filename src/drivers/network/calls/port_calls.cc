#include "drivers/network/calls/port_calls.h"

#include "base/error.h"
#include "driver/constants.h"
#include "drivers/network/floors.h"
#include "drivers/network/run.h"
#include "io/offload.h"
#include "xml/mapper.h"

namespace virtue::network {
namespace {

using model::BandwidthLimit;
using model::NetworkPort;

/// A limit's members by the names of virNetworkPortSetParameters.
struct Parameter {
    const char* name;
    bool inbound;
    uint64_t BandwidthLimit::*member;
};
constexpr Parameter all_parameters[] = {
    {"inbound.average", true, &BandwidthLimit::average},   {"inbound.peak", true, &BandwidthLimit::peak},
    {"inbound.floor", true, &BandwidthLimit::floor},       {"inbound.burst", true, &BandwidthLimit::burst},
    {"outbound.average", false, &BandwidthLimit::average}, {"outbound.peak", false, &BandwidthLimit::peak},
    {"outbound.burst", false, &BandwidthLimit::burst},
};

NetworkPort& port_of(Network& network, const Uuid& uuid) {
    auto found = network.ports.find(uuid);
    if (found != network.ports.end()) return found->second;
    fail(ErrorCode::no_network_port, ErrorDomain::network, "Network port with UUID {} does not exist",
         uuid.to_string());
}

void require_active(const Network& network) {
    if (network.active) return;
    fail(ErrorCode::operation_invalid, ErrorDomain::network, "network '{}' is not active", network.name());
}

void set_parameter(NetworkPort& port, const wire::TypedParameter& parameter) {
    for (const Parameter& known : all_parameters) {
        if (parameter.field != known.name) continue;
        const auto* value = std::get_if<uint32_t>(&parameter.value);
        if (!value) {
            fail(ErrorCode::invalid_arg, ErrorDomain::none, "invalid type for parameter '{}', expected 'uint'",
                 parameter.field);
        }
        if (!port.bandwidth) port.bandwidth.emplace();
        auto& limit = known.inbound ? port.bandwidth->inbound : port.bandwidth->outbound;
        if (!limit) limit.emplace();
        *limit.*known.member = *value;
        return;
    }
    fail(ErrorCode::invalid_arg, ErrorDomain::none, "parameter '{}' not supported", parameter.field);
}

void drop_empty_limits(NetworkPort& port) {
    if (!port.bandwidth) return;
    for (auto* limit : {&port.bandwidth->inbound, &port.bandwidth->outbound})
        if (*limit && (*limit)->average == 0 && (*limit)->floor == 0) limit->reset();
    if (!port.bandwidth->inbound && !port.bandwidth->outbound) port.bandwidth.reset();
}

}  // namespace

void PortCalls::bind(driver::HandlerTable& on) {
    on.call<proc::NetworkListAllPorts>(this, &PortCalls::list);
    on.call<proc::NetworkPortLookupByUuid>(this, &PortCalls::look_up);
    on.call<proc::NetworkPortGetXmlDesc>(this, &PortCalls::xml);
    on.call<proc::NetworkPortGetParameters>(this, &PortCalls::parameters);
    on.call<proc::NetworkPortSetParameters>(this, &PortCalls::set_parameters);
    on.call<proc::NetworkPortCreateXml>(this, &PortCalls::create);
    on.call<proc::NetworkPortDelete>(this, &PortCalls::remove);
}

proc::NetworkListAllPorts::Ret PortCalls::list(driver::Call&, proc::NetworkListAllPorts::Args args) {
    require_flags(args.flags, 0, "networkListAllPorts");
    const NetworkOwner network = core_.at(args.network);
    require_active(*network);
    proc::NetworkListAllPorts::Ret ret;
    ret.ret = static_cast<uint32_t>(network->ports.size());
    if (!args.need_results) return ret;
    for (const auto& [uuid, port] : network->ports) ret.ports.push_back({network->reference(), uuid});
    return ret;
}

proc::NetworkPortLookupByUuid::Ret PortCalls::look_up(driver::Call&, proc::NetworkPortLookupByUuid::Args args) {
    const NetworkOwner network = core_.at(args.network);
    port_of(*network, args.uuid);
    require_active(*network);
    return {{network->reference(), args.uuid}};
}

proc::NetworkPortGetXmlDesc::Ret PortCalls::xml(driver::Call&, proc::NetworkPortGetXmlDesc::Args args) {
    require_flags(args.flags, 0, "networkPortGetXMLDesc");
    const NetworkOwner network = core_.at(args.port.network);
    require_active(*network);
    xml::Options options;
    options.domain = ErrorDomain::network;
    options.inactive = false;
    return {xml::format(port_of(*network, args.port.uuid), options)};
}

proc::NetworkPortGetParameters::Ret PortCalls::parameters(driver::Call&, proc::NetworkPortGetParameters::Args args) {
    require_flags(args.flags, 0, "networkPortGetParameters");
    const NetworkOwner network = core_.at(args.port.network);
    require_active(*network);
    const NetworkPort& port = port_of(*network, args.port.uuid);
    proc::NetworkPortGetParameters::Ret ret;
    for (const Parameter& known : all_parameters) {
        const auto* limit = !port.bandwidth ? nullptr
                            : known.inbound ? &port.bandwidth->inbound
                                            : &port.bandwidth->outbound;
        if (!limit || !*limit) continue;
        wire::TypedParameter parameter;
        parameter.field = known.name;
        parameter.value = static_cast<uint32_t>(**limit.*known.member);
        ret.params.push_back(std::move(parameter));
    }
    ret.nparams = static_cast<int32_t>(ret.params.size());
    if (args.nparams == 0) ret.params.clear();
    return ret;
}

Task<wire::Void> PortCalls::set_parameters(driver::Call& call, proc::NetworkPortSetParameters::Args args) {
    require_flags(args.flags, 0, "networkPortSetParameters");
    NetworkOwner network = core_.at(args.port.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    require_active(*network);
    NetworkPort changed = port_of(*network, args.port.uuid);
    for (const wire::TypedParameter& parameter : args.params) set_parameter(changed, parameter);
    drop_empty_limits(changed);
    const Uuid uuid = args.port.uuid;
    std::optional<model::Bandwidth> bandwidth = std::move(changed.bandwidth);
    co_await service_.change_limits(network, uuid, std::move(bandwidth));
    co_return wire::Void{};
}

Task<proc::NetworkPortCreateXml::Ret> PortCalls::create(driver::Call& call, proc::NetworkPortCreateXml::Args args) {
    require_flags(args.flags, api::network_port_create_reclaim | api::network_port_create_validate,
                  "networkPortCreateXML");
    NetworkOwner network = core_.at(args.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    NetworkPort port = NetworkPort::parse(args.xml, args.flags & api::network_port_create_validate);
    require_active(*network);
    if (network->ports.contains(*port.uuid)) {
        fail(ErrorCode::network_port_exist, ErrorDomain::network, "Network port with UUID {} already exists",
             port.uuid->to_string());
    }
    const bool reclaim = args.flags & api::network_port_create_reclaim;
    if (reclaim && port.plug == model::PlugType::none) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::network,
                    "a port that is reclaimed must say how it is plugged in");
    }
    if (reclaim) {
        require_free_class(*network, port);
    } else {
        port = complete_port(*network, std::move(port));
    }
    const Uuid uuid = *port.uuid;
    co_await service_.add_port(network, std::move(port));
    co_return proc::NetworkPortCreateXml::Ret{{network->reference(), uuid}};
}

Task<wire::Void> PortCalls::remove(driver::Call& call, proc::NetworkPortDelete::Args args) {
    require_flags(args.flags, 0, "networkPortDelete");
    NetworkOwner network = core_.at(args.port.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    require_active(*network);
    port_of(*network, args.port.uuid);
    co_await service_.remove_port(network, args.port.uuid);
    co_return wire::Void{};
}

}  // namespace virtue::network
