#include "drivers/qemu/calls/support.h"

#include <future>

#include "io/started.h"
#include "model/domain/domain.h"
#include "xml/mapper.h"

namespace virtue::qemu {

void require_flags(uint32_t flags, uint32_t known, const char* function) {
    if ((flags & ~known) == 0) return;
    // libvirt words this one without its fixed sentence.
    throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::qemu,
                              fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

void require_exclusive(uint32_t flags, uint32_t first, const char* first_name, uint32_t second, const char* second_name,
                       ErrorDomain by) {
    if ((flags & first) == 0 || (flags & second) == 0) return;
    throw Error::with_message(ErrorCode::invalid_arg, by,
                              fmt::format("Flags '{}' and '{}' are mutually exclusive", first_name, second_name));
}

Scope scope_of(const Domain& domain, uint32_t flags) {
    Scope scope{(flags & api::domain_affect_live) != 0, (flags & api::domain_affect_config) != 0};
    if (!scope.live && !scope.config) {
        scope.live = domain.is_active();
        scope.config = !scope.live;
    }
    if (scope.live && !domain.is_active()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::domain, "domain is not running");
    }
    if (scope.config && !domain.is_persistent()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::domain,
                    "transient domains do not have any persistent config");
    }
    return scope;
}

const model::Domain& definition_for(const Domain& domain, uint32_t flags) {
    require_exclusive(flags, api::domain_affect_live, "VIR_DOMAIN_AFFECT_LIVE", api::domain_affect_config,
                      "VIR_DOMAIN_AFFECT_CONFIG", ErrorDomain::domain);
    return scope_of(domain, flags).live ? domain.current() : domain.next();
}

namespace {

/// Makes the text of a definition and promises it, with its note, to who saves it. What goes wrong the latter hears.
std::string make_text(const std::string& name, const model::Domain& definition, std::promise<std::string>& promise) {
    std::string xml;
    try {
        xml = definition_xml(definition, api::domain_xml_secure | api::domain_xml_inactive, false);
        promise.set_value(Store::with_note(name, xml));
    } catch (...) {
        promise.set_exception(std::current_exception());
    }
    return xml;
}

}  // namespace

Task<void> replace_definition(Core& core, DomainOwner domain, std::shared_ptr<const model::Domain> definition) {
    bool was_defined = domain->is_persistent();
    io::Semaphore::Permit turn = co_await domain->files.acquire(io::Deadline::never(), "the definition's file");
    // A change of a definition that was taken back meanwhile must not bring its file back.
    if (was_defined && !domain->is_persistent()) {
        fail(ErrorCode::no_domain, ErrorDomain::qemu, "domain '{}' was undefined meanwhile", domain->name());
    }
    // The thread that saves it is woken before the text is made: the one takes as long as the other.
    auto text = std::make_shared<std::promise<std::string>>();
    auto save = [store = core.store, name = domain->name(), text] {
        store.save_definition(name, [&text] { return text->get_future().get(); });
    };
    io::Started saving(core.loop, std::move(save), [store = core.store] { store.stock_up(); });
    std::string xml = make_text(domain->name(), *definition, *text);
    core.keep_model_at_hand(domain);
    co_await saving.result();
    core.definitions_saved();
    domain->set_persistent(std::move(definition), std::move(xml));
}

Task<void> change_definition(Core& core, DomainOwner domain, std::function<void(model::Domain&)> change) {
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    change(*definition);
    co_await replace_definition(core, domain, std::move(definition));
}

void require_running(const Domain& domain) {
    if (domain.is_active()) return;
    throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is not running");
}

Task<void> live_changed(Core& core, DomainOwner domain) {
    domain->changed();
    co_await save_status(core, domain);
}

void require_no_clash(const Core& core, const model::Domain& definition) {
    if (Domain* same_uuid = core.domains.find(*definition.uuid)) {
        if (same_uuid->name() == definition.name) return;
        fail(ErrorCode::operation_failed, ErrorDomain::domain, "domain '{}' is already defined with uuid {}",
             same_uuid->name(), definition.uuid->to_string());
    }
    if (Domain* same_name = core.domains.find(std::string_view(definition.name))) {
        fail(ErrorCode::operation_failed, ErrorDomain::domain, "domain '{}' already exists with uuid {}",
             definition.name, same_name->uuid().to_string());
    }
}

void require_known(const Domain& domain) {
    if (!domain.removed) return;
    fail(ErrorCode::no_domain, ErrorDomain::qemu, "no domain with matching uuid '{}' ({})", domain.uuid().to_string(),
         domain.name());
}

}  // namespace virtue::qemu
