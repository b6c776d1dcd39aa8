#include "drivers/qemu/refresh.h"

#include <cstdlib>

#include "base/error.h"
#include "driver/constants.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/started.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constexpr std::pair<const char*, const char*> balloon_names[] = {
    {"stat-swap-in", "swap_in"},
    {"stat-swap-out", "swap_out"},
    {"stat-major-faults", "major_fault"},
    {"stat-minor-faults", "minor_fault"},
    {"stat-free-memory", "unused"},
    {"stat-total-memory", "available"},
    {"stat-available-memory", "usable"},
    {"stat-disk-caches", "disk_caches"},
    {"stat-htlb-pgalloc", "hugetlb_pgalloc"},
    {"stat-htlb-pgfail", "hugetlb_pgfail"},
};

/// "virtio-disk0" out of a back end's QOM path or a block device's name.
std::string alias_of(const Json& block) {
    std::string path = block.string_or("qdev", "");
    if (path.starts_with("/machine/peripheral/")) {
        path = path.substr(20);
        return path.substr(0, path.find('/'));
    }
    if (!path.empty()) return path;
    std::string device = block.string_or("device", "");
    return device.starts_with("drive-") ? device.substr(6) : device;
}

void take_layers(BlockFigures& disk, const Json& image) {
    for (const Json* below = image.find("backing-image"); below != nullptr; below = below->find("backing-image")) {
        LayerFigures layer;
        layer.path = below->string_or("filename", "");
        layer.capacity = below->uint_or("virtual-size", 0);
        layer.physical = below->uint_or("actual-size", 0);
        disk.below.push_back(std::move(layer));
    }
}

/// The highest offsets in the chain, from the nested answer of query-blockstats.
void take_layer_offsets(BlockFigures& disk, const Json& block) {
    size_t at = 0;
    for (const Json* below = block.find("backing"); below != nullptr; below = below->find("backing"), at++) {
        if (at >= disk.offsets_below.size()) disk.offsets_below.resize(at + 1);
        const Json* holder = below->find("parent");
        const Json* stats = (holder != nullptr ? holder : below)->find("stats");
        if (stats != nullptr) disk.offsets_below[at] = stats->uint_or("wr_highest_offset", 0);
    }
}

void take_disks(Figures& figures, const Json& answer) {
    for (const Json& block : answer.items()) {
        const Json* stats = block.find("stats");
        if (!stats) continue;
        BlockFigures& disk = figures.disks[alias_of(block)];
        disk.read_requests = stats->int_or("rd_operations", 0);
        disk.read_bytes = stats->int_or("rd_bytes", 0);
        disk.read_nanoseconds = stats->int_or("rd_total_time_ns", 0);
        disk.write_requests = stats->int_or("wr_operations", 0);
        disk.write_bytes = stats->int_or("wr_bytes", 0);
        disk.write_nanoseconds = stats->int_or("wr_total_time_ns", 0);
        disk.flush_requests = stats->int_or("flush_operations", 0);
        disk.flush_nanoseconds = stats->int_or("flush_total_time_ns", 0);
        // The highest offset belongs to the node that holds the data: the format's child where there is one.
        const Json* holder = block.find("parent");
        const Json* inner = holder ? holder->find("stats") : nullptr;
        disk.allocation = (inner ? inner : stats)->uint_or("wr_highest_offset", 0);
        take_layer_offsets(disk, block);
    }
}

void take_sizes(Figures& figures, const Json& answer) {
    for (const Json& block : answer.items()) {
        const Json* inserted = block.find("inserted");
        const Json* image = inserted ? inserted->find("image") : nullptr;
        if (!image) continue;
        BlockFigures& disk = figures.disks[alias_of(block)];
        disk.capacity = image->uint_or("virtual-size", 0);
        disk.physical = image->uint_or("actual-size", 0);
        disk.has_sizes = true;
        take_layers(disk, *image);
    }
}

void take_iothreads(Figures& figures, const Json& answer) {
    for (const Json& thread : answer.items()) {
        IoThreadFigures one;
        const std::string id = thread.string_or("id", "");
        if (!id.starts_with("iothread")) continue;
        one.id = static_cast<unsigned>(std::strtoul(id.c_str() + 8, nullptr, 10));
        one.poll_max_nanoseconds = thread.uint_or("poll-max-ns", 0);
        one.poll_grow = static_cast<uint32_t>(thread.uint_or("poll-grow", 0));
        one.poll_shrink = static_cast<uint32_t>(thread.uint_or("poll-shrink", 0));
        figures.iothreads.push_back(one);
    }
}

/// Nothing for a QEMU that does not know the question.
std::optional<DirtyRateFigures> read_dirty_rate(const Json& reply) {
    const Json* answer = reply.find("return");
    if (answer == nullptr) return std::nullopt;
    DirtyRateFigures figures;
    const std::string status = answer->string_or("status", "unstarted");
    if (status == "measuring") figures.status = api::domain_dirtyrate_measuring;
    if (status == "measured") figures.status = api::domain_dirtyrate_measured;
    figures.start = answer->int_or("start-time", 0);
    figures.period = static_cast<int32_t>(answer->int_or("calc-time", 0));
    figures.mode = answer->string_or("mode", "page-sampling");
    if (answer->find("dirty-rate") != nullptr) figures.rate = answer->int_or("dirty-rate", 0);
    if (const Json* each = answer->find("vcpu-dirty-rate")) {
        for (const Json& vcpu : each->items()) {
            figures.of_vcpu.emplace_back(static_cast<int>(vcpu.int_or("id", 0)), vcpu.int_or("dirty-rate", 0));
        }
    }
    return figures;
}

void take_balloon(Figures& figures, const Json& answer) {
    figures.balloon.last_update = answer.uint_or("last-update", 0);
    const Json* stats = answer.find("stats");
    if (!stats) return;
    for (auto [theirs, ours] : balloon_names) {
        const Json* value = stats->find(theirs);
        // QEMU tells -1 for what the guest did not.
        if (!value || !value->is_integer() || (*value == Json(-1)) || value->to_text() == "18446744073709551615")
            continue;
        uint64_t number = value->as_uint();
        std::string_view name = ours;
        bool is_count = name.ends_with("fault") || name.starts_with("hugetlb");
        figures.balloon.values[ours] = is_count ? number : number / 1024;
    }
}

}  // namespace

Task<void> refresh_figures(Core& core, DomainOwner domain, Wanted wanted, io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    int id = domain->id();
    Json nothing;
    std::vector<Started<Json>> disks;
    std::vector<Started<Json>> balloon;
    if (wanted.disks) {
        disks.emplace_back(core.loop, monitor->command("query-blockstats", nothing, deadline));
        disks.emplace_back(core.loop, monitor->command("query-block", nothing, deadline));
    }
    auto polling = balloon_polling(domain->current());
    if (wanted.balloon && polling && polling->period > 0) {
        Json get = Json::object({{"path", polling->path}, {"property", "guest-stats"}});
        balloon.emplace_back(core.loop, monitor->command("qom-get", std::move(get), deadline));
    }
    std::vector<Started<Json>> others;
    const bool ask_iothreads = wanted.iothreads && !domain->current().iothread_ids.empty();
    const bool ask_dirty_rate = wanted.dirty_rate && domain->running().figures.ask_dirty_rate;
    if (ask_iothreads) others.emplace_back(core.loop, monitor->command("query-iothreads", nothing, deadline));
    if (ask_dirty_rate) others.emplace_back(core.loop, monitor->exchange("query-dirty-rate", nothing, deadline));
    Figures fresh;
    if (!disks.empty()) {
        Json stats = co_await disks[0].join();
        take_disks(fresh, stats);
        Json sizes = co_await disks[1].join();
        take_sizes(fresh, sizes);
    }
    if (!balloon.empty()) {
        Json stats = co_await balloon[0].join();
        take_balloon(fresh, stats);
    }
    if (ask_iothreads) {
        const Json threads = co_await others.front().join();
        take_iothreads(fresh, threads);
    }
    if (ask_dirty_rate) {
        const Json reply = co_await others.back().join();
        fresh.dirty_rate = read_dirty_rate(reply);
    }
    if (domain->id() != id) co_return;
    Figures& kept = domain->running().figures;
    if (ask_iothreads) kept.iothreads = std::move(fresh.iothreads);
    if (ask_dirty_rate) {
        kept.dirty_rate = std::move(fresh.dirty_rate);
        // Only a command to measure can change it from here on.
        const bool measuring = kept.dirty_rate && kept.dirty_rate->status == api::domain_dirtyrate_measuring;
        kept.ask_dirty_rate = measuring || domain->running().taints.has(Taint::custom_monitor);
    }
    if (wanted.disks) kept.disks = std::move(fresh.disks);
    if (!balloon.empty()) kept.balloon = std::move(fresh.balloon);
    kept.when = io::Clock::now();
}

Task<void> refresh_many(Core& core, std::vector<DomainOwner> domains, Wanted wanted, io::Deadline deadline) {
    auto one = [](Core& at, DomainOwner domain, Wanted what) -> Task<bool> {
        int id = domain->id();
        domain->running().figures.refreshing = true;
        bool answered = true;
        try {
            // It is left running beyond the caller's patience: its answer serves the next caller.
            io::Deadline patience =
                io::Deadline::after(at.settings.monitor_deadline).with_cancel(at.gate.cancel_source());
            co_await refresh_figures(at, domain, what, patience);
        } catch (const Error&) {
            answered = false;
        }
        if (domain->id() == id) domain->running().figures.refreshing = false;
        co_return answered;
    };
    std::vector<Started<bool>> asked;
    for (DomainOwner& domain : domains) {
        Run* run = domain->run();
        if (!run || !run->ready || !run->monitor || run->monitor->is_lost() || run->figures.refreshing) continue;
        asked.emplace_back(core.loop, one(core, domain, wanted));
    }
    for (Started<bool>& guest : asked) co_await guest.ended_by(deadline);
    for (Started<bool>& guest : asked) {
        if (guest.has_ended()) continue;
        auto rest = [](Started<bool> still) -> Task<void> { co_await still.join(); };
        core.spawn(rest(std::move(guest)));
    }
}

}  // namespace virtue::qemu
