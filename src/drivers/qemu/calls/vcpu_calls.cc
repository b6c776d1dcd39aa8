#include "drivers/qemu/calls/vcpu_calls.h"

#include "drivers/qemu/calls/agent_turn.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/vcpu_entries.h"
#include "drivers/qemu/vcpu_hotplug.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t affect_flags = api::domain_affect_live | api::domain_affect_config;

/// A processor as the system in the guest sees it.
struct GuestVcpu {
    unsigned id = 0;
    bool online = false;
    bool can_offline = false;
};

std::vector<GuestVcpu> read_guest_vcpus(const Json& answer) {
    std::vector<GuestVcpu> vcpus;
    for (const Json& item : answer.items()) {
        GuestVcpu vcpu;
        vcpu.id = static_cast<unsigned>(item.uint_or("logical-id", 0));
        vcpu.online = item.bool_or("online", false);
        vcpu.can_offline = item.bool_or("can-offline", true);
        if (vcpu.id < 16384) vcpus.push_back(vcpu);
    }
    return vcpus;
}

Json guest_vcpu_change(const std::vector<GuestVcpu>& changes) {
    Json list = Json::array();
    for (const GuestVcpu& vcpu : changes) {
        list.add(Json::object({{"logical-id", static_cast<int64_t>(vcpu.id)}, {"online", vcpu.online}}));
    }
    return Json::object({{"vcpus", std::move(list)}});
}

/// Those of a guest to switch so that `count` are on.
std::vector<GuestVcpu> changes_to(std::vector<GuestVcpu> vcpus, size_t count) {
    auto is_on = [](const GuestVcpu& vcpu) { return vcpu.online; };
    auto online = static_cast<size_t>(std::count_if(vcpus.begin(), vcpus.end(), is_on));
    if (count > vcpus.size()) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "guest agent reports less cpu than requested");
    }
    std::vector<GuestVcpu> changes;
    for (GuestVcpu& vcpu : vcpus) {
        const bool on = online < count;
        if (online == count || vcpu.online == on || (!on && !vcpu.can_offline)) continue;
        vcpu.online = on;
        online = on ? online + 1 : online - 1;
        changes.push_back(vcpu);
    }
    if (online != count) throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "Cannot offline enough CPUs");
    return changes;
}

/// "0,2-3,^2", as libvirt reads a bitmap.
Bitmap parse_vcpus(const std::string& text) {
    auto which = Bitmap::parse(text);
    if (!which || text.empty()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::none, "Failed to parse bitmap '{}'", text);
    }
    return std::move(*which);
}

void require_switch(int32_t state) {
    if (state == 0 || state == 1) return;
    throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::qemu, "unsupported state value");
}

void require_count(const model::Domain& definition, uint32_t count, const char* which) {
    if (count <= definition.vcpus.maximum) return;
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu,
         "requested vcpus is greater than max allowable vcpus for the {} domain: {} > {}", which, count,
         definition.vcpus.maximum);
}

}  // namespace

void VcpuCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetMaxVcpus>(this, &VcpuCalls::maximum);
    on.call<proc::DomainGetVcpusFlags>(this, &VcpuCalls::get);
    on.call<proc::DomainSetVcpus>(this, &VcpuCalls::set);
    on.call<proc::DomainSetVcpusFlags>(this, &VcpuCalls::set_flags);
    on.call<proc::DomainSetVcpu>(this, &VcpuCalls::set_each);
    on.call<proc::DomainGetGuestVcpus>(this, &VcpuCalls::get_guest);
    on.call<proc::DomainSetGuestVcpus>(this, &VcpuCalls::set_guest);
}

proc::DomainGetMaxVcpus::Ret VcpuCalls::maximum(driver::Call&, proc::DomainGetMaxVcpus::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainGetMaxVcpus::Ret ret;
    ret.num = static_cast<int32_t>(definition_for(*domain, api::domain_affect_live).vcpus.maximum);
    return ret;
}

Task<proc::DomainGetVcpusFlags::Ret> VcpuCalls::get(driver::Call& call, proc::DomainGetVcpusFlags::Args args) {
    constexpr uint32_t known = affect_flags | api::domain_vcpu_maximum | api::domain_vcpu_guest;
    require_flags(args.flags, known, "qemuDomainGetVcpusFlags");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::Domain& definition = definition_for(*domain, args.flags & affect_flags);
    const bool maximum = (args.flags & api::domain_vcpu_maximum) != 0;
    proc::DomainGetVcpusFlags::Ret ret;
    if ((args.flags & api::domain_vcpu_guest) == 0) {
        ret.num = static_cast<int32_t>(maximum ? definition.vcpus.maximum : definition.vcpus.online());
        co_return ret;
    }
    if (!domain->is_active() || (args.flags & api::domain_affect_config)) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                    "vCPU count provided by the guest agent can only be requested for live domains");
    }
    Json nothing;
    Json answer =
        co_await ask_agent(core_, call, domain, "virDomainGetVcpusFlags", "guest-get-vcpus", std::move(nothing));
    for (const GuestVcpu& vcpu : read_guest_vcpus(answer)) ret.num += maximum || vcpu.online ? 1 : 0;
    co_return ret;
}

Task<wire::Void> VcpuCalls::set(driver::Call& call, proc::DomainSetVcpus::Args args) {
    co_await change_count(call, std::move(args.domain), args.nvcpus, api::domain_affect_live);
    co_return wire::Void{};
}

Task<wire::Void> VcpuCalls::set_flags(driver::Call& call, proc::DomainSetVcpusFlags::Args args) {
    constexpr uint32_t known =
        affect_flags | api::domain_vcpu_maximum | api::domain_vcpu_guest | api::domain_vcpu_hotpluggable;
    require_flags(args.flags, known, "qemuDomainSetVcpusFlags");
    require_exclusive(args.flags, api::domain_vcpu_guest, "VIR_DOMAIN_VCPU_GUEST", api::domain_affect_config,
                      "VIR_DOMAIN_AFFECT_CONFIG", ErrorDomain::domain);
    const uint32_t pair = api::domain_vcpu_maximum | api::domain_affect_config;
    if ((args.flags & pair) == api::domain_vcpu_maximum) {
        throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::domain,
                                  "Flag 'VIR_DOMAIN_AFFECT_CONFIG' is required by flag 'VIR_DOMAIN_VCPU_MAXIMUM'");
    }
    co_await change_count(call, std::move(args.domain), args.nvcpus, args.flags);
    co_return wire::Void{};
}

Task<void> VcpuCalls::change_count(driver::Call& call, proc::DomainRef which, uint32_t count, uint32_t flags) {
    if (count == 0 || count > INT32_MAX) {
        throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::domain,
                                  "nvcpus in virDomainSetVcpusFlags must not be zero");
    }
    DomainOwner domain = core_.at(which.name, which.uuid);
    if (flags & api::domain_vcpu_guest) {
        co_await change_guest_count(call, domain, count);
        co_return;
    }
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetVcpusFlags", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, flags & affect_flags);
    const bool hotpluggable = (flags & api::domain_vcpu_hotpluggable) != 0;
    if (flags & api::domain_vcpu_maximum) {
        if (scope.live) {
            throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                        "maximum vcpu count can be set only in the persistent configuration");
        }
        std::function<void(model::Domain&)> change = [count](model::Domain& d) { change_vcpu_maximum(d.vcpus, count); };
        co_await change_definition(core_, domain, std::move(change));
        co_return;
    }
    if (scope.live) require_count(domain->current(), count, "live");
    if (scope.config) require_count(*domain->persistent(), count, "persistent");
    if (scope.live) {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await plug_vcpu_count(core_, domain, count, deadline);
    }
    if (!scope.config) co_return;
    std::function<void(model::Domain&)> change = [count, hotpluggable](model::Domain& d) {
        change_vcpu_count(d.vcpus, count, hotpluggable);
    };
    co_await change_definition(core_, domain, std::move(change));
}

Task<void> VcpuCalls::change_guest_count(driver::Call& call, DomainOwner domain, uint32_t count) {
    require_running(*domain);
    Json nothing;
    Json answer =
        co_await ask_agent(core_, call, domain, "virDomainSetVcpusFlags", "guest-get-vcpus", std::move(nothing));
    std::vector<GuestVcpu> changes = changes_to(read_guest_vcpus(answer), count);
    if (changes.empty()) co_return;
    Json arguments = guest_vcpu_change(changes);
    co_await ask_agent(core_, call, domain, "virDomainSetVcpusFlags", "guest-set-vcpus", std::move(arguments));
}

Task<wire::Void> VcpuCalls::set_each(driver::Call& call, proc::DomainSetVcpu::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetVcpu");
    require_switch(args.state);
    Bitmap which = parse_vcpus(args.cpumap);
    if (which.empty()) throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "no vcpus selected for modification");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetVcpu", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    const bool on = args.state == 1;
    if (scope.config) require_switchable(domain->persistent()->vcpus, which);
    if (scope.live) {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await plug_vcpus(core_, domain, which, on, deadline);
    }
    if (!scope.config) co_return wire::Void{};
    std::function<void(model::Domain&)> change = [which, on](model::Domain& d) { switch_vcpus(d.vcpus, which, on); };
    co_await change_definition(core_, domain, std::move(change));
    co_return wire::Void{};
}

Task<proc::DomainGetGuestVcpus::Ret> VcpuCalls::get_guest(driver::Call& call, proc::DomainGetGuestVcpus::Args args) {
    require_flags(args.flags, 0, "qemuDomainGetGuestVcpus");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    require_running(*domain);
    Json nothing;
    Json answer =
        co_await ask_agent(core_, call, domain, "virDomainGetGuestVcpus", "guest-get-vcpus", std::move(nothing));
    Bitmap all, online, can_offline;
    for (const GuestVcpu& vcpu : read_guest_vcpus(answer)) {
        all.set(vcpu.id);
        if (vcpu.online) online.set(vcpu.id);
        if (vcpu.can_offline) can_offline.set(vcpu.id);
    }
    wire::TypedParameters params;
    params.add_string("vcpus", all.to_string());
    params.add_string("online", online.to_string());
    params.add_string("offlinable", can_offline.to_string());
    proc::DomainGetGuestVcpus::Ret ret;
    ret.params = params.take();
    co_return ret;
}

Task<wire::Void> VcpuCalls::set_guest(driver::Call& call, proc::DomainSetGuestVcpus::Args args) {
    require_flags(args.flags, 0, "qemuDomainSetGuestVcpus");
    require_switch(args.state);
    Bitmap missing = parse_vcpus(args.cpumap);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    require_running(*domain);
    Json nothing;
    Json answer =
        co_await ask_agent(core_, call, domain, "virDomainSetGuestVcpus", "guest-get-vcpus", std::move(nothing));
    std::vector<GuestVcpu> changes;
    for (GuestVcpu& vcpu : read_guest_vcpus(answer)) {
        if (!missing.test(vcpu.id)) continue;
        if (args.state == 0 && !vcpu.can_offline) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "vCPU '{}' is not offlinable", vcpu.id);
        }
        vcpu.online = args.state == 1;
        changes.push_back(vcpu);
        missing.set(vcpu.id, false);
    }
    if (!missing.empty()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "guest is missing vCPUs '{}'", missing.to_string());
    }
    Json arguments = guest_vcpu_change(changes);
    co_await ask_agent(core_, call, domain, "virDomainSetGuestVcpus", "guest-set-vcpus", std::move(arguments));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
