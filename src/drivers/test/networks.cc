#include "drivers/test/networks.h"

#include "drivers/test/instance.h"
#include "drivers/test/refusals.h"
#include "model/network/update.h"
#include "protocol/remote/event_object.h"
#include "protocol/remote/network.h"
#include "xml/mapper.h"

namespace virtue::test {

Network& assign_network(Instance& in, model::Network definition, bool live) {
    Network* network = in.networks.find(*definition.uuid);
    if (network && network->name() != definition.name)
        fail(ErrorCode::operation_failed, ErrorDomain::network, "network '{}' is already defined with uuid {}",
             network->name(), network->uuid().to_string());
    if (network && live && network->active)
        fail(ErrorCode::operation_invalid, ErrorDomain::network, "network is already active as '{}'", network->name());
    if (!network) {
        if (Network* other = in.networks.find(definition.name))
            fail(ErrorCode::operation_failed, ErrorDomain::network, "network '{}' already exists with uuid {}",
                 other->name(), other->uuid().to_string());
        Network& added = in.networks.insert(std::make_shared<Network>(std::move(definition)));
        added.persistent = !live;
        return added;
    }
    if (live) {
        network->next = std::move(network->definition);
        network->definition = std::move(definition);
    } else if (network->active) {
        network->next = std::move(definition);
        network->persistent = true;
    } else {
        network->definition = std::move(definition);
        network->persistent = true;
    }
    return *network;
}

proc::DomainIpAddress address_in_network(Instance& in, const std::string& name, size_t offset) {
    const Network* network = in.networks.find(name);
    if (!network) refuse(ErrorCode::no_network, "no network with matching name '{}'", name);
    proc::DomainIpAddress address;
    if (network->definition.ips.empty()) {
        address.addr = fmt::format("192.168.0.{}", offset);
        address.prefix = 24;
        return address;
    }
    const model::NetworkIp& ip = network->definition.ips.front();
    model::HostAddress at = ip.ranges.empty() ? ip.address : ip.ranges.front().start;
    address.prefix = ip.effective_prefix();
    address.type = at.is_ipv6();
    // Counted up from the last byte, with carry.
    for (size_t i = at.width() / 8; i-- > 0 && offset != 0;) {
        offset += at.bytes[i];
        at.bytes[i] = static_cast<uint8_t>(offset);
        offset >>= 8;
    }
    address.addr = at.to_string();
    return address;
}

namespace {

Network& network_of(Instance& in, const proc::NetworkRef& reference) {
    if (Network* network = in.networks.find(reference.name)) return *network;
    refuse(ErrorCode::no_network, "no network with matching name '{}'", reference.name);
}

Network& by_uuid(Instance& in, const Uuid& uuid) {
    if (Network* network = in.networks.find(uuid)) return *network;
    refuse(ErrorCode::no_network, "no network with matching uuid '{}'", uuid.to_string());
}

void tell(Instance& in, const Network& network, uint32_t event) {
    proc::NetworkEventLifecycle::Msg message;
    message.network = network.reference();
    message.event = static_cast<int32_t>(event);
    in.events.publish<proc::NetworkEventLifecycle>(network.uuid().to_string(), message);
}

model::Network read(const std::string& xml, bool validate) {
    model::Network definition = model::Network::parse(xml, validate);
    if (definition.name.find('/') != std::string::npos)
        throw Error::with_message(ErrorCode::xml_detail, ErrorDomain::xml, "invalid char in name: /");
    return definition;
}

/// A stopped network: its lasting definition again, or gone if it has none.
void stop(Instance& in, Network& network) {
    network.active = false;
    if (network.next) network.definition = std::move(*network.next);
    network.next.reset();
    if (!network.persistent) in.networks.erase(network.uuid());
}

bool fits(const Network& network, uint32_t flags) {
    auto group = [&](uint32_t yes, uint32_t no, bool holds) {
        return !(flags & (yes | no)) || flags & (holds ? yes : no);
    };
    return group(api::connect_list_networks_active, api::connect_list_networks_inactive, network.active) &&
           group(api::connect_list_networks_persistent, api::connect_list_networks_transient, network.persistent) &&
           group(api::connect_list_networks_autostart, api::connect_list_networks_no_autostart, network.autostart);
}

proc::ConnectListAllNetworks::Ret list_all(Instance& in, proc::ConnectListAllNetworks::Args args) {
    check_flags(args.flags, (api::connect_list_networks_no_autostart << 1) - 1, "testConnectListAllNetworks");
    proc::ConnectListAllNetworks::Ret ret;
    in.networks.for_each([&](Network& network) {
        if (!fits(network, args.flags)) return;
        ret.ret++;
        if (args.need_results) ret.networks.push_back(network.reference());
    });
    return ret;
}

template <typename P, bool Active>
typename P::Ret list_names(Instance& in, typename P::Args args) {
    typename P::Ret ret;
    in.networks.for_each([&](Network& network) {
        if (network.active == Active && static_cast<int32_t>(ret.names.size()) < args.maxnames)
            ret.names.push_back(network.name());
    });
    return ret;
}

template <typename P, bool Active>
typename P::Ret count(Instance& in, typename P::Args) {
    typename P::Ret ret;
    in.networks.for_each([&](Network& network) { ret.num += network.active == Active; });
    return ret;
}

proc::NetworkLookupByName::Ret look_up_name(Instance& in, proc::NetworkLookupByName::Args args) {
    return {network_of(in, {args.name, {}}).reference()};
}

proc::NetworkLookupByUuid::Ret look_up_uuid(Instance& in, proc::NetworkLookupByUuid::Args args) {
    return {by_uuid(in, args.uuid).reference()};
}

proc::NetworkIsActive::Ret is_active(Instance& in, proc::NetworkIsActive::Args args) {
    return {by_uuid(in, args.network.uuid).active};
}

proc::NetworkIsPersistent::Ret is_persistent(Instance& in, proc::NetworkIsPersistent::Args args) {
    return {by_uuid(in, args.network.uuid).persistent};
}

proc::NetworkRef define(Instance& in, const std::string& xml, uint32_t flags) {
    constexpr uint32_t define_validate = 1;  // VIR_NETWORK_DEFINE_VALIDATE
    check_flags(flags, define_validate, "testNetworkDefineXMLFlags");
    Network& network = assign_network(in, read(xml, flags & define_validate), false);
    tell(in, network, api::network_event_defined);
    return network.reference();
}

proc::NetworkDefineXml::Ret define_xml(Instance& in, proc::NetworkDefineXml::Args args) {
    return {define(in, args.xml, 0)};
}

proc::NetworkDefineXmlFlags::Ret define_xml_flags(Instance& in, proc::NetworkDefineXmlFlags::Args args) {
    return {define(in, args.xml, args.flags)};
}

proc::NetworkRef create_from(Instance& in, const std::string& xml, uint32_t flags) {
    constexpr uint32_t create_validate = 1;  // VIR_NETWORK_CREATE_VALIDATE
    check_flags(flags, create_validate, "testNetworkCreateXMLFlags");
    Network& network = assign_network(in, read(xml, flags & create_validate), true);
    network.active = true;
    tell(in, network, api::network_event_started);
    return network.reference();
}

proc::NetworkCreateXml::Ret create_xml(Instance& in, proc::NetworkCreateXml::Args args) {
    return {create_from(in, args.xml, 0)};
}

proc::NetworkCreateXmlFlags::Ret create_xml_flags(Instance& in, proc::NetworkCreateXmlFlags::Args args) {
    return {create_from(in, args.xml, args.flags)};
}

proc::NetworkUndefine::Ret undefine(Instance& in, proc::NetworkUndefine::Args args) {
    Network& network = network_of(in, args.network);
    if (network.active) refuse(ErrorCode::operation_invalid, "Network '{}' is still running", network.name());
    tell(in, network, api::network_event_undefined);
    in.networks.erase(network.uuid());
    return {};
}

proc::NetworkCreate::Ret create(Instance& in, proc::NetworkCreate::Args args) {
    Network& network = network_of(in, args.network);
    if (network.active) refuse(ErrorCode::operation_invalid, "Network '{}' is already running", network.name());
    network.active = true;
    tell(in, network, api::network_event_started);
    return {};
}

proc::NetworkDestroy::Ret destroy(Instance& in, proc::NetworkDestroy::Args args) {
    Network& network = network_of(in, args.network);
    tell(in, network, api::network_event_stopped);
    stop(in, network);
    return {};
}

proc::NetworkUpdate::Ret update(Instance& in, proc::NetworkUpdate::Args args) {
    using namespace api;
    check_flags(args.flags, network_update_affect_live | network_update_affect_config, "testNetworkUpdate");
    Network& network = network_of(in, args.network);
    uint32_t flags = args.flags;
    if (flags == 0) flags = network.active ? network_update_affect_live : network_update_affect_config;
    if ((flags & network_update_affect_live) && !network.active)
        fail(ErrorCode::operation_invalid, ErrorDomain::network, "network is not running");
    if ((flags & network_update_affect_config) && !network.persistent)
        fail(ErrorCode::operation_invalid, ErrorDomain::network, "can't update persistent config of transient network");
    if (args.section == 0 || args.section > static_cast<uint32_t>(model::NetworkSection::dns_srv))
        fail(ErrorCode::operation_unsupported, ErrorDomain::network, "can't update unrecognized section of network");
    auto changed = [&](const model::Network& definition) {
        return model::update(definition, static_cast<model::NetworkUpdateCommand>(args.command),
                             static_cast<model::NetworkSection>(args.section), args.parent_index, args.xml);
    };
    model::Network& lasting = network.next ? *network.next : network.definition;
    // Both results are there before either is put in place.
    std::optional<model::Network> new_lasting;
    if (flags & network_update_affect_config) new_lasting = changed(lasting);
    if ((flags & network_update_affect_live) && &lasting != &network.definition)
        network.definition = changed(network.definition);
    else if ((flags & network_update_affect_live) && !new_lasting)
        network.definition = changed(network.definition);
    if (new_lasting) lasting = std::move(*new_lasting);
    return {};
}

proc::NetworkGetXmlDesc::Ret get_xml(Instance& in, proc::NetworkGetXmlDesc::Args args) {
    check_flags(args.flags, 0, "testNetworkGetXMLDesc");
    xml::Options options;
    options.domain = ErrorDomain::network;
    options.inactive = true;
    return {xml::format(network_of(in, args.network).definition, options)};
}

proc::NetworkGetBridgeName::Ret get_bridge(Instance& in, proc::NetworkGetBridgeName::Args args) {
    const Network& network = network_of(in, args.network);
    if (network.definition.bridge.empty())
        refuse(ErrorCode::internal_error, "network '{}' does not have a bridge name.", network.name());
    return {network.definition.bridge};
}

proc::NetworkGetAutostart::Ret get_autostart(Instance& in, proc::NetworkGetAutostart::Args args) {
    return {network_of(in, args.network).autostart};
}

proc::NetworkSetAutostart::Ret set_autostart(Instance& in, proc::NetworkSetAutostart::Args args) {
    network_of(in, args.network).autostart = args.autostart != 0;
    return {};
}

}  // namespace

void bind_networks(Instance& in) {
    driver::HandlerTable& on = in.network;
    bind<proc::ConnectListAllNetworks>(on, in, list_all);
    bind<proc::ConnectListNetworks>(on, in, list_names<proc::ConnectListNetworks, true>);
    bind<proc::ConnectListDefinedNetworks>(on, in, list_names<proc::ConnectListDefinedNetworks, false>);
    bind<proc::ConnectNumOfNetworks>(on, in, count<proc::ConnectNumOfNetworks, true>);
    bind<proc::ConnectNumOfDefinedNetworks>(on, in, count<proc::ConnectNumOfDefinedNetworks, false>);
    bind<proc::NetworkLookupByName>(on, in, look_up_name);
    bind<proc::NetworkLookupByUuid>(on, in, look_up_uuid);
    bind<proc::NetworkIsActive>(on, in, is_active);
    bind<proc::NetworkIsPersistent>(on, in, is_persistent);
    bind<proc::NetworkDefineXml>(on, in, define_xml);
    bind<proc::NetworkDefineXmlFlags>(on, in, define_xml_flags);
    bind<proc::NetworkCreateXml>(on, in, create_xml);
    bind<proc::NetworkCreateXmlFlags>(on, in, create_xml_flags);
    bind<proc::NetworkUndefine>(on, in, undefine);
    bind<proc::NetworkCreate>(on, in, create);
    bind<proc::NetworkDestroy>(on, in, destroy);
    bind<proc::NetworkUpdate>(on, in, update);
    bind<proc::NetworkGetXmlDesc>(on, in, get_xml);
    bind<proc::NetworkGetBridgeName>(on, in, get_bridge);
    bind<proc::NetworkGetAutostart>(on, in, get_autostart);
    bind<proc::NetworkSetAutostart>(on, in, set_autostart);
}

}  // namespace virtue::test
