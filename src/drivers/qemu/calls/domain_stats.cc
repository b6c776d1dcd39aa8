#include "drivers/qemu/calls/domain_stats.h"

#include "base/error.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/process_figures.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using Parameters = wire::TypedParameters;

void add_state(const Domain& domain, Parameters& out) {
    out.add_int("state.state", static_cast<int32_t>(domain.state().state));
    out.add_int("state.reason", static_cast<int32_t>(domain.state().reason));
}

void add_cpu_total(const Run& run, Parameters& out) {
    auto figures = read_cpu_time(run.process->pid());
    if (!figures) return;
    out.add_ullong("cpu.time", figures->total());
    out.add_ullong("cpu.user", figures->user);
    out.add_ullong("cpu.system", figures->system);
    // No cache is set apart for guests.
    out.add_uint("cpu.cache.monitor.count", 0);
    const std::optional<HaltPolling> polling = read_halt_polling(run.process->pid());
    out.add_ullong("cpu.haltpoll.success.time", polling ? polling->success : 0);
    out.add_ullong("cpu.haltpoll.fail.time", polling ? polling->failure : 0);
}

void add_perf(const Run& run, Parameters& out) {
    for (const PerfCounter& counter : run.perf_counters) {
        if (auto value = read_perf_counter(counter)) out.add_ullong("perf." + counter.name, *value);
    }
}

void add_iothreads(const Run& run, Parameters& out) {
    const std::vector<IoThreadFigures>& threads = run.figures.iothreads;
    if (threads.empty()) return;
    out.add_uint("iothread.count", static_cast<uint32_t>(threads.size()));
    for (const IoThreadFigures& thread : threads) {
        const std::string prefix = fmt::format("iothread.{}.", thread.id);
        out.add_ullong(prefix + "poll-max-ns", thread.poll_max_nanoseconds);
        out.add_uint(prefix + "poll-grow", thread.poll_grow);
        out.add_uint(prefix + "poll-shrink", thread.poll_shrink);
    }
}

void add_dirty_rate(const Run& run, Parameters& out) {
    if (!run.figures.dirty_rate) return;
    const DirtyRateFigures& rate = *run.figures.dirty_rate;
    out.add_int("dirtyrate.calc_status", rate.status);
    out.add_llong("dirtyrate.calc_start_time", rate.start);
    out.add_int("dirtyrate.calc_period", rate.period);
    out.add_string("dirtyrate.calc_mode", rate.mode);
    if (rate.rate) out.add_llong("dirtyrate.megabytes_per_second", *rate.rate);
    for (const auto& [vcpu, each] : rate.of_vcpu) {
        out.add_ullong(fmt::format("dirtyrate.vcpu.{}.megabytes_per_second", vcpu), static_cast<uint64_t>(each));
    }
}

/// The balloon of a guest that does not run has nothing to tell but its definition.
void add_defined_balloon(const DefinitionFigures& figures, Parameters& out) {
    out.add_ullong("balloon.current", figures.has_balloon ? figures.current_memory : figures.maximum_memory);
    out.add_ullong("balloon.maximum", figures.maximum_memory);
}

void add_balloon(const Domain& domain, Parameters& out) {
    const model::Domain& definition = domain.current();
    const Run* run = domain.run();
    bool has_balloon = balloon_polling(definition).has_value();
    out.add_ullong("balloon.current", has_balloon ? current_memory(definition) : max_memory(definition));
    out.add_ullong("balloon.maximum", max_memory(definition));
    if (!run || !run->process) return;
    for (auto [name, tag] : memory_stat_tags) {
        auto found = run->figures.balloon.values.find(name);
        if (found != run->figures.balloon.values.end()) out.add_ullong(std::string("balloon.") + name, found->second);
    }
    if (has_balloon) out.add_ullong("balloon.last-update", run->figures.balloon.last_update);
    if (auto figures = read_cpu_time(run->process->pid())) {
        out.add_ullong("balloon.rss", static_cast<uint64_t>(figures->resident_kib));
    }
}

void add_vcpus(const Domain& domain, VcpuCounts counts, Parameters& out) {
    out.add_uint("vcpu.current", counts.current);
    out.add_uint("vcpu.maximum", counts.maximum);
    const Run* run = domain.run();
    if (!run || !run->process) return;
    for (size_t i = 0; i < run->vcpu_threads.size(); i++) {
        int thread = run->vcpu_threads[i];
        if (thread <= 0) continue;
        std::string prefix = fmt::format("vcpu.{}.", i);
        out.add_int(prefix + "state", api::vcpu_running);
        if (auto figures = read_cpu_time(run->process->pid(), thread))
            out.add_ullong(prefix + "time", figures->total());
        if (auto delay = read_run_delay(run->process->pid(), thread)) {
            out.add_ullong(prefix + "wait", 0);
            out.add_ullong(prefix + "delay", *delay);
        }
    }
}

void add_interfaces(const Domain& domain, Parameters& out) {
    std::vector<InterfaceName> interfaces = interface_names(domain.current());
    out.add_uint("net.count", static_cast<uint32_t>(interfaces.size()));
    for (size_t i = 0; i < interfaces.size(); i++) {
        if (interfaces[i].device.empty()) continue;
        std::string prefix = fmt::format("net.{}.", i);
        out.add_string(prefix + "name", interfaces[i].device);
        auto counters = read_tap_counters(interfaces[i].device, interfaces[i].is_own_end);
        if (!counters) continue;
        out.add_ullong(prefix + "rx.bytes", static_cast<uint64_t>(counters->rx_bytes));
        out.add_ullong(prefix + "rx.pkts", static_cast<uint64_t>(counters->rx_packets));
        out.add_ullong(prefix + "rx.errs", static_cast<uint64_t>(counters->rx_errors));
        out.add_ullong(prefix + "rx.drop", static_cast<uint64_t>(counters->rx_drops));
        out.add_ullong(prefix + "tx.bytes", static_cast<uint64_t>(counters->tx_bytes));
        out.add_ullong(prefix + "tx.pkts", static_cast<uint64_t>(counters->tx_packets));
        out.add_ullong(prefix + "tx.errs", static_cast<uint64_t>(counters->tx_errors));
        out.add_ullong(prefix + "tx.drop", static_cast<uint64_t>(counters->tx_drops));
    }
}

void add_disk(const BlockFigures& disk, const std::string& prefix, Parameters& out) {
    out.add_ullong(prefix + "rd.reqs", static_cast<uint64_t>(disk.read_requests));
    out.add_ullong(prefix + "rd.bytes", static_cast<uint64_t>(disk.read_bytes));
    out.add_ullong(prefix + "rd.times", static_cast<uint64_t>(disk.read_nanoseconds));
    out.add_ullong(prefix + "wr.reqs", static_cast<uint64_t>(disk.write_requests));
    out.add_ullong(prefix + "wr.bytes", static_cast<uint64_t>(disk.write_bytes));
    out.add_ullong(prefix + "wr.times", static_cast<uint64_t>(disk.write_nanoseconds));
    out.add_ullong(prefix + "fl.reqs", static_cast<uint64_t>(disk.flush_requests));
    out.add_ullong(prefix + "fl.times", static_cast<uint64_t>(disk.flush_nanoseconds));
    if (!disk.has_sizes) return;
    out.add_ullong(prefix + "allocation", disk.allocation);
    out.add_ullong(prefix + "capacity", disk.capacity);
    out.add_ullong(prefix + "physical", disk.physical);
}

/// The images below; libvirt tells their sizes, and counts them as blocks of their own.
uint32_t add_layers(const DiskName& disk, const BlockFigures& figures, uint32_t number, Parameters& out) {
    for (size_t i = 0; i < figures.below.size(); i++, number++) {
        const std::string prefix = fmt::format("block.{}.", number);
        const LayerFigures& layer = figures.below[i];
        out.add_string(prefix + "name", disk.target);
        out.add_string(prefix + (layer.path.starts_with('/') ? "path" : "url"), layer.path);
        if (i < disk.indexes_below.size()) out.add_uint(prefix + "backingIndex", disk.indexes_below[i]);
        out.add_ullong(prefix + "allocation", i < figures.offsets_below.size() ? figures.offsets_below[i] : 0);
        out.add_ullong(prefix + "capacity", layer.capacity);
        out.add_ullong(prefix + "physical", layer.physical);
    }
    return number;
}

void add_disks(const Domain& domain, const std::vector<DiskName>& disks, bool backing, Parameters& out) {
    const Run* run = domain.run();
    const auto figures_of = [run](const DiskName& disk) -> const BlockFigures* {
        if (!run) return nullptr;
        const auto found = run->figures.disks.find(disk.alias);
        return found == run->figures.disks.end() ? nullptr : &found->second;
    };
    size_t count = disks.size();
    for (const DiskName& disk : disks) {
        const BlockFigures* figures = backing ? figures_of(disk) : nullptr;
        if (figures) count += figures->below.size();
    }
    out.add_uint("block.count", static_cast<uint32_t>(count));
    uint32_t number = 0;
    for (const DiskName& disk : disks) {
        const std::string prefix = fmt::format("block.{}.", number++);
        out.add_string(prefix + "name", disk.target);
        if (!disk.source.empty()) out.add_string(prefix + (disk.is_file ? "path" : "url"), disk.source);
        if (run && disk.index != 0) out.add_uint(prefix + "backingIndex", disk.index);
        const BlockFigures* figures = figures_of(disk);
        if (!figures) continue;
        add_disk(*figures, prefix, out);
        if (backing) number = add_layers(disk, *figures, number, out);
    }
}

}  // namespace

StatsGroups stats_groups(uint32_t stats, bool enforce) {
    constexpr uint32_t known = api::domain_stats_state | api::domain_stats_cpu_total | api::domain_stats_balloon |
                               api::domain_stats_vcpu | api::domain_stats_interface | api::domain_stats_block |
                               api::domain_stats_perf | api::domain_stats_iothread | api::domain_stats_memory |
                               api::domain_stats_dirtyrate | api::domain_stats_vm;
    if (enforce && (stats & ~known) != 0) {
        fail(ErrorCode::argument_unsupported, ErrorDomain::qemu,
             "Stats types bits 0x{:x} are not supported by this daemon", stats & ~known);
    }
    if (stats == 0) stats = known;
    return StatsGroups{
        .state = (stats & api::domain_stats_state) != 0,
        .cpu_total = (stats & api::domain_stats_cpu_total) != 0,
        .balloon = (stats & api::domain_stats_balloon) != 0,
        .vcpu = (stats & api::domain_stats_vcpu) != 0,
        .interface = (stats & api::domain_stats_interface) != 0,
        .block = (stats & api::domain_stats_block) != 0,
        .perf = (stats & api::domain_stats_perf) != 0,
        .iothread = (stats & api::domain_stats_iothread) != 0,
        .dirty_rate = (stats & api::domain_stats_dirtyrate) != 0,
    };
}

bool has_monitor_figures(const Domain& domain, Wanted wanted) {
    const model::Domain& definition = domain.current();
    auto balloon = balloon_polling(definition);
    if (wanted.iothreads && !definition.iothread_ids.empty()) return true;
    if (wanted.dirty_rate && domain.run() && domain.run()->figures.ask_dirty_rate) return true;
    return (wanted.disks && !disk_names(definition).empty()) || (wanted.balloon && balloon && balloon->period > 0);
}

wire::TypedParameters collect_stats(const Domain& domain, const StatsGroups& groups) {
    Parameters out;
    const Run* run = domain.run();
    bool active = run && run->process;
    if (groups.state) add_state(domain, out);
    if (active && groups.needs_monitor() && run->figures.refreshing) {
        auto since = std::max(run->figures.when, run->monitor ? run->monitor->last_heard() : io::TimePoint::min());
        auto age = std::chrono::duration_cast<io::Milliseconds>(io::Clock::now() - since).count();
        out.add_ullong("state.stale", static_cast<uint64_t>(std::max<int64_t>(age, 1)));
    }
    if (active && groups.cpu_total) add_cpu_total(*run, out);
    if (!run && domain.is_persistent()) {
        const DefinitionFigures& figures = domain.definition().figures();
        if (groups.balloon) add_defined_balloon(figures, out);
        if (groups.vcpu) add_vcpus(domain, figures.vcpus, out);
        if (groups.block) add_disks(domain, figures.disks, false, out);
        return out;
    }
    // A transient guest that has just ended.
    if (!run) return out;
    if (groups.balloon) add_balloon(domain, out);
    if (groups.vcpu) add_vcpus(domain, vcpu_counts(domain.current()), out);
    if (active && groups.interface) add_interfaces(domain, out);
    if (groups.block) add_disks(domain, disk_names(domain.current()), groups.backing, out);
    if (active && groups.perf) add_perf(*run, out);
    if (active && groups.iothread) add_iothreads(*run, out);
    if (active && groups.dirty_rate) add_dirty_rate(*run, out);
    return out;
}

}  // namespace virtue::qemu
