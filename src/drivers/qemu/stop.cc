#include "drivers/qemu/stop.h"

#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/guest_group.h"
#include "drivers/qemu/guest_helpers.h"
#include "drivers/qemu/hooks.h"
#include "drivers/qemu/host_checks.h"
#include "drivers/qemu/interfaces.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/snapshots/moments.h"
#include "drivers/qemu/tpm_emulator.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.stop");

/// True for a process that was stopped by a signal: it cannot follow SIGTERM.
bool is_stopped(int pid) {
    std::FILE* file = std::fopen(fmt::format("/proc/{}/stat", pid).c_str(), "re");
    if (!file) return false;
    char state = 0;
    int got = std::fscanf(file, "%*d (%*[^)]) %c", &state);
    std::fclose(file);
    return got == 1 && (state == 'T' || state == 't');
}

Task<bool> ends_within(io::Process& process, io::Milliseconds time) {
    bool ended = true;
    try {
        io::Deadline deadline = io::Deadline::after(time);
        co_await process.wait(deadline);
    } catch (const Error&) {
        ended = false;
    }
    co_return ended;
}

const char* cause_name(const StopCause& cause) {
    return reason_name(GuestState{api::domain_shutoff, cause.reason});
}

/// Nobody could ask for the snapshots of a guest that is not known any more.
Task<void> forget_all_moments(Core& core, DomainOwner domain) {
    for (MomentKind kind : {MomentKind::snapshot, MomentKind::checkpoint}) {
        try {
            co_await forget_moments(core, domain, kind);
        } catch (const Error& error) {
            logger.warn("domain '{}': {}", domain->name(), error.message());
        }
    }
}

/// Where QEMU may have made files for the guest's memory.
std::vector<std::string> memory_folders(const Core& core, const Run& run) {
    const size_t slash = run.folder.rfind("/domain-");
    if (slash == run.folder.npos) return {};
    const std::string own = run.folder.substr(slash + 8);
    std::vector<std::string> folders = {core.settings.library() + "/ram/" + own};
    for (const auto& [size, mount] : huge_page_mounts()) folders.push_back(mount + "/libvirt/qemu/" + own);
    return folders;
}

void leave_table(Core& core, const DomainOwner& domain) {
    domain->removed = true;
    core.domains.erase(domain->uuid());
}

}  // namespace

Task<void> kill_guest(Core&, DomainOwner domain, bool graceful, io::Deadline) {
    Run* run = domain->run();
    if (!run || !run->process || run->process->has_ended()) co_return;
    io::Process& process = *run->process;
    process.signal(SIGTERM);
    // Looked at now and then rather than once: a stop signal sent just before may not have worked yet.
    for (int i = 0; i < 40; i++) {
        bool ended = co_await ends_within(process, io::Milliseconds(250));
        if (ended) co_return;
        if (!graceful && is_stopped(process.pid())) break;
    }
    if (graceful) {
        throw Error::from_errno(EBUSY, ErrorDomain::none,
                                fmt::format("Failed to terminate process {} with SIGTERM", process.pid()));
    }
    process.signal(SIGKILL);
    bool ended = co_await ends_within(process, io::Milliseconds(30000));
    if (!ended) {
        throw Error::from_errno(EBUSY, ErrorDomain::none,
                                fmt::format("Failed to terminate process {} with SIGKILL", process.pid()));
    }
}

Task<void> stop_guest(Core& core, DomainOwner domain, StopCause cause) {
    if (!domain->is_active()) co_return;
    domain->running().stopping = true;
    std::exception_ptr survived;
    try {
        co_await kill_guest(core, domain, false, io::Deadline::never());
    } catch (const Error&) {
        survived = std::current_exception();
    }
    if (!domain->is_active()) co_return;
    if (survived) {
        // It hangs in the kernel. When it ends after all, that end counts.
        domain->running().stopping = false;
        std::rethrow_exception(survived);
    }
    std::unique_ptr<Run> run = domain->take_run();
    for (auto& [path, seat] : run->terminals) {
        if (auto held = seat.lock(); held && held->user) held->user->evict("the guest ended");
    }
    std::string log = core.store.log_path(domain->name());
    auto note = [log, text = fmt::format("shutting down, reason={}", cause_name(cause))] { note_in_log(log, text); };
    core.spawn(io::offload(core.loop, std::move(note)));
    domain->set_state(api::domain_shutoff, cause.reason);
    domain->changed();
    const std::shared_ptr<const model::Domain> definition = run->domain;
    co_await run_hooks_after(core, definition, "stopped", "end");
    {
        // A status that is being written must not land behind its removal.
        io::Semaphore::Permit turn = co_await domain->files.acquire(io::Deadline::never(), "the guest's status file");
        co_await clean_up_run(core, domain->name(), std::move(run));
    }
    co_await run_hooks_after(core, definition, "release", "end");
    // Asked only now: it may have been defined meanwhile.
    if (!domain->is_persistent() && !domain->is_active()) {
        if (!cause.keeps_moments) co_await forget_all_moments(core, domain);
        leave_table(core, domain);
    }
    if (cause.announce) core.announcer.stopped(*domain, cause.detail);
}

Task<bool> end_failed_start(DomainOwner domain) {
    Run& run = domain->running();
    if (!run.process || run.process->has_ended()) co_return true;
    run.stopping = true;
    // With its monitor up it can end by itself, and says in its log who told it to.
    bool ended = false;
    if (run.monitor && !run.monitor->is_lost()) {
        run.process->signal(SIGTERM);
        ended = co_await ends_within(*run.process, io::Milliseconds(2000));
    }
    if (!ended) {
        run.process->signal(SIGKILL);
        ended = co_await ends_within(*run.process, io::Milliseconds(30000));
    }
    if (!ended) {
        // It hangs in the kernel and holds the guest's files. It stays known; its end, when it comes, counts.
        run.stopping = false;
        run.ready = true;
    }
    co_return ended;
}

Task<void> clean_up_run(Core& core, std::string name, std::unique_ptr<Run> run) {
    if (run->monitor) run->monitor->close();
    if (run->agent) run->agent->close();
    std::shared_ptr<const host::ControlGroup> group = std::move(run->group);
    if (group) {
        auto remove = [group] { return group->remove(); };
        const bool gone = co_await io::offload(core.loop, std::move(remove));
        if (gone) group.reset();
    }
    co_await close_interfaces(core, run->domain);
    stop_tpm_emulator(core, *run);
    stop_helpers(core, *run);
    struct Traces {
        Store store;
        std::string name;
        std::string folder;
        std::string channel_folder;
        std::vector<std::string> sockets;
        std::vector<OwnedFile> files;
        std::optional<DacOwner> owner;
        std::vector<std::string> memory_folders;
    };
    Traces traces{core.store,   name,       run->folder,           run->channel_folder,
                  run->sockets, run->files, core.owner_of_files(), memory_folders(core, *run)};
    auto remove = [traces = std::move(traces)] {
        std::error_code ignored;
        if (!traces.folder.empty()) std::filesystem::remove_all(traces.folder, ignored);
        for (const std::string& folder : traces.memory_folders) std::filesystem::remove_all(folder, ignored);
        for (const std::string& socket : traces.sockets) ::unlink(socket.c_str());
        if (!traces.channel_folder.empty()) std::filesystem::remove_all(traces.channel_folder, ignored);
        std::vector<std::string> failures;
        if (traces.owner) failures = traces.owner->restore(traces.files);
        // Last: while the status file is there, a new daemon would clean up again what is left.
        traces.store.remove_status(traces.name);
        return failures;
    };
    std::vector<std::string> failures = co_await io::offload(core.loop, std::move(remove));
    if (group) core.spawn(remove_guest_group(core, std::move(group), name));
    for (const std::string& failure : failures) logger.warn("domain '{}': {}", name, failure);
}

}  // namespace virtue::qemu
