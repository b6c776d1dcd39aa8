#include "drivers/qemu/guest_group.h"

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/thread_placement.h"
#include "drivers/qemu/vcpu_entries.h"
#include "io/offload.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

using host::ControlGroup;
using host::Controller;
using host::CpuBandwidth;
using GroupRef = std::shared_ptr<const ControlGroup>;

constinit log::Module logger("qemu.group");

constexpr const char* driver_name = "qemu";
constexpr const char* default_partition = "/machine";

[[noreturn]] void refuse(const char* what) {
    throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, what);
}

/// What a group of threads gets.
struct ThreadLimits {
    std::string name;
    int thread = 0;  ///< 0: not there yet
    CpuBandwidth bandwidth;
    std::optional<Bitmap> cpus;
    Bitmap nodes;
};

host::Controllers wanted_controllers(const Settings& settings) {
    host::Controllers wanted;
    if (!settings.paths.privileged) return wanted;
    const std::vector<std::string>& named = settings.cgroup_controllers;
    // A daemon under another root leaves the host's groups alone, unless it is told otherwise.
    if (named.empty()) return settings.paths.root.empty() ? host::Controllers::all() : wanted;
    for (const std::string& name : named) {
        if (const auto controller = host::find_controller(name)) wanted.add(*controller);
    }
    return wanted;
}

std::vector<host::Hierarchy> trees_of(const Settings& settings) {
    return host::find_hierarchies(host::SystemFiles(), wanted_controllers(settings));
}

std::string group_name(const Settings& settings, int id, const std::string& name) {
    return host::machine_name(driver_name, settings.paths.root, id, name);
}

GroupRef hold(std::optional<ControlGroup> group) {
    return group ? std::make_shared<const ControlGroup>(std::move(*group)) : nullptr;
}

bool wants_bandwidth(const model::Domain& domain) {
    const model::CpuTune& tune = domain.cputune;
    const bool iothreads = !domain.iothread_ids.empty() && (tune.iothread_period != 0 || tune.iothread_quota != 0);
    return tune.period != 0 || tune.quota != 0 || tune.global_period != 0 || tune.global_quota != 0 ||
           tune.emulator_period != 0 || tune.emulator_quota != 0 || iothreads;
}

void require_session_needs_none(const model::Domain& domain) {
    const model::MemTune& memory = domain.memtune;
    if (memory.hard_limit || memory.soft_limit || memory.swap_hard_limit) {
        refuse("Memory tuning is not available in session mode");
    }
    if (domain.blkiotune.weight != 0) refuse("Block I/O tuning is not available in session mode");
    if (domain.cputune.shares || wants_bandwidth(domain)) refuse("CPU tuning is not available in session mode");
}

/// libvirt starts a guest on a host without any groups whatever it asks for, except where it asks for quotas; on one
/// that has some it must have those that are needed.
void require_controllers(const model::Domain& domain, const ControlGroup* group) {
    if (group != nullptr) {
        const model::MemTune& memory = domain.memtune;
        const bool limits_io = domain.blkiotune.weight != 0 || !domain.blkiotune.devices.empty();
        const bool limits_memory = memory.hard_limit || memory.soft_limit || memory.swap_hard_limit;
        if (limits_io && !group->has(Controller::blkio)) refuse("Block I/O tuning is not available on this host");
        if (limits_memory && !group->has(Controller::memory)) refuse("Memory cgroup is not available on this host");
        if (domain.cputune.shares && !group->has(Controller::cpu)) refuse("CPU tuning is not available on this host");
    }
    if (wants_bandwidth(domain) && (group == nullptr || !group->has(Controller::cpu))) {
        refuse("cgroup cpu is required for scheduler tuning");
    }
}

/// The nodes that memory must come from; none if it may come from anywhere.
Bitmap memory_nodes(const model::NumaTune& tune, bool of_emulator) {
    const bool binds = tune.mode == model::NumatuneMode::strict || tune.mode == model::NumatuneMode::restrictive;
    if (!tune.has_memory || tune.placement_auto || !binds) return {};
    Bitmap nodes = tune.nodes;
    // QEMU's own threads fill the memory of all cells.
    for (const model::MemNode& cell : tune.cells) {
        if (of_emulator) nodes.add(cell.nodes);
    }
    return nodes;
}

ThreadLimits limits_of_emulator(const model::Domain& domain) {
    const model::CpuTune& tune = domain.cputune;
    return {emulator_group,
            0,
            {tune.emulator_period, tune.emulator_quota},
            pinned_cpus(domain, emulator_threads),
            memory_nodes(domain.numatune, true)};
}

ThreadLimits limits_of_vcpu(const model::Domain& domain, size_t vcpu, int thread) {
    return {vcpu_group(vcpu),
            thread,
            {domain.cputune.period, domain.cputune.quota},
            pinned_cpus(domain, static_cast<int>(vcpu)),
            memory_nodes(domain.numatune, false)};
}

ThreadLimits limits_of_iothread(const model::Domain& domain, unsigned id, int thread) {
    return {iothread_group(id),
            thread,
            {domain.cputune.iothread_period, domain.cputune.iothread_quota},
            pinned_iothread(domain, id),
            memory_nodes(domain.numatune, false)};
}

/// Runs on the pool.
void settle_thread(const ControlGroup& group, const ThreadLimits& limits) {
    group.add_thread_group(limits.name);
    if (group.has(Controller::cpuset)) {
        if (limits.cpus) group.set_cpus(limits.name, *limits.cpus);
        if (!limits.nodes.empty()) group.set_memory_nodes(limits.name, limits.nodes);
        group.let_memory_migrate(limits.name);
    }
    if (group.has(Controller::cpu)) group.set_bandwidth(limits.name, limits.bandwidth);
    if (limits.thread > 0) group.enter(limits.name, limits.thread);
}

void write_block_limits(const ControlGroup& group, const model::BlkioTune& tune) {
    if (tune.weight != 0) group.set_weight(tune.weight);
    using host::DeviceLimit;
    for (const model::BlkioDevice& device : tune.devices) {
        const auto write = [&](DeviceLimit limit, uint64_t value) {
            if (value != 0) group.set_device_limit(limit, device.path, value);
        };
        write(DeviceLimit::weight, device.weight);
        write(DeviceLimit::read_iops, device.read_iops_sec);
        write(DeviceLimit::write_iops, device.write_iops_sec);
        write(DeviceLimit::read_bytes, device.read_bytes_sec);
        write(DeviceLimit::write_bytes, device.write_bytes_sec);
    }
}

/// Everything that holds for the guest as a whole. Runs on the pool.
void write_limits(const ControlGroup& group, const model::Domain& domain) {
    if (group.has(Controller::blkio)) write_block_limits(group, domain.blkiotune);
    if (group.has(Controller::memory)) {
        using host::MemoryLimit;
        const model::MemTune& tune = domain.memtune;
        if (tune.hard_limit) group.set_memory_limit(MemoryLimit::hard, tune.hard_limit->count);
        if (tune.soft_limit) group.set_memory_limit(MemoryLimit::soft, tune.soft_limit->count);
        if (tune.swap_hard_limit) group.set_memory_limit(MemoryLimit::swap_hard, tune.swap_hard_limit->count);
    }
    if (group.has(Controller::cpu)) {
        const model::CpuTune& tune = domain.cputune;
        if (tune.shares) group.set_shares(*tune.shares);
        group.set_bandwidth({}, {tune.global_period, tune.global_quota});
    }
}

/// What the new group of QEMU's own threads gets before QEMU is in it. Not yet that memory follows the nodes: it would
/// be the daemon's, whose memory the child shares until it executes QEMU.
void settle_emulator(const ControlGroup& group, const ThreadLimits& limits) {
    group.add_thread_group(limits.name);
    if (group.has(Controller::cpuset)) {
        if (limits.cpus) group.set_cpus(limits.name, *limits.cpus);
        if (!limits.nodes.empty()) group.set_memory_nodes(limits.name, limits.nodes);
    }
    if (group.has(Controller::cpu)) group.set_bandwidth(limits.name, limits.bandwidth);
}

Task<void> settle_threads(Core& core, GroupRef group, std::vector<ThreadLimits> all, std::vector<std::string> gone) {
    auto work = [group, all = std::move(all), gone = std::move(gone)] {
        for (const ThreadLimits& limits : all) settle_thread(*group, limits);
        for (const std::string& name : gone) group->remove_thread_group(name);
    };
    co_await io::offload(core.loop, std::move(work));
}

}  // namespace

std::string vcpu_group(size_t vcpu) {
    return fmt::format("vcpu{}", vcpu);
}

std::string iothread_group(unsigned id) {
    return fmt::format("iothread{}", id);
}

Task<void> make_guest_group(Core& core, const DomainOwner& domain, Run& run) {
    if (!core.settings.paths.privileged) require_session_needs_none(*run.domain);
    const host::Controllers wanted = wanted_controllers(core.settings);
    if (wanted.empty()) {
        require_controllers(*run.domain, nullptr);
        co_return;
    }
    const std::string partition = run.domain->partition.empty() ? default_partition : run.domain->partition;
    const std::string name = group_name(core.settings, run.id, domain->name());
    auto make = [wanted, partition, name]() -> GroupRef {
        const host::SystemFiles files;
        const std::vector<host::Hierarchy> trees = host::find_hierarchies(files, wanted);
        if (trees.empty()) return nullptr;
        if (!partition.starts_with('/')) {
            fail(ErrorCode::config_unsupported, ErrorDomain::cgroup, "Resource partition '{}' must start with '/'",
                 partition);
        }
        return hold(ControlGroup::make(files, trees, partition, name, driver_name));
    };
    run.group = co_await io::offload(core.loop, std::move(make));
    require_controllers(*run.domain, run.group.get());
    if (!run.group) co_return;
    run.domain->partition = partition;
    auto write = [group = run.group, definition = std::shared_ptr<const model::Domain>(run.domain),
                  emulator = limits_of_emulator(*run.domain)] {
        write_limits(*group, *definition);
        settle_emulator(*group, emulator);
    };
    co_await io::offload(core.loop, std::move(write));
    if (!run.domain->cputune.shares || !run.group->has(Controller::cpu)) co_return;
    wire::TypedParameters told;
    told.add_ullong("cputune.cpu_shares", *run.domain->cputune.shares);
    core.announcer.tunable(*domain, told.take());
}

Task<void> make_thread_groups(Core& core, DomainOwner domain) {
    const GroupRef group = domain->running().group;
    if (!group || !group->has_threads()) co_return;
    const model::Domain& definition = *domain->running().domain;
    std::vector<ThreadLimits> all;
    for (const model::VcpuEntry& entry : vcpu_entries(definition.vcpus)) {
        if (entry.enabled == xml::YesNo::yes) all.push_back(limits_of_vcpu(definition, entry.id, 0));
    }
    for (const model::IoThread& thread : definition.iothread_ids) {
        all.push_back(limits_of_iothread(definition, thread.id, 0));
    }
    auto work = [group, all = std::move(all)] {
        if (group->has(Controller::cpuset)) {
            group->let_memory_migrate({});
            group->let_memory_migrate(emulator_group);
        }
        for (const ThreadLimits& limits : all) settle_thread(*group, limits);
    };
    co_await io::offload(core.loop, std::move(work));
}

Task<void> group_vcpus(Core& core, DomainOwner domain) {
    const Run& run = domain->running();
    if (!run.group || !run.group->has_threads()) co_return;
    std::vector<ThreadLimits> all;
    std::vector<std::string> gone;
    for (size_t i = 0; i < run.vcpu_threads.size(); i++) {
        if (run.vcpu_threads[i] > 0) {
            all.push_back(limits_of_vcpu(*run.domain, i, run.vcpu_threads[i]));
        } else {
            gone.push_back(vcpu_group(i));
        }
    }
    for (size_t i = run.vcpu_threads.size(); i < run.domain->vcpus.maximum; i++) gone.push_back(vcpu_group(i));
    co_await settle_threads(core, run.group, std::move(all), std::move(gone));
}

Task<void> group_iothreads(Core& core, DomainOwner domain, std::vector<IoThreadPlace> threads) {
    const Run& run = domain->running();
    if (!run.group || !run.group->has_threads()) co_return;
    std::vector<ThreadLimits> all;
    for (const IoThreadPlace& place : threads) {
        if (place.thread > 0) all.push_back(limits_of_iothread(*run.domain, place.id, place.thread));
    }
    std::vector<std::string> none;
    co_await settle_threads(core, run.group, std::move(all), std::move(none));
}

namespace {

/// True if it matters to the guest in which group its threads are.
bool limits_threads(const model::Domain& domain) {
    const model::CpuTune& tune = domain.cputune;
    return tune.period != 0 || tune.quota != 0 || tune.emulator_period != 0 || tune.emulator_quota != 0 ||
           tune.iothread_period != 0 || tune.iothread_quota != 0 || !tune.vcpu_pins.empty() ||
           !tune.iothread_pins.empty() || !tune.emulator_pin.empty() || !domain.vcpus.cpuset.empty() ||
           !memory_nodes(domain.numatune, true).empty();
}

Task<void> move_all_threads(Core& core, DomainOwner domain, io::Deadline deadline) {
    const Run& run = domain->running();
    std::vector<IoThreadPlace> iothreads;
    if (!run.domain->iothread_ids.empty()) {
        std::vector<IoThreadPlace> found = co_await query_iothreads(domain, deadline);
        iothreads = std::move(found);
    }
    // Only where they are: their groups and limits are there since QEMU came up.
    std::vector<std::pair<std::string, int>> moves;
    const Run& now = domain->running();
    for (size_t i = 0; i < now.vcpu_threads.size(); i++) {
        if (now.vcpu_threads[i] > 0) moves.emplace_back(vcpu_group(i), now.vcpu_threads[i]);
    }
    for (const IoThreadPlace& place : iothreads) {
        if (place.thread > 0) moves.emplace_back(iothread_group(place.id), place.thread);
    }
    auto work = [group = now.group, moves = std::move(moves)] {
        for (const auto& [name, thread] : moves) {
            group->add_thread_group(name);
            group->enter(name, thread);
        }
    };
    co_await io::offload(core.loop, std::move(work));
}

Task<void> move_in_background(Core& core, DomainOwner domain, int id) {
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline).with_cancel(core.gate.cancel_source());
    try {
        co_await move_all_threads(core, domain, deadline);
    } catch (const Error& error) {
        // One that ends meanwhile needs no groups.
        if (domain->id() != id || domain->running().stopping || domain->running().process->has_ended()) co_return;
        logger.warn("domain '{}': its threads stay in one control group: {}", domain->name(), error.message());
    }
}

}  // namespace

Task<void> group_all_threads(Core& core, DomainOwner domain, io::Deadline deadline) {
    const Run& run = domain->running();
    if (!run.group || !run.group->has_threads()) co_return;
    if (limits_threads(*run.domain)) {
        co_await move_all_threads(core, domain, deadline);
    } else {
        group_all_threads_soon(core, domain);
    }
}

void group_all_threads_soon(Core& core, const DomainOwner& domain) {
    const Run& run = domain->running();
    if (run.group && run.group->has_threads()) core.spawn(move_in_background(core, domain, domain->id()));
}

Task<void> forget_iothread_group(Core& core, DomainOwner domain, unsigned id) {
    const GroupRef group = domain->running().group;
    if (!group || !group->has_threads()) co_return;
    std::vector<ThreadLimits> none;
    std::vector<std::string> gone{iothread_group(id)};
    co_await settle_threads(core, group, std::move(none), std::move(gone));
}

void widen_group(const Run& run, const std::string& thread, const Bitmap& cpus) {
    if (run.group && run.group->has(Controller::cpuset)) run.group->set_cpus(thread, cpus);
}

GroupRef group_of_process(const Core& core, int pid) {
    const host::SystemFiles files;
    const std::vector<host::Hierarchy> trees = trees_of(core.settings);
    return trees.empty() ? nullptr : hold(ControlGroup::of_process(files, trees, pid));
}

GroupRef find_guest_group(const Core& core, const Run& run) {
    if (run.process && !run.process->has_ended()) return group_of_process(core, run.process->pid());
    const std::vector<host::Hierarchy> trees = trees_of(core.settings);
    if (trees.empty()) return nullptr;
    const std::string partition = run.domain->partition.empty() ? default_partition : run.domain->partition;
    const std::string name = group_name(core.settings, run.id, run.domain->name);
    return hold(ControlGroup::find(host::SystemFiles(), trees, partition, name, driver_name));
}

GroupRef group_of_folder(const Core& core, const std::string& folder) {
    constexpr std::string_view prefix = "domain-";
    const size_t dash = folder.find('-', prefix.size());
    if (!folder.starts_with(prefix) || dash == folder.npos) return nullptr;
    const auto id = parse_number<int>(std::string_view(folder).substr(prefix.size(), dash - prefix.size()));
    const std::vector<host::Hierarchy> trees = trees_of(core.settings);
    if (!id || trees.empty()) return nullptr;
    const std::string name = group_name(core.settings, *id, folder.substr(dash + 1));
    return hold(ControlGroup::find(host::SystemFiles(), trees, default_partition, name, driver_name));
}

Task<void> remove_guest_group(Core& core, GroupRef group, std::string name) {
    constexpr int most_tries = 25;
    for (int tried = 0; tried < most_tries; tried++) {
        auto work = [group] { return group->remove(); };
        const bool gone = co_await io::offload(core.loop, std::move(work));
        if (gone) co_return;
        io::Deadline pause = io::Deadline::after(io::Milliseconds(200)).with_cancel(core.gate.cancel_source());
        const bool goes_on = co_await core.loop.sleep_until(pause);
        if (!goes_on) co_return;
    }
    logger.warn("domain '{}': its control group could not be removed, something still runs in it", name);
}

}  // namespace virtue::qemu
