#include "drivers/qemu/calls/interface_tune_calls.h"

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/interfaces.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t affect_flags = api::domain_affect_live | api::domain_affect_config;

constexpr wire::ExpectedParameter settings[] = {
    {"inbound.average", api::typed_param_uint},  {"inbound.peak", api::typed_param_uint},
    {"inbound.burst", api::typed_param_uint},    {"inbound.floor", api::typed_param_uint},
    {"outbound.average", api::typed_param_uint}, {"outbound.peak", api::typed_param_uint},
    {"outbound.burst", api::typed_param_uint},
};

/// The card that a client names by its device on the host or its MAC. Throws invalid_arg.
model::Interface& find_card(model::Domain& domain, const std::string& name) {
    const std::optional<MacAddress> mac = MacAddress::parse(name);
    for (model::Interface& card : domain.interfaces) {
        if (mac ? card.mac == mac : (!name.empty() && card.target == name)) return card;
    }
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "'{}' is not a known interface", name);
}

const model::Interface& find_card(const model::Domain& domain, const std::string& name) {
    return find_card(const_cast<model::Domain&>(domain), name);
}

/// What a client wants of one direction: nothing where it says nothing.
struct Wish {
    bool given = false;
    model::BandwidthLimit limit;
};

Wish read_wish(const wire::TypedParameters& params, const std::string& direction) {
    Wish wish;
    const auto take = [&](const char* name, uint64_t& field) {
        const std::optional<uint32_t> value = params.find_uint(direction + name);
        if (!value) return;
        field = *value;
        wish.given = true;
    };
    take(".average", wish.limit.average);
    take(".peak", wish.limit.peak);
    take(".burst", wish.limit.burst);
    take(".floor", wish.limit.floor);
    return wish;
}

/// An average of 0 takes the limit away, except for a floor that is still guaranteed.
std::optional<model::BandwidthLimit> limit_of(const Wish& wish) {
    if (wish.limit.average == 0 && wish.limit.floor == 0) return std::nullopt;
    return wish.limit;
}

void require_limitable(const model::Interface& card, const Wish& inbound) {
    using enum model::InterfaceType;
    const model::InterfaceType type = card.actual_type();
    if (type != network && type != bridge && type != direct && type != ethernet) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "setting bandwidth on interfaces of type '{}' is not implemented yet", xml::to_name(type));
    }
    if (inbound.limit.floor != 0 && type != network) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "unsupported use of floor on interface type {}: it is guaranteed by a network's own limit",
             xml::to_name(type));
    }
}

void change(std::optional<model::Bandwidth>& bandwidth, const Wish& inbound, const Wish& outbound) {
    model::Bandwidth now = bandwidth.value_or(model::Bandwidth{});
    if (inbound.given) now.inbound = limit_of(inbound);
    if (outbound.given) now.outbound = limit_of(outbound);
    bandwidth.reset();
    if (now.inbound || now.outbound) bandwidth = now;
}

}  // namespace

void InterfaceTuneCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetInterfaceParameters>(this, &InterfaceTuneCalls::limits);
    on.call<proc::DomainSetInterfaceParameters>(this, &InterfaceTuneCalls::set_limits);
}

proc::DomainGetInterfaceParameters::Ret InterfaceTuneCalls::limits(driver::Call&,
                                                                   proc::DomainGetInterfaceParameters::Args args) {
    require_flags(args.flags, affect_flags | api::typed_param_string_okay, "qemuDomainGetInterfaceParameters");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::Domain& definition = definition_for(*domain, args.flags & affect_flags);
    proc::DomainGetInterfaceParameters::Ret ret;
    wire::TypedParameters params;
    if (args.nparams != 0) {
        const model::Interface& card = find_card(definition, args.device);
        const model::Bandwidth held =
            (card.actual ? card.actual->bandwidth : card.bandwidth).value_or(model::Bandwidth{});
        const model::BandwidthLimit inbound = held.inbound.value_or(model::BandwidthLimit{});
        const model::BandwidthLimit outbound = held.outbound.value_or(model::BandwidthLimit{});
        const auto add = [&](const char* name, uint64_t value) { params.add_uint(name, static_cast<uint32_t>(value)); };
        add("inbound.average", inbound.average);
        add("inbound.peak", inbound.peak);
        add("inbound.burst", inbound.burst);
        add("inbound.floor", inbound.floor);
        add("outbound.average", outbound.average);
        add("outbound.peak", outbound.peak);
        add("outbound.burst", outbound.burst);
    }
    ret.nparams = static_cast<int32_t>(std::size(settings));
    ret.params = params.take();
    if (args.nparams > 0 && static_cast<size_t>(args.nparams) < ret.params.size()) {
        ret.params.resize(static_cast<size_t>(args.nparams));
        ret.nparams = args.nparams;
    }
    return ret;
}

Task<wire::Void> InterfaceTuneCalls::set_limits(driver::Call& call, proc::DomainSetInterfaceParameters::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetInterfaceParameters");
    wire::validate(args.params, settings);
    const wire::TypedParameters params(std::move(args.params));
    const Wish inbound = read_wish(params, "inbound");
    const Wish outbound = read_wish(params, "outbound");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetInterfaceParameters", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    std::shared_ptr<model::Domain> definition;
    if (scope.config) {
        definition = std::make_shared<model::Domain>(*domain->persistent());
        model::Interface& card = find_card(*definition, args.device);
        require_limitable(card, inbound);
        change(card.bandwidth, inbound, outbound);
    }
    if (scope.live) {
        const int id = domain->id();
        model::Interface changed = find_card(*domain->running().domain, args.device);
        require_limitable(changed, inbound);
        change(changed.actual ? changed.actual->bandwidth : changed.bandwidth, inbound, outbound);
        if (changed.actual) change(changed.bandwidth, inbound, outbound);
        co_await change_floor(core_, changed);
        co_await limit_interface(core_, changed, call.deadline);
        if (domain->id() != id) throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "domain is not running");
        model::Interface& card = find_card(*domain->running().domain, args.device);
        card.bandwidth = changed.bandwidth;
        if (card.actual && changed.actual) {
            card.actual->bandwidth = changed.actual->bandwidth;
            card.actual->class_id = changed.actual->class_id;
        }
        co_await live_changed(core_, domain);
    }
    if (scope.config) co_await replace_definition(core_, domain, std::move(definition));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
