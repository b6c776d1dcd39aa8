#include "drivers/qemu/calls/checkpoint_calls.h"

#include "drivers/qemu/calls/moment_lists.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/snapshots/backup_job.h"
#include "drivers/qemu/snapshots/checkpoint_actions.h"

namespace virtue::qemu {
namespace {

using model::Checkpoint;

/// Parents come before their children in every list of ours.
constexpr uint32_t list_flags = api::domain_checkpoint_list_roots | api::domain_checkpoint_list_leaves |
                                api::domain_checkpoint_list_no_leaves | api::domain_checkpoint_list_topological;

/// All of a guest, or those behind `from`.
std::vector<CheckpointOwner> chosen(const Domain& domain, const std::string& from, uint32_t flags) {
    if (!domain.moments) return {};
    const MomentTree<Checkpoint>& tree = domain.moments->checkpoints;
    return chosen_moments(tree, from, (flags & api::domain_checkpoint_list_roots) != 0, [&](const Checkpoint& one) {
        const uint32_t group = flags & (api::domain_checkpoint_list_leaves | api::domain_checkpoint_list_no_leaves);
        const uint32_t own =
            tree.has_children(one.name) ? api::domain_checkpoint_list_no_leaves : api::domain_checkpoint_list_leaves;
        return group == 0 || (group & own) != 0;
    });
}

proc::CheckpointRef named(const Domain& domain, const std::string& name) {
    return {name, ref(domain)};
}

}  // namespace

void CheckpointCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainCheckpointCreateXml>(this, &CheckpointCalls::create);
    on.call<proc::DomainCheckpointDelete>(this, &CheckpointCalls::remove);
    on.call<proc::DomainCheckpointGetXmlDesc>(this, &CheckpointCalls::xml);
    on.call<proc::DomainListAllCheckpoints>(this, &CheckpointCalls::list);
    on.call<proc::DomainCheckpointListAllChildren>(this, &CheckpointCalls::list_children);
    on.call<proc::DomainCheckpointLookupByName>(this, &CheckpointCalls::find);
    on.call<proc::DomainCheckpointGetParent>(this, &CheckpointCalls::parent);
    on.call<proc::DomainBackupBegin>(this, &CheckpointCalls::begin_backup);
    on.call<proc::DomainBackupGetXmlDesc>(this, &CheckpointCalls::backup_xml);
}

Task<proc::DomainCheckpointCreateXml::Ret> CheckpointCalls::create(driver::Call& call,
                                                                   proc::DomainCheckpointCreateXml::Args args) {
    require_flags(args.flags,
                  api::domain_checkpoint_create_redefine | api::domain_checkpoint_create_quiesce |
                      api::domain_checkpoint_create_redefine_validate,
                  "qemuCheckpointCreateXML");
    if ((args.flags & api::domain_checkpoint_create_redefine_validate) &&
        !(args.flags & api::domain_checkpoint_create_redefine)) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                    "flag 'VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE' requires flag "
                    "'VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE'");
    }
    require_exclusive(args.flags, api::domain_checkpoint_create_redefine, "VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE",
                      api::domain_checkpoint_create_quiesce, "VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainCheckpointCreateXML", call.deadline);
    require_known(*domain);
    CheckpointOwner made =
        co_await create_checkpoint(core_, domain, std::move(args.xml_desc), args.flags, call.deadline);
    proc::DomainCheckpointCreateXml::Ret ret;
    ret.checkpoint = named(*domain, made->name);
    co_return ret;
}

Task<wire::Void> CheckpointCalls::remove(driver::Call& call, proc::DomainCheckpointDelete::Args args) {
    require_flags(args.flags,
                  api::domain_checkpoint_delete_children | api::domain_checkpoint_delete_metadata_only |
                      api::domain_checkpoint_delete_children_only,
                  "qemuCheckpointDelete");
    require_exclusive(args.flags, api::domain_checkpoint_delete_children, "VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN",
                      api::domain_checkpoint_delete_children_only, "VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN_ONLY");
    DomainOwner domain = core_.at(args.checkpoint.domain.name, args.checkpoint.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainCheckpointDelete", call.deadline);
    require_known(*domain);
    co_await delete_checkpoint(core_, domain, std::move(args.checkpoint.name), args.flags, call.deadline);
    co_return wire::Void{};
}

Task<proc::DomainCheckpointGetXmlDesc::Ret> CheckpointCalls::xml(driver::Call& call,
                                                                 proc::DomainCheckpointGetXmlDesc::Args args) {
    require_flags(
        args.flags,
        api::domain_checkpoint_xml_secure | api::domain_checkpoint_xml_no_domain | api::domain_checkpoint_xml_size,
        "qemuCheckpointGetXMLDesc");
    DomainOwner domain = core_.at(args.checkpoint.domain.name, args.checkpoint.domain.uuid);
    std::string text =
        co_await checkpoint_xml(core_, domain, std::move(args.checkpoint.name), args.flags, call.deadline);
    proc::DomainCheckpointGetXmlDesc::Ret ret;
    ret.xml = std::move(text);
    co_return ret;
}

proc::DomainListAllCheckpoints::Ret CheckpointCalls::list(driver::Call&, proc::DomainListAllCheckpoints::Args args) {
    require_flags(args.flags, list_flags, "qemuDomainListAllCheckpoints");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const std::vector<CheckpointOwner> found = chosen(*domain, "", args.flags);
    return listed_moments(*domain, found, args.need_results != 0, &proc::DomainListAllCheckpoints::Ret::checkpoints);
}

proc::DomainCheckpointListAllChildren::Ret CheckpointCalls::list_children(
    driver::Call&, proc::DomainCheckpointListAllChildren::Args args) {
    require_flags(args.flags, list_flags, "qemuDomainCheckpointListAllChildren");
    DomainOwner domain = core_.at(args.checkpoint.domain.name, args.checkpoint.domain.uuid);
    CheckpointOwner from = checkpoint_at(*domain, args.checkpoint.name);
    const std::vector<CheckpointOwner> found = chosen(*domain, from->name, args.flags);
    return listed_moments(*domain, found, args.need_results != 0,
                          &proc::DomainCheckpointListAllChildren::Ret::checkpoints);
}

proc::DomainCheckpointLookupByName::Ret CheckpointCalls::find(driver::Call&,
                                                              proc::DomainCheckpointLookupByName::Args args) {
    require_flags(args.flags, 0, "qemuDomainCheckpointLookupByName");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainCheckpointLookupByName::Ret ret;
    ret.checkpoint = named(*domain, checkpoint_at(*domain, args.name)->name);
    return ret;
}

proc::DomainCheckpointGetParent::Ret CheckpointCalls::parent(driver::Call&,
                                                             proc::DomainCheckpointGetParent::Args args) {
    require_flags(args.flags, 0, "qemuDomainCheckpointGetParent");
    DomainOwner domain = core_.at(args.checkpoint.domain.name, args.checkpoint.domain.uuid);
    CheckpointOwner checkpoint = checkpoint_at(*domain, args.checkpoint.name);
    if (checkpoint->parent.empty()) {
        fail(ErrorCode::no_domain_checkpoint, ErrorDomain::qemu, "checkpoint '{}' does not have a parent",
             checkpoint->name);
    }
    proc::DomainCheckpointGetParent::Ret ret;
    ret.parent = named(*domain, checkpoint->parent);
    return ret;
}

Task<wire::Void> CheckpointCalls::begin_backup(driver::Call& call, proc::DomainBackupBegin::Args args) {
    require_flags(args.flags, api::domain_backup_begin_reuse_external, "qemuBackupBegin");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainBackupBegin", call.deadline);
    require_known(*domain);
    std::string checkpoint = args.checkpoint_xml.value_or("");
    io::Deadline deadline = io::Deadline::never().with_cancel(domain->jobs().current_cancel());
    co_await qemu::begin_backup(core_, domain, std::move(args.backup_xml), std::move(checkpoint), args.flags, deadline);
    co_return wire::Void{};
}

proc::DomainBackupGetXmlDesc::Ret CheckpointCalls::backup_xml(driver::Call&, proc::DomainBackupGetXmlDesc::Args args) {
    require_flags(args.flags, 0, "qemuBackupGetXMLDesc");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainBackupGetXmlDesc::Ret ret;
    ret.xml = qemu::backup_xml(*domain);
    return ret;
}

}  // namespace virtue::qemu
