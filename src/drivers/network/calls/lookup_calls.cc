#include "drivers/network/calls/lookup_calls.h"

#include "base/error.h"
#include "driver/constants.h"
#include "drivers/network/service.h"

namespace virtue::network {
namespace {

constexpr uint32_t list_flags = api::connect_list_networks_active | api::connect_list_networks_inactive |
                                api::connect_list_networks_persistent | api::connect_list_networks_transient |
                                api::connect_list_networks_autostart | api::connect_list_networks_no_autostart;

bool fits(const Network& network, uint32_t flags) {
    auto group = [&](uint32_t yes, uint32_t no, bool holds) {
        return !(flags & (yes | no)) || flags & (holds ? yes : no);
    };
    return group(api::connect_list_networks_active, api::connect_list_networks_inactive, network.active) &&
           group(api::connect_list_networks_persistent, api::connect_list_networks_transient,
                 network.is_persistent()) &&
           group(api::connect_list_networks_autostart, api::connect_list_networks_no_autostart, network.autostart);
}

/// A network is known to clients once it is defined or runs.
bool is_visible(const Network& network) {
    return network.active || network.is_persistent();
}

template <typename P>
typename P::Ret names(const Core& core, const typename P::Args& args, bool active) {
    typename P::Ret ret;
    core.networks.for_each([&](const Network& network) {
        if (is_visible(network) && network.active == active && static_cast<int32_t>(ret.names.size()) < args.maxnames)
            ret.names.push_back(network.name());
    });
    return ret;
}

template <typename P>
typename P::Ret count(const Core& core, bool active) {
    typename P::Ret ret;
    core.networks.for_each(
        [&](const Network& network) { ret.num += is_visible(network) && network.active == active ? 1 : 0; });
    return ret;
}

}  // namespace

void LookupCalls::bind(driver::HandlerTable& on) {
    on.call<proc::ConnectListAllNetworks>(this, &LookupCalls::list_all);
    on.call<proc::NetworkLookupByName>(this, &LookupCalls::by_name);
    on.call<proc::NetworkLookupByUuid>(this, &LookupCalls::by_uuid);
    on.call<proc::NetworkIsActive>(this, &LookupCalls::is_active);
    on.call<proc::NetworkIsPersistent>(this, &LookupCalls::is_persistent);
    on.call<proc::NetworkGetXmlDesc>(this, &LookupCalls::xml);
    on.call<proc::NetworkGetBridgeName>(this, &LookupCalls::bridge_name);
    on.call<proc::NetworkGetAutostart>(this, &LookupCalls::autostart);
    on.call<proc::NetworkGetMetadata>(this, &LookupCalls::metadata);
    on.call<proc::NetworkGetDhcpLeases>(this, &LookupCalls::leases);
    Core* core = &core_;
    on.call<proc::ConnectListNetworks>([core](driver::Call&, proc::ConnectListNetworks::Args&& args) {
        return names<proc::ConnectListNetworks>(*core, args, true);
    });
    on.call<proc::ConnectListDefinedNetworks>([core](driver::Call&, proc::ConnectListDefinedNetworks::Args&& args) {
        return names<proc::ConnectListDefinedNetworks>(*core, args, false);
    });
    on.call<proc::ConnectNumOfNetworks>([core](driver::Call&, proc::ConnectNumOfNetworks::Args&&) {
        return count<proc::ConnectNumOfNetworks>(*core, true);
    });
    on.call<proc::ConnectNumOfDefinedNetworks>([core](driver::Call&, proc::ConnectNumOfDefinedNetworks::Args&&) {
        return count<proc::ConnectNumOfDefinedNetworks>(*core, false);
    });
}

proc::ConnectListAllNetworks::Ret LookupCalls::list_all(driver::Call&, proc::ConnectListAllNetworks::Args args) {
    require_flags(args.flags, list_flags, "networkConnectListAllNetworks");
    proc::ConnectListAllNetworks::Ret ret;
    core_.networks.for_each([&](const Network& network) {
        if (!is_visible(network) || !fits(network, args.flags)) return;
        ret.ret++;
        if (args.need_results) ret.networks.push_back(network.reference());
    });
    return ret;
}

proc::NetworkLookupByName::Ret LookupCalls::by_name(driver::Call&, proc::NetworkLookupByName::Args args) {
    const Network* network = core_.networks.find(std::string_view(args.name));
    if (!network || !is_visible(*network))
        fail(ErrorCode::no_network, ErrorDomain::network, "no network with matching name '{}'", args.name);
    return {network->reference()};
}

proc::NetworkLookupByUuid::Ret LookupCalls::by_uuid(driver::Call&, proc::NetworkLookupByUuid::Args args) {
    const Network* network = core_.networks.find(args.uuid);
    if (!network || !is_visible(*network)) {
        fail(ErrorCode::no_network, ErrorDomain::network, "no network with matching uuid '{}'", args.uuid.to_string());
    }
    return {network->reference()};
}

proc::NetworkIsActive::Ret LookupCalls::is_active(driver::Call&, proc::NetworkIsActive::Args args) {
    return {core_.at(args.network)->active};
}

proc::NetworkIsPersistent::Ret LookupCalls::is_persistent(driver::Call&, proc::NetworkIsPersistent::Args args) {
    return {core_.at(args.network)->is_persistent()};
}

proc::NetworkGetXmlDesc::Ret LookupCalls::xml(driver::Call&, proc::NetworkGetXmlDesc::Args args) {
    require_flags(args.flags, api::network_xml_inactive, "networkGetXMLDesc");
    const NetworkOwner network = core_.at(args.network);
    const bool inactive = (args.flags & api::network_xml_inactive) != 0;
    if (inactive && network->is_persistent()) return {network_xml(*network->persistent, true)};
    if (!network->active) return {network_xml(network->current(), true)};
    return {network_xml(network->current(), inactive)};
}

proc::NetworkGetBridgeName::Ret LookupCalls::bridge_name(driver::Call&, proc::NetworkGetBridgeName::Args args) {
    const NetworkOwner network = core_.at(args.network);
    if (network->current().bridge.empty()) {
        fail(ErrorCode::internal_error, ErrorDomain::network, "network '{}' does not have a bridge name.",
             network->name());
    }
    return {network->current().bridge};
}

proc::NetworkGetAutostart::Ret LookupCalls::autostart(driver::Call&, proc::NetworkGetAutostart::Args args) {
    return {core_.at(args.network)->autostart};
}

proc::NetworkGetMetadata::Ret LookupCalls::metadata(driver::Call&, proc::NetworkGetMetadata::Args args) {
    require_flags(args.flags, api::network_update_affect_live | api::network_update_affect_config,
                  "networkGetMetadata");
    const NetworkOwner network = core_.at(args.network);
    const model::Network& definition = definition_for(*network, args.flags);
    std::optional<std::string> found;
    if (args.type == metadata_element) {
        found = definition.metadata.find(args.uri.value_or(""));
    } else {
        refuse_metadata_type(args.type);
    }
    if (!found) refuse_missing_metadata();
    return {*found};
}

Task<proc::NetworkGetDhcpLeases::Ret> LookupCalls::leases(driver::Call&, proc::NetworkGetDhcpLeases::Args args) {
    require_flags(args.flags, 0, "networkGetDHCPLeases");
    std::optional<MacAddress> mac;
    if (args.mac) {
        mac = MacAddress::parse(*args.mac);
        if (!mac) throw Error(ErrorCode::invalid_mac, ErrorDomain::network, *args.mac);
    }
    const NetworkOwner network = core_.at(args.network);
    // One that is not active has no leases, which is no error.
    if (!network->active) co_return proc::NetworkGetDhcpLeases::Ret{};
    const Definition live = network->live;
    std::vector<driver::NetworkLease> found = co_await read_leases(core_, live);
    proc::NetworkGetDhcpLeases::Ret ret;
    for (const driver::NetworkLease& lease : found) {
        if (mac && MacAddress::parse(lease.mac) != mac) continue;
        ret.ret++;
        if (!args.need_results) continue;
        auto unless_empty = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
        proc::NetworkDhcpLease one;
        one.iface = live->bridge;
        one.expirytime = lease.expiry;
        one.type = lease.is_ipv6 ? 1 : 0;
        one.mac = unless_empty(lease.mac);
        one.iaid = unless_empty(lease.iaid);
        one.ipaddr = lease.ip;
        one.prefix = lease.prefix;
        one.hostname = unless_empty(lease.hostname);
        one.clientid = unless_empty(lease.client_id);
        ret.leases.push_back(std::move(one));
    }
    co_return ret;
}

}  // namespace virtue::network
