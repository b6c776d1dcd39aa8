#include "drivers/qemu/calls/run_state_calls.h"

#include <filesystem>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/hooks.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/saved_image.h"
#include "drivers/qemu/start.h"
#include "drivers/qemu/stop.h"
#include "io/either_cancel.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t start_flags = api::domain_start_paused | api::domain_start_autodestroy |
                                 api::domain_start_bypass_cache | api::domain_start_force_boot |
                                 api::domain_start_reset_nvram;

/// A transient guest that could not be started was never there.
struct Withdraw {
    Core& core;
    DomainOwner domain;
    bool armed = true;
    ~Withdraw() {
        if (!armed || domain->is_active()) return;
        domain->removed = true;
        core.domains.erase(domain->uuid());
    }
};

/// What the session of an autodestroy guest will undo when it closes; unties it when the guest ended before.
struct SessionTie {
    explicit SessionTie(driver::Session* of) : session(of) {}
    SessionTie(const SessionTie&) = delete;
    SessionTie& operator=(const SessionTie&) = delete;
    ~SessionTie() {
        if (session) session->forget(key);
    }
    driver::Session* session;  ///< null once it closes
    uint64_t key = 0;
};

StartRequest request_of(uint32_t flags) {
    StartRequest request;
    request.paused = (flags & api::domain_start_paused) != 0;
    request.reset_nvram = (flags & api::domain_start_reset_nvram) != 0;
    return request;
}

}  // namespace

void RunStateCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainCreate>(this, &RunStateCalls::create);
    on.call<proc::DomainCreateWithFlags>(this, &RunStateCalls::create_flags);
    on.call<proc::DomainCreateXml>(this, &RunStateCalls::create_xml);
    on.call<proc::DomainDestroy>(this, &RunStateCalls::destroy);
    on.call<proc::DomainDestroyFlags>(this, &RunStateCalls::destroy_flags);
    on.call<proc::DomainSuspend>(this, &RunStateCalls::suspend);
    on.call<proc::DomainResume>(this, &RunStateCalls::resume);
    on.call<proc::DomainReset>(this, &RunStateCalls::reset);
    on.call<proc::DomainShutdown>(this, &RunStateCalls::shutdown);
    on.call<proc::DomainShutdownFlags>(this, &RunStateCalls::shutdown_flags);
    on.call<proc::DomainReboot>(this, &RunStateCalls::reboot);
    on.call<proc::DomainPmSuspendForDuration>(this, &RunStateCalls::pm_suspend);
    on.call<proc::DomainPmWakeup>(this, &RunStateCalls::pm_wakeup);
    on.call<proc::DomainInjectNmi>(this, &RunStateCalls::inject_nmi);
    on.call<proc::DomainHasManagedSaveImage>(this, &RunStateCalls::has_managed_save);
}

Task<wire::Void> RunStateCalls::create(driver::Call& call, proc::DomainCreate::Args args) {
    co_await start(call, std::move(args.domain), 0, "virDomainCreate");
    co_return wire::Void{};
}

Task<proc::DomainCreateWithFlags::Ret> RunStateCalls::create_flags(driver::Call& call,
                                                                   proc::DomainCreateWithFlags::Args args) {
    require_flags(args.flags, start_flags, "qemuDomainCreateWithFlags");
    proc::DomainRef started = co_await start(call, std::move(args.domain), args.flags, "virDomainCreateWithFlags");
    proc::DomainCreateWithFlags::Ret ret;
    ret.domain = std::move(started);
    co_return ret;
}

Task<proc::DomainRef> RunStateCalls::start(driver::Call& call, proc::DomainRef which, uint32_t flags, const char* api) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, api, call.deadline);
    require_known(*domain);
    domain->require_inactive();
    std::string saved = core_.settings.saved_image(domain->name());
    bool has_saved = std::filesystem::exists(saved);
    if (has_saved && (flags & api::domain_start_force_boot)) has_saved = !std::filesystem::remove(saved);
    StartRequest request = request_of(flags);
    if (has_saved) {
        auto state = std::make_shared<Fd>();
        auto read = [saved, state] { return read_saved_image(saved, *state); };
        SavedImage image = co_await io::offload(core_.loop, std::move(read));
        std::string text = std::move(image.xml);
        request = restore_request(std::move(state), image.was_running && !request.paused);
        std::shared_ptr<model::Domain> definition =
            co_await read_definition(core_, std::move(text), false, call.deadline);
        definition = co_await changed_by_hooks(core_, std::move(definition), call.deadline);
        request.definition = std::move(definition);
    }
    // A client that goes away does not end its start, as with libvirt: a destroy does, and the end of the daemon.
    io::EitherCancel cancel(domain->jobs().current_cancel(), core_.leaving);
    io::Deadline deadline = call.deadline.within(core_.settings.start_deadline).with_cancel(cancel.source());
    co_await start_guest(core_, domain, request, deadline);
    if (has_saved) std::filesystem::remove(saved);
    if (flags & api::domain_start_autodestroy) tie_to_session(call, domain);
    co_return ref(*domain);
}

Task<proc::DomainCreateXml::Ret> RunStateCalls::create_xml(driver::Call& call, proc::DomainCreateXml::Args args) {
    require_flags(args.flags, start_flags | api::domain_start_validate, "qemuDomainCreateXML");
    bool validate = (args.flags & api::domain_start_validate) != 0;
    std::shared_ptr<model::Domain> definition =
        co_await read_definition(core_, std::move(args.xml_desc), validate, call.deadline);
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
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainCreateXML", call.deadline);
    require_known(*domain);
    domain->require_inactive();
    StartRequest request = request_of(args.flags);
    request.definition = definition;
    io::EitherCancel cancel(domain->jobs().current_cancel(), core_.leaving);
    io::Deadline deadline = call.deadline.within(core_.settings.start_deadline).with_cancel(cancel.source());
    co_await start_guest(core_, domain, request, deadline);
    withdraw.armed = false;
    if (args.flags & api::domain_start_autodestroy) tie_to_session(call, domain);
    proc::DomainCreateXml::Ret ret;
    ret.domain = ref(*domain);
    co_return ret;
}

void RunStateCalls::tie_to_session(driver::Call& call, const DomainOwner& domain) {
    auto tie = std::make_shared<SessionTie>(&call.session);
    int id = domain->id();
    std::weak_ptr<Domain> watched = domain;
    std::weak_ptr<SessionTie> tied = tie;
    Core& core = core_;
    tie->key = call.session.on_close([&core, watched, id, tied] {
        if (auto closing = tied.lock()) closing->session = nullptr;
        DomainOwner still = watched.lock();
        if (!still || still->id() != id) return;
        core.spawn([](Core& at, DomainOwner guest, int run) -> Task<void> {
            driver::Job job =
                co_await guest->jobs().begin(driver::JobKind::destroy, "autodestroy", io::Deadline::never());
            if (!guest->is_active() || guest->id() != run) co_return;
            co_await stop_guest(at, guest, destroyed);
        }(core, still, id));
    });
    domain->running().session_tie = std::move(tie);
}

Task<wire::Void> RunStateCalls::destroy(driver::Call& call, proc::DomainDestroy::Args args) {
    co_await destroy_domain(call, std::move(args.domain), false);
    co_return wire::Void{};
}

Task<wire::Void> RunStateCalls::destroy_flags(driver::Call& call, proc::DomainDestroyFlags::Args args) {
    require_flags(args.flags, api::domain_destroy_graceful | api::domain_destroy_remove_logs, "qemuDomainDestroyFlags");
    // By the name that we gave it: the one in the call is the client's, and would name any file of any folder.
    std::string log = core_.store.log_path(core_.at(args.domain.name, args.domain.uuid)->name());
    co_await destroy_domain(call, std::move(args.domain), (args.flags & api::domain_destroy_graceful) != 0);
    std::error_code ignored;
    if (args.flags & api::domain_destroy_remove_logs) std::filesystem::remove(log, ignored);
    co_return wire::Void{};
}

Task<void> RunStateCalls::destroy_domain(driver::Call& call, proc::DomainRef which, bool graceful) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    if (!domain->is_active()) throw Error(ErrorCode::operation_invalid, ErrorDomain::domain, "domain is not running");
    int id = domain->id();
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::destroy, "virDomainDestroy", call.deadline);
    if (!domain->is_active() || domain->id() != id) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::domain, "domain is not running");
    }
    if (graceful) co_await kill_guest(core_, domain, true, call.deadline);
    co_await stop_guest(core_, domain, destroyed);
}

Task<wire::Void> RunStateCalls::suspend(driver::Call& call, proc::DomainSuspend::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSuspend", call.deadline);
    Run& run = domain->running();
    uint32_t state = domain->state().state;
    if (state == api::domain_pmsuspended) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is pmsuspended");
    }
    if (state == api::domain_paused) co_return wire::Void{};
    run.pause_reason = api::domain_paused_user;
    int id = domain->id();
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    try {
        co_await domain->monitor()->command("stop", nothing, deadline);
    } catch (const Error& error) {
        // Where only the answer is late, QEMU will still stop, for the user. Else the next stop has another reason.
        bool is_late = error.code() == ErrorCode::operation_timeout;
        if (!is_late && domain->id() == id) domain->running().pause_reason = api::domain_paused_unknown;
        throw;
    }
    co_await save_status(core_, domain);
    co_return wire::Void{};
}

Task<wire::Void> RunStateCalls::resume(driver::Call& call, proc::DomainResume::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainResume", call.deadline);
    Run& run = domain->running();
    uint32_t state = domain->state().state;
    if (state == api::domain_pmsuspended) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is pmsuspended");
    }
    if (state == api::domain_running) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is already running");
    }
    run.resume_reason = api::domain_running_unpaused;
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("cont", nothing, deadline);
    co_await save_status(core_, domain);
    co_return wire::Void{};
}

Task<wire::Void> RunStateCalls::reset(driver::Call& call, proc::DomainReset::Args args) {
    require_flags(args.flags, 0, "qemuDomainReset");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainReset", call.deadline);
    domain->running().fake_reboot = false;
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("system_reset", nothing, deadline);
    if (domain->state().state == api::domain_crashed) {
        domain->set_state(api::domain_paused, api::domain_paused_unknown);
    }
    co_return wire::Void{};
}

Task<wire::Void> RunStateCalls::shutdown(driver::Call& call, proc::DomainShutdown::Args args) {
    co_await power_down(call, std::move(args.domain), 0, false);
    co_return wire::Void{};
}

Task<wire::Void> RunStateCalls::shutdown_flags(driver::Call& call, proc::DomainShutdownFlags::Args args) {
    require_flags(args.flags, api::domain_shutdown_acpi_power_btn | api::domain_shutdown_guest_agent,
                  "qemuDomainShutdownFlags");
    co_await power_down(call, std::move(args.domain), args.flags, false);
    co_return wire::Void{};
}

Task<wire::Void> RunStateCalls::reboot(driver::Call& call, proc::DomainReboot::Args args) {
    require_flags(args.flags, api::domain_reboot_acpi_power_btn | api::domain_reboot_guest_agent, "qemuDomainReboot");
    co_await power_down(call, std::move(args.domain), args.flags, true);
    co_return wire::Void{};
}

Task<void> RunStateCalls::power_down(driver::Call& call, proc::DomainRef which, uint32_t flags, bool reboot) {
    // The flags of shutdown and reboot have the same numbers.
    DomainOwner domain = core_.at(which.name, which.uuid);
    if (!reboot && domain->state().state != api::domain_running) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is not running",
                    domain->is_active() ? "a paused guest hears of nothing until it is resumed" : "");
    }
    Run& run = domain->running();
    bool by_agent = (flags & api::domain_shutdown_guest_agent) != 0;
    bool by_button = (flags & api::domain_shutdown_acpi_power_btn) != 0;
    bool agent_first = by_agent || (flags == 0 && run.agent && run.agent_connected);
    if (agent_first) {
        try {
            driver::Job turn =
                co_await domain->jobs().begin(driver::JobKind::agent, "virDomainShutdown", call.deadline);
            std::shared_ptr<Agent> agent = domain->agent();
            io::Deadline deadline = call.deadline.within(core_.settings.agent_deadline);
            domain->running().fake_reboot = false;
            AgentShutdown mode = reboot ? AgentShutdown::reboot : AgentShutdown::powerdown;
            co_await agent->shutdown(mode, deadline);
            co_return;
        } catch (const Error&) {
            // Without a flag, or with both, the power button is the second try.
            if (by_agent && !by_button) throw;
        }
    }
    const char* api = reboot ? "virDomainReboot" : "virDomainShutdown";
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, api, call.deadline);
    domain->running().fake_reboot = reboot;
    co_await save_status(core_, domain);
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("system_powerdown", nothing, deadline);
}

Task<wire::Void> RunStateCalls::pm_suspend(driver::Call& call, proc::DomainPmSuspendForDuration::Args args) {
    require_flags(args.flags, 0, "qemuDomainPMSuspendForDuration");
    if (args.duration != 0) {
        throw Error(ErrorCode::argument_unsupported, ErrorDomain::qemu, "Duration not supported. Use 0 for now");
    }
    const char* command = nullptr;
    if (args.target == api::node_suspend_target_mem) command = "guest-suspend-ram";
    if (args.target == api::node_suspend_target_disk) command = "guest-suspend-disk";
    if (args.target == api::node_suspend_target_hybrid) command = "guest-suspend-hybrid";
    if (!command) fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "Unknown suspend target: {}", args.target);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn =
        co_await domain->jobs().begin(driver::JobKind::agent, "virDomainPMSuspendForDuration", call.deadline);
    require_running(*domain);
    std::shared_ptr<Agent> agent = domain->agent();
    Json nothing;
    io::Deadline deadline = call.deadline.within(core_.settings.agent_deadline);
    co_await agent->command(command, nothing, deadline);
    co_return wire::Void{};
}

Task<wire::Void> RunStateCalls::pm_wakeup(driver::Call& call, proc::DomainPmWakeup::Args args) {
    require_flags(args.flags, 0, "qemuDomainPMWakeup");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainPMWakeup", call.deadline);
    domain->running();
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("system_wakeup", nothing, deadline);
    co_return wire::Void{};
}

Task<wire::Void> RunStateCalls::inject_nmi(driver::Call& call, proc::DomainInjectNmi::Args args) {
    require_flags(args.flags, 0, "qemuDomainInjectNMI");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainInjectNMI", call.deadline);
    domain->running();
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("inject-nmi", nothing, deadline);
    co_return wire::Void{};
}

proc::DomainHasManagedSaveImage::Ret RunStateCalls::has_managed_save(driver::Call&,
                                                                     proc::DomainHasManagedSaveImage::Args args) {
    require_flags(args.flags, 0, "qemuDomainHasManagedSaveImage");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainHasManagedSaveImage::Ret ret;
    ret.result = std::filesystem::exists(core_.settings.saved_image(domain->name()));
    return ret;
}

}  // namespace virtue::qemu
