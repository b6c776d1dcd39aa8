#include "drivers/network/dnsmasq.h"

#include <unistd.h>
#include <csignal>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/network/commands.h"
#include "drivers/network/dnsmasq_files.h"
#include "drivers/network/leases.h"
#include "drivers/network/mac_map.h"
#include "drivers/network/plain_words.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network.dnsmasq");

constexpr io::Milliseconds first_pause{100};
constexpr int most_doublings = 9;
constexpr io::Milliseconds steady{60000};  ///< after so long its end counts as the first

DnsmasqPaths paths_of(const Core& core, const model::Network& network) {
    return dnsmasq_paths(core.settings.dnsmasq_folder(), core.settings.state(), network.name);
}

constexpr int most_scans = 20;

/// What the files of a network are to hold, and where.
struct Files {
    DnsmasqPaths paths;
    std::string config, hosts, addn_hosts;
};

Files files_of(const Core& core, const model::Network& network) {
    Files files;
    files.paths = paths_of(core, network);
    files.config = dnsmasq_config(network, files.paths);
    files.hosts = dnsmasq_hosts(network);
    files.addn_hosts = dnsmasq_addn_hosts(network);
    for (const std::string& text : {files.config, files.hosts}) require_short_lines(network.name, text);
    return files;
}

std::string content(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0 ? io::read_file(path, 64 << 20) : std::string();
}

/// True if the text of a file changed. dnsmasq may read as another user.
bool write(const std::string& path, const std::string& text) {
    if (::access(path.c_str(), F_OK) == 0 && content(path) == text) return false;
    io::write_file_atomically(path, text, 0644);
    return true;
}

struct Changed {
    bool config = false;
    bool hosts = false;
};

Changed write_files(const Files& files) {
    Changed changed;
    changed.config = write(files.paths.config, files.config);
    changed.hosts = write(files.paths.hosts, files.hosts);
    changed.hosts = write(files.paths.addn_hosts, files.addn_hosts) || changed.hosts;
    return changed;
}

/// True for a process that was started with an argument.
bool runs_with(int pid, const std::string& argument) {
    try {
        const std::string command = io::read_file(fmt::format("/proc/{}/cmdline", pid), 1 << 20);
        return command.find(argument + '\0') != command.npos;
    } catch (const Error&) {
        return false;
    }
}

struct Found {
    int pid;
    uint64_t started;
};

std::vector<Found> processes_with(const std::string& argument) {
    std::vector<Found> found;
    for (const std::string& entry : io::list_folder("/proc")) {
        const std::optional<int> pid = parse_number<int>(entry);
        const std::optional<uint64_t> started = pid ? io::process_start_time(*pid) : std::nullopt;
        if (started && runs_with(*pid, argument)) found.push_back({*pid, *started});
    }
    return found;
}

Task<void> end(std::unique_ptr<io::Process> process) {
    // After the last one, too: who asked for its end may start another at once, for which it must be out of the way.
    for (const int signal : {SIGTERM, SIGKILL}) {
        if (process->has_ended()) co_return;
        process->signal(signal);
        try {
            io::Deadline patience = io::Deadline::after(io::Milliseconds(5000));
            co_await process->wait(patience);
        } catch (const Error&) {
            // It hangs; a stronger word may help.
        }
    }
}

/// The process of a pid file, if it is a dnsmasq that was started with our configuration.
std::unique_ptr<io::Process> find_process(io::Loop& loop, const DnsmasqPaths& paths) {
    std::optional<int> pid;
    try {
        pid = parse_number<int>(trim(content(paths.pid)));
    } catch (const Error&) {
        return nullptr;
    }
    if (!pid || *pid <= 1) return nullptr;
    // The start time first: if another process takes the number after that, adopting fails.
    const std::optional<uint64_t> started = io::process_start_time(*pid);
    if (!started) return nullptr;
    if (!runs_with(*pid, "--conf-file=" + paths.config)) return nullptr;
    return io::Process::adopt(loop, *pid, *started);
}

Task<void> restart(Core& core, NetworkOwner network) {
    if (io::Clock::now() - network->dnsmasq_started > steady) network->dnsmasq_restarts = 0;
    const int doublings = std::min(network->dnsmasq_restarts++, most_doublings);
    io::Deadline pause = io::Deadline::after(first_pause * (1 << doublings)).with_cancel(core.gate.cancel_source());
    const bool waited = co_await core.loop.sleep_until(pause);
    if (!waited) co_return;
    const io::Deadline until_end = io::Deadline::never().with_cancel(core.gate.cancel_source());
    io::Semaphore::Permit turn = co_await core.turn(network, until_end);
    if (!network->active || (network->dnsmasq && !network->dnsmasq->has_ended())) co_return;
    std::string problem;
    try {
        co_await start_dnsmasq(core, network);
        logger.warn("dnsmasq of network '{}' had ended and was started again", network->name());
    } catch (const Error& error) {
        problem = error.message();
    }
    if (problem.empty()) co_return;
    logger.error("dnsmasq of network '{}' cannot be started again: {}", network->name(), problem);
    core.spawn(restart(core, network));
}

void watch(Core& core, const NetworkOwner& network) {
    std::weak_ptr<Network> watched = network;
    const int pid = network->dnsmasq->pid();
    network->dnsmasq->on_exit([&core, watched, pid](const io::ExitStatus&) {
        NetworkOwner still = watched.lock();
        if (!still || !still->active || !still->dnsmasq || still->dnsmasq->pid() != pid) return;
        core.spawn(restart(core, still));
    });
}

}  // namespace

Task<void> start_dnsmasq(Core& core, NetworkOwner network) {
    const model::Network& live = *network->live;
    if (!wants_dnsmasq(live)) co_return;
    const Files files = files_of(core, live);
    auto write = [files] { return write_files(files); };
    co_await io::offload(core.loop, std::move(write));
    std::vector<std::string> command{core.settings.dnsmasq, "--conf-file=" + files.paths.config, "--leasefile-ro",
                                     "--dhcp-script=" + core.settings.leases_program};
    CommandOptions options;
    options.environment = {"VIR_BRIDGE_NAME=" + network->live->bridge};
    if (core.settings.dnsmasq_folder() != "/var/lib/libvirt/dnsmasq")
        options.environment.push_back("VIRTUE_LEASES_FOLDER=" + core.settings.dnsmasq_folder());
    // It goes into the background when it listens, so that what it could not do is known here.
    co_await run_tool(core.loop, std::move(command), std::move(options), core.settings.command_deadline);
    network->dnsmasq = find_process(core.loop, files.paths);
    if (!network->dnsmasq) {
        fail(ErrorCode::internal_error, ErrorDomain::network, "dnsmasq of network '{}' ended at once, see {}",
             network->name(), files.paths.config);
    }
    network->dnsmasq_started = io::Clock::now();
    watch(core, network);
}

Task<void> stop_dnsmasq(Core&, NetworkOwner network) {
    std::unique_ptr<io::Process> process = std::move(network->dnsmasq);
    if (process) co_await end(std::move(process));
}

Task<void> refresh_dnsmasq(Core& core, NetworkOwner network) {
    const bool wanted = wants_dnsmasq(*network->live);
    const bool running = network->dnsmasq && !network->dnsmasq->has_ended();
    if (!wanted || !running) {
        if (running) co_await stop_dnsmasq(core, network);
        if (wanted) co_await start_dnsmasq(core, network);
        co_return;
    }
    const Files files = files_of(core, *network->live);
    auto write = [files] { return write_files(files); };
    const Changed changed = co_await io::offload(core.loop, std::move(write));
    if (changed.config) {
        co_await stop_dnsmasq(core, network);
        co_await start_dnsmasq(core, network);
    } else if (changed.hosts) {
        network->dnsmasq->signal(SIGHUP);
    }
}

Task<void> keep_dnsmasq(Core& core, NetworkOwner network) {
    std::string problem;
    try {
        co_await start_dnsmasq(core, network);
    } catch (const Error& error) {
        problem = error.message();
    }
    if (problem.empty()) co_return;
    logger.error("dnsmasq of network '{}' cannot be started: {}", network->name(), problem);
    core.spawn(restart(core, network));
}

Task<void> adopt_dnsmasq(Core& core, NetworkOwner network) {
    if (!wants_dnsmasq(*network->live)) co_return;
    network->dnsmasq = find_process(core.loop, paths_of(core, *network->live));
    if (!network->dnsmasq) {
        co_await keep_dnsmasq(core, network);
        co_return;
    }
    watch(core, network);
    std::string problem;
    try {
        // A change that was cut off may have reached its files.
        co_await refresh_dnsmasq(core, network);
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.error("dnsmasq of network '{}': {}", network->name(), problem);
}

Task<void> end_stray_dnsmasq(Core& core, Definition live) {
    const std::string argument = "--conf-file=" + paths_of(core, *live).config;
    // One that is just going into the background is another process the next time.
    for (int i = 0; i < most_scans; i++) {
        auto look = [argument] { return processes_with(argument); };
        const std::vector<Found> found = co_await io::offload(core.loop, std::move(look));
        if (found.empty()) co_return;
        for (const Found& one : found) {
            std::unique_ptr<io::Process> process = io::Process::adopt(core.loop, one.pid, one.started);
            if (process) co_await end(std::move(process));
        }
    }
}

void remove_dnsmasq_files(const Settings& settings, const model::Network& network) {
    const DnsmasqPaths paths = dnsmasq_paths(settings.dnsmasq_folder(), settings.state(), network.name);
    for (const std::string& path : {paths.config, paths.hosts, paths.addn_hosts}) ::unlink(path.c_str());
    if (network.bridge.empty()) return;
    ::unlink(leases_path(settings.dnsmasq_folder(), network.bridge).c_str());
    ::unlink(mac_map_path(settings.dnsmasq_folder(), network.bridge).c_str());
}

}  // namespace virtue::network
