#include "drivers/qemu/start.h"

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/block/io_tune.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/guest_events.h"
#include "drivers/qemu/guest_group.h"
#include "drivers/qemu/hooks.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/live_cpu.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/platform.h"
#include "drivers/qemu/snapshots/internal_snapshot.h"
#include "drivers/qemu/start_checks.h"
#include "drivers/qemu/started.h"
#include "drivers/qemu/state_file.h"
#include "drivers/qemu/stop.h"
#include "drivers/qemu/vcpu_hotplug.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.start");

/// The words for a QEMU that did not come up: its own last lines, or how it ended.
Task<Error> explain_failed_start(Core& core, Run& run, Launched& launched, Error cause) {
    if (!run.process) co_return cause;
    // Its end and its last words come at about the same time as the end of the connection.
    try {
        io::Deadline moment = io::Deadline::after(io::Milliseconds(1000));
        if (cause.code() != ErrorCode::operation_timeout) co_await run.process->wait(moment);
    } catch (const Error&) {
        co_return cause;
    }
    if (!run.process->has_ended()) co_return cause;
    std::string path = launched.log_path;
    int64_t position = launched.log_position;
    auto read = [path, position] { return log_tail(path, position); };
    std::string words = co_await io::offload(core.loop, std::move(read));
    if (words.empty()) words = run.process->status().to_string();
    co_return Error(ErrorCode::internal_error, ErrorDomain::qemu,
                    "process exited while connecting to monitor: " + words);
}

Task<void> open_monitor(Core& core, DomainOwner domain, Launched& launched, io::Deadline deadline) {
    Run& run = *domain->run();
    Monitor::Callbacks callbacks = monitor_callbacks(core, domain);
    std::unique_ptr<Monitor> monitor =
        co_await Monitor::open(core.loop, std::move(launched.monitor), domain->name(), std::move(callbacks), deadline);
    run.monitor = std::move(monitor);
}

/// Settings that QEMU takes only by its monitor, sent together.
Task<void> set_up_by_monitor(Core& core, DomainOwner domain, io::Deadline deadline) {
    Run& run = *domain->run();
    Monitor& monitor = *run.monitor;
    std::vector<Started<Json>> sent;
    auto send = [&](const char* command, Json arguments) {
        sent.emplace_back(core.loop, monitor.command(command, std::move(arguments), deadline));
    };
    for (const DisplayPassword& display : display_passwords(*run.domain)) {
        Json password = Json::object({{"protocol", display.protocol}, {"password", display.password}});
        if (!display.connected.empty()) password.set("connected", display.connected);
        send("set_password", std::move(password));
        std::string time = display.valid_to.empty() ? "never" : display.valid_to;
        send("expire_password", Json::object({{"protocol", display.protocol}, {"time", time}}));
    }
    for (const InterfaceName& interface : interface_names(*run.domain)) {
        if (interface.link_down) send("set_link", Json::object({{"name", interface.alias}, {"up", false}}));
    }
    for (const model::Disk& disk : run.domain->disks) {
        const bool limited = disk.iotune != model::DiskIoTune{} && !disk.source.empty();
        if (limited) send("block_set_io_throttle", throttle_arguments(disk, disk.iotune));
    }
    if (auto bytes = balloon_at_start(*run.domain)) send("balloon", Json::object({{"value", *bytes}}));
    if (auto balloon = balloon_polling(*run.domain)) {
        send("qom-set",
             Json::object(
                 {{"path", balloon->path}, {"property", "guest-stats-polling-interval"}, {"value", balloon->period}}));
    }
    if (reboot_means_shutdown(*run.domain)) send("set-action", Json::object({{"reboot", "shutdown"}}));
    for (Started<Json>& command : sent) co_await command.join();
}

/// Paravirtual spinlocks that QEMU leaves out without a word are an error.
Task<void> verify_features(DomainOwner domain, std::string cpu_path, io::Deadline deadline) {
    const model::Domain& live = *domain->run()->domain;
    const bool x86 = live.os.arch == "x86_64" || live.os.arch == "i686";
    if (!x86 || live.features.pvspinlock != xml::Switch::on || cpu_path.empty()) co_return;
    Json question = Json::object({{"path", std::move(cpu_path)}, {"property", "kvm-pv-unhalt"}});
    const Json answer = co_await domain->run()->monitor->command("qom-get", std::move(question), deadline);
    if (answer.is_bool() && answer.as_bool()) co_return;
    throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, "host doesn't support paravirtual spinlocks");
}

/// What the guest's CPU really is. Not asked again by a new daemon: the status file tells it.
Task<void> learn_cpu(Core& core, DomainOwner domain, io::Deadline deadline) {
    std::optional<Json> question = cpu_question(*domain->run()->domain);
    if (!question) co_return;
    Json arguments = std::move(*question);
    Json answer = co_await domain->run()->monitor->command("query-cpu-model-expansion", std::move(arguments), deadline);
    Run& run = domain->running();
    auto asked = std::make_shared<const model::Cpu>(run.domain->cpu.value_or(model::Cpu{}));
    take_cpu(*run.domain, answer);
    if (run.domain->cpu != *asked) run.asked_cpu = std::move(asked);
    domain->changed();
}

Task<void> bring_up(Core& core, DomainOwner domain, StartRequest request, io::Deadline deadline) {
    Run& run = *domain->run();
    Launched launched;
    std::optional<Error> failure;
    std::vector<Started<bool>> writing;
    std::vector<Started<bool>> grouping;
    try {
        Launched started = co_await launch(core, domain, run, request.reset_nvram, deadline);
        launched = std::move(started);
        watch_process(core, domain);
        // From here on a new daemon finds the process, while QEMU initialises itself.
        std::string name = domain->name();
        int pid = run.process->pid();
        Store store = core.store;
        domain->set_state(api::domain_paused, api::domain_paused_starting_up);
        auto note_pid = [store, name, pid] {
            store.save_pid(name, pid);
            return true;
        };
        writing.emplace_back(core.loop, io::offload(core.loop, std::move(note_pid)));
        Task<void> saving = save_status(core, domain);
        auto run_saving = [](Task<void> inner) -> Task<bool> {
            co_await inner;
            co_return true;
        };
        writing.emplace_back(core.loop, run_saving(std::move(saving)));
        grouping.emplace_back(core.loop, run_saving(make_thread_groups(core, domain)));
        co_await open_monitor(core, domain, launched, deadline);
        Started<bool> setting_up(core.loop, run_saving(set_up_by_monitor(core, domain, deadline)));
        Started<bool> cpu(core.loop, run_saving(learn_cpu(core, domain, deadline)));
        co_await learn_from_monitor(core, domain, deadline);
        co_await verify_features(domain, domain->running().first_cpu, deadline);
        co_await setting_up.join();
        co_await cpu.join();
        co_await plug_defined_vcpus(core, domain, deadline);
        Started<bool> grouped = std::move(grouping.back());
        grouping.clear();
        co_await grouped.join();
        co_await group_all_threads(core, domain, deadline);
        co_await place_threads(domain, deadline);
        if (request.state) co_await load_state(core, domain, *request.state, deadline);
        if (!request.internal_snapshot.empty()) {
            co_await load_internal_snapshot(domain, request.internal_snapshot, deadline);
        }
        for (Started<bool>& file : writing) co_await file.join();
        co_return;
    } catch (const Error& error) {
        failure.emplace(error);
    }
    // What is still being written must not land behind its removal.
    io::Deadline never = io::Deadline::never();
    for (Started<bool>& file : writing) co_await file.ended_by(never);
    for (Started<bool>& group : grouping) co_await group.ended_by(never);
    Error explained = co_await explain_failed_start(core, run, launched, std::move(*failure));
    throw explained;
}

Task<void> let_run(Core& core, DomainOwner domain, StartRequest request, io::Deadline deadline) {
    Run& run = *domain->run();
    if (request.paused) {
        domain->set_state(api::domain_paused, request.paused_reason);
        co_return;
    }
    run.resume_reason = request.running_reason;
    Json nothing;
    co_await domain->monitor()->command("cont", nothing, deadline);
    domain->set_state(api::domain_running, request.running_reason);
}

Task<void> tell_lost_monitor(Core& core, DomainOwner domain) {
    int id = domain->id();
    co_await core.loop.sleep(io::Milliseconds(500));
    if (domain->id() == id && domain->run()->process && !domain->run()->process->has_ended()) {
        core.announcer.control_error(*domain);
    }
}

Task<void> open_agent(Core& core, DomainOwner domain, int id) {
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline).with_cancel(core.gate.cancel_source());
    std::string path = domain->run()->agent_path;
    std::weak_ptr<Domain> watched = domain;
    auto on_lost = [watched, id](const std::string&) {
        if (DomainOwner still = watched.lock(); still && still->id() == id) still->run()->agent_connected = false;
    };
    std::unique_ptr<Agent> agent =
        co_await Agent::connect(core.loop, path, domain->name(), std::move(on_lost), deadline);
    if (domain->id() != id || domain->run()->agent) co_return;
    agent->set_guest_connected(domain->run()->agent_connected);
    domain->run()->agent = std::move(agent);
}

}  // namespace

Task<void> learn_from_monitor(Core& core, DomainOwner domain, io::Deadline deadline) {
    Monitor& monitor = *domain->run()->monitor;
    Json nothing;
    Started<Json> asked_chardevs(core.loop, monitor.command("query-chardev", nothing, deadline));
    Started<Json> asked_cpus(core.loop, monitor.command("query-cpus-fast", nothing, deadline));
    std::vector<Started<Json>> asked_balloon;
    if (balloon_polling(*domain->run()->domain))
        asked_balloon.emplace_back(core.loop, monitor.command("query-balloon", nothing, deadline));
    Json chardevs = co_await asked_chardevs.join();
    Json cpus = co_await asked_cpus.join();
    uint64_t balloon_bytes = 0;
    for (Started<Json>& asked : asked_balloon) {
        Json balloon = co_await asked.join();
        balloon_bytes = balloon.uint_or("actual", 0);
    }
    Run& run = domain->running();
    // Without a driver in the guest it has all its memory, whatever the definition wishes.
    if (balloon_bytes > 0) set_current_memory(*run.domain, balloon_bytes / 1024);
    std::map<std::string, std::string> ptys;
    for (const Json& chardev : chardevs.items()) {
        std::string label = chardev.string_or("label", "");
        std::string file = chardev.string_or("filename", "");
        if (!label.starts_with("char")) continue;
        std::string alias = label.substr(4);
        if (file.starts_with("pty:")) ptys[alias] = file.substr(4);
        bool is_agent = set_channel_state(*run.domain, alias, chardev.bool_or("frontend-open", false));
        if (is_agent) run.agent_connected = chardev.bool_or("frontend-open", false);
    }
    set_terminals(*run.domain, ptys);
    run.vcpu_threads.clear();
    for (const Json& cpu : cpus.items()) {
        size_t index = cpu.uint_or("cpu-index", 0);
        if (index == 0) run.first_cpu = cpu.string_or("qom-path", "");
        if (index >= 4096) continue;
        if (run.vcpu_threads.size() <= index) run.vcpu_threads.resize(index + 1);
        run.vcpu_threads[index] = static_cast<int>(cpu.int_or("thread-id", 0));
    }
    run.agent_path = agent_socket(*run.domain).value_or("");
    co_await learn_memory_devices(domain, deadline);
    domain->changed();
}

Task<void> learn_memory_devices(DomainOwner domain, io::Deadline deadline) {
    if (domain->run()->domain->memory_devices.empty()) co_return;
    Json nothing;
    const std::shared_ptr<Monitor> monitor = domain->run()->monitor;
    const Json answer = co_await monitor->command("query-memory-devices", nothing, deadline);
    for (const Json& item : answer.items()) {
        const Json* data = item.find("data");
        if (data == nullptr) continue;
        const std::string alias = data->string_or("id", "");
        for (model::MemoryDevice& device : domain->running().domain->memory_devices) {
            if (device.info.alias != alias) continue;
            if (device.model == model::MemoryModel::virtio_mem) {
                device.current = model::Kibibytes{data->uint_or("size", 0) / 1024};
            } else if (device.info.address.is(model::AddressType::dimm)) {
                device.info.address.dimm.slot = static_cast<uint32_t>(data->uint_or("slot", 0));
                device.info.address.dimm.base = data->uint_or("addr", 0);
            }
        }
    }
    domain->changed();
}

Monitor::Callbacks monitor_callbacks(Core& core, const DomainOwner& domain) {
    std::weak_ptr<Domain> watched = domain;
    int id = domain->id();
    Monitor::Callbacks callbacks;
    callbacks.on_event = [&core, watched, id](const MonitorEvent& event) {
        DomainOwner still = watched.lock();
        if (still && still->id() == id) handle_monitor_event(core, still, event);
    };
    callbacks.on_lost = [&core, watched, id](const std::string&) {
        DomainOwner still = watched.lock();
        if (!still || still->id() != id) return;
        // Mostly the process is about to end, and watch_process() deals with it. One that lives on without a monitor is
        // of no use to anybody; clients hear of it.
        Run* run = still->run();
        if (run && run->ready && !run->stopping && !run->shutting_down) core.spawn(tell_lost_monitor(core, still));
    };
    return callbacks;
}

void watch_process(Core& core, const DomainOwner& domain) {
    std::weak_ptr<Domain> watched = domain;
    int pid = domain->run()->process->pid();
    domain->run()->process->on_exit([&core, watched, pid](const io::ExitStatus&) {
        if (DomainOwner still = watched.lock()) core.spawn(handle_process_end(core, still, pid));
    });
}

void connect_agent(Core& core, DomainOwner domain) {
    Run* run = domain->run();
    if (!run || run->agent_path.empty()) return;
    core.spawn(open_agent(core, domain, run->id));
}

StartRequest restore_request(std::shared_ptr<Fd> state, bool running) {
    StartRequest request;
    request.paused = !running;
    request.running_reason = api::domain_running_restored;
    request.started_detail = api::domain_event_started_restored;
    request.state = std::move(state);
    return request;
}

namespace {

/// The definition as its document would be read: from its start on it shows its devices in the order of their kinds.
Task<void> settle_definition(Core& core, DomainOwner domain, io::Deadline deadline) {
    if (!domain->is_persistent()) co_return;
    const std::shared_ptr<const model::Domain> definition = domain->persistent();
    CapabilitiesRef capabilities = co_await core.capabilities.get(definition->emulator, deadline);
    if (!domain->is_persistent() || domain->persistent() != definition) co_return;
    try {
        const QemuPlatform platform(core.capabilities, std::move(capabilities), core.settings);
        std::shared_ptr<const model::Domain> copy = read_again(*definition, platform);
        std::string text = definition_xml(*copy, api::domain_xml_secure | api::domain_xml_inactive, false);
        if (text != *domain->definition().xml(true)) domain->set_persistent(std::move(copy), std::move(text));
    } catch (const Error& error) {
        logger.warn("domain '{}': its definition would not be read again: {}", domain->name(), error.message());
    }
}

Task<void> note_failed_start(Core& core, const std::string& name) {
    auto note = [path = core.store.log_path(name)] { note_in_log(path, "shutting down, reason=failed"); };
    co_await io::offload(core.loop, std::move(note));
}

}  // namespace

Task<void> start_guest(Core& core, DomainOwner domain, StartRequest request, io::Deadline deadline) {
    GuestState before = domain->state();
    require_copyable(request.definition ? *request.definition : domain->next());
    auto fresh = std::make_unique<Run>();
    fresh->id = core.next_id++;
    fresh->domain = copy_for_start(request.definition ? *request.definition : domain->next(), fresh->id);
    if (request.state) fresh->incoming = "defer";
    domain->begin_run(std::move(fresh));
    domain->changed();
    std::optional<Error> failure;
    try {
        co_await settle_definition(core, domain, deadline);
        co_await run_hooks(core, domain->run()->domain, "prepare", "begin");
        co_await bring_up(core, domain, request, deadline);
        co_await run_hooks(core, domain->run()->domain, "started", "begin");
        domain->run()->ready = true;
        if (!domain->run()->agent_path.empty()) {
            core.announcer.agent_lifecycle(*domain, api::connect_domain_event_agent_lifecycle_state_disconnected,
                                           api::connect_domain_event_agent_lifecycle_reason_domain_started);
        }
        co_await let_run(core, domain, request, deadline);
        co_await save_status(core, domain);
    } catch (const Error& error) {
        failure.emplace(error);
    } catch (const std::exception& error) {
        failure.emplace(ErrorCode::internal_error, ErrorDomain::qemu, error.what());
    }
    if (failure) {
        bool announced = domain->run() && domain->run()->ready;
        bool ended = co_await end_failed_start(domain);
        if (!ended) {
            throw Error(
                failure->code(), failure->domain(), failure->detail(),
                fmt::format("its QEMU process {} does not end even by SIGKILL; until it does, the guest counts as "
                            "active",
                            domain->running().process->pid()));
        }
        std::unique_ptr<Run> run = domain->take_run();
        const std::shared_ptr<const model::Domain> failed_definition = run->domain;
        domain->set_state(before.state, before.reason);
        if (!announced && before.state == api::domain_shutoff)
            domain->set_state(api::domain_shutoff, api::domain_shutoff_failed);
        domain->changed();
        co_await note_failed_start(core, domain->name());
        io::Semaphore::Permit turn = co_await domain->files.acquire(io::Deadline::never(), "the guest's status file");
        co_await run_hooks_after(core, failed_definition, "stopped", "end");
        co_await clean_up_run(core, domain->name(), std::move(run));
        co_await run_hooks_after(core, failed_definition, "release", "end");
        throw *failure;
    }
    core.announcer.lifecycle(*domain, api::domain_event_started, request.started_detail);
    if (request.paused) {
        core.announcer.lifecycle(*domain, api::domain_event_suspended, request.suspended_detail);
    }
    connect_agent(core, domain);
}

}  // namespace virtue::qemu
