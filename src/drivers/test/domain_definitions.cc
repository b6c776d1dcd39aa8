// Definitions: define, undefine, rename, XML, metadata.
#include <algorithm>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/event_domain_callback.h"
#include "xml/document.h"

namespace virtue::test {
namespace {

constexpr uint32_t define_validate = 1;      // VIR_DOMAIN_DEFINE_VALIDATE
constexpr int32_t metadata_description = 0;  // virDomainMetadataType
constexpr int32_t metadata_title = 1;
constexpr int32_t metadata_element = 2;

proc::DomainRef define(Instance& in, const std::string& xml) {
    model::Domain domain = read_definition(in, xml);
    bool is_new = !in.guests.find(*domain.uuid);
    Guest& guest = assign(in, std::move(domain), false);
    tell(in, guest, api::domain_event_defined,
         is_new ? api::domain_event_defined_added : api::domain_event_defined_updated);
    return guest.reference();
}

proc::DomainDefineXml::Ret define_xml(Instance& in, proc::DomainDefineXml::Args args) {
    return {define(in, args.xml)};
}

proc::DomainDefineXmlFlags::Ret define_xml_flags(Instance& in, proc::DomainDefineXmlFlags::Args args) {
    check_flags(args.flags, define_validate, "testDomainDefineXMLFlags");
    return {define(in, args.xml)};
}

void undefine_guest(Instance& in, const proc::DomainRef& reference, uint32_t flags) {
    check_flags(flags,
                api::domain_undefine_managed_save | api::domain_undefine_snapshots_metadata |
                    api::domain_undefine_checkpoints_metadata,
                "testDomainUndefineFlags");
    Guest& guest = guest_of(in, reference);
    if (guest.has_managed_save && !(flags & api::domain_undefine_managed_save))
        refuse(ErrorCode::operation_invalid, "Refusing to undefine while domain managed save image exists");
    if (!guest.is_active()) {
        if (!guest.snapshots.empty() && !(flags & api::domain_undefine_snapshots_metadata))
            refuse(ErrorCode::operation_invalid, "cannot delete inactive domain with {} snapshots",
                   guest.snapshots.size());
        if (!guest.checkpoints.empty() && !(flags & api::domain_undefine_checkpoints_metadata))
            refuse(ErrorCode::operation_invalid, "cannot delete inactive domain with {} checkpoints",
                   guest.checkpoints.size());
        guest.snapshots.clear();
        guest.checkpoints.clear();
    }
    tell(in, guest, api::domain_event_undefined, api::domain_event_undefined_removed);
    guest.has_managed_save = false;
    guest.persistent = false;
    drop_if_transient(in, guest);
}

proc::DomainUndefine::Ret undefine(Instance& in, proc::DomainUndefine::Args args) {
    undefine_guest(in, args.domain, 0);
    return {};
}

proc::DomainUndefineFlags::Ret undefine_flags(Instance& in, proc::DomainUndefineFlags::Args args) {
    undefine_guest(in, args.domain, args.flags);
    return {};
}

proc::DomainRename::Ret rename(Instance& in, proc::DomainRename::Args args) {
    check_flags(args.flags, 0, "testDomainRename");
    Guest& guest = guest_of(in, args.domain);
    std::string new_name = args.new_name.value_or("");
    if (guest.is_active()) refuse(ErrorCode::operation_invalid, "cannot rename active domain");
    if (!guest.persistent) refuse(ErrorCode::operation_invalid, "cannot rename a transient domain");
    if (new_name.find('/') != std::string::npos) refuse(ErrorCode::xml_error, "name {} cannot contain '/'", new_name);
    if (in.guests.find(new_name))
        fail(ErrorCode::operation_invalid, ErrorDomain::domain, "domain with name '{}' already exists", new_name);
    tell(in, guest, api::domain_event_undefined, api::domain_event_undefined_renamed);
    std::string old_name = std::exchange(guest.current.name, new_name);
    in.guests.renamed(old_name, guest);
    tell(in, guest, api::domain_event_defined, api::domain_event_defined_renamed);
    return {};
}

proc::DomainGetXmlDesc::Ret get_xml(Instance& in, proc::DomainGetXmlDesc::Args args) {
    constexpr uint32_t known =
        api::domain_xml_secure | api::domain_xml_inactive | api::domain_xml_update_cpu | api::domain_xml_migratable;
    check_flags(args.flags, known, "testDomainGetXMLDesc");
    Guest& guest = guest_of(in, args.domain);
    bool lasting = (args.flags & api::domain_xml_inactive) && guest.next;
    return {write_definition(lasting ? *guest.next : guest.current, args.flags)};
}

// Metadata.

std::string read_metadata(const model::Domain& domain, int32_t type, const std::optional<std::string>& uri) {
    std::optional<std::string> text;
    if (type == metadata_description && !domain.description.empty()) text = domain.description;
    if (type == metadata_title && !domain.title.empty()) text = domain.title;
    if (type == metadata_element && uri) text = domain.metadata.find(*uri);
    if (!text) fail(ErrorCode::no_domain_metadata, ErrorDomain::domain, "Requested metadata element is not present");
    return *text;
}

proc::DomainGetMetadata::Ret get_metadata(Instance& in, proc::DomainGetMetadata::Args args) {
    check_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "testDomainGetMetadata");
    return {read_metadata(guest_of(in, args.domain).chosen(args.flags), args.type, args.uri)};
}

void write_metadata(model::Domain& domain, const proc::DomainSetMetadata::Args& args) {
    switch (args.type) {
        case metadata_description:
            domain.description = args.metadata.value_or("");
            return;
        case metadata_title:
            domain.title = args.metadata.value_or("");
            return;
        case metadata_element: {
            std::optional<std::string_view> content;
            if (args.metadata) content = *args.metadata;
            domain.metadata.replace("metadata", args.key.value_or(""), args.uri.value_or(""), content);
            return;
        }
        default:
            fail(ErrorCode::invalid_arg, ErrorDomain::domain, "unknown metadata type");
    }
}

proc::DomainSetMetadata::Ret set_metadata(Instance& in, proc::DomainSetMetadata::Args args) {
    check_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "testDomainSetMetadata");
    Guest& guest = guest_of(in, args.domain);
    if (args.type == metadata_title && args.metadata && args.metadata->find('\n') != std::string::npos)
        throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::domain, "metadata title can't contain newlines");
    auto [live, lasting] = guest.both(args.flags);
    if (args.type == metadata_element && args.metadata)
        xml::Document::parse(*args.metadata, "(metadata_xml)", ErrorDomain::domain);
    if (live) write_metadata(*live, args);
    if (lasting && lasting != live) write_metadata(*lasting, args);
    proc::DomainEventCallbackMetadataChange::Msg message;
    message.domain = guest.reference();
    message.type = args.type;
    message.nsuri = args.uri;
    in.events.publish<proc::DomainEventCallbackMetadataChange>(guest.uuid().to_string(), message);
    return {};
}

proc::DomainSetLifecycleAction::Ret set_lifecycle(Instance& in, proc::DomainSetLifecycleAction::Args args) {
    check_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "testDomainSetLifecycleAction");
    constexpr ErrorDomain generic = ErrorDomain::domain;
    if (args.type > 2) fail(ErrorCode::invalid_arg, generic, "invalid lifecycle type '{}'", args.type);
    if (args.action > static_cast<uint32_t>(model::LifecycleAction::coredump_restart))
        fail(ErrorCode::invalid_arg, generic, "invalid lifecycle action '{}'", args.action);
    auto action = static_cast<model::LifecycleAction>(args.action);
    auto [live, lasting] = guest_of(in, args.domain).both(args.flags);
    for (model::Domain* domain : {live, lasting}) {
        if (!domain) continue;
        model::LifecycleAction* fields[] = {&domain->on_poweroff, &domain->on_reboot, &domain->on_crash};
        *fields[args.type] = action;
    }
    return {};
}

}  // namespace

void bind_domain_definitions(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainDefineXml>(on, in, define_xml);
    bind<proc::DomainDefineXmlFlags>(on, in, define_xml_flags);
    bind<proc::DomainUndefine>(on, in, undefine);
    bind<proc::DomainUndefineFlags>(on, in, undefine_flags);
    bind<proc::DomainRename>(on, in, rename);
    bind<proc::DomainGetXmlDesc>(on, in, get_xml);
    bind<proc::DomainGetMetadata>(on, in, get_metadata);
    bind<proc::DomainSetMetadata>(on, in, set_metadata);
    bind<proc::DomainSetLifecycleAction>(on, in, set_lifecycle);
}

}  // namespace virtue::test
