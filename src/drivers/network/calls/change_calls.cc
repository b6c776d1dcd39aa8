#include "drivers/network/calls/change_calls.h"

#include <unistd.h>

#include "base/error.h"
#include "driver/constants.h"
#include "drivers/network/bridge_names.h"
#include "drivers/network/dnsmasq.h"
#include "drivers/network/plain_words.h"
#include "drivers/network/run.h"
#include "drivers/network/service.h"
#include "drivers/network/subnets.h"
#include "io/offload.h"
#include "model/network/update.h"
#include "protocol/remote/event_object.h"

namespace virtue::network {
namespace {

constexpr uint32_t affect = api::network_update_affect_live | api::network_update_affect_config;

/// Throws operation_failed when the name or UUID belongs to another network.
void require_no_clash(const Core& core, const model::Network& definition) {
    if (const Network* same_uuid = core.networks.find(*definition.uuid)) {
        if (same_uuid->name() == definition.name) return;
        fail(ErrorCode::operation_failed, ErrorDomain::network, "network '{}' is already defined with uuid {}",
             same_uuid->name(), definition.uuid->to_string());
    }
    if (const Network* same_name = core.networks.find(std::string_view(definition.name))) {
        fail(ErrorCode::operation_failed, ErrorDomain::network, "network '{}' already exists with uuid {}",
             definition.name, same_name->uuid().to_string());
    }
}

/// Guests get whole PCI functions of such a network: only virtual ones may be given away.
void require_virtual_functions(const model::Network& network) {
    if (network.mode() != model::ForwardMode::hostdev) return;
    for (const model::PciAddress& address : network.forward->addresses) {
        const std::string device = fmt::format("/sys/bus/pci/devices/{:04x}:{:02x}:{:02x}.{:x}", address.domain,
                                               address.bus, address.slot, address.function);
        if (::access((device + "/physfn").c_str(), F_OK) == 0) continue;
        fail(ErrorCode::config_unsupported, ErrorDomain::network,
             "device '{}' in network '{}' is not an SR-IOV Virtual Function", device, network.name);
    }
}

struct Scope {
    bool live;
    bool config;
};

Scope scope_of(const Network& network, uint32_t flags) {
    Scope scope{(flags & api::network_update_affect_live) != 0, (flags & api::network_update_affect_config) != 0};
    if (!scope.live && !scope.config) (network.active ? scope.live : scope.config) = true;
    if (scope.live && !network.active)
        throw Error(ErrorCode::operation_invalid, ErrorDomain::network, "network is not running");
    if (scope.config && !network.is_persistent()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::network,
                    "can't update persistent config of transient network");
    }
    return scope;
}

}  // namespace

void ChangeCalls::bind(driver::HandlerTable& on) {
    on.call<proc::NetworkDefineXml>(this, &ChangeCalls::define);
    on.call<proc::NetworkDefineXmlFlags>(this, &ChangeCalls::define_flags);
    on.call<proc::NetworkCreateXml>(this, &ChangeCalls::create_xml);
    on.call<proc::NetworkCreateXmlFlags>(this, &ChangeCalls::create_flags);
    on.call<proc::NetworkCreate>(this, &ChangeCalls::create);
    on.call<proc::NetworkDestroy>(this, &ChangeCalls::destroy);
    on.call<proc::NetworkUndefine>(this, &ChangeCalls::undefine);
    on.call<proc::NetworkSetAutostart>(this, &ChangeCalls::set_autostart);
    on.call<proc::NetworkUpdate>(this, &ChangeCalls::update);
    on.call<proc::NetworkSetMetadata>(this, &ChangeCalls::set_metadata);
}

void ChangeCalls::complete(model::Network& definition) const {
    choose_subnets(core_, definition);
    model::validate(definition);
    require_virtual_functions(definition);
    model::complete(definition);
    require_free_bridge(core_, definition);
    require_no_clash(core_, definition);
    choose_bridge_name(core_, definition);
}

Task<void> ChangeCalls::save_definition(Definition definition) {
    const Store store = core_.store;
    auto save = [store, definition] { store.save_definition(*definition); };
    co_await io::offload(core_.loop, std::move(save));
}

Task<proc::NetworkRef> ChangeCalls::define_text(driver::Call& call, std::string xml, uint32_t flags) {
    require_flags(flags, api::network_define_validate, "networkDefineXMLFlags");
    auto read = std::make_shared<model::Network>(model::Network::parse(xml, flags & api::network_define_validate));
    const Uuid uuid = *read->uuid;
    Core::Place place = co_await core_.place_of(uuid, call.deadline);
    complete(*read);
    Definition definition = std::move(read);
    co_await save_definition(definition);
    NetworkOwner network = place.known.network;
    if (!network) {
        network = std::make_shared<Network>(core_.loop, uuid, definition->name);
        core_.networks.insert(network);
    }
    network->persistent = std::move(definition);
    core_.tell(*network, api::network_event_defined);
    co_return network->reference();
}

Task<proc::NetworkDefineXml::Ret> ChangeCalls::define(driver::Call& call, proc::NetworkDefineXml::Args args) {
    proc::NetworkRef made = co_await define_text(call, std::move(args.xml), 0);
    co_return proc::NetworkDefineXml::Ret{made};
}

Task<proc::NetworkDefineXmlFlags::Ret> ChangeCalls::define_flags(driver::Call& call,
                                                                 proc::NetworkDefineXmlFlags::Args args) {
    proc::NetworkRef made = co_await define_text(call, std::move(args.xml), args.flags);
    co_return proc::NetworkDefineXmlFlags::Ret{made};
}

Task<proc::NetworkRef> ChangeCalls::create_text(driver::Call& call, std::string xml, uint32_t flags) {
    require_flags(flags, api::network_create_validate, "networkCreateXMLFlags");
    auto read = std::make_shared<model::Network>(model::Network::parse(xml, flags & api::network_create_validate));
    const Uuid uuid = *read->uuid;
    Core::Place place = co_await core_.place_of(uuid, call.deadline);
    complete(*read);
    Definition definition = std::move(read);
    NetworkOwner network = place.known.network;
    const bool is_new = network == nullptr;
    if (!is_new && network->active) {
        fail(ErrorCode::operation_invalid, ErrorDomain::network, "network is already active as '{}'", network->name());
    }
    if (is_new) {
        network = std::make_shared<Network>(core_.loop, uuid, definition->name);
        core_.networks.insert(network);
        place.known.turn = co_await core_.turn(network, call.deadline);
    }
    // Who comes next sees what is taken.
    network->live = definition;
    place.naming.release();
    std::optional<Error> problem;
    try {
        co_await start_network(core_, network, definition);
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (problem) {
        network->live = nullptr;
        if (is_new) {
            network->removed = true;
            core_.networks.erase(network->uuid());
        }
        throw *problem;
    }
    co_return network->reference();
}

Task<proc::NetworkCreateXml::Ret> ChangeCalls::create_xml(driver::Call& call, proc::NetworkCreateXml::Args args) {
    proc::NetworkRef made = co_await create_text(call, std::move(args.xml), 0);
    co_return proc::NetworkCreateXml::Ret{made};
}

Task<proc::NetworkCreateXmlFlags::Ret> ChangeCalls::create_flags(driver::Call& call,
                                                                 proc::NetworkCreateXmlFlags::Args args) {
    proc::NetworkRef made = co_await create_text(call, std::move(args.xml), args.flags);
    co_return proc::NetworkCreateXmlFlags::Ret{made};
}

Task<wire::Void> ChangeCalls::create(driver::Call& call, proc::NetworkCreate::Args args) {
    NetworkOwner network = core_.at(args.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    co_await start_network(core_, network, nullptr);
    co_return wire::Void{};
}

Task<wire::Void> ChangeCalls::destroy(driver::Call& call, proc::NetworkDestroy::Args args) {
    NetworkOwner network = core_.at(args.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    co_await stop_network(core_, network);
    co_return wire::Void{};
}

Task<wire::Void> ChangeCalls::undefine(driver::Call& call, proc::NetworkUndefine::Args args) {
    NetworkOwner network = core_.at(args.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    if (!network->is_persistent())
        throw Error(ErrorCode::operation_invalid, ErrorDomain::network, "can't undefine transient network");
    const Store store = core_.store;
    const Settings settings = core_.settings;
    const Definition definition = network->persistent;
    const bool active = network->active;
    auto remove = [store, settings, definition, active] {
        store.remove_definition(definition->name);
        if (!active) remove_dnsmasq_files(settings, *definition);
    };
    co_await io::offload(core_.loop, std::move(remove));
    network->autostart = false;
    network->persistent = nullptr;
    core_.tell(*network, api::network_event_undefined);
    if (!network->active) {
        network->removed = true;
        core_.networks.erase(network->uuid());
    }
    co_return wire::Void{};
}

Task<wire::Void> ChangeCalls::set_autostart(driver::Call& call, proc::NetworkSetAutostart::Args args) {
    NetworkOwner network = core_.at(args.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    if (!network->is_persistent())
        throw Error(ErrorCode::operation_invalid, ErrorDomain::network, "cannot set autostart for transient network");
    const bool wanted = args.autostart != 0;
    if (network->autostart == wanted) co_return wire::Void{};
    const Store store = core_.store;
    const std::string name = network->name();
    auto mark = [store, name, wanted] { store.set_autostart(name, wanted); };
    co_await io::offload(core_.loop, std::move(mark));
    network->autostart = wanted;
    co_return wire::Void{};
}

Task<void> ChangeCalls::put_in_place(NetworkOwner network, Definition live, Definition persistent) {
    const Definition before = network->persistent;
    if (persistent) {
        co_await save_definition(persistent);
        network->persistent = std::move(persistent);
    }
    if (!live) co_return;
    std::optional<Error> problem;
    try {
        co_await change_live(core_, network, std::move(live));
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    if (network->persistent != before) {
        network->persistent = before;
        co_await save_definition(before);
    }
    throw *problem;
}

Task<wire::Void> ChangeCalls::update(driver::Call& call, proc::NetworkUpdate::Args args) {
    require_flags(args.flags, affect, "networkUpdate");
    NetworkOwner network = core_.at(args.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    const Scope scope = scope_of(*network, args.flags);
    if (args.section == 0 || args.section >= api::network_section_last) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::network,
                    "can't update unrecognized section of network");
    }
    auto changed = [&](const model::Network& definition) {
        return std::make_shared<model::Network>(
            model::update(definition, static_cast<model::NetworkUpdateCommand>(args.command),
                          static_cast<model::NetworkSection>(args.section), args.parent_index, args.xml));
    };
    Definition live;
    Definition persistent;
    if (scope.live) live = changed(*network->live);
    if (live) require_plain_words(*live);
    if (scope.config) persistent = changed(*network->persistent);
    co_await put_in_place(network, std::move(live), std::move(persistent));
    co_return wire::Void{};
}

Task<void> ChangeCalls::keep_live_metadata(NetworkOwner network, Definition changed) {
    const Definition before = std::exchange(network->live, std::move(changed));
    std::optional<Error> problem;
    try {
        co_await save_status(core_, network);
    } catch (const Error& error) {
        problem.emplace(error);
    }
    if (!problem) co_return;
    network->live = before;
    throw *problem;
}

Task<wire::Void> ChangeCalls::set_metadata(driver::Call& call, proc::NetworkSetMetadata::Args args) {
    require_flags(args.flags, affect, "networkSetMetadata");
    NetworkOwner network = core_.at(args.network);
    io::Semaphore::Permit turn = co_await core_.turn(network, call.deadline);
    require_known(*network);
    const Scope scope = scope_of(*network, args.flags);
    if (args.type != metadata_element) refuse_metadata_type(args.type);
    auto changed = [&](const model::Network& definition) {
        auto fresh = std::make_shared<model::Network>(definition);
        std::optional<std::string_view> content;
        if (args.metadata) content = *args.metadata;
        fresh->metadata.replace("metadata", args.key.value_or(""), args.uri.value_or(""), content);
        return fresh;
    };
    if (scope.config) {
        Definition persistent = changed(*network->persistent);
        co_await save_definition(persistent);
        network->persistent = std::move(persistent);
    }
    if (scope.live) {
        Definition live = changed(*network->live);
        co_await keep_live_metadata(network, std::move(live));
    }
    proc::NetworkEventCallbackMetadataChange::Msg message;
    message.network = network->reference();
    message.type = args.type;
    message.nsuri = args.uri;
    core_.events.publish<proc::NetworkEventCallbackMetadataChange>(network->uuid().to_string(), message);
    co_return wire::Void{};
}

}  // namespace virtue::network
