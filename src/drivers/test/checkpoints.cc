// Checkpoints: points from which a backup would count.
#include <algorithm>
#include <chrono>

#include "drivers/test/domains.h"
#include "drivers/test/moment_xml.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/checkpoint.h"

namespace virtue::test {
namespace {

constexpr ErrorDomain part = ErrorDomain::domain_checkpoint;

constexpr uint32_t list_flags = api::domain_checkpoint_list_roots | api::domain_checkpoint_list_leaves |
                                api::domain_checkpoint_list_no_leaves | api::domain_checkpoint_list_topological;

Moment& checkpoint_of(Guest& guest, const std::string& name) {
    if (Moment* found = guest.checkpoints.find(name)) return *found;
    refuse(ErrorCode::no_domain_checkpoint, "no domain checkpoint with matching name '{}'", name);
}

Guest& guest_of(Instance& in, const proc::CheckpointRef& checkpoint) {
    Guest& guest = test::guest_of(in, checkpoint.domain);
    checkpoint_of(guest, checkpoint.name);
    return guest;
}

proc::CheckpointRef reference(const Guest& guest, const std::string& name) {
    return {name, guest.reference()};
}

std::vector<const Moment*> chosen(const Guest& guest, const std::optional<std::string>& below, uint32_t flags) {
    bool first_bit = flags & api::domain_checkpoint_list_roots;
    std::vector<const Moment*> found =
        below ? guest.checkpoints.list(below, first_bit)
              : guest.checkpoints.list(first_bit ? std::optional<std::string>("") : std::nullopt, false);
    constexpr uint32_t leaf = api::domain_checkpoint_list_leaves | api::domain_checkpoint_list_no_leaves;
    std::erase_if(found, [&](const Moment* moment) {
        if ((flags & leaf) == 0 || (flags & leaf) == leaf) return false;
        return guest.checkpoints.has_children(moment->name) == ((flags & leaf) == api::domain_checkpoint_list_leaves);
    });
    return found;
}

template <typename Ret>
Ret list(const Guest& guest, const std::optional<std::string>& below, uint32_t flags, bool need_results) {
    Ret ret;
    for (const Moment* moment : chosen(guest, below, flags)) {
        ret.ret++;
        if (need_results) ret.checkpoints.push_back(reference(guest, moment->name));
    }
    return ret;
}

proc::DomainListAllCheckpoints::Ret list_all(Instance& in, proc::DomainListAllCheckpoints::Args args) {
    check_flags(args.flags, list_flags, "testDomainListAllCheckpoints");
    return list<proc::DomainListAllCheckpoints::Ret>(test::guest_of(in, args.domain), std::nullopt, args.flags,
                                                     args.need_results);
}

proc::DomainCheckpointListAllChildren::Ret list_children(Instance& in,
                                                         proc::DomainCheckpointListAllChildren::Args args) {
    check_flags(args.flags, list_flags, "testDomainCheckpointListAllChildren");
    return list<proc::DomainCheckpointListAllChildren::Ret>(guest_of(in, args.checkpoint), args.checkpoint.name,
                                                            args.flags, args.need_results);
}

proc::DomainCheckpointLookupByName::Ret look_up(Instance& in, proc::DomainCheckpointLookupByName::Args args) {
    check_flags(args.flags, 0, "testDomainCheckpointLookupByName");
    Guest& guest = test::guest_of(in, args.domain);
    return {reference(guest, checkpoint_of(guest, args.name).name)};
}

proc::DomainCheckpointGetParent::Ret get_parent(Instance& in, proc::DomainCheckpointGetParent::Args args) {
    check_flags(args.flags, 0, "testDomainCheckpointGetParent");
    Guest& guest = guest_of(in, args.checkpoint);
    const Moment& moment = checkpoint_of(guest, args.checkpoint.name);
    if (moment.parent.empty())
        refuse(ErrorCode::no_domain_checkpoint, "checkpoint '{}' does not have a parent", moment.name);
    return {reference(guest, moment.parent)};
}

proc::DomainCheckpointGetXmlDesc::Ret get_xml(Instance& in, proc::DomainCheckpointGetXmlDesc::Args args) {
    check_flags(args.flags, api::domain_checkpoint_xml_secure | api::domain_checkpoint_xml_no_domain,
                "testDomainCheckpointGetXMLDesc");
    Guest& guest = guest_of(in, args.checkpoint);
    return {write_checkpoint(checkpoint_of(guest, args.checkpoint.name), args.flags & api::domain_checkpoint_xml_secure,
                             !(args.flags & api::domain_checkpoint_xml_no_domain))};
}

void redefine(Guest& guest, Moment& moment) {
    if (!moment.parent.empty() && !guest.checkpoints.find(moment.parent))
        fail(ErrorCode::invalid_arg, part, "parent {} for checkpoint {} not found", moment.parent, moment.name);
    if (moment.parent == moment.name || guest.checkpoints.descends(moment.parent, moment.name))
        fail(ErrorCode::invalid_arg, part, "parent {} would create cycle to {}", moment.parent, moment.name);
    if (moment.domain && moment.domain->uuid != guest.uuid())
        fail(ErrorCode::invalid_arg, part, "definition for checkpoint {} must use uuid {}", moment.name,
             guest.uuid().to_string());
    if (!moment.domain) moment.domain = guest.lasting();
    align_checkpoint_disks(moment, *moment.domain);
    guest.checkpoints.put(std::move(moment));
}

proc::DomainCheckpointCreateXml::Ret create(Instance& in, proc::DomainCheckpointCreateXml::Args args) {
    using namespace api;
    exclude_flags(args.flags, domain_checkpoint_create_redefine, "VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE",
                  domain_checkpoint_create_quiesce, "VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE", part);
    require_flag(args.flags, domain_checkpoint_create_redefine_validate,
                 "VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE", domain_checkpoint_create_redefine,
                 "VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE", part);
    check_flags(args.flags, domain_checkpoint_create_redefine | domain_checkpoint_create_quiesce,
                "testDomainCheckpointCreateXML");
    bool redefines = args.flags & domain_checkpoint_create_redefine;
    Guest& guest = test::guest_of(in, args.domain);
    if (!guest.snapshots.empty())
        refuse(ErrorCode::operation_unsupported, "cannot create checkpoint while snapshot exists");
    if (!guest.is_active()) refuse(ErrorCode::operation_unsupported, "cannot create checkpoint for inactive domain");
    Moment moment = read_checkpoint(args.xml_desc, redefines).moment;
    if (redefines) {
        std::string name = moment.name;
        redefine(guest, moment);
        return {reference(guest, name)};
    }
    auto since = std::chrono::system_clock::now().time_since_epoch();
    moment.created = std::chrono::duration_cast<std::chrono::seconds>(since).count();
    if (moment.name.empty()) moment.name = std::to_string(moment.created);
    std::string name = moment.name;
    moment.domain = guest.current;
    moment.domain->id = -1;
    align_checkpoint_disks(moment, *moment.domain);
    if (guest.checkpoints.find(name))
        fail(ErrorCode::operation_failed, ErrorDomain::domain, "domain moment {} already exists", name);
    moment.parent = guest.checkpoints.current;
    guest.checkpoints.put(std::move(moment));
    guest.checkpoints.current = name;
    return {reference(guest, name)};
}

proc::DomainCheckpointDelete::Ret remove(Instance& in, proc::DomainCheckpointDelete::Args args) {
    using namespace api;
    check_flags(args.flags,
                domain_checkpoint_delete_children | domain_checkpoint_delete_metadata_only |
                    domain_checkpoint_delete_children_only,
                "testDomainCheckpointDelete");
    Guest& guest = guest_of(in, args.checkpoint);
    if (args.flags & (domain_checkpoint_delete_children | domain_checkpoint_delete_children_only)) {
        guest.checkpoints.remove_tree(args.checkpoint.name, !(args.flags & domain_checkpoint_delete_children_only));
    } else {
        guest.checkpoints.remove(args.checkpoint.name);
    }
    return {};
}

}  // namespace

void bind_checkpoints(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainListAllCheckpoints>(on, in, list_all);
    bind<proc::DomainCheckpointListAllChildren>(on, in, list_children);
    bind<proc::DomainCheckpointLookupByName>(on, in, look_up);
    bind<proc::DomainCheckpointGetParent>(on, in, get_parent);
    bind<proc::DomainCheckpointGetXmlDesc>(on, in, get_xml);
    bind<proc::DomainCheckpointCreateXml>(on, in, create);
    bind<proc::DomainCheckpointDelete>(on, in, remove);
}

}  // namespace virtue::test
