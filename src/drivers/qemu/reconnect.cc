#include "drivers/qemu/reconnect.h"
#include "drivers/qemu/hooks.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/block/job_flow.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/guest_events.h"
#include "drivers/qemu/guest_group.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/process_figures.h"
#include "drivers/qemu/snapshots/backup_job.h"
#include "drivers/qemu/snapshots/layers.h"
#include "drivers/qemu/snapshots/moments.h"
#include "drivers/qemu/snapshots/vcpus.h"
#include "drivers/qemu/start.h"
#include "drivers/qemu/started.h"
#include "drivers/qemu/stop.h"
#include "drivers/qemu/tpm_emulator.h"
#include "drivers/qemu/volumes.h"
#include "io/either_cancel.h"
#include "io/files.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.reconnect");

/// Who holds a guest's turn meanwhile.
constexpr const char* finding_again = "the daemon's start";

/// True if the process was started for this guest: its environment has the guest's folder as home, or its command
/// line names it. Protects a stranger that got the same pid, also where the status file has no start time.
bool belongs_to_guest(int pid, const GuestStatus& status) {
    auto contains = [&](const std::string& file, const std::string& wanted) {
        try {
            return !wanted.empty() &&
                   io::read_file(fmt::format("/proc/{}/{}", pid, file), 4 << 20).find(wanted) != std::string::npos;
        } catch (const Error&) {
            return false;
        }
    };
    std::string uuid = status.domain->uuid.value_or(Uuid{}).to_string();
    return contains("cmdline", uuid) &&
           (contains("cmdline", status.folder) || contains("environ", "HOME=" + status.folder));
}

DomainOwner adopt_definition(Core& core, const GuestStatus& status) {
    if (DomainOwner known = core.domains.hold(status.domain->uuid.value_or(Uuid{}))) return known;
    auto domain = core.make_domain(status.domain->uuid.value_or(Uuid{}), status.domain->name);
    core.domains.insert(domain);
    return domain;
}

std::unique_ptr<Run> run_of(Core& core, GuestStatus status) {
    auto run = std::make_unique<Run>();
    run->id = std::max(0, status.domain->id);
    run->domain = std::move(status.domain);
    run->folder = status.folder;
    run->channel_folder = status.channel_folder;
    run->monitor_path = status.monitor_path;
    run->vcpu_threads = std::move(status.vcpu_threads);
    run->capability_flags = std::move(status.capability_flags);
    run->asked_cpu = std::move(status.asked_cpu);
    run->taints = status.taints;
    run->deprecations = std::move(status.deprecations);
    run->fake_reboot = status.fake_reboot;
    run->images_opened = status.images_opened;
    run->last_node = status.last_node;
    for (BlockJobRecord& record : status.block_jobs) {
        auto job = std::make_shared<BlockJob>(core.loop);
        job->record = std::move(record);
        run->block_jobs[job->record.name] = std::move(job);
    }
    run->ports = claim_ports(*run->domain, core.display_ports);
    run->agent_path = agent_socket(*run->domain).value_or("");
    run->tpm_socket = tpm_socket_path(core, *run);
    if (core.owner_of_files()) run->files = guest_files(*run->domain, !run->images_opened);
    for (const ListeningSocket& socket : listening_sockets(*run->domain)) run->sockets.push_back(socket.path);
    return run;
}

/// The state as QEMU itself tells it now.
void take_state(const DomainOwner& domain, const Json& answer) {
    std::string name = answer.string_or("status", "");
    bool running = answer.bool_or("running", false);
    GuestState known = domain->state();
    if (running && known.state != api::domain_running)
        domain->set_state(api::domain_running, api::domain_running_unpaused);
    if (name == "suspended") domain->set_state(api::domain_pmsuspended, 0);
    if (name == "guest-panicked") domain->set_state(api::domain_crashed, api::domain_crashed_panicked);
    bool stopped = name == "paused" || name == "prelaunch" || name == "io-error" || name == "watchdog";
    if (!stopped || known.state == api::domain_paused) return;
    uint32_t reason = api::domain_paused_unknown;
    if (name == "io-error") reason = api::domain_paused_ioerror;
    if (name == "watchdog") reason = api::domain_paused_watchdog;
    domain->set_state(api::domain_paused, reason);
}

/// The files behind disks that name volumes are the guest's too, until it ends.
Task<void> find_volumes_again(Core& core, DomainOwner domain, int id, io::Deadline deadline) {
    if (!core.owner_of_files()) co_return;
    try {
        const std::shared_ptr<const model::Domain> opened =
            co_await with_volumes(core, domain->running().domain, deadline);
        if (domain->id() != id) co_return;
        Run& run = domain->running();
        run.files = guest_files(*opened, !run.images_opened);
    } catch (const Error& error) {
        logger.warn("domain '{}': its files keep their owner when it ends: {}", domain->name(), error.message());
    }
}

/// The end of its process is news from now on, also one that came while we were still finding out how it is.
void let_its_end_count(Core& core, const DomainOwner& domain) {
    Run& run = domain->running();
    run.ready = true;
    if (run.process->has_ended()) core.spawn(handle_process_end(core, domain, run.process->pid()));
}

Task<void> talk_to_guest(Core& core, DomainOwner domain, int id, bool was_starting) {
    // Calls that want something of it wait for their turn, and find it settled. Its end, and a destroy, need not wait.
    io::Deadline always = io::Deadline::never().with_cancel(core.gate.cancel_source());
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::modify, finding_again, always);
    if (domain->id() != id || domain->running().stopping) co_return;
    // Before anybody may end it: the files behind its volumes are to get their owner back then.
    io::Deadline moment = io::Deadline::after(core.settings.monitor_deadline).with_cancel(core.gate.cancel_source());
    co_await find_volumes_again(core, domain, id, moment);
    if (domain->id() != id) co_return;
    io::EitherCancel cancel(domain->jobs().current_cancel(), core.gate.cancel_source());
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline).with_cancel(cancel.source());
    Monitor::Callbacks callbacks = monitor_callbacks(core, domain);
    std::string path = domain->running().monitor_path;
    std::unique_ptr<Monitor> monitor =
        co_await Monitor::connect(core.loop, path, domain->name(), std::move(callbacks), deadline);
    if (domain->id() != id) co_return;
    Run& run = domain->running();
    run.monitor = std::move(monitor);
    Json nothing;
    Started<Json> asking(core.loop, run.monitor->command("query-status", nothing, deadline));
    co_await learn_from_monitor(core, domain, deadline);
    Json status = co_await asking.join();
    if (domain->id() != id) co_return;
    if (was_starting && status.string_or("status", "") == "prelaunch") {
        // Its start was cut off before its vCPUs ran, and nobody was told that it runs.
        StopCause cause{api::domain_shutoff_failed, api::domain_event_stopped_failed};
        co_await stop_guest(core, domain, cause);
        co_return;
    }
    const bool interrupted = was_interrupted(domain->state(), status.string_or("status", ""));
    take_state(domain, status);
    let_its_end_count(core, domain);
    if (status.string_or("status", "") == "shutdown") {
        co_await stop_guest(core, domain, shut_down);
        co_return;
    }
    co_await settle_layers(core, domain, deadline);
    if (domain->id() != id) co_return;
    co_await find_volumes_again(core, domain, id, deadline);
    if (domain->id() != id) co_return;
    co_await find_jobs_again(core, domain, deadline);
    if (domain->id() != id) co_return;
    co_await save_status(core, domain);
    group_all_threads_soon(core, domain);
    connect_agent(core, domain);
    io::Deadline patience = io::Deadline::after(core.settings.start_deadline).with_cancel(cancel.source());
    if (interrupted) co_await continue_interrupted(domain, patience);
    if (domain->id() != id) co_return;
    turn = driver::Job();
    const std::shared_ptr<const model::Domain> live = domain->running().domain;
    co_await run_hooks_after(core, live, "reconnect", "begin");
}

/// Tries until the guest answers, ends, or the daemon stops: a guest that hangs is not lost.
Task<void> reconnect_guest(Core& core, DomainOwner domain, bool was_starting) {
    // The guest may be destroyed and started again meanwhile: that run has a monitor of its own.
    int id = domain->id();
    while (domain->is_active() && domain->id() == id && !domain->running().stopping) {
        std::string problem;
        try {
            co_await talk_to_guest(core, domain, id, was_starting);
            co_return;
        } catch (const Error& error) {
            problem = error.message();
        }
        if (core.gate.cancel_source().is_cancelled() || domain->id() != id) co_return;
        // QEMU greets nobody else as long as it has this connection.
        if (std::shared_ptr<Monitor> half_known = std::move(domain->running().monitor)) half_known->close();
        let_its_end_count(core, domain);
        if (domain->running().process->has_ended()) co_return;
        logger.warn("domain '{}': its monitor does not answer, trying again: {}", domain->name(), problem);
        io::Deadline pause = io::Deadline::after(io::Milliseconds(2000)).with_cancel(core.gate.cancel_source());
        co_await core.loop.sleep_until(pause);
    }
}

Task<bool> settle(Core& core, DomainOwner domain, bool was_starting) {
    co_await reconnect_guest(core, domain, was_starting);
    co_return true;
}

Task<void> bury(Core& core, DomainOwner domain, GuestState last) {
    StopCause cause = crashed;
    cause.detail = api::domain_event_stopped_failed;
    if (last.state == api::domain_shutdown) cause = shut_down;
    if (last.state == api::domain_paused && last.reason == api::domain_paused_starting_up) cause = failed;
    proc::DomainRef named{domain->name(), domain->uuid(), domain->id()};
    co_await stop_guest(core, domain, cause);
    resume_backup(core, domain);
    // Nobody was told of a start that was cut off, so nobody misses its end.
    if (cause.reason != failed.reason) core.died_meanwhile.push_back({std::move(named), cause.detail});
}

/// The counters went with the daemon before: they start from nothing.
void count_again(Run& run, const std::string& name) {
    try {
        set_perf_counters(run.perf_counters, run.domain->perf, run.process->pid());
    } catch (const Error& error) {
        logger.warn("domain '{}': its performance counters cannot be read on: {}", name, error.message());
    }
}

Task<void> take_up(Core& core, const std::string& name, const std::string& text, std::vector<Started<bool>>& settling) {
    GuestStatus status = Store::parse_status(text, core.store.status_path(name));
    DomainOwner domain = adopt_definition(core, status);
    GuestState last{status.state, status.reason};
    bool was_starting = last.state == api::domain_paused && last.reason == api::domain_paused_starting_up;
    core.next_id = std::max(core.next_id, std::max(0, status.domain->id) + 1);
    std::unique_ptr<io::Process> process;
    if (status.pid > 0) process = io::Process::adopt(core.loop, status.pid, status.start_time);
    if (process && !belongs_to_guest(status.pid, status)) process.reset();
    domain->agent_timeout = status.agent_timeout;
    std::unique_ptr<Run> run = run_of(core, std::move(status));
    run->process = std::move(process);
    bool alive = run->process != nullptr;
    run->group = find_guest_group(core, *run);
    domain->begin_run(std::move(run));
    domain->set_state(last.state, last.reason);
    domain->changed();
    if (!alive) {
        co_await bury(core, domain, last);
        co_return;
    }
    count_again(*domain->run(), domain->name());
    watch_process(core, domain);
    // Known from the first question on, and followed once its QEMU answers.
    resume_backup(core, domain);
    settling.emplace_back(core.loop, settle(core, domain, was_starting));
}

/// True for the QEMU of a guest that has one of these folders; false if there is no such process (any more).
bool works_in_one_of(const std::vector<std::string>& folders, const std::string& pid) {
    std::string command;
    try {
        command = io::read_file("/proc/" + pid + "/cmdline", 4 << 20);
    } catch (const Error&) {
        return false;
    }
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
        return command.find("\"file\":\"" + folder + "/master-key.aes\"") != command.npos;
    });
}

/// QEMUs of starts that were cut off before their status was written: each lives in a guest folder that no status
/// file names. They never ran a vCPU.
/// `statuses` are the texts of all status files: a folder that one of them names belongs to a guest, even if that file
/// is one that we cannot understand.
void end_orphans(Core& core, const std::string& statuses) {
    std::error_code ignored;
    std::vector<std::string> folders;
    std::set<std::string> known;
    core.domains.for_each([&](Domain& domain) {
        if (domain.run()) known.insert(domain.run()->folder);
    });
    for (const std::string& name : io::list_folder(core.settings.library())) {
        std::string path = core.settings.library() + "/" + name;
        bool is_named = known.contains(path) || statuses.find(path + "'") != statuses.npos ||
                        statuses.find(path + "/") != statuses.npos;
        if (name.starts_with("domain-") && !is_named) folders.push_back(path);
    }
    if (folders.empty()) return;
    for (const std::string& entry : io::list_folder("/proc")) {
        if (entry.find_first_not_of("0123456789") != entry.npos) continue;
        if (!works_in_one_of(folders, entry)) continue;
        // Looked at again, now that the number cannot change hands.
        std::unique_ptr<io::Process> process = io::Process::adopt(core.loop, std::stoi(entry), 0);
        if (!process || !works_in_one_of(folders, entry)) continue;
        logger.warn("ending QEMU process {}: its start was cut off", entry);
        auto group = group_of_process(core, process->pid());
        process->signal(SIGKILL);
        if (group) core.spawn(remove_guest_group(core, std::move(group), "of a start that was cut off"));
    }
    for (const std::string& folder : folders) {
        // QEMU may not have run yet.
        auto group = group_of_folder(core, folder.substr(folder.rfind('/') + 1));
        if (group) core.spawn(remove_guest_group(core, std::move(group), "of a start that was cut off"));
        std::filesystem::remove_all(folder, ignored);
    }
}

void load(Core& core) {
    for (Store::Found& found : core.store.load_definitions()) {
        if (!found.problem.empty()) {
            logger.error("passing over a definition: {}", found.problem);
            continue;
        }
        if (core.domains.find(found.uuid)) {
            logger.error("'{}' has the UUID of another definition; passing over it", found.name);
            continue;
        }
        DomainOwner domain = core.make_domain(found.uuid, found.name);
        domain->set_unread(std::move(found.text));
        domain->autostart = found.autostart;
        domain->autostart_once = found.autostart_once;
        core.domains.insert(std::move(domain));
    }
}

/// What reading a few definitions came to.
struct Reading {
    DomainOwner domain;
    std::shared_ptr<const std::string> text;
    std::string source;
    DefinitionFigures figures;
    std::string problem;
};

/// Runs on the pool.
std::vector<Reading> read_definitions(std::vector<Reading> some) {
    for (Reading& one : some) {
        try {
            one.figures = figures_of(*Store::parse_definition(*one.text, one.source));
        } catch (const Error& error) {
            one.problem = error.message();
        }
    }
    return some;
}

void take_reading(Core& core, Reading& one) {
    if (one.domain->definition().text() != one.text) return;  // defined anew meanwhile
    if (one.problem.empty()) return one.domain->take_figures(std::move(one.figures));
    logger.error("passing over a definition: {}", one.problem);
    one.domain->clear_persistent();
    if (one.domain->is_active() || one.domain->starting) return;
    one.domain->removed = true;
    core.domains.erase(one.domain->uuid());
}

/// Guests that start at the same time at boot: one that takes long holds up a part of the others only.
constexpr int autostart_lanes = 4;

Task<void> autostart(Core& core, DomainOwner domain) {
    try {
        if (domain->autostart_once) {
            core.store.set_autostart(domain->name(), false, true);
            domain->autostart_once = false;
        }
        io::Deadline deadline =
            io::Deadline::after(core.settings.start_deadline).with_cancel(core.gate.cancel_source());
        driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "autostart", deadline);
        if (domain->is_active() || domain->removed) co_return;
        io::EitherCancel cancel(domain->jobs().current_cancel(), core.leaving);
        deadline = deadline.with_cancel(cancel.source());
        StartRequest request;
        co_await start_guest(core, domain, request, deadline);
    } catch (const Error& error) {
        logger.error("Failed to autostart VM '{}': {}", domain->name(), error.message());
    }
}

/// Starts one after the other, taking each from `waiting`, which others do as well.
Task<bool> autostart_from(Core& core, std::vector<DomainOwner>& waiting) {
    while (!waiting.empty() && !core.leaving.is_cancelled()) {
        DomainOwner next = std::move(waiting.front());
        waiting.erase(waiting.begin());
        co_await autostart(core, std::move(next));
    }
    co_return true;
}

}  // namespace

Task<void> wait_until_found_again(DomainOwner domain, io::Deadline deadline) {
    if (domain->jobs().holder() != finding_again) co_return;
    // Given back at once: who only asks needs none.
    driver::Job turn =
        co_await domain->jobs().begin(driver::JobKind::modify, "a question about a guest that ran before", deadline);
}

Task<void> check_definitions(Core& core) {
    constexpr size_t at_once = 16;
    std::vector<DomainOwner> all;
    core.domains.for_each([&](Domain& domain) {
        if (domain.definition().is_unread()) all.push_back(core.domains.hold(domain.uuid()));
    });
    for (size_t done = 0; done < all.size() && !core.gate.cancel_source().is_cancelled(); done += at_once) {
        std::vector<Reading> some;
        for (size_t i = done; i < std::min(all.size(), done + at_once); i++) {
            Reading one{all[i], all[i]->definition().text(), core.store.definition_path(all[i]->name()), {}, ""};
            if (one.domain->definition().is_unread()) some.push_back(std::move(one));
            all[i].reset();
        }
        auto work = [some = std::move(some)]() mutable { return read_definitions(std::move(some)); };
        std::vector<Reading> read = co_await io::offload(core.loop, std::move(work));
        for (Reading& one : read) take_reading(core, one);
    }
    if (!all.empty()) ::malloc_trim(0);  // the models that were made and dropped
}

Task<void> load_and_reconnect(Core& core, io::Deadline deadline) {
    core.store.make_folders();
    core.store.remove_leftovers();
    load(core);
    std::vector<Started<bool>> settling;
    std::string statuses;
    bool all_readable = true;
    for (const auto& [name, text] : core.store.load_statuses()) {
        statuses += text;
        all_readable = all_readable && !text.empty();
        try {
            co_await take_up(core, name, text, settling);
        } catch (const Error& error) {
            logger.error("cannot take up the guest '{}': {}", name, error.message());
        }
    }
    if (all_readable) end_orphans(core, statuses);
    load_moments(core);
    // A guest that hangs is waited for a moment only, then goes on in the background.
    for (Started<bool>& one : settling) {
        bool ended = co_await one.ended_by(deadline);
        if (ended) continue;
        auto rest = [](Started<bool> still) -> Task<void> { co_await still.join(); };
        core.spawn(rest(std::move(one)));
    }
}

Task<void> autostart_guests(Core& core) {
    std::string mark = core.settings.state() + "/autostarted";
    if (::access(mark.c_str(), F_OK) == 0) co_return;
    io::write_file_atomically(mark, "", 0600);
    std::vector<DomainOwner> wanted;
    core.domains.for_each([&](Domain& domain) {
        if (domain.autostart || domain.autostart_once) wanted.push_back(core.domains.hold(domain.uuid()));
    });
    std::vector<Started<bool>> lanes;
    for (int i = 0; i < autostart_lanes; i++) lanes.emplace_back(core.loop, autostart_from(core, wanted));
    for (Started<bool>& lane : lanes) co_await lane.join();
}

}  // namespace virtue::qemu
