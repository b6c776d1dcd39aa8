// Snapshots: definitions set aside, with the state to go back to.
#include <algorithm>
#include <chrono>

#include "drivers/test/domains.h"
#include "drivers/test/moment_xml.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/snapshot.h"

namespace virtue::test {
namespace {

constexpr ErrorDomain part = ErrorDomain::domain_snapshot;

constexpr uint32_t list_flags =
    api::domain_snapshot_list_metadata | api::domain_snapshot_list_no_metadata | api::domain_snapshot_list_leaves |
    api::domain_snapshot_list_no_leaves | api::domain_snapshot_list_inactive | api::domain_snapshot_list_active |
    api::domain_snapshot_list_disk_only | api::domain_snapshot_list_internal | api::domain_snapshot_list_external |
    api::domain_snapshot_list_topological | api::domain_snapshot_list_descendants;

Moment& snapshot_of(Guest& guest, const std::string& name) {
    if (Moment* found = guest.snapshots.find(name)) return *found;
    refuse(ErrorCode::no_domain_snapshot, "no domain snapshot with matching name '{}'", name);
}

proc::SnapshotRef reference(const Guest& guest, const std::string& name) {
    return {name, guest.reference()};
}

bool is_external(const Moment& moment) {
    if (moment.memory == "external") return true;
    return std::any_of(moment.disks.begin(), moment.disks.end(),
                       [](const MomentDisk& disk) { return disk.mode == "external"; });
}

bool fits(const Guest& guest, const Moment& moment, uint32_t flags) {
    constexpr uint32_t metadata = api::domain_snapshot_list_metadata | api::domain_snapshot_list_no_metadata;
    constexpr uint32_t state =
        api::domain_snapshot_list_inactive | api::domain_snapshot_list_active | api::domain_snapshot_list_disk_only;
    constexpr uint32_t place = api::domain_snapshot_list_internal | api::domain_snapshot_list_external;
    constexpr uint32_t leaf = api::domain_snapshot_list_leaves | api::domain_snapshot_list_no_leaves;
    // The mock keeps nothing but metadata.
    if ((flags & metadata) == api::domain_snapshot_list_no_metadata) return false;
    bool has_children = guest.snapshots.has_children(moment.name);
    if ((flags & leaf) == api::domain_snapshot_list_leaves && has_children) return false;
    if ((flags & leaf) == api::domain_snapshot_list_no_leaves && !has_children) return false;
    if (flags & state) {
        uint32_t is = moment.state == "disk-snapshot" ? api::domain_snapshot_list_disk_only
                      : moment.state == "shutoff"     ? api::domain_snapshot_list_inactive
                                                      : api::domain_snapshot_list_active;
        if (!(flags & is)) return false;
    }
    if (flags & place) {
        uint32_t is = is_external(moment) ? api::domain_snapshot_list_external : api::domain_snapshot_list_internal;
        if (!(flags & is)) return false;
    }
    return true;
}

/// Those of a domain: bit 0 means roots only; those below one: bit 0 means all levels.
std::vector<const Moment*> chosen(const Guest& guest, const std::optional<std::string>& below, uint32_t flags) {
    bool first_bit = flags & api::domain_snapshot_list_roots;
    std::vector<const Moment*> found =
        below ? guest.snapshots.list(below, first_bit)
              : guest.snapshots.list(first_bit ? std::optional<std::string>("") : std::nullopt, false);
    std::erase_if(found, [&](const Moment* moment) { return !fits(guest, *moment, flags); });
    return found;
}

template <typename Names>
void put_names(Names& names, const std::vector<const Moment*>& found, int32_t room) {
    for (const Moment* moment : found)
        if (static_cast<int32_t>(names.size()) < room) names.push_back(moment->name);
}

proc::DomainSnapshotNum::Ret count(Instance& in, proc::DomainSnapshotNum::Args args) {
    check_flags(args.flags, list_flags, "testDomainSnapshotNum");
    return {static_cast<int32_t>(chosen(guest_of(in, args.domain), std::nullopt, args.flags).size())};
}

proc::DomainSnapshotListNames::Ret list_names(Instance& in, proc::DomainSnapshotListNames::Args args) {
    check_flags(args.flags, list_flags, "testDomainSnapshotListNames");
    proc::DomainSnapshotListNames::Ret ret;
    put_names(ret.names, chosen(guest_of(in, args.domain), std::nullopt, args.flags), args.maxnames);
    return ret;
}

proc::DomainListAllSnapshots::Ret list_all(Instance& in, proc::DomainListAllSnapshots::Args args) {
    check_flags(args.flags, list_flags, "testDomainListAllSnapshots");
    const Guest& guest = guest_of(in, args.domain);
    proc::DomainListAllSnapshots::Ret ret;
    for (const Moment* moment : chosen(guest, std::nullopt, args.flags)) {
        ret.ret++;
        if (args.need_results) ret.snapshots.push_back(reference(guest, moment->name));
    }
    return ret;
}

Guest& guest_of(Instance& in, const proc::SnapshotRef& snapshot) {
    Guest& guest = test::guest_of(in, snapshot.domain);
    snapshot_of(guest, snapshot.name);
    return guest;
}

proc::DomainSnapshotNumChildren::Ret count_children(Instance& in, proc::DomainSnapshotNumChildren::Args args) {
    check_flags(args.flags, list_flags, "testDomainSnapshotNumChildren");
    const Guest& guest = guest_of(in, args.snapshot);
    return {static_cast<int32_t>(chosen(guest, args.snapshot.name, args.flags).size())};
}

proc::DomainSnapshotListChildrenNames::Ret list_children_names(Instance& in,
                                                               proc::DomainSnapshotListChildrenNames::Args args) {
    check_flags(args.flags, list_flags, "testDomainSnapshotListChildrenNames");
    proc::DomainSnapshotListChildrenNames::Ret ret;
    put_names(ret.names, chosen(guest_of(in, args.snapshot), args.snapshot.name, args.flags), args.maxnames);
    return ret;
}

proc::DomainSnapshotListAllChildren::Ret list_all_children(Instance& in,
                                                           proc::DomainSnapshotListAllChildren::Args args) {
    check_flags(args.flags, list_flags, "testDomainSnapshotListAllChildren");
    const Guest& guest = guest_of(in, args.snapshot);
    proc::DomainSnapshotListAllChildren::Ret ret;
    for (const Moment* moment : chosen(guest, args.snapshot.name, args.flags)) {
        ret.ret++;
        if (args.need_results) ret.snapshots.push_back(reference(guest, moment->name));
    }
    return ret;
}

proc::DomainSnapshotLookupByName::Ret look_up(Instance& in, proc::DomainSnapshotLookupByName::Args args) {
    check_flags(args.flags, 0, "testDomainSnapshotLookupByName");
    Guest& guest = test::guest_of(in, args.domain);
    return {reference(guest, snapshot_of(guest, args.name).name)};
}

proc::DomainHasCurrentSnapshot::Ret has_current(Instance& in, proc::DomainHasCurrentSnapshot::Args args) {
    check_flags(args.flags, 0, "testDomainHasCurrentSnapshot");
    return {!test::guest_of(in, args.domain).snapshots.current.empty()};
}

proc::DomainSnapshotCurrent::Ret get_current(Instance& in, proc::DomainSnapshotCurrent::Args args) {
    check_flags(args.flags, 0, "testDomainSnapshotCurrent");
    const Guest& guest = test::guest_of(in, args.domain);
    if (guest.snapshots.current.empty())
        refuse(ErrorCode::no_domain_snapshot, "the domain does not have a current snapshot");
    return {reference(guest, guest.snapshots.current)};
}

proc::DomainSnapshotGetParent::Ret get_parent(Instance& in, proc::DomainSnapshotGetParent::Args args) {
    check_flags(args.flags, 0, "testDomainSnapshotGetParent");
    Guest& guest = guest_of(in, args.snapshot);
    const Moment& moment = snapshot_of(guest, args.snapshot.name);
    if (moment.parent.empty())
        refuse(ErrorCode::no_domain_snapshot, "snapshot '{}' does not have a parent", moment.name);
    return {reference(guest, moment.parent)};
}

proc::DomainSnapshotGetXmlDesc::Ret get_xml(Instance& in, proc::DomainSnapshotGetXmlDesc::Args args) {
    check_flags(args.flags, api::domain_snapshot_xml_secure, "testDomainSnapshotGetXMLDesc");
    Guest& guest = guest_of(in, args.snapshot);
    return {write_snapshot(snapshot_of(guest, args.snapshot.name), args.flags & api::domain_snapshot_xml_secure)};
}

proc::DomainSnapshotIsCurrent::Ret is_current(Instance& in, proc::DomainSnapshotIsCurrent::Args args) {
    check_flags(args.flags, 0, "testDomainSnapshotIsCurrent");
    return {guest_of(in, args.snapshot).snapshots.current == args.snapshot.name};
}

proc::DomainSnapshotHasMetadata::Ret has_metadata(Instance& in, proc::DomainSnapshotHasMetadata::Args args) {
    check_flags(args.flags, 0, "testDomainSnapshotHasMetadata");
    guest_of(in, args.snapshot);
    return {1};
}

// Making them.

int64_t seconds_now() {
    auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

std::string state_name(int state) {
    constexpr const char* names[] = {"nostate",  "running", "blocked", "paused",
                                     "shutdown", "shutoff", "crashed", "pmsuspended"};
    return names[state];
}

void redefine(Guest& guest, Moment& moment, bool become_current) {
    if (moment.parent == moment.name)
        fail(ErrorCode::invalid_arg, part, "cannot set snapshot {} as its own parent", moment.name);
    if (!moment.parent.empty() && !guest.snapshots.find(moment.parent))
        fail(ErrorCode::invalid_arg, part, "parent {} for snapshot {} not found", moment.parent, moment.name);
    if (!moment.parent.empty() && guest.snapshots.descends(moment.parent, moment.name))
        fail(ErrorCode::invalid_arg, part, "parent {} would create cycle to {}", moment.parent, moment.name);
    const Moment* old = guest.snapshots.find(moment.name);
    if (old && !moment.domain) moment.domain = old->domain;
    if (moment.domain) {
        if (!moment.domain->uuid || *moment.domain->uuid != guest.uuid())
            fail(ErrorCode::invalid_arg, part, "definition for snapshot {} must use uuid {}", moment.name,
                 guest.uuid().to_string());
        align_snapshot_disks(moment, *moment.domain, moment.state == "disk-snapshot");
    }
    std::string name = moment.name;
    guest.snapshots.put(std::move(moment));
    if (become_current) guest.snapshots.current = name;
}

void describe(Guest& guest, MomentRequest& request, uint32_t flags) {
    Moment& moment = request.moment;
    moment.created = seconds_now();
    if (moment.name.empty()) moment.name = std::to_string(moment.created);
    bool disk_only = flags & api::domain_snapshot_create_disk_only;
    moment.domain = guest.lasting();
    moment.domain->id = -1;
    if (disk_only) {
        moment.state = "disk-snapshot";
        moment.memory = "no";
    } else if (guest.is_active()) {
        moment.state = state_name(guest.state);
        if (moment.memory.empty()) moment.memory = "internal";
    } else {
        moment.state = "shutoff";
        moment.memory = "no";
    }
    align_snapshot_disks(moment, *moment.domain, disk_only);
}

proc::DomainSnapshotCreateXml::Ret create(Instance& in, proc::DomainSnapshotCreateXml::Args args) {
    check_flags(args.flags,
                api::domain_snapshot_create_redefine | api::domain_snapshot_create_current |
                    api::domain_snapshot_create_no_metadata | api::domain_snapshot_create_halt |
                    api::domain_snapshot_create_quiesce | api::domain_snapshot_create_atomic |
                    api::domain_snapshot_create_live | api::domain_snapshot_create_validate,
                "testDomainSnapshotCreateXML");
    bool redefines = args.flags & api::domain_snapshot_create_redefine;
    Guest& guest = test::guest_of(in, args.domain);
    if (!guest.checkpoints.empty())
        refuse(ErrorCode::operation_unsupported, "cannot create snapshot while checkpoint exists");
    if (!guest.persistent && (args.flags & api::domain_snapshot_create_halt))
        refuse(ErrorCode::operation_invalid, "cannot halt after transient domain snapshot");
    MomentRequest request = read_snapshot(args.xml_desc, redefines);
    std::string name;
    bool becomes_current = !redefines || (args.flags & api::domain_snapshot_create_current);
    if (redefines) {
        name = request.moment.name;
        redefine(guest, request.moment, becomes_current);
        return {reference(guest, name)};
    }
    describe(guest, request, args.flags);
    name = request.moment.name;
    if (guest.snapshots.find(name))
        fail(ErrorCode::operation_failed, ErrorDomain::domain, "domain moment {} already exists", name);
    if (args.flags & api::domain_snapshot_create_no_metadata) return {reference(guest, name)};
    request.moment.parent = guest.snapshots.current;
    guest.snapshots.put(std::move(request.moment));
    guest.snapshots.current = name;
    proc::SnapshotRef made = reference(guest, name);
    if ((args.flags & api::domain_snapshot_create_halt) && guest.is_active()) {
        stop(guest, api::domain_shutoff_from_snapshot);
        tell(in, guest, api::domain_event_stopped, api::domain_event_stopped_from_snapshot);
    }
    return {made};
}

proc::DomainSnapshotDelete::Ret remove(Instance& in, proc::DomainSnapshotDelete::Args args) {
    check_flags(args.flags, api::domain_snapshot_delete_children | api::domain_snapshot_delete_children_only,
                "testDomainSnapshotDelete");
    Guest& guest = guest_of(in, args.snapshot);
    constexpr uint32_t with_children = api::domain_snapshot_delete_children | api::domain_snapshot_delete_children_only;
    if (args.flags & with_children) {
        guest.snapshots.remove_tree(args.snapshot.name, !(args.flags & api::domain_snapshot_delete_children_only));
    } else {
        guest.snapshots.remove(args.snapshot.name);
    }
    return {};
}

// Going back.

/// Lets the guest run as the snapshot says; `paused` as it was or as the flags want.
void go_live(Instance& in, Guest& guest, const model::Domain& definition, bool paused) {
    bool was_active = guest.is_active();
    if (was_active) {
        // As libvirt: a running guest is stopped and started anew on the definition.
        stop(guest, api::domain_shutoff_from_snapshot);
        tell(in, guest, api::domain_event_stopped, api::domain_event_stopped_from_snapshot);
    }
    guest.current = definition;
    start(in, guest, api::domain_running_from_snapshot);
    tell(in, guest, api::domain_event_started, api::domain_event_started_from_snapshot);
    if (!paused) return;
    guest.state = api::domain_paused;
    guest.reason = api::domain_paused_from_snapshot;
    tell(in, guest, api::domain_event_suspended, api::domain_event_suspended_from_snapshot);
}

void go_inactive(Instance& in, Guest& guest, const model::Domain& definition, uint32_t flags) {
    if (guest.is_active()) {
        stop(guest, api::domain_shutoff_from_snapshot);
        tell(in, guest, api::domain_event_stopped, api::domain_event_stopped_from_snapshot);
    }
    guest.current = definition;
    guest.state = api::domain_shutoff;
    guest.reason = api::domain_shutoff_from_snapshot;
    if (!(flags & (api::domain_snapshot_revert_running | api::domain_snapshot_revert_paused))) return;
    start(in, guest, api::domain_running_from_snapshot);
    tell(in, guest, api::domain_event_started, api::domain_event_started_from_snapshot);
    if (!(flags & api::domain_snapshot_revert_paused)) return;
    guest.state = api::domain_paused;
    guest.reason = api::domain_paused_from_snapshot;
    tell(in, guest, api::domain_event_suspended, api::domain_event_suspended_from_snapshot);
}

proc::DomainRevertToSnapshot::Ret revert(Instance& in, proc::DomainRevertToSnapshot::Args args) {
    check_flags(
        args.flags,
        api::domain_snapshot_revert_running | api::domain_snapshot_revert_paused | api::domain_snapshot_revert_force,
        "testDomainRevertToSnapshot");
    exclude_flags(args.flags, api::domain_snapshot_revert_running, "VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING",
                  api::domain_snapshot_revert_paused, "VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED", part);
    Guest& guest = guest_of(in, args.snapshot);
    Moment& moment = snapshot_of(guest, args.snapshot.name);
    bool is_live = moment.state == "running" || moment.state == "paused";
    if (!guest.persistent && !is_live &&
        !(args.flags & (api::domain_snapshot_revert_running | api::domain_snapshot_revert_paused)))
        refuse(ErrorCode::operation_invalid,
               "transient domain needs to request run or pause to revert to inactive snapshot");
    if (!(args.flags & api::domain_snapshot_revert_force) && !moment.domain)
        fail(ErrorCode::snapshot_revert_risky, part, "snapshot '{}' lacks domain '{}' rollback info", moment.name,
             guest.name());
    guest.snapshots.current = moment.name;
    model::Domain definition = moment.domain ? *moment.domain : guest.lasting();
    definition.name = guest.name();
    definition.id = -1;
    bool paused = args.flags & api::domain_snapshot_revert_paused ||
                  (moment.state == "paused" && !(args.flags & api::domain_snapshot_revert_running));
    if (is_live) {
        go_live(in, guest, definition, paused);
    } else {
        go_inactive(in, guest, definition, args.flags);
    }
    return {};
}

}  // namespace

void bind_snapshots(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainSnapshotNum>(on, in, count);
    bind<proc::DomainSnapshotListNames>(on, in, list_names);
    bind<proc::DomainListAllSnapshots>(on, in, list_all);
    bind<proc::DomainSnapshotNumChildren>(on, in, count_children);
    bind<proc::DomainSnapshotListChildrenNames>(on, in, list_children_names);
    bind<proc::DomainSnapshotListAllChildren>(on, in, list_all_children);
    bind<proc::DomainSnapshotLookupByName>(on, in, look_up);
    bind<proc::DomainHasCurrentSnapshot>(on, in, has_current);
    bind<proc::DomainSnapshotCurrent>(on, in, get_current);
    bind<proc::DomainSnapshotGetParent>(on, in, get_parent);
    bind<proc::DomainSnapshotGetXmlDesc>(on, in, get_xml);
    bind<proc::DomainSnapshotIsCurrent>(on, in, is_current);
    bind<proc::DomainSnapshotHasMetadata>(on, in, has_metadata);
    bind<proc::DomainSnapshotCreateXml>(on, in, create);
    bind<proc::DomainSnapshotDelete>(on, in, remove);
    bind<proc::DomainRevertToSnapshot>(on, in, revert);
}

}  // namespace virtue::test
