#include "drivers/qemu/calls/snapshot_calls.h"

#include "drivers/qemu/calls/moment_lists.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/snapshots/snapshot_actions.h"
#include "drivers/qemu/snapshots/snapshot_prepare.h"
#include "io/either_cancel.h"

namespace virtue::qemu {
namespace {

using model::Snapshot;
using model::SnapshotState;

constexpr uint32_t filters =
    api::domain_snapshot_list_metadata | api::domain_snapshot_list_no_metadata | api::domain_snapshot_list_leaves |
    api::domain_snapshot_list_no_leaves | api::domain_snapshot_list_inactive | api::domain_snapshot_list_active |
    api::domain_snapshot_list_disk_only | api::domain_snapshot_list_internal | api::domain_snapshot_list_external;
/// Parents come before their children in every list of ours.
constexpr uint32_t list_flags = api::domain_snapshot_list_roots | filters | api::domain_snapshot_list_topological;

/// A group of flags of which none asks for everything, like all of them.
bool passes(uint32_t flags, uint32_t group, uint32_t own) {
    return (flags & group) == 0 || (flags & own) != 0;
}

uint32_t state_flag(SnapshotState state) {
    if (state == SnapshotState::shutoff) return api::domain_snapshot_list_inactive;
    if (state == SnapshotState::disk_snapshot) return api::domain_snapshot_list_disk_only;
    return api::domain_snapshot_list_active;
}

bool passes_filter(const MomentTree<Snapshot>& tree, const Snapshot& snapshot, uint32_t flags) {
    const bool leaf = !tree.has_children(snapshot.name);
    return passes(flags, api::domain_snapshot_list_metadata | api::domain_snapshot_list_no_metadata,
                  api::domain_snapshot_list_metadata) &&
           passes(flags, api::domain_snapshot_list_leaves | api::domain_snapshot_list_no_leaves,
                  leaf ? api::domain_snapshot_list_leaves : api::domain_snapshot_list_no_leaves) &&
           passes(flags,
                  api::domain_snapshot_list_inactive | api::domain_snapshot_list_active |
                      api::domain_snapshot_list_disk_only,
                  state_flag(snapshot.state)) &&
           passes(flags, api::domain_snapshot_list_internal | api::domain_snapshot_list_external,
                  snapshot.is_external() ? api::domain_snapshot_list_external : api::domain_snapshot_list_internal);
}

/// All of a guest, or those behind `from`.
std::vector<SnapshotOwner> chosen(const Domain& domain, const std::string& from, uint32_t flags) {
    if (!domain.moments) return {};
    const MomentTree<Snapshot>& tree = domain.moments->snapshots;
    return chosen_moments(tree, from, (flags & api::domain_snapshot_list_roots) != 0,
                          [&](const Snapshot& one) { return passes_filter(tree, one, flags); });
}

proc::SnapshotRef named(const Domain& domain, const std::string& name) {
    return {name, ref(domain)};
}

template <typename List>
void fill_names(List& names, const std::vector<SnapshotOwner>& found, int32_t most) {
    for (const SnapshotOwner& one : found) {
        if (std::cmp_greater_equal(names.size(), most)) return;
        names.push_back(one->name);
    }
}

}  // namespace

void SnapshotCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainSnapshotCreateXml>(this, &SnapshotCalls::create);
    on.call<proc::DomainRevertToSnapshot>(this, &SnapshotCalls::revert);
    on.call<proc::DomainSnapshotDelete>(this, &SnapshotCalls::remove);
    on.call<proc::DomainSnapshotGetXmlDesc>(this, &SnapshotCalls::xml);
    on.call<proc::DomainSnapshotNum>(this, &SnapshotCalls::count);
    on.call<proc::DomainSnapshotListNames>(this, &SnapshotCalls::names);
    on.call<proc::DomainListAllSnapshots>(this, &SnapshotCalls::list);
    on.call<proc::DomainSnapshotNumChildren>(this, &SnapshotCalls::count_children);
    on.call<proc::DomainSnapshotListChildrenNames>(this, &SnapshotCalls::child_names);
    on.call<proc::DomainSnapshotListAllChildren>(this, &SnapshotCalls::list_children);
    on.call<proc::DomainSnapshotLookupByName>(this, &SnapshotCalls::find);
    on.call<proc::DomainHasCurrentSnapshot>(this, &SnapshotCalls::has_current);
    on.call<proc::DomainSnapshotCurrent>(this, &SnapshotCalls::current);
    on.call<proc::DomainSnapshotGetParent>(this, &SnapshotCalls::parent);
    on.call<proc::DomainSnapshotIsCurrent>(this, &SnapshotCalls::is_current);
    on.call<proc::DomainSnapshotHasMetadata>(this, &SnapshotCalls::has_metadata);
}

Task<proc::DomainSnapshotCreateXml::Ret> SnapshotCalls::create(driver::Call& call,
                                                               proc::DomainSnapshotCreateXml::Args args) {
    require_snapshot_flags(args.flags);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSnapshotCreateXML", call.deadline);
    require_known(*domain);
    SnapshotOwner made = co_await create_snapshot(core_, domain, std::move(args.xml_desc), args.flags, call.deadline);
    proc::DomainSnapshotCreateXml::Ret ret;
    ret.snapshot = named(*domain, made->name);
    co_return ret;
}

Task<wire::Void> SnapshotCalls::revert(driver::Call& call, proc::DomainRevertToSnapshot::Args args) {
    require_flags(args.flags,
                  api::domain_snapshot_revert_running | api::domain_snapshot_revert_paused |
                      api::domain_snapshot_revert_force | api::domain_snapshot_revert_reset_nvram,
                  "qemuSnapshotRevert");
    require_exclusive(args.flags, api::domain_snapshot_revert_running, "VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING",
                      api::domain_snapshot_revert_paused, "VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainRevertToSnapshot", call.deadline);
    require_known(*domain);
    io::EitherCancel cancel(domain->jobs().current_cancel(), core_.leaving);
    io::Deadline deadline = io::Deadline::never().with_cancel(cancel.source());
    co_await revert_to_snapshot(core_, domain, std::move(args.snapshot.name), args.flags, deadline);
    co_return wire::Void{};
}

Task<wire::Void> SnapshotCalls::remove(driver::Call& call, proc::DomainSnapshotDelete::Args args) {
    require_flags(args.flags,
                  api::domain_snapshot_delete_children | api::domain_snapshot_delete_metadata_only |
                      api::domain_snapshot_delete_children_only,
                  "qemuSnapshotDelete");
    require_exclusive(args.flags, api::domain_snapshot_delete_children, "VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN",
                      api::domain_snapshot_delete_children_only, "VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSnapshotDelete", call.deadline);
    require_known(*domain);
    io::Deadline deadline = io::Deadline::never().with_cancel(domain->jobs().current_cancel());
    co_await delete_snapshot(core_, domain, std::move(args.snapshot.name), args.flags, deadline);
    co_return wire::Void{};
}

proc::DomainSnapshotGetXmlDesc::Ret SnapshotCalls::xml(driver::Call&, proc::DomainSnapshotGetXmlDesc::Args args) {
    require_flags(args.flags, api::domain_snapshot_xml_secure, "qemuDomainSnapshotGetXMLDesc");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    SnapshotOwner snapshot = snapshot_at(*domain, args.snapshot.name);
    proc::DomainSnapshotGetXmlDesc::Ret ret;
    ret.xml = moment_xml(*snapshot, (args.flags & api::domain_snapshot_xml_secure) != 0);
    return ret;
}

proc::DomainSnapshotNum::Ret SnapshotCalls::count(driver::Call&, proc::DomainSnapshotNum::Args args) {
    require_flags(args.flags, list_flags, "qemuDomainSnapshotNum");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainSnapshotNum::Ret ret;
    ret.num = static_cast<int32_t>(chosen(*domain, "", args.flags).size());
    return ret;
}

proc::DomainSnapshotListNames::Ret SnapshotCalls::names(driver::Call&, proc::DomainSnapshotListNames::Args args) {
    require_flags(args.flags, list_flags, "qemuDomainSnapshotListNames");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainSnapshotListNames::Ret ret;
    fill_names(ret.names, chosen(*domain, "", args.flags), args.maxnames);
    return ret;
}

proc::DomainListAllSnapshots::Ret SnapshotCalls::list(driver::Call&, proc::DomainListAllSnapshots::Args args) {
    require_flags(args.flags, list_flags, "qemuDomainListAllSnapshots");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const std::vector<SnapshotOwner> found = chosen(*domain, "", args.flags);
    return listed_moments(*domain, found, args.need_results != 0, &proc::DomainListAllSnapshots::Ret::snapshots);
}

proc::DomainSnapshotNumChildren::Ret SnapshotCalls::count_children(driver::Call&,
                                                                   proc::DomainSnapshotNumChildren::Args args) {
    require_flags(args.flags, list_flags, "qemuDomainSnapshotNumChildren");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    SnapshotOwner from = snapshot_at(*domain, args.snapshot.name);
    proc::DomainSnapshotNumChildren::Ret ret;
    ret.num = static_cast<int32_t>(chosen(*domain, from->name, args.flags).size());
    return ret;
}

proc::DomainSnapshotListChildrenNames::Ret SnapshotCalls::child_names(
    driver::Call&, proc::DomainSnapshotListChildrenNames::Args args) {
    require_flags(args.flags, list_flags, "qemuDomainSnapshotListChildrenNames");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    SnapshotOwner from = snapshot_at(*domain, args.snapshot.name);
    proc::DomainSnapshotListChildrenNames::Ret ret;
    fill_names(ret.names, chosen(*domain, from->name, args.flags), args.maxnames);
    return ret;
}

proc::DomainSnapshotListAllChildren::Ret SnapshotCalls::list_children(driver::Call&,
                                                                      proc::DomainSnapshotListAllChildren::Args args) {
    require_flags(args.flags, list_flags, "qemuDomainSnapshotListAllChildren");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    SnapshotOwner from = snapshot_at(*domain, args.snapshot.name);
    const std::vector<SnapshotOwner> found = chosen(*domain, from->name, args.flags);
    return listed_moments(*domain, found, args.need_results != 0, &proc::DomainSnapshotListAllChildren::Ret::snapshots);
}

proc::DomainSnapshotLookupByName::Ret SnapshotCalls::find(driver::Call&, proc::DomainSnapshotLookupByName::Args args) {
    require_flags(args.flags, 0, "qemuDomainSnapshotLookupByName");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainSnapshotLookupByName::Ret ret;
    ret.snapshot = named(*domain, snapshot_at(*domain, args.name)->name);
    return ret;
}

proc::DomainHasCurrentSnapshot::Ret SnapshotCalls::has_current(driver::Call&,
                                                               proc::DomainHasCurrentSnapshot::Args args) {
    require_flags(args.flags, 0, "qemuDomainHasCurrentSnapshot");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainHasCurrentSnapshot::Ret ret;
    ret.result = domain->moments && !domain->moments->snapshots.current().empty() ? 1 : 0;
    return ret;
}

proc::DomainSnapshotCurrent::Ret SnapshotCalls::current(driver::Call&, proc::DomainSnapshotCurrent::Args args) {
    require_flags(args.flags, 0, "qemuDomainSnapshotCurrent");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    if (!domain->moments || domain->moments->snapshots.current().empty()) {
        throw Error(ErrorCode::no_domain_snapshot, ErrorDomain::qemu, "the domain does not have a current snapshot");
    }
    proc::DomainSnapshotCurrent::Ret ret;
    ret.snapshot = named(*domain, domain->moments->snapshots.current());
    return ret;
}

proc::DomainSnapshotGetParent::Ret SnapshotCalls::parent(driver::Call&, proc::DomainSnapshotGetParent::Args args) {
    require_flags(args.flags, 0, "qemuDomainSnapshotGetParent");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    SnapshotOwner snapshot = snapshot_at(*domain, args.snapshot.name);
    if (snapshot->parent.empty()) {
        fail(ErrorCode::no_domain_snapshot, ErrorDomain::qemu, "snapshot '{}' does not have a parent", snapshot->name);
    }
    proc::DomainSnapshotGetParent::Ret ret;
    ret.snapshot = named(*domain, snapshot->parent);
    return ret;
}

proc::DomainSnapshotIsCurrent::Ret SnapshotCalls::is_current(driver::Call&, proc::DomainSnapshotIsCurrent::Args args) {
    require_flags(args.flags, 0, "qemuDomainSnapshotIsCurrent");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    SnapshotOwner snapshot = snapshot_at(*domain, args.snapshot.name);
    proc::DomainSnapshotIsCurrent::Ret ret;
    ret.current = domain->moments->snapshots.current() == snapshot->name ? 1 : 0;
    return ret;
}

proc::DomainSnapshotHasMetadata::Ret SnapshotCalls::has_metadata(driver::Call&,
                                                                 proc::DomainSnapshotHasMetadata::Args args) {
    require_flags(args.flags, 0, "qemuDomainSnapshotHasMetadata");
    DomainOwner domain = core_.at(args.snapshot.domain.name, args.snapshot.domain.uuid);
    snapshot_at(*domain, args.snapshot.name);
    proc::DomainSnapshotHasMetadata::Ret ret;
    // What has none is not known to us.
    ret.metadata = 1;
    return ret;
}

}  // namespace virtue::qemu
