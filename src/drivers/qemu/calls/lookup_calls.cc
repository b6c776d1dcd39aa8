#include "drivers/qemu/calls/lookup_calls.h"
#include "drivers/qemu/snapshots/moments.h"

#include <unistd.h>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/platform.h"
#include "drivers/qemu/process_figures.h"
#include "model/domain/complete/migratable.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

/// A pair of filter flags of which none or both mean "any".
bool passes_pair(uint32_t flags, uint32_t yes, uint32_t no, bool value) {
    uint32_t asked = flags & (yes | no);
    return asked == 0 || asked == (yes | no) || (asked == yes) == value;
}

bool passes_state(uint32_t flags, uint32_t state) {
    uint32_t states = api::connect_list_domains_running | api::connect_list_domains_paused |
                      api::connect_list_domains_shutoff | api::connect_list_domains_other;
    if ((flags & states) == 0) return true;
    if (state == api::domain_running) return flags & api::connect_list_domains_running;
    if (state == api::domain_paused) return flags & api::connect_list_domains_paused;
    if (state == api::domain_shutoff) return flags & api::connect_list_domains_shutoff;
    return flags & api::connect_list_domains_other;
}

}  // namespace

bool passes_filter(const Domain& domain, uint32_t flags, const Settings& settings) {
    if (!passes_pair(flags, api::connect_list_domains_active, api::connect_list_domains_inactive, domain.is_active()))
        return false;
    if (!passes_pair(flags, api::connect_list_domains_persistent, api::connect_list_domains_transient,
                     domain.is_persistent()))
        return false;
    if (!passes_pair(flags, api::connect_list_domains_autostart, api::connect_list_domains_no_autostart,
                     domain.autostart))
        return false;
    if (!passes_pair(flags, api::connect_list_domains_has_snapshot, api::connect_list_domains_no_snapshot,
                     snapshot_count(domain) > 0))
        return false;
    if (!passes_pair(flags, api::connect_list_domains_has_checkpoint, api::connect_list_domains_no_checkpoint,
                     checkpoint_count(domain) > 0))
        return false;
    if (flags & (api::connect_list_domains_managedsave | api::connect_list_domains_no_managedsave)) {
        std::string path = settings.saved_image(domain.name());
        bool saved = ::access(path.c_str(), F_OK) == 0;
        if (!passes_pair(flags, api::connect_list_domains_managedsave, api::connect_list_domains_no_managedsave, saved))
            return false;
    }
    return passes_state(flags, domain.state().state);
}

void LookupCalls::bind(driver::HandlerTable& on) {
    on.call<proc::ConnectListDefinedDomains>(this, &LookupCalls::list_defined);
    on.call<proc::ConnectNumOfDefinedDomains>(this, &LookupCalls::count_defined);
    on.call<proc::ConnectListDomains>(this, &LookupCalls::list_ids);
    on.call<proc::ConnectNumOfDomains>(this, &LookupCalls::count_active);
    on.call<proc::ConnectListAllDomains>(this, &LookupCalls::list_all);
    on.call<proc::DomainLookupById>(this, &LookupCalls::by_id);
    on.call<proc::DomainLookupByName>(this, &LookupCalls::by_name);
    on.call<proc::DomainLookupByUuid>(this, &LookupCalls::by_uuid);
    on.call<proc::DomainIsActive>(this, &LookupCalls::is_active);
    on.call<proc::DomainIsPersistent>(this, &LookupCalls::is_persistent);
    on.call<proc::DomainIsUpdated>(this, &LookupCalls::is_updated);
    on.call<proc::DomainGetInfo>(this, &LookupCalls::info);
    on.call<proc::DomainGetState>(this, &LookupCalls::state);
    on.call<proc::DomainGetControlInfo>(this, &LookupCalls::control_info);
    on.call<proc::DomainGetXmlDesc>(this, &LookupCalls::xml);
    on.call<proc::DomainGetOsType>(this, &LookupCalls::os_type);
    on.call<proc::DomainGetSecurityLabel>(this, &LookupCalls::security_label);
    on.call<proc::DomainGetSecurityLabelList>(this, &LookupCalls::security_labels);
    on.call<proc::DomainGetMessages>(this, &LookupCalls::messages);
}

proc::ConnectListDefinedDomains::Ret LookupCalls::list_defined(driver::Call&,
                                                               proc::ConnectListDefinedDomains::Args args) {
    proc::ConnectListDefinedDomains::Ret ret;
    core_.domains.for_each([&](const Domain& domain) {
        if (!domain.is_active() && std::cmp_less(ret.names.size(), args.maxnames)) ret.names.push_back(domain.name());
    });
    return ret;
}

proc::ConnectNumOfDefinedDomains::Ret LookupCalls::count_defined(driver::Call&, wire::Void) {
    proc::ConnectNumOfDefinedDomains::Ret ret;
    core_.domains.for_each([&](const Domain& domain) { ret.num += !domain.is_active(); });
    return ret;
}

proc::ConnectListDomains::Ret LookupCalls::list_ids(driver::Call&, proc::ConnectListDomains::Args args) {
    proc::ConnectListDomains::Ret ret;
    core_.domains.for_each([&](const Domain& domain) {
        if (domain.is_active() && std::cmp_less(ret.ids.size(), args.maxids)) ret.ids.push_back(domain.id());
    });
    return ret;
}

proc::ConnectNumOfDomains::Ret LookupCalls::count_active(driver::Call&, wire::Void) {
    proc::ConnectNumOfDomains::Ret ret;
    core_.domains.for_each([&](const Domain& domain) { ret.num += domain.is_active(); });
    return ret;
}

proc::ConnectListAllDomains::Ret LookupCalls::list_all(driver::Call&, proc::ConnectListAllDomains::Args args) {
    constexpr uint32_t every_filter =
        0x3fff | api::connect_list_domains_has_checkpoint | api::connect_list_domains_no_checkpoint;
    require_flags(args.flags, every_filter, "qemuConnectListAllDomains");
    proc::ConnectListAllDomains::Ret ret;
    if (args.need_results) ret.domains.reserve(core_.domains.size());
    core_.domains.for_each([&](const Domain& domain) {
        if (!passes_filter(domain, args.flags, core_.settings)) return;
        ret.ret++;
        if (args.need_results) ret.domains.push_back(ref(domain));
    });
    return ret;
}

proc::DomainLookupById::Ret LookupCalls::by_id(driver::Call&, proc::DomainLookupById::Args args) {
    proc::DomainLookupById::Ret ret;
    bool found = false;
    core_.domains.for_each([&](const Domain& domain) {
        if (!domain.is_active() || domain.id() != args.id) return;
        ret.domain = ref(domain);
        found = true;
    });
    if (!found) fail(ErrorCode::no_domain, ErrorDomain::qemu, "no domain with matching id {}", args.id);
    return ret;
}

proc::DomainLookupByName::Ret LookupCalls::by_name(driver::Call&, proc::DomainLookupByName::Args args) {
    Domain* domain = core_.domains.find(std::string_view(args.name));
    if (!domain) fail(ErrorCode::no_domain, ErrorDomain::qemu, "no domain with matching name '{}'", args.name);
    proc::DomainLookupByName::Ret ret;
    ret.domain = ref(*domain);
    return ret;
}

proc::DomainLookupByUuid::Ret LookupCalls::by_uuid(driver::Call&, proc::DomainLookupByUuid::Args args) {
    Domain* domain = core_.domains.find(args.uuid);
    if (!domain)
        fail(ErrorCode::no_domain, ErrorDomain::qemu, "no domain with matching uuid '{}'", args.uuid.to_string());
    proc::DomainLookupByUuid::Ret ret;
    ret.domain = ref(*domain);
    return ret;
}

proc::DomainIsActive::Ret LookupCalls::is_active(driver::Call&, proc::DomainIsActive::Args args) {
    proc::DomainIsActive::Ret ret;
    ret.active = core_.at(args.domain.name, args.domain.uuid)->is_active();
    return ret;
}

proc::DomainIsPersistent::Ret LookupCalls::is_persistent(driver::Call&, proc::DomainIsPersistent::Args args) {
    proc::DomainIsPersistent::Ret ret;
    ret.persistent = core_.at(args.domain.name, args.domain.uuid)->is_persistent();
    return ret;
}

proc::DomainIsUpdated::Ret LookupCalls::is_updated(driver::Call&, proc::DomainIsUpdated::Args args) {
    proc::DomainIsUpdated::Ret ret;
    ret.updated = core_.at(args.domain.name, args.domain.uuid)->updated;
    return ret;
}

proc::DomainGetInfo::Ret LookupCalls::info(driver::Call&, proc::DomainGetInfo::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainGetInfo::Ret ret;
    ret.state = static_cast<uint8_t>(domain->state().state);
    if (domain->run() || !domain->is_persistent()) {
        const model::Domain& definition = domain->current();
        ret.max_mem = max_memory(definition);
        ret.memory = current_memory(definition);
        ret.nr_virt_cpu = static_cast<uint16_t>(vcpu_counts(definition).current);
    } else {
        const DefinitionFigures& figures = domain->definition().figures();
        ret.max_mem = figures.maximum_memory;
        ret.memory = figures.current_memory;
        ret.nr_virt_cpu = static_cast<uint16_t>(figures.vcpus.current);
    }
    if (const Run* run = domain->run(); run && run->process) {
        if (auto figures = read_cpu_time(run->process->pid())) ret.cpu_time = figures->total();
    }
    return ret;
}

proc::DomainGetState::Ret LookupCalls::state(driver::Call&, proc::DomainGetState::Args args) {
    require_flags(args.flags, 0, "qemuDomainGetState");
    GuestState state = core_.at(args.domain.name, args.domain.uuid)->state();
    proc::DomainGetState::Ret ret;
    ret.state = static_cast<int32_t>(state.state);
    ret.reason = static_cast<int32_t>(state.reason);
    return ret;
}

proc::DomainGetControlInfo::Ret LookupCalls::control_info(driver::Call&, proc::DomainGetControlInfo::Args args) {
    require_flags(args.flags, 0, "qemuDomainGetControlInfo");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    Run& run = domain->running();
    proc::DomainGetControlInfo::Ret ret;
    if (!run.monitor || run.monitor->is_lost()) {
        ret.state = api::domain_control_error;
        ret.details = api::domain_control_error_reason_monitor;
    } else if (run.monitor->pending() > 0) {
        ret.state = api::domain_control_occupied;
        auto silence = io::Clock::now() - run.monitor->last_heard();
        ret.state_time = static_cast<uint64_t>(std::chrono::duration_cast<io::Milliseconds>(silence).count());
    } else if (!domain->jobs().holder().empty()) {
        ret.state = api::domain_control_job;
    }
    return ret;
}

Task<std::string> LookupCalls::migratable_xml(DomainOwner domain, bool live, io::Deadline deadline) {
    CapabilitiesRef capabilities;
    try {
        std::string emulator = emulator_of(domain->current());
        CapabilitiesRef found = co_await core_.capabilities.get(std::move(emulator), deadline);
        capabilities = std::move(found);
    } catch (const Error& error) {
        // A definition whose emulator is missing can be read all the same.
        if (error.code() == ErrorCode::operation_timeout) throw;
    }
    QemuPlatform platform(core_.capabilities, std::move(capabilities), core_.settings);
    // The other side starts the guest anew: it is told what was asked for, not what became of it here.
    if (!live || !domain->is_active()) co_return model::format_migratable(domain->next(), platform);
    model::Domain definition = domain->current();
    if (const Run* run = domain->run(); run->asked_cpu) definition.cpu = *run->asked_cpu;
    drop_security_label(definition);
    co_return model::format_migratable(definition, platform);
}

Task<proc::DomainGetXmlDesc::Ret> LookupCalls::xml(driver::Call& call, proc::DomainGetXmlDesc::Args args) {
    constexpr uint32_t known =
        api::domain_xml_secure | api::domain_xml_inactive | api::domain_xml_update_cpu | api::domain_xml_migratable;
    require_flags(args.flags, known, "qemuDomainGetXMLDesc");
    if (call.session.is_read_only() && (args.flags & (api::domain_xml_secure | api::domain_xml_migratable))) {
        throw Error(ErrorCode::operation_denied, ErrorDomain::dom, "virDomainGetXMLDesc with secure flag");
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    bool live = domain->is_active() && !(args.flags & api::domain_xml_inactive);
    proc::DomainGetXmlDesc::Ret ret;
    if (args.flags & api::domain_xml_migratable) {
        std::string xml = co_await migratable_xml(domain, live, call.deadline);
        ret.xml = std::move(xml);
        co_return ret;
    }
    const bool of_definition = !domain->run() || (args.flags & api::domain_xml_inactive) != 0;
    if (of_definition && domain->is_persistent()) {
        ret.xml = *domain->definition().xml((args.flags & api::domain_xml_secure) != 0);
        co_return ret;
    }
    std::shared_ptr<const std::string>& kept = domain->formatted[args.flags];
    if (!kept) {
        const model::Domain& definition = live ? domain->current() : domain->next();
        kept = std::make_shared<const std::string>(definition_xml(definition, args.flags, live));
    }
    ret.xml = *kept;
    co_return ret;
}

proc::DomainGetOsType::Ret LookupCalls::os_type(driver::Call&, proc::DomainGetOsType::Args args) {
    proc::DomainGetOsType::Ret ret;
    ret.type = os_type_of(core_.at(args.domain.name, args.domain.uuid)->current());
    return ret;
}

proc::DomainGetSecurityLabel::Ret LookupCalls::security_label(driver::Call&, proc::DomainGetSecurityLabel::Args args) {
    // As libvirt with the drivers "none" and "dac": the primary one has no labels.
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    return {};
}

proc::DomainGetSecurityLabelList::Ret LookupCalls::security_labels(driver::Call&,
                                                                   proc::DomainGetSecurityLabelList::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainGetSecurityLabelList::Ret ret;
    if (!domain->is_active()) return ret;
    ret.labels.emplace_back();
    if (core_.settings.paths.privileged) {
        uint32_t uid = core_.guest_user ? core_.guest_user->uid : 0;
        uint32_t gid = core_.guest_user ? core_.guest_user->gid : 0;
        proc::DomainGetSecurityLabel::Ret label;
        label.label = decltype(label.label)::with_nul(fmt::format("+{}:+{}", uid, gid));
        ret.labels.push_back(std::move(label));
    }
    ret.ret = static_cast<int32_t>(ret.labels.size());
    return ret;
}

proc::DomainGetMessages::Ret LookupCalls::messages(driver::Call&, proc::DomainGetMessages::Args args) {
    require_flags(args.flags, api::domain_message_deprecation | api::domain_message_tainting, "qemuDomainGetMessages");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainGetMessages::Ret ret;
    const Run* run = domain->run();
    if (!run) return ret;
    if (args.flags == 0 || (args.flags & api::domain_message_tainting) != 0) {
        for (const Taint taint : run->taints.list())
            ret.msgs.push_back(fmt::format("tainted: {}", taint_sentence(taint)));
    }
    if (args.flags == 0 || (args.flags & api::domain_message_deprecation) != 0) {
        for (const std::string& words : run->deprecations) ret.msgs.push_back("deprecated configuration: " + words);
    }
    return ret;
}

}  // namespace virtue::qemu
