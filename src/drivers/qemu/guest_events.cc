#include "drivers/qemu/guest_events.h"

#include <algorithm>
#include <array>
#include <csignal>

#include "base/error.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/job_flow.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/start.h"
#include "drivers/qemu/stop.h"
#include "drivers/qemu/vcpu_hotplug.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

/// A change of state that the event's data does not explain further.
void to_state(Core& core, const DomainOwner& domain, uint32_t state, uint32_t reason) {
    domain->set_state(state, reason);
    domain->changed();
    save_status_soon(core, domain);
}

/// The guest wanted to reboot and QEMU was told not to by itself: reset it and let it go on.
Task<void> reset_after_shutdown(Core& core, DomainOwner domain) {
    // However long others take: a guest that nobody resets would stay as it is for good.
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "the guest's reboot", io::Deadline::never());
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline);
    if (!domain->is_active() || domain->running().stopping) co_return;
    Json nothing;
    bool done = false;
    try {
        co_await domain->monitor()->command("system_reset", nothing, deadline);
        domain->running().resume_reason = api::domain_running_booted;
        co_await domain->monitor()->command("cont", nothing, deadline);
        done = true;
    } catch (const Error&) {
        // A guest that can neither run nor restart is ended, as libvirt does.
    }
    if (!done) co_await stop_guest(core, domain, shut_down);
}

void on_shutdown(Core& core, const DomainOwner& domain, const Json& data) {
    Run& run = domain->running();
    if (domain->state().state == api::domain_shutdown) return;
    bool by_guest = data.bool_or("guest", true);
    domain->set_state(api::domain_shutdown, api::domain_shutdown_unknown);
    domain->changed();
    core.announcer.lifecycle(*domain, api::domain_event_shutdown,
                             by_guest ? api::domain_event_shutdown_guest : api::domain_event_shutdown_host);
    if (run.stopping) return;
    // At once: without it a new daemon would take the end that follows for a crash.
    core.spawn(save_status(core, domain));
    if (run.fake_reboot || poweroff_means_restart(*run.domain)) {
        run.fake_reboot = false;
        core.spawn(reset_after_shutdown(core, domain));
        return;
    }
    run.shutting_down = true;
    run.process->signal(SIGTERM);
}

void on_stop(Core& core, const DomainOwner& domain) {
    if (domain->state().state != api::domain_running) return;
    Run& run = domain->running();
    uint32_t reason = std::exchange(run.pause_reason, api::domain_paused_unknown);
    uint32_t detail = api::domain_event_suspended_paused;
    if (reason == api::domain_paused_ioerror) detail = api::domain_event_suspended_ioerror;
    if (reason == api::domain_paused_watchdog) detail = api::domain_event_suspended_watchdog;
    if (reason == api::domain_paused_migration) detail = api::domain_event_suspended_migrated;
    to_state(core, domain, api::domain_paused, reason);
    core.announcer.lifecycle(*domain, api::domain_event_suspended, detail);
}

void on_resume(Core& core, const DomainOwner& domain) {
    uint32_t before = domain->state().state;
    if (before == api::domain_running) return;
    Run& run = domain->running();
    uint32_t reason = std::exchange(run.resume_reason, api::domain_running_unpaused);
    run.pause_reason = api::domain_paused_unknown;
    to_state(core, domain, api::domain_running, reason);
    const bool from_snapshot = reason == api::domain_running_from_snapshot;
    core.announcer.lifecycle(
        *domain, api::domain_event_resumed,
        from_snapshot ? api::domain_event_resumed_from_snapshot : api::domain_event_resumed_unpaused);
}

void on_reset(Core& core, const DomainOwner& domain) {
    Run& run = domain->running();
    run.panicked = false;
    core.announcer.reboot(*domain);
    save_status_soon(core, domain);
}

void on_watchdog(Core& core, const DomainOwner& domain, const Json& data) {
    static constexpr std::array<std::pair<const char*, uint32_t>, 7> actions = {{
        {"none", api::domain_event_watchdog_none},
        {"pause", api::domain_event_watchdog_pause},
        {"reset", api::domain_event_watchdog_reset},
        {"poweroff", api::domain_event_watchdog_poweroff},
        {"shutdown", api::domain_event_watchdog_shutdown},
        {"debug", api::domain_event_watchdog_debug},
        {"inject-nmi", api::domain_event_watchdog_injectnmi},
    }};
    std::string name = data.string_or("action", "none");
    uint32_t action = api::domain_event_watchdog_none;
    for (auto [text, number] : actions) {
        if (name == text) action = number;
    }
    core.announcer.watchdog(*domain, action);
    if (action == api::domain_event_watchdog_pause && domain->state().state == api::domain_running) {
        domain->running().pause_reason = api::domain_paused_watchdog;
        on_stop(core, domain);
    }
}

void on_io_error(Core& core, const DomainOwner& domain, const Json& data) {
    std::string name = data.string_or("action", "report");
    uint32_t action = api::domain_event_io_error_report;
    if (name == "ignore") action = api::domain_event_io_error_none;
    if (name == "stop") action = api::domain_event_io_error_pause;
    std::string reason = data.bool_or("nospace", false) ? "enospc" : "";
    std::string device = data.string_or("device", "");
    std::string node = data.string_or("node-name", "");
    std::string source;
    std::string alias = device;
    for (const DiskName& disk : disk_names(*domain->running().domain)) {
        bool same = (!device.empty() && ("drive-" + disk.alias == device || disk.alias == device)) ||
                    (!node.empty() && disk.node == node);
        if (!same) continue;
        source = disk.source;
        alias = disk.alias;
    }
    core.announcer.io_error(*domain, source, alias, action, reason);
    if (action == api::domain_event_io_error_pause && domain->state().state == api::domain_running) {
        domain->running().pause_reason = api::domain_paused_ioerror;
        on_stop(core, domain);
    }
}

/// The guest let go of a device, or would not. Whoever waits for it deals with it; else it is done in the background.
void on_unplug(Core& core, const DomainOwner& domain, const std::string& alias, bool gone) {
    Run& run = domain->running();
    auto waiting = run.unplugging.find(alias);
    if (waiting != run.unplugging.end()) waiting->second->set(gone);
    if (!gone) return core.announcer.device_removal_failed(*domain, alias);
    if (waiting != run.unplugging.end()) return;
    if (is_vcpu_alias(alias)) return core.spawn(finish_vcpu_unplug(core, domain));
    core.spawn(finish_unplug(core, domain, alias));
}

uint32_t family_of(const std::string& name) {
    if (name == "ipv6") return api::domain_event_graphics_address_ipv6;
    if (name == "unix") return api::domain_event_graphics_address_unix;
    return api::domain_event_graphics_address_ipv4;
}

void on_graphics(Core& core, const DomainOwner& domain, const std::string& event, const Json& data) {
    bool is_vnc = event.starts_with("VNC");
    uint32_t phase = api::domain_event_graphics_connect;
    if (event.ends_with("_INITIALIZED")) phase = api::domain_event_graphics_initialize;
    if (event.ends_with("_DISCONNECTED")) phase = api::domain_event_graphics_disconnect;
    const Json* server = data.find("server");
    const Json* client = data.find("client");
    if (!server || !client) return;
    const char* port = is_vnc ? "service" : "port";
    Announcer::GraphicsAddress local{family_of(server->string_or("family", "")), server->string_or("host", ""),
                                     server->string_or(port, "")};
    Announcer::GraphicsAddress remote{family_of(client->string_or("family", "")), client->string_or("host", ""),
                                      client->string_or(port, "")};
    std::vector<Announcer::GraphicsIdentity> subject;
    if (std::string name = client->string_or("x509_dname", ""); !name.empty()) subject.push_back({"x509dname", name});
    if (std::string name = client->string_or("sasl_username", ""); !name.empty())
        subject.push_back({"saslUsername", name});
    core.announcer.graphics(*domain, phase, local, remote, server->string_or("auth", ""), subject);
}

void on_pm_suspend(Core& core, const DomainOwner& domain, bool to_disk) {
    if (domain->state().state != api::domain_running) return;
    to_state(core, domain, api::domain_pmsuspended, 0);
    core.announcer.lifecycle(*domain, api::domain_event_pmsuspended,
                             to_disk ? api::domain_event_pmsuspended_disk : api::domain_event_pmsuspended_memory);
    if (to_disk) {
        core.announcer.pm_suspend_disk(*domain);
    } else {
        core.announcer.pm_suspend(*domain);
    }
}

void on_wakeup(Core& core, const DomainOwner& domain) {
    core.announcer.pm_wakeup(*domain);
    if (domain->state().state != api::domain_pmsuspended) return;
    to_state(core, domain, api::domain_running, api::domain_running_wakeup);
    core.announcer.lifecycle(*domain, api::domain_event_started, api::domain_event_started_wakeup);
}

Task<void> end_after_panic(Core& core, DomainOwner domain) {
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::destroy, "the guest's crash", deadline);
    if (!domain->is_active() || domain->running().stopping) co_return;
    StopCause cause{api::domain_shutoff_crashed, api::domain_event_stopped_crashed};
    co_await stop_guest(core, domain, cause);
}

void on_panic(Core& core, const DomainOwner& domain) {
    Run& run = domain->running();
    if (run.panicked) return;
    run.panicked = true;
    to_state(core, domain, api::domain_crashed, api::domain_crashed_panicked);
    core.announcer.lifecycle(*domain, api::domain_event_crashed, api::domain_event_crashed_panicked);
    switch (crash_action(*run.domain)) {
        case CrashAction::destroy:
            core.spawn(end_after_panic(core, domain));
            break;
        case CrashAction::restart:
            core.spawn(reset_after_shutdown(core, domain));
            break;
        case CrashAction::preserve:
            break;
    }
}

void on_channel(Core& core, const DomainOwner& domain, const Json& data) {
    Run& run = domain->running();
    bool open = data.bool_or("open", false);
    bool is_agent = set_channel_state(*run.domain, data.string_or("id", ""), open);
    domain->changed();
    save_status_soon(core, domain);
    if (!is_agent || run.agent_connected == open) return;
    run.agent_connected = open;
    if (run.agent) run.agent->set_guest_connected(open);
    if (open && !run.agent) connect_agent(core, domain);
    core.announcer.agent_lifecycle(*domain,
                                   open ? api::connect_domain_event_agent_lifecycle_state_connected
                                        : api::connect_domain_event_agent_lifecycle_state_disconnected,
                                   api::connect_domain_event_agent_lifecycle_reason_channel);
}

void on_balloon(Core& core, const DomainOwner& domain, const Json& data) {
    uint64_t kib = data.uint_or("actual", 0) / 1024;
    set_current_memory(*domain->running().domain, kib);
    domain->changed();
    core.announcer.balloon_change(*domain, kib);
    save_status_soon(core, domain);
}

void on_tray(Core& core, const DomainOwner& domain, const Json& data) {
    const std::string id = data.string_or("id", "");
    const bool open = data.bool_or("tray-open", false);
    for (model::Disk& disk : domain->running().domain->disks) {
        if (disk.info.alias != id) continue;
        disk.tray = open ? model::DiskTray::open : model::DiskTray::closed;
        domain->changed();
        save_status_soon(core, domain);
    }
    core.announcer.tray_change(*domain, id, open ? 0 : 1);
}

/// Told by the name of the layer and, of the top one, by that of the disk as well.
void on_threshold(Core& core, const DomainOwner& domain, const Json& data) {
    const std::string node = data.string_or("node-name", "");
    const uint64_t threshold = data.uint_or("write-threshold", 0);
    const uint64_t excess = data.uint_or("amount-exceeded", 0);
    for (const model::Disk& disk : domain->running().domain->disks) {
        for (size_t i = 0; i < depth_of(disk.source); i++) {
            const model::StorageSource& layer = layer_at(disk.source, i);
            if (node != format_node_name(layer) && node != fmt::format("libvirt-{}-storage", layer.index)) continue;
            const std::string path = layer.is_local() ? layer.path : "";
            if (i == 0) core.announcer.block_threshold(*domain, disk.target, path, threshold, excess);
            const std::string name = fmt::format("{}[{}]", disk.target, layer.index);
            core.announcer.block_threshold(*domain, name, path, threshold, excess);
        }
    }
}

void on_memory_size(Core& core, const DomainOwner& domain, const Json& data) {
    const std::string alias = data.string_or("id", "");
    const uint64_t kib = data.uint_or("size", 0) / 1024;
    for (model::MemoryDevice& memory : domain->running().domain->memory_devices) {
        if (memory.info.alias == alias) memory.current = model::Kibibytes{kib};
    }
    domain->changed();
    save_status_soon(core, domain);
    core.announcer.memory_device_size_change(*domain, alias, kib);
}

void on_memory_failure(Core& core, const DomainOwner& domain, const Json& data) {
    uint32_t recipient = data.string_or("recipient", "") == "guest" ? 1 : 0;
    std::string name = data.string_or("action", "");
    uint32_t action = 0;
    if (name == "inject") action = 1;
    if (name == "fatal") action = 2;
    if (name == "reset") action = 3;
    uint32_t flags = 0;
    if (const Json* given = data.find("flags")) {
        if (given->bool_or("action-required", false)) flags |= 1;
        if (given->bool_or("recursive", false)) flags |= 2;
    }
    core.announcer.memory_failure(*domain, recipient, action, flags);
}

}  // namespace

void handle_monitor_event(Core& core, const DomainOwner& domain, const MonitorEvent& event) {
    if (!domain->run()) return;
    core.announcer.monitor_event(*domain, event.name, event.seconds, static_cast<uint32_t>(event.micros),
                                 event.data.is_null() ? "" : event.data.to_text());
    const Json& data = event.data;
    if (event.name == "SHUTDOWN") return on_shutdown(core, domain, data);
    if (domain->running().stopping) return;
    if (event.name == "STOP") return on_stop(core, domain);
    if (event.name == "RESUME") return on_resume(core, domain);
    if (event.name == "RESET") return on_reset(core, domain);
    if (event.name == "WATCHDOG") return on_watchdog(core, domain, data);
    if (event.name == "BLOCK_IO_ERROR") return on_io_error(core, domain, data);
    if (event.name == "SUSPEND") return on_pm_suspend(core, domain, false);
    if (event.name == "SUSPEND_DISK") return on_pm_suspend(core, domain, true);
    if (event.name == "WAKEUP") return on_wakeup(core, domain);
    if (event.name == "GUEST_PANICKED") return on_panic(core, domain);
    if (event.name == "VSERPORT_CHANGE") return on_channel(core, domain, data);
    if (event.name == "BALLOON_CHANGE") return on_balloon(core, domain, data);
    if (event.name == "MEMORY_FAILURE") return on_memory_failure(core, domain, data);
    if (event.name == "RTC_CHANGE") return core.announcer.rtc_change(*domain, data.int_or("offset", 0));
    if (event.name.starts_with("VNC_") || event.name.starts_with("SPICE_")) {
        return on_graphics(core, domain, event.name, data);
    }
    if (event.name == "DEVICE_TRAY_MOVED") return on_tray(core, domain, data);
    if (event.name == "JOB_STATUS_CHANGE") {
        return handle_job_status(core, domain, data.string_or("id", ""), data.string_or("status", ""));
    }
    if (event.name == "BLOCK_WRITE_THRESHOLD") return on_threshold(core, domain, data);
    if (event.name == "DEVICE_DELETED" && data.find("device")) {
        return on_unplug(core, domain, data.string_or("device", ""), true);
    }
    if (event.name == "DEVICE_UNPLUG_GUEST_ERROR" || event.name == "MEM_UNPLUG_ERROR") {
        return on_unplug(core, domain, data.string_or("device", ""), false);
    }
    if (event.name == "MEMORY_DEVICE_SIZE_CHANGE") return on_memory_size(core, domain, data);
}

Task<void> handle_process_end(Core& core, DomainOwner domain, int pid) {
    // Whoever ends it deals with it, and may go on with the guest: a job of ours would take its waits from it.
    if (!domain->is_active() || domain->running().stopping) co_return;
    // A start or a destroy under way deals with it itself and holds the job; what is left afterwards is ours.
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::destroy, "the end of its process", io::Deadline::never());
    if (!domain->is_active() || domain->running().stopping) co_return;
    Run& run = domain->running();
    if (!run.process || run.process->pid() != pid || !run.ready) co_return;
    StopCause cause{api::domain_shutoff_crashed, api::domain_event_stopped_failed};
    if (run.shutting_down || domain->state().state == api::domain_shutdown) cause = shut_down;
    // Its start had failed, but it did not end then.
    if (domain->state() == GuestState{api::domain_paused, api::domain_paused_starting_up}) cause = failed;
    if (run.panicked) cause = StopCause{api::domain_shutoff_crashed, api::domain_event_stopped_crashed};
    co_await stop_guest(core, domain, cause);
}

}  // namespace virtue::qemu
