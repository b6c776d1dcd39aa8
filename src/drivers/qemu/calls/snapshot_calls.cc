#include "drivers/qemu/calls/snapshot_calls.h"

#include "drivers/qemu/calls/support.h"

namespace virtue::qemu {

void SnapshotCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainSnapshotNum>(this, &SnapshotCalls::count);
    on.call<proc::DomainSnapshotListNames>(this, &SnapshotCalls::names);
    on.call<proc::DomainListAllSnapshots>(this, &SnapshotCalls::list);
    on.call<proc::DomainSnapshotLookupByName>(this, &SnapshotCalls::find);
    on.call<proc::DomainHasCurrentSnapshot>(this, &SnapshotCalls::has_current);
    on.call<proc::DomainSnapshotCurrent>(this, &SnapshotCalls::current);
    on.call<proc::DomainListAllCheckpoints>(this, &SnapshotCalls::list_checkpoints);
    on.call<proc::DomainCheckpointLookupByName>(this, &SnapshotCalls::find_checkpoint);
}

proc::DomainSnapshotNum::Ret SnapshotCalls::count(driver::Call&, proc::DomainSnapshotNum::Args args) {
    core_.at(args.domain.name, args.domain.uuid);
    return {};
}

proc::DomainSnapshotListNames::Ret SnapshotCalls::names(driver::Call&, proc::DomainSnapshotListNames::Args args) {
    core_.at(args.domain.name, args.domain.uuid);
    return {};
}

proc::DomainListAllSnapshots::Ret SnapshotCalls::list(driver::Call&, proc::DomainListAllSnapshots::Args args) {
    core_.at(args.domain.name, args.domain.uuid);
    return {};
}

proc::DomainSnapshotLookupByName::Ret SnapshotCalls::find(driver::Call&, proc::DomainSnapshotLookupByName::Args args) {
    core_.at(args.domain.name, args.domain.uuid);
    fail(ErrorCode::no_domain_snapshot, ErrorDomain::qemu, "no domain snapshot with matching name '{}'", args.name);
}

proc::DomainHasCurrentSnapshot::Ret SnapshotCalls::has_current(driver::Call&,
                                                               proc::DomainHasCurrentSnapshot::Args args) {
    require_flags(args.flags, 0, "qemuDomainHasCurrentSnapshot");
    core_.at(args.domain.name, args.domain.uuid);
    return {};
}

proc::DomainSnapshotCurrent::Ret SnapshotCalls::current(driver::Call&, proc::DomainSnapshotCurrent::Args args) {
    require_flags(args.flags, 0, "qemuDomainSnapshotCurrent");
    core_.at(args.domain.name, args.domain.uuid);
    throw Error(ErrorCode::no_domain_snapshot, ErrorDomain::qemu, "the domain does not have a current snapshot");
}

proc::DomainListAllCheckpoints::Ret SnapshotCalls::list_checkpoints(driver::Call&,
                                                                    proc::DomainListAllCheckpoints::Args args) {
    core_.at(args.domain.name, args.domain.uuid);
    return {};
}

proc::DomainCheckpointLookupByName::Ret SnapshotCalls::find_checkpoint(driver::Call&,
                                                                       proc::DomainCheckpointLookupByName::Args args) {
    core_.at(args.domain.name, args.domain.uuid);
    fail(ErrorCode::no_domain_checkpoint, ErrorDomain::qemu, "no domain checkpoint with matching name '{}'", args.name);
}

}  // namespace virtue::qemu
