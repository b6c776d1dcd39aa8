#include "drivers/qemu/calls/save_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include "drivers/qemu/block/job_flow.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/hooks.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/saved_image.h"
#include "drivers/qemu/start.h"
#include "drivers/qemu/state_file.h"
#include "drivers/qemu/stop.h"
#include "io/files.h"
#include "io/offload.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t save_flags_known =
    api::domain_save_bypass_cache | api::domain_save_running | api::domain_save_paused;
constexpr wire::ExpectedParameter save_parameters[] = {{"file", 7}, {"dxml", 7}};
constexpr StopCause saved{api::domain_shutoff_saved, api::domain_event_stopped_saved};

void require_one_state(uint32_t flags) {
    require_exclusive(flags, api::domain_save_running, "VIR_DOMAIN_SAVE_RUNNING", api::domain_save_paused,
                      "VIR_DOMAIN_SAVE_PAUSED");
}

/// What a document asks for beside the state of the image.
bool runs_after(bool was_running, uint32_t flags) {
    if (flags & api::domain_save_running) return true;
    return was_running && (flags & api::domain_save_paused) == 0;
}

/// A transient guest that could not be restored was never there.
struct Withdraw {
    Core& core;
    DomainOwner domain;
    bool armed = true;
    ~Withdraw() {
        if (!armed) return;
        domain->removed = true;
        core.domains.erase(domain->uuid());
    }
};

/// Stops the vCPUs if they run; true if they did.
Task<bool> pause_guest(Core& core, DomainOwner domain, uint32_t reason, io::Deadline deadline) {
    if (domain->state().state != api::domain_running) co_return false;
    domain->running().pause_reason = reason;
    Json nothing;
    io::Deadline answer = core.monitor_deadline(deadline, *domain);
    co_await domain->monitor()->command("stop", nothing, answer);
    co_return true;
}

/// The figures of a state that was written, as the event at the end of a job tells them.
std::vector<wire::TypedParameter> save_figures(const Json& told) {
    const Json* found = told.find("ram");
    const Json ram = found ? *found : Json::object();
    const uint64_t page = ram.uint_or("page-size", 4096);
    const uint64_t seconds_1000 = std::max<uint64_t>(told.uint_or("total-time", 0), 1);
    wire::TypedParameters params;
    params.add_int("operation", api::domain_job_operation_save);
    params.add_ullong("time_elapsed", told.uint_or("total-time", 0));
    params.add_ullong("downtime", told.uint_or("downtime", 0));
    params.add_ullong("setup_time", told.uint_or("setup-time", 0));
    for (const char* name : {"data", "memory"}) {
        params.add_ullong(std::string(name) + "_total", ram.uint_or("total", 0));
        params.add_ullong(std::string(name) + "_processed", ram.uint_or("transferred", 0));
        params.add_ullong(std::string(name) + "_remaining", ram.uint_or("remaining", 0));
    }
    params.add_ullong("memory_bps", ram.uint_or("transferred", 0) * 1000 / seconds_1000);
    params.add_ullong("memory_constant", ram.uint_or("duplicate", 0));
    params.add_ullong("memory_normal", ram.uint_or("normal", 0));
    params.add_ullong("memory_normal_bytes", ram.uint_or("normal-bytes", 0));
    params.add_ullong("memory_dirty_rate", ram.uint_or("dirty-pages-rate", 0));
    params.add_ullong("memory_iteration", ram.uint_or("dirty-sync-count", 0));
    params.add_ullong("memory_postcopy_requests", ram.uint_or("postcopy-requests", 0));
    params.add_ullong("memory_page_size", page);
    return params.take();
}

/// The event is a courtesy: that its figures could not be had fails no save.
Task<void> tell_save(Core& core, DomainOwner domain, io::Deadline deadline) {
    Json nothing;
    Json told;
    try {
        io::Deadline answer = core.monitor_deadline(deadline, *domain);
        told = co_await domain->monitor()->command("query-migrate", nothing, answer);
    } catch (const Error&) {
        co_return;
    }
    core.announcer.job_completed(*domain, save_figures(told));
}

Task<void> continue_guest(Core& core, DomainOwner domain, uint32_t reason) {
    if (!domain->is_active()) co_return;
    domain->running().resume_reason = reason;
    Json nothing;
    io::Deadline answer = io::Deadline::after(core.settings.monitor_deadline);
    co_await domain->monitor()->command("cont", nothing, answer);
}

}  // namespace

void SaveCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainSave>(this, &SaveCalls::save);
    on.call<proc::DomainSaveFlags>(this, &SaveCalls::save_flags);
    on.call<proc::DomainManagedSave>(this, &SaveCalls::managed_save);
    on.call<proc::DomainManagedSaveRemove>(this, &SaveCalls::managed_save_remove);
    on.call<proc::DomainRestore>(this, &SaveCalls::restore);
    on.call<proc::DomainRestoreFlags>(this, &SaveCalls::restore_flags);
    on.call<proc::DomainSaveImageGetXmlDesc>(this, &SaveCalls::image_xml);
    on.call<proc::DomainSaveImageDefineXml>(this, &SaveCalls::image_define);
    on.call<proc::DomainManagedSaveGetXmlDesc>(this, &SaveCalls::managed_xml);
    on.call<proc::DomainManagedSaveDefineXml>(this, &SaveCalls::managed_define);
    on.call<proc::DomainSaveParams>(this, &SaveCalls::save_params);
    on.call<proc::DomainRestoreParams>(this, &SaveCalls::restore_params);
    on.call<proc::DomainCoreDump>(this, &SaveCalls::core_dump);
    on.call<proc::DomainCoreDumpWithFormat>(this, &SaveCalls::core_dump_format);
}

Task<wire::Void> SaveCalls::save(driver::Call& call, proc::DomainSave::Args args) {
    co_await save_to(call, std::move(args.domain), std::move(args.to), "", 0, false);
    co_return wire::Void{};
}

Task<wire::Void> SaveCalls::save_flags(driver::Call& call, proc::DomainSaveFlags::Args args) {
    require_flags(args.flags, save_flags_known, "qemuDomainSaveFlags");
    require_one_state(args.flags);
    std::string xml = args.dxml.value_or("");
    co_await save_to(call, std::move(args.domain), std::move(args.to), std::move(xml), args.flags, false);
    co_return wire::Void{};
}

Task<wire::Void> SaveCalls::managed_save(driver::Call& call, proc::DomainManagedSave::Args args) {
    require_flags(args.flags, save_flags_known, "qemuDomainManagedSave");
    require_one_state(args.flags);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    if (!domain->is_active()) throw Error(ErrorCode::operation_invalid, ErrorDomain::domain, "domain is not running");
    if (!domain->is_persistent()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot do managed save for transient domain");
    }
    std::string path = core_.settings.saved_image(domain->name());
    co_await save_to(call, std::move(args.domain), std::move(path), "", args.flags, true);
    co_return wire::Void{};
}

Task<void> SaveCalls::save_to(driver::Call& call, proc::DomainRef which, std::string path, std::string xml,
                              uint32_t flags, bool managed) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSave", call.deadline);
    require_known(*domain);
    require_no_block_job(domain->running());
    for (const model::Hostdev& device : domain->running().domain->hostdevs) {
        if (device.mode != model::HostdevMode::subsystem || device.type == model::HostdevType::usb) continue;
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "domain has assigned non-USB host devices and cannot be saved");
    }
    io::Deadline deadline = io::Deadline::never().with_cancel(domain->jobs().current_cancel());
    SavedImage image;
    image.was_running = runs_after(domain->state().state == api::domain_running, flags);
    image.xml = xml;
    if (xml.empty()) {
        image.xml = definition_xml(*domain->running().domain, api::domain_xml_secure | api::domain_xml_inactive, true);
    }
    bool paused = co_await pause_guest(core_, domain, api::domain_paused_save, call.deadline);
    std::optional<Error> failure;
    try {
        std::string folder = managed ? path.substr(0, path.rfind('/')) : "";
        auto create = [path, folder, &image] {
            if (!folder.empty()) io::make_folders(folder, 0755);
            return create_saved_image(path, image);
        };
        Fd file = co_await io::offload(core_.loop, std::move(create));
        co_await write_state(core_, domain, file, deadline);
        auto finish = [path, &file] { finish_saved_image(file, path); };
        co_await io::offload(core_.loop, std::move(finish));
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (!failure) {
        co_await tell_save(core_, domain, call.deadline);
        co_await stop_guest(core_, domain, saved);
        co_return;
    }
    ::unlink(path.c_str());
    if (paused) co_await continue_guest(core_, domain, api::domain_running_save_canceled);
    throw *failure;
}

Task<wire::Void> SaveCalls::managed_save_remove(driver::Call& call, proc::DomainManagedSaveRemove::Args args) {
    require_flags(args.flags, 0, "qemuDomainManagedSaveRemove");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainManagedSaveRemove", call.deadline);
    std::string path = core_.settings.saved_image(domain->name());
    auto remove = [path] {
        if (::unlink(path.c_str()) == 0) return;
        throw Error::from_errno(errno, ErrorDomain::qemu, fmt::format("Failed to remove managed save file '{}'", path));
    };
    co_await io::offload(core_.loop, std::move(remove));
    co_return wire::Void{};
}

Task<wire::Void> SaveCalls::restore(driver::Call& call, proc::DomainRestore::Args args) {
    co_await restore_from(call, std::move(args.from), "", 0);
    co_return wire::Void{};
}

Task<wire::Void> SaveCalls::restore_flags(driver::Call& call, proc::DomainRestoreFlags::Args args) {
    require_flags(args.flags, save_flags_known | api::domain_save_reset_nvram, "qemuDomainRestoreInternal");
    require_one_state(args.flags);
    std::string xml = args.dxml.value_or("");
    co_await restore_from(call, std::move(args.from), std::move(xml), args.flags);
    co_return wire::Void{};
}

Task<void> SaveCalls::restore_from(driver::Call& call, std::string path, std::string xml, uint32_t flags) {
    auto file = std::make_shared<Fd>();
    auto read = [path, file] { return read_saved_image(path, *file); };
    SavedImage image = co_await io::offload(core_.loop, std::move(read));
    std::string text = xml.empty() ? image.xml : xml;
    std::shared_ptr<model::Domain> definition = co_await read_definition(core_, std::move(text), false, call.deadline);
    definition = co_await changed_by_hooks(core_, std::move(definition), call.deadline);
    std::vector<std::string> keys = {definition->name, definition->uuid->to_string()};
    Core::Claim claim = co_await core_.claim(std::move(keys), call.deadline);
    require_no_clash(core_, *definition);
    DomainOwner domain = core_.domains.hold(*definition->uuid);
    if (domain && domain->is_active()) {
        fail(ErrorCode::operation_invalid, ErrorDomain::domain, "domain '{}' is already active", domain->name());
    }
    bool is_new = domain == nullptr;
    if (is_new) {
        domain = core_.make_domain(*definition->uuid, definition->name);
        core_.domains.insert(domain);
    }
    Withdraw withdraw{core_, domain, is_new};
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainRestore", call.deadline);
    require_known(*domain);
    domain->require_inactive();
    StartRequest request = restore_request(std::move(file), runs_after(image.was_running, flags));
    request.definition = definition;
    io::Deadline deadline = io::Deadline::never().with_cancel(domain->jobs().current_cancel());
    co_await start_guest(core_, domain, std::move(request), deadline);
    withdraw.armed = false;
}

Task<proc::DomainSaveImageGetXmlDesc::Ret> SaveCalls::image_xml(driver::Call&,
                                                                proc::DomainSaveImageGetXmlDesc::Args args) {
    require_flags(args.flags, api::domain_save_image_xml_secure, "qemuDomainSaveImageGetXMLDesc");
    auto read = [path = args.file] {
        Fd file;
        return read_saved_image(path, file);
    };
    SavedImage image = co_await io::offload(core_.loop, std::move(read));
    xml::Options options;
    options.domain = ErrorDomain::domain;
    const model::Domain definition = xml::parse<model::Domain>(image.xml, options);
    const uint32_t secure = args.flags & api::domain_save_image_xml_secure ? api::domain_xml_secure : 0;
    proc::DomainSaveImageGetXmlDesc::Ret ret;
    ret.xml = definition_xml(definition, secure | api::domain_xml_inactive, false);
    co_return ret;
}

Task<wire::Void> SaveCalls::image_define(driver::Call& call, proc::DomainSaveImageDefineXml::Args args) {
    require_flags(args.flags, api::domain_save_running | api::domain_save_paused, "qemuDomainSaveImageDefineXML");
    require_one_state(args.flags);
    auto read = [path = args.file] {
        Fd file;
        return read_saved_image(path, file);
    };
    SavedImage image = co_await io::offload(core_.loop, std::move(read));
    std::shared_ptr<model::Domain> fresh = co_await read_definition(core_, std::move(args.dxml), false, call.deadline);
    std::string text = definition_xml(*fresh, api::domain_xml_secure | api::domain_xml_inactive, false);
    bool running = runs_after(image.was_running, args.flags);
    auto write = [path = args.file, text, running] { replace_saved_definition(path, text, running); };
    co_await io::offload(core_.loop, std::move(write));
    co_return wire::Void{};
}

Task<proc::DomainManagedSaveGetXmlDesc::Ret> SaveCalls::managed_xml(driver::Call& call,
                                                                    proc::DomainManagedSaveGetXmlDesc::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    std::string path = core_.settings.saved_image(domain->name());
    if (::access(path.c_str(), F_OK) != 0) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain does not have managed save image");
    }
    proc::DomainSaveImageGetXmlDesc::Args inner;
    inner.file = path;
    inner.flags = args.flags;
    proc::DomainSaveImageGetXmlDesc::Ret found = co_await image_xml(call, std::move(inner));
    proc::DomainManagedSaveGetXmlDesc::Ret ret;
    ret.xml = std::move(found.xml);
    co_return ret;
}

Task<wire::Void> SaveCalls::managed_define(driver::Call& call, proc::DomainManagedSaveDefineXml::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const std::string path = core_.settings.saved_image(domain->name());
    if (::access(path.c_str(), F_OK) != 0) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain does not have managed save image");
    }
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainManagedSaveDefineXML", call.deadline);
    proc::DomainSaveImageDefineXml::Args inner;
    inner.file = path;
    inner.dxml = args.dxml.value_or("");
    inner.flags = args.flags;
    co_await image_define(call, std::move(inner));
    co_return wire::Void{};
}

Task<wire::Void> SaveCalls::save_params(driver::Call& call, proc::DomainSaveParams::Args args) {
    require_flags(args.flags, save_flags_known, "qemuDomainSaveParams");
    require_one_state(args.flags);
    wire::validate(args.params, save_parameters);
    const wire::TypedParameters params(std::move(args.params));
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    std::string path = params.find_string(api::domain_save_param_file).value_or("");
    std::string xml = params.find_string(api::domain_save_param_dxml).value_or("");
    // Without a file it is a managed save, as with libvirt.
    const bool managed = path.empty();
    if (managed && !domain->is_persistent()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot do managed save for transient domain");
    }
    if (managed) path = core_.settings.saved_image(domain->name());
    co_await save_to(call, std::move(args.domain), std::move(path), std::move(xml), args.flags, managed);
    co_return wire::Void{};
}

Task<wire::Void> SaveCalls::restore_params(driver::Call& call, proc::DomainRestoreParams::Args args) {
    require_flags(args.flags, save_flags_known | api::domain_save_reset_nvram, "qemuDomainRestoreInternal");
    require_one_state(args.flags);
    wire::validate(args.params, save_parameters);
    const wire::TypedParameters params(std::move(args.params));
    std::string path = params.find_string(api::domain_save_param_file).value_or("");
    std::string xml = params.find_string(api::domain_save_param_dxml).value_or("");
    if (path.empty()) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "missing path to restore from");
    }
    co_await restore_from(call, std::move(path), std::move(xml), args.flags);
    co_return wire::Void{};
}

Task<wire::Void> SaveCalls::core_dump(driver::Call& call, proc::DomainCoreDump::Args args) {
    co_await dump(call, std::move(args.domain), std::move(args.to), 0, args.flags);
    co_return wire::Void{};
}

Task<wire::Void> SaveCalls::core_dump_format(driver::Call& call, proc::DomainCoreDumpWithFormat::Args args) {
    co_await dump(call, std::move(args.domain), std::move(args.to), args.dumpformat, args.flags);
    co_return wire::Void{};
}

Task<void> SaveCalls::dump(driver::Call& call, proc::DomainRef which, std::string path, uint32_t format,
                           uint32_t flags) {
    require_flags(flags,
                  api::dump_memory_only | api::dump_crash | api::dump_live | api::dump_bypass_cache | api::dump_reset,
                  "qemuDomainCoreDumpWithFormat");
    static constexpr const char* formats[] = {"elf", "kdump-zlib", "kdump-lzo", "kdump-snappy", "win-dmp"};
    if (format >= std::size(formats)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown dumpformat '{}'", format);
    }
    if (format != 0 && !(flags & api::dump_memory_only)) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "kdump-compressed format is only supported here");
    }
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainCoreDump", call.deadline);
    require_known(*domain);
    domain->running();
    // QEMU does not save a guest again that was paused while its state was written out as a whole.
    if (domain->state().state != api::domain_running) flags |= api::dump_memory_only;
    bool paused = false;
    if (!(flags & api::dump_live)) {
        bool stopped = co_await pause_guest(core_, domain, api::domain_paused_dump, call.deadline);
        paused = stopped;
    }
    std::optional<Error> failure;
    try {
        io::Deadline deadline = io::Deadline::never().with_cancel(domain->jobs().current_cancel());
        Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!file) throw Error::from_errno(errno, ErrorDomain::qemu, "Failed to create file '" + path + "'");
        if (flags & api::dump_memory_only) {
            Json name = Json::object({{"fdname", "dump"}});
            std::vector<const Fd*> fds = {&file};
            std::shared_ptr<Monitor> monitor = domain->monitor();
            co_await monitor->command_with_fds("getfd", std::move(name), std::move(fds), deadline);
            Json what = Json::object({{"paging", false}, {"protocol", "fd:dump"}, {"format", formats[format]}});
            co_await monitor->command("dump-guest-memory", std::move(what), deadline);
        } else {
            co_await write_state(core_, domain, file, deadline);
        }
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) ::unlink(path.c_str());
    if (!failure && (flags & api::dump_crash)) {
        co_await stop_guest(core_, domain, crashed);
        co_return;
    }
    if (!failure && (flags & api::dump_reset)) {
        Json nothing;
        io::Deadline answer = core_.monitor_deadline(call.deadline, *domain);
        co_await domain->monitor()->command("system_reset", nothing, answer);
    }
    if (paused) co_await continue_guest(core_, domain, api::domain_running_unpaused);
    if (failure) throw *failure;
}

}  // namespace virtue::qemu
