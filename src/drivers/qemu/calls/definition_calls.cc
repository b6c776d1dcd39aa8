#include "drivers/qemu/calls/definition_calls.h"

#include <filesystem>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/snapshots/moments.h"
#include "drivers/qemu/tpm_emulator.h"
#include "io/files.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

void require_no_moments(const Domain& domain, bool snapshots_go, bool checkpoints_go) {
    if (snapshot_count(domain) > 0 && !snapshots_go) {
        fail(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot delete inactive domain with {} snapshots",
             snapshot_count(domain));
    }
    if (checkpoint_count(domain) > 0 && !checkpoints_go) {
        fail(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot delete inactive domain with {} checkpoints",
             checkpoint_count(domain));
    }
}

}  // namespace

void DefinitionCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainDefineXml>(this, &DefinitionCalls::define);
    on.call<proc::DomainDefineXmlFlags>(this, &DefinitionCalls::define_flags);
    on.call<proc::DomainUndefine>(this, &DefinitionCalls::undefine);
    on.call<proc::DomainUndefineFlags>(this, &DefinitionCalls::undefine_flags);
    on.call<proc::DomainRename>(this, &DefinitionCalls::rename);
    on.call<proc::DomainGetAutostart>(this, &DefinitionCalls::get_autostart);
    on.call<proc::DomainSetAutostart>(this, &DefinitionCalls::set_autostart);
    on.call<proc::DomainGetAutostartOnce>(this, &DefinitionCalls::get_autostart_once);
    on.call<proc::DomainSetAutostartOnce>(this, &DefinitionCalls::set_autostart_once);
    on.call<proc::DomainGetMetadata>(this, &DefinitionCalls::get_metadata);
    on.call<proc::DomainSetMetadata>(this, &DefinitionCalls::set_metadata);
}

Task<proc::DomainDefineXml::Ret> DefinitionCalls::define(driver::Call& call, proc::DomainDefineXml::Args args) {
    proc::DomainRef defined = co_await define_xml(call, std::move(args.xml), 0);
    proc::DomainDefineXml::Ret ret;
    ret.domain = std::move(defined);
    co_return ret;
}

Task<proc::DomainDefineXmlFlags::Ret> DefinitionCalls::define_flags(driver::Call& call,
                                                                    proc::DomainDefineXmlFlags::Args args) {
    require_flags(args.flags, api::domain_define_validate, "qemuDomainDefineXMLFlags");
    proc::DomainRef defined = co_await define_xml(call, std::move(args.xml), args.flags);
    proc::DomainDefineXmlFlags::Ret ret;
    ret.domain = std::move(defined);
    co_return ret;
}

Task<proc::DomainRef> DefinitionCalls::define_xml(driver::Call& call, std::string xml, uint32_t flags) {
    std::shared_ptr<model::Domain> definition =
        co_await read_definition(core_, std::move(xml), (flags & api::domain_define_validate) != 0, call.deadline);
    std::vector<std::string> keys = {definition->name, definition->uuid->to_string()};
    Core::Claim claim = co_await core_.claim(std::move(keys), call.deadline);
    require_no_clash(core_, *definition);
    DomainOwner domain = core_.domains.hold(*definition->uuid);
    bool is_new = domain == nullptr || !domain->is_persistent();
    if (!domain) domain = core_.make_domain(*definition->uuid, definition->name);
    // Other changes of the definition begin from this one or are replaced by it, whole.
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainDefineXML", call.deadline);
    co_await replace_definition(core_, domain, definition);
    if (domain->removed || !core_.domains.find(domain->uuid())) {
        domain->removed = false;
        core_.domains.insert(domain);
    }
    core_.announcer.lifecycle(*domain, api::domain_event_defined,
                              is_new ? api::domain_event_defined_added : api::domain_event_defined_updated);
    co_return ref(*domain);
}

Task<wire::Void> DefinitionCalls::undefine(driver::Call& call, proc::DomainUndefine::Args args) {
    co_await undefine_domain(call, std::move(args.domain), 0);
    co_return wire::Void{};
}

Task<wire::Void> DefinitionCalls::undefine_flags(driver::Call& call, proc::DomainUndefineFlags::Args args) {
    uint32_t known = api::domain_undefine_managed_save | api::domain_undefine_snapshots_metadata |
                     api::domain_undefine_nvram | api::domain_undefine_keep_nvram |
                     api::domain_undefine_checkpoints_metadata | api::domain_undefine_tpm |
                     api::domain_undefine_keep_tpm;
    require_flags(args.flags, known, "qemuDomainUndefineFlags");
    if ((args.flags & api::domain_undefine_nvram) && (args.flags & api::domain_undefine_keep_nvram)) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot both keep and delete nvram");
    }
    if ((args.flags & api::domain_undefine_tpm) && (args.flags & api::domain_undefine_keep_tpm)) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot both keep and delete TPM");
    }
    co_await undefine_domain(call, std::move(args.domain), args.flags);
    co_return wire::Void{};
}

Task<void> DefinitionCalls::undefine_domain(driver::Call& call, proc::DomainRef which, uint32_t flags) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    std::vector<std::string> keys = {domain->name(), domain->uuid().to_string()};
    Core::Claim claim = co_await core_.claim(std::move(keys), call.deadline);
    require_known(*domain);
    if (!domain->is_persistent()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot undefine transient domain");
    }
    std::string saved = core_.settings.saved_image(domain->name());
    std::string nvram = nvram_path(*domain->persistent());
    bool has_saved = std::filesystem::exists(saved);
    bool has_nvram = !nvram.empty() && std::filesystem::exists(nvram);
    if (has_saved && !(flags & api::domain_undefine_managed_save)) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "Refusing to undefine while domain managed save image exists");
    }
    if (has_nvram && !domain->is_active() &&
        !(flags & (api::domain_undefine_nvram | api::domain_undefine_keep_nvram))) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot undefine domain with nvram");
    }
    const bool forgets_snapshots = (flags & api::domain_undefine_snapshots_metadata) != 0;
    const bool forgets_checkpoints = (flags & api::domain_undefine_checkpoints_metadata) != 0;
    if (!domain->is_active()) require_no_moments(*domain, forgets_snapshots, forgets_checkpoints);
    std::vector<std::string> also;
    if (has_saved) also.push_back(saved);
    if (has_nvram && (flags & api::domain_undefine_nvram)) also.push_back(nvram);
    std::string tpm_state;
    const bool keeps_tpm = (flags & api::domain_undefine_keep_tpm) != 0;
    for (const model::Tpm& tpm : domain->persistent()->tpms) {
        const bool goes = (flags & api::domain_undefine_tpm) != 0 || tpm.persistent_state != xml::YesNo::yes;
        if (tpm.backend == model::TpmBackend::emulator && goes && !keeps_tpm && !domain->is_active()) {
            tpm_state = tpm_state_folder(core_.settings, domain->uuid());
        }
    }
    Store store = core_.store;
    std::string name = domain->name();
    auto remove = [store, name, also, tpm_state] {
        for (const std::string& path : also) io::remove_file(path);
        std::error_code ignored;
        if (!tpm_state.empty()) std::filesystem::remove_all(tpm_state, ignored);
        store.remove_definition(name);
    };
    {
        // A running guest keeps them until it ends.
        if (!domain->is_active()) {
            co_await forget_moments(core_, domain, MomentKind::snapshot);
            co_await forget_moments(core_, domain, MomentKind::checkpoint);
        }
        io::Semaphore::Permit turn = co_await domain->files.acquire(io::Deadline::never(), "the definition's file");
        co_await io::offload(core_.loop, std::move(remove));
        core_.definitions_saved();
        domain->clear_persistent();
    }
    domain->autostart = domain->autostart_once = false;
    if (!domain->is_active() && !domain->starting) {
        domain->removed = true;
        core_.domains.erase(domain->uuid());
    }
    core_.announcer.lifecycle(*domain, api::domain_event_undefined, api::domain_event_undefined_removed);
}

Task<proc::DomainRename::Ret> DefinitionCalls::rename(driver::Call& call, proc::DomainRename::Args args) {
    require_flags(args.flags, 0, "qemuDomainRename");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    std::string wanted = args.new_name.value_or("");
    std::vector<std::string> keys = {domain->name(), domain->uuid().to_string(), wanted};
    // Names before jobs, as everywhere.
    Core::Claim claim = co_await core_.claim(std::move(keys), call.deadline);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainRename", call.deadline);
    require_known(*domain);
    if (domain->is_active())
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot rename active domain");
    if (!domain->is_persistent()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot rename a transient domain");
    }
    if (std::filesystem::exists(core_.settings.saved_image(domain->name()))) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "domain with a managed saved state can't be renamed");
    }
    if (wanted.find('/') != wanted.npos) {
        fail(ErrorCode::xml_error, ErrorDomain::qemu, "name {} cannot contain '/'", wanted);
    }
    require_name(wanted);
    if (wanted == domain->name()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "Can't rename domain to itself");
    }
    if (core_.domains.find(std::string_view(wanted))) {
        fail(ErrorCode::operation_invalid, ErrorDomain::domain, "domain with name '{}' already exists", wanted);
    }
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    definition->name = wanted;
    std::string xml = definition_xml(*definition, api::domain_xml_secure | api::domain_xml_inactive, false);
    struct Move {
        Store store;
        std::string from, to, xml;
        bool autostart, once;
        Settings settings;
    };
    Move move{core_.store, domain->name(), wanted, xml, domain->autostart, domain->autostart_once, core_.settings};
    auto work = [move = std::move(move)] {
        // The new name is whole before the old one goes: a crash in between leaves both, never none.
        move.store.save_definition(move.to, move.xml);
        rename_moment_folders(move.settings, move.from, move.to);
        if (move.autostart) move.store.set_autostart(move.to, true, false);
        if (move.once) move.store.set_autostart(move.to, true, true);
        move.store.remove_definition(move.from);
    };
    co_await io::offload(core_.loop, std::move(work));
    core_.definitions_saved();
    core_.announcer.lifecycle(*domain, api::domain_event_undefined, api::domain_event_undefined_renamed);
    std::string old_name = domain->name();
    domain->set_name(wanted);
    domain->set_persistent(std::move(definition), std::move(xml));
    core_.domains.renamed(old_name, *domain);
    core_.announcer.lifecycle(*domain, api::domain_event_defined, api::domain_event_defined_renamed);
    co_return proc::DomainRename::Ret{};
}

proc::DomainGetAutostart::Ret DefinitionCalls::get_autostart(driver::Call&, proc::DomainGetAutostart::Args args) {
    proc::DomainGetAutostart::Ret ret;
    ret.autostart = core_.at(args.domain.name, args.domain.uuid)->autostart;
    return ret;
}

Task<wire::Void> DefinitionCalls::set_autostart(driver::Call& call, proc::DomainSetAutostart::Args args) {
    co_await mark_autostart(call, std::move(args.domain), args.autostart != 0, false);
    co_return wire::Void{};
}

proc::DomainGetAutostartOnce::Ret DefinitionCalls::get_autostart_once(driver::Call&,
                                                                      proc::DomainGetAutostartOnce::Args args) {
    proc::DomainGetAutostartOnce::Ret ret;
    ret.autostart = core_.at(args.domain.name, args.domain.uuid)->autostart_once;
    return ret;
}

Task<wire::Void> DefinitionCalls::set_autostart_once(driver::Call& call, proc::DomainSetAutostartOnce::Args args) {
    co_await mark_autostart(call, std::move(args.domain), args.autostart != 0, true);
    co_return wire::Void{};
}

Task<void> DefinitionCalls::mark_autostart(driver::Call& call, proc::DomainRef which, bool wanted, bool once) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    if (!domain->is_persistent()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot set autostart for transient domain");
    }
    std::vector<std::string> keys = {domain->name()};
    Core::Claim claim = co_await core_.claim(std::move(keys), call.deadline);
    require_known(*domain);
    Store store = core_.store;
    std::string name = domain->name();
    auto work = [store, name, wanted, once] { store.set_autostart(name, wanted, once); };
    co_await io::offload(core_.loop, std::move(work));
    (once ? domain->autostart_once : domain->autostart) = wanted;
}

proc::DomainGetMetadata::Ret DefinitionCalls::get_metadata(driver::Call&, proc::DomainGetMetadata::Args args) {
    const uint32_t known = api::domain_affect_live | api::domain_affect_config;
    if (args.flags & ~known) {
        throw Error::with_message(
            ErrorCode::invalid_arg, ErrorDomain::domain,
            fmt::format("unsupported flags ({:#x}) in function virDomainObjGetMetadata", args.flags & ~known));
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::Domain& definition = definition_for(*domain, args.flags);
    auto found = get_domain_metadata(definition, static_cast<uint32_t>(args.type), args.uri.value_or(""));
    if (!found) {
        throw Error(ErrorCode::no_domain_metadata, ErrorDomain::domain, "Requested metadata element is not present");
    }
    proc::DomainGetMetadata::Ret ret;
    ret.metadata = std::move(*found);
    return ret;
}

Task<wire::Void> DefinitionCalls::set_metadata(driver::Call& call, proc::DomainSetMetadata::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainSetMetadata");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetMetadata", call.deadline);
    require_known(*domain);
    Scope scope = scope_of(*domain, args.flags);
    uint32_t type = static_cast<uint32_t>(args.type);
    if (scope.config) {
        auto definition = std::make_shared<model::Domain>(*domain->persistent());
        set_domain_metadata(*definition, type, args.metadata, args.key.value_or(""), args.uri.value_or(""));
        co_await replace_definition(core_, domain, std::move(definition));
    }
    if (scope.live && domain->is_active()) {
        set_domain_metadata(*domain->running().domain, type, args.metadata, args.key.value_or(""),
                            args.uri.value_or(""));
        co_await live_changed(core_, domain);
    }
    core_.announcer.metadata_change(*domain, type, type == api::domain_metadata_element ? args.uri.value_or("") : "");
    co_return wire::Void{};
}

}  // namespace virtue::qemu
