// Finding domains and what a handle says of one.
#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/domain_stats.h"

namespace virtue::test {
namespace {

/// In each group of a filter that is given, one of the asked properties must hold.
bool fits(uint32_t flags, uint32_t yes, uint32_t no, bool holds) {
    if (!(flags & (yes | no))) return true;
    return flags & (holds ? yes : no);
}

bool fits_state(uint32_t flags, int state) {
    constexpr uint32_t group = api::connect_list_domains_running | api::connect_list_domains_paused |
                               api::connect_list_domains_shutoff | api::connect_list_domains_other;
    if (!(flags & group)) return true;
    switch (state) {
        case api::domain_running:
            return flags & api::connect_list_domains_running;
        case api::domain_paused:
            return flags & api::connect_list_domains_paused;
        case api::domain_shutoff:
            return flags & api::connect_list_domains_shutoff;
        default:
            return flags & api::connect_list_domains_other;
    }
}

}  // namespace

bool is_listed(const Guest& guest, uint32_t flags) {
    return fits(flags, api::connect_list_domains_active, api::connect_list_domains_inactive, guest.is_active()) &&
           fits(flags, api::connect_list_domains_persistent, api::connect_list_domains_transient, guest.persistent) &&
           fits_state(flags, guest.state) &&
           fits(flags, api::connect_list_domains_managedsave, api::connect_list_domains_no_managedsave,
                guest.has_managed_save) &&
           fits(flags, api::connect_list_domains_autostart, api::connect_list_domains_no_autostart, guest.autostart) &&
           fits(flags, api::connect_list_domains_has_snapshot, api::connect_list_domains_no_snapshot,
                !guest.snapshots.empty()) &&
           fits(flags, api::connect_list_domains_has_checkpoint, api::connect_list_domains_no_checkpoint,
                !guest.checkpoints.empty());
}

namespace {

proc::ConnectListAllDomains::Ret list_all(Instance& in, proc::ConnectListAllDomains::Args args) {
    check_flags(args.flags, (api::connect_list_domains_no_checkpoint << 1) - 1, "testConnectListAllDomains");
    proc::ConnectListAllDomains::Ret ret;
    in.guests.for_each([&](Guest& guest) {
        if (!is_listed(guest, args.flags)) return;
        ret.ret++;
        if (args.need_results) ret.domains.push_back(guest.reference());
    });
    return ret;
}

proc::ConnectListDomains::Ret list_ids(Instance& in, proc::ConnectListDomains::Args args) {
    proc::ConnectListDomains::Ret ret;
    in.guests.for_each([&](Guest& guest) {
        if (guest.is_active() && static_cast<int32_t>(ret.ids.size()) < args.maxids)
            ret.ids.push_back(guest.current.id);
    });
    return ret;
}

proc::ConnectListDefinedDomains::Ret list_defined(Instance& in, proc::ConnectListDefinedDomains::Args args) {
    proc::ConnectListDefinedDomains::Ret ret;
    in.guests.for_each([&](Guest& guest) {
        if (!guest.is_active() && static_cast<int32_t>(ret.names.size()) < args.maxnames)
            ret.names.push_back(guest.name());
    });
    return ret;
}

int32_t count(Instance& in, bool active) {
    int32_t number = 0;
    in.guests.for_each([&](Guest& guest) { number += guest.is_active() == active; });
    return number;
}

proc::ConnectNumOfDomains::Ret count_active(Instance& in, proc::ConnectNumOfDomains::Args) {
    proc::ConnectNumOfDomains::Ret ret;
    ret.num = count(in, true);
    return ret;
}

proc::ConnectNumOfDefinedDomains::Ret count_defined(Instance& in, proc::ConnectNumOfDefinedDomains::Args) {
    proc::ConnectNumOfDefinedDomains::Ret ret;
    ret.num = count(in, false);
    return ret;
}

Guest& required(Guest* guest) {
    // A look-up's error says no more than this.
    if (!guest) throw Error(ErrorCode::no_domain, here, "");
    return *guest;
}

proc::DomainLookupById::Ret by_id(Instance& in, proc::DomainLookupById::Args args) {
    Guest* found = nullptr;
    in.guests.for_each([&](Guest& guest) {
        if (guest.is_active() && guest.current.id == args.id) found = &guest;
    });
    return {required(found).reference()};
}

proc::DomainLookupByName::Ret by_name(Instance& in, proc::DomainLookupByName::Args args) {
    return {required(in.guests.find(args.name)).reference()};
}

proc::DomainLookupByUuid::Ret by_uuid(Instance& in, proc::DomainLookupByUuid::Args args) {
    return {required(in.guests.find(args.uuid)).reference()};
}

proc::DomainIsActive::Ret is_active(Instance& in, proc::DomainIsActive::Args args) {
    return {guest_of(in, args.domain).is_active()};
}

proc::DomainIsPersistent::Ret is_persistent(Instance& in, proc::DomainIsPersistent::Args args) {
    return {guest_of(in, args.domain).persistent};
}

proc::DomainIsUpdated::Ret is_updated(Instance& in, proc::DomainIsUpdated::Args args) {
    guest_of(in, args.domain);
    return {0};
}

proc::DomainGetOsType::Ret get_os_type(Instance&, proc::DomainGetOsType::Args) {
    // Not of the definition: the mock says so of every guest.
    return {"linux"};
}

proc::DomainGetState::Ret get_state(Instance& in, proc::DomainGetState::Args args) {
    check_flags(args.flags, 0, "testDomainGetState");
    const Guest& guest = guest_of(in, args.domain);
    return {guest.state, guest.reason};
}

proc::DomainGetAutostart::Ret get_autostart(Instance& in, proc::DomainGetAutostart::Args args) {
    return {guest_of(in, args.domain).autostart};
}

proc::DomainSetAutostart::Ret set_autostart(Instance& in, proc::DomainSetAutostart::Args args) {
    guest_of(in, args.domain).autostart = args.autostart != 0;
    return {};
}

}  // namespace

void bind_domain_lookups(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::ConnectListAllDomains>(on, in, list_all);
    bind<proc::ConnectListDomains>(on, in, list_ids);
    bind<proc::ConnectListDefinedDomains>(on, in, list_defined);
    bind<proc::ConnectNumOfDomains>(on, in, count_active);
    bind<proc::ConnectNumOfDefinedDomains>(on, in, count_defined);
    bind<proc::DomainLookupById>(on, in, by_id);
    bind<proc::DomainLookupByName>(on, in, by_name);
    bind<proc::DomainLookupByUuid>(on, in, by_uuid);
    bind<proc::DomainIsActive>(on, in, is_active);
    bind<proc::DomainIsPersistent>(on, in, is_persistent);
    bind<proc::DomainIsUpdated>(on, in, is_updated);
    bind<proc::DomainGetOsType>(on, in, get_os_type);
    bind<proc::DomainGetState>(on, in, get_state);
    bind<proc::DomainGetAutostart>(on, in, get_autostart);
    bind<proc::DomainSetAutostart>(on, in, set_autostart);
}

}  // namespace virtue::test
