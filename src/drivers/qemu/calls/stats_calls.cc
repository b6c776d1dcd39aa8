#include "drivers/qemu/calls/stats_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/qemu/calls/domain_stats.h"
#include "drivers/qemu/calls/lookup_calls.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/process_figures.h"
#include "drivers/qemu/refresh.h"
#include "drivers/qemu/snapshots/backup_job.h"
#include "drivers/qemu/volumes.h"
#include "host/image_header.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

void StatsCalls::bind(driver::HandlerTable& on) {
    on.call<proc::ConnectGetAllDomainStats>(this, &StatsCalls::all_stats);
    on.call<proc::DomainBlockStats>(this, &StatsCalls::block_stats);
    on.call<proc::DomainBlockStatsFlags>(this, &StatsCalls::block_stats_flags);
    on.call<proc::DomainGetBlockInfo>(this, &StatsCalls::block_info);
    on.call<proc::DomainInterfaceStats>(this, &StatsCalls::interface_stats);
    on.call<proc::DomainMemoryStats>(this, &StatsCalls::memory_stats);
    on.call<proc::DomainGetDiskErrors>(this, &StatsCalls::disk_errors);
    on.call<proc::DomainAbortJob>(this, &StatsCalls::abort_job);
    on.call<proc::DomainGetJobInfo>(this, &StatsCalls::job_info);
    on.call<proc::DomainGetJobStats>(this, &StatsCalls::job_stats);
}

Task<proc::ConnectGetAllDomainStats::Ret> StatsCalls::all_stats(driver::Call& call,
                                                                proc::ConnectGetAllDomainStats::Args args) {
    constexpr uint32_t own = api::connect_get_all_domains_stats_nowait | api::connect_get_all_domains_stats_backing |
                             api::connect_get_all_domains_stats_enforce_stats;
    constexpr uint32_t filters = 0x3ff;  // active … other: VIR_CONNECT_LIST_DOMAINS_ bits 0 to 7, and the rest of them
    require_flags(args.flags, own | filters, "qemuConnectGetAllDomainStats");
    StatsGroups groups = stats_groups(args.stats, (args.flags & api::connect_get_all_domains_stats_enforce_stats) != 0);
    groups.backing = (args.flags & api::connect_get_all_domains_stats_backing) != 0;
    std::vector<DomainOwner> chosen;
    if (args.domains.empty()) {
        core_.domains.for_each([&](Domain& domain) {
            if (passes_filter(domain, args.flags & filters, core_.settings))
                chosen.push_back(core_.domains.hold(domain.uuid()));
        });
    } else {
        for (const proc::DomainRef& which : args.domains) {
            DomainOwner domain = core_.domains.hold(which.uuid);
            if (domain && passes_filter(*domain, args.flags & filters, core_.settings))
                chosen.push_back(std::move(domain));
        }
    }
    bool asks = groups.needs_monitor() && !(args.flags & api::connect_get_all_domains_stats_nowait);
    if (asks) {
        const Wanted wanted = groups.wanted();
        std::vector<DomainOwner> running;
        for (const DomainOwner& domain : chosen) {
            if (domain->is_active() && has_monitor_figures(*domain, wanted)) running.push_back(domain);
        }
        io::Deadline budget = call.deadline.within(core_.settings.figures_budget);
        co_await refresh_many(core_, std::move(running), wanted, budget);
    }
    proc::ConnectGetAllDomainStats::Ret ret;
    for (const DomainOwner& domain : chosen) {
        if (domain->removed) continue;
        proc::DomainStatsRecord record;
        record.domain = ref(*domain);
        record.params = collect_stats(*domain, groups).take();
        ret.ret_stats.push_back(std::move(record));
    }
    co_return ret;
}

namespace {

/// The alias of the disk that a client names by target or source; empty for all disks together. Throws invalid_arg.
std::string disk_alias(const Domain& domain, const std::string& path) {
    if (path.empty()) return {};
    for (const DiskName& disk : disk_names(domain.current())) {
        if (disk.target == path || (!disk.source.empty() && disk.source == path)) return disk.alias;
    }
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "invalid path: {}", path);
}

}  // namespace

Task<BlockFigures> StatsCalls::disk_figures(driver::Call& call, DomainOwner domain, std::string path, const char* api) {
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, api, call.deadline);
    domain->running();
    std::string alias = disk_alias(*domain, path);
    Wanted wanted{.disks = true};
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await refresh_figures(core_, domain, wanted, deadline);
    const Figures& figures = domain->running().figures;
    if (!alias.empty()) {
        auto found = figures.disks.find(alias);
        if (found == figures.disks.end()) {
            fail(ErrorCode::internal_error, ErrorDomain::qemu, "cannot find statistics for device '{}'", alias);
        }
        co_return found->second;
    }
    BlockFigures sum;
    for (const auto& [name, disk] : figures.disks) {
        sum.read_requests += disk.read_requests;
        sum.read_bytes += disk.read_bytes;
        sum.read_nanoseconds += disk.read_nanoseconds;
        sum.write_requests += disk.write_requests;
        sum.write_bytes += disk.write_bytes;
        sum.write_nanoseconds += disk.write_nanoseconds;
        sum.flush_requests += disk.flush_requests;
        sum.flush_nanoseconds += disk.flush_nanoseconds;
    }
    co_return sum;
}

Task<proc::DomainBlockStats::Ret> StatsCalls::block_stats(driver::Call& call, proc::DomainBlockStats::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    BlockFigures figures = co_await disk_figures(call, domain, std::move(args.path), "virDomainBlockStats");
    proc::DomainBlockStats::Ret ret;
    ret.rd_req = figures.read_requests;
    ret.rd_bytes = figures.read_bytes;
    ret.wr_req = figures.write_requests;
    ret.wr_bytes = figures.write_bytes;
    ret.errs = -1;
    co_return ret;
}

Task<proc::DomainBlockStatsFlags::Ret> StatsCalls::block_stats_flags(driver::Call& call,
                                                                     proc::DomainBlockStatsFlags::Args args) {
    require_flags(args.flags, api::typed_param_string_okay, "qemuDomainBlockStatsFlags");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    proc::DomainBlockStatsFlags::Ret ret;
    if (args.nparams == 0) {
        disk_alias(*domain, args.path);
        ret.nparams = 8;
        co_return ret;
    }
    BlockFigures figures = co_await disk_figures(call, domain, std::move(args.path), "virDomainBlockStatsFlags");
    wire::TypedParameters parameters;
    parameters.add_llong(api::domain_block_stats_write_bytes, figures.write_bytes);
    parameters.add_llong(api::domain_block_stats_write_req, figures.write_requests);
    parameters.add_llong(api::domain_block_stats_read_bytes, figures.read_bytes);
    parameters.add_llong(api::domain_block_stats_read_req, figures.read_requests);
    parameters.add_llong(api::domain_block_stats_flush_req, figures.flush_requests);
    parameters.add_llong(api::domain_block_stats_write_total_times, figures.write_nanoseconds);
    parameters.add_llong(api::domain_block_stats_read_total_times, figures.read_nanoseconds);
    parameters.add_llong(api::domain_block_stats_flush_total_times, figures.flush_nanoseconds);
    ret.params = parameters.take();
    if (std::cmp_less(args.nparams, ret.params.size())) ret.params.resize(static_cast<size_t>(args.nparams));
    co_return ret;
}

namespace {

struct ImageSizes {
    uint64_t capacity = 0;
    uint64_t allocation = 0;
    uint64_t physical = 0;
};

/// What can be told of an image from outside. Its header says how large the disk in it is, unless it is said to have
/// none: what stands at the start of a raw image is the guest's. Blocks.
ImageSizes sizes_of_image(const model::StorageSource& source) {
    ImageSizes sizes;
    Fd fd(::open(source.path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) return sizes;
    sizes.physical = static_cast<uint64_t>(status.st_size);
    if (S_ISBLK(status.st_mode)) {
        const off_t end = ::lseek(fd.get(), 0, SEEK_END);
        sizes.physical = end > 0 ? static_cast<uint64_t>(end) : 0;
    }
    sizes.allocation = S_ISBLK(status.st_mode) ? sizes.physical : static_cast<uint64_t>(status.st_blocks) * 512;
    sizes.capacity = sizes.physical;
    if (source.format == model::StorageFormat::raw || source.format == model::StorageFormat::absent) return sizes;
    const host::ImageFacts facts = host::read_image_header(fd.get(), sizes.physical);
    if (facts.format == xml::to_name(source.format)) sizes.capacity = facts.capacity.value_or(sizes.physical);
    return sizes;
}

model::Disk disk_of_target(const model::Domain& domain, const std::string& target) {
    for (const model::Disk& disk : domain.disks) {
        if (disk.target == target) return disk;
    }
    return {};
}

/// Where the volume is that a disk names.
Task<std::string> path_of_volume(Core& core, model::Disk disk, io::Deadline deadline) {
    auto only = std::make_shared<model::Domain>();
    only->disks.push_back(std::move(disk));
    const std::shared_ptr<const model::Domain> opened = co_await with_volumes(core, only, deadline);
    co_return opened->disks.front().source.path;
}

}  // namespace

Task<proc::DomainGetBlockInfo::Ret> StatsCalls::block_info(driver::Call& call, proc::DomainGetBlockInfo::Args args) {
    require_flags(args.flags, 0, "qemuDomainGetBlockInfo");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const DiskName* wanted = nullptr;
    std::vector<DiskName> disks = disk_names(domain->current());
    for (const DiskName& disk : disks) {
        if (disk.target == args.path || (!disk.source.empty() && disk.source == args.path)) wanted = &disk;
    }
    if (!wanted) fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "invalid path {} not assigned to domain", args.path);
    model::Disk disk = disk_of_target(domain->current(), wanted->target);
    if (disk.source.type == model::StorageType::volume) {
        std::string found = co_await path_of_volume(core_, disk, call.deadline);
        disk.source.path = std::move(found);
    }
    if (wanted->source.empty() && disk.source.path.empty()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "disk '{}' does not currently have a source assigned",
             args.path);
    }
    proc::DomainGetBlockInfo::Ret ret;
    if (!disk.source.path.empty()) {
        auto look = [source = disk.source] { return sizes_of_image(source); };
        ImageSizes sizes = co_await io::offload(core_.loop, std::move(look));
        ret.capacity = sizes.capacity;
        ret.physical = sizes.physical;
        ret.allocation = sizes.allocation;
    }
    if (domain->is_active()) {
        std::string alias = wanted->alias;
        std::string target = wanted->target;
        BlockFigures figures = co_await disk_figures(call, domain, target, "virDomainGetBlockInfo");
        if (figures.has_sizes) {
            ret.capacity = figures.capacity;
            // Of a file the system knows what is allocated; of a device only QEMU knows how far it is written.
            if (disk.source.type == model::StorageType::block && figures.allocation > 0) {
                ret.allocation = figures.allocation;
            }
        }
    }
    co_return ret;
}

proc::DomainInterfaceStats::Ret StatsCalls::interface_stats(driver::Call&, proc::DomainInterfaceStats::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    for (const InterfaceName& interface : interface_names(domain->current())) {
        if (interface.device != args.device && interface.mac != args.device) continue;
        if (interface.device.empty()) {
            throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "Interface name not provided",
                        "this card has no device on the host whose packets could be counted");
        }
        auto counters = read_tap_counters(interface.device, interface.is_own_end);
        if (!counters) {
            throw Error(ErrorCode::internal_error, ErrorDomain::stats_linux, "/proc/net/dev: Interface not found");
        }
        proc::DomainInterfaceStats::Ret ret;
        ret.rx_bytes = counters->rx_bytes;
        ret.rx_packets = counters->rx_packets;
        ret.rx_errs = counters->rx_errors;
        ret.rx_drop = counters->rx_drops;
        ret.tx_bytes = counters->tx_bytes;
        ret.tx_packets = counters->tx_packets;
        ret.tx_errs = counters->tx_errors;
        ret.tx_drop = counters->tx_drops;
        return ret;
    }
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "'{}' is not a known interface", args.device);
}

Task<proc::DomainMemoryStats::Ret> StatsCalls::memory_stats(driver::Call& call, proc::DomainMemoryStats::Args args) {
    require_flags(args.flags, 0, "qemuDomainMemoryStats");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainMemoryStats", call.deadline);
    domain->running();
    Wanted wanted{.balloon = true};
    if (has_monitor_figures(*domain, wanted)) {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await refresh_figures(core_, domain, wanted, deadline);
    }
    const Run& run = domain->running();
    proc::DomainMemoryStats::Ret ret;
    auto add = [&](uint32_t tag, uint64_t value) {
        if (ret.stats.size() >= args.max_stats) return;
        proc::DomainMemoryStat stat;
        stat.tag = static_cast<int32_t>(tag);
        stat.val = value;
        ret.stats.push_back(stat);
    };
    if (balloon_polling(*run.domain)) {
        add(api::domain_memory_stat_actual_balloon, current_memory(*run.domain));
        for (auto [name, tag] : memory_stat_tags) {
            auto found = run.figures.balloon.values.find(name);
            if (found != run.figures.balloon.values.end()) add(tag, found->second);
        }
        add(api::domain_memory_stat_last_update, run.figures.balloon.last_update);
    }
    if (auto figures = read_cpu_time(run.process->pid())) {
        add(api::domain_memory_stat_rss, static_cast<uint64_t>(figures->resident_kib));
    }
    co_return ret;
}

Task<proc::DomainGetDiskErrors::Ret> StatsCalls::disk_errors(driver::Call& call, proc::DomainGetDiskErrors::Args args) {
    require_flags(args.flags, 0, "qemuDomainGetDiskErrors");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainGetDiskErrors", call.deadline);
    domain->running();
    proc::DomainGetDiskErrors::Ret ret;
    if (args.maxerrors == 0) {
        ret.nerrors = static_cast<int32_t>(disk_names(domain->current()).size());
        co_return ret;
    }
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    Json blocks = co_await domain->monitor()->command("query-block", nothing, deadline);
    for (const DiskName& disk : disk_names(domain->current())) {
        for (const Json& block : blocks.items()) {
            std::string status = block.string_or("io-status", "ok");
            bool same = block.string_or("qdev", "").find("/" + disk.alias) != std::string::npos;
            if (!same || status == "ok" || ret.errors.size() >= args.maxerrors) continue;
            proc::DomainDiskError error;
            error.disk = disk.target;
            error.error = static_cast<int32_t>(status == "nospace" ? api::domain_disk_error_no_space
                                                                   : api::domain_disk_error_unspec);
            ret.errors.push_back(std::move(error));
        }
    }
    ret.nerrors = static_cast<int32_t>(ret.errors.size());
    co_return ret;
}

wire::Void StatsCalls::abort_job(driver::Call&, proc::DomainAbortJob::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    if (cancel_backup(*domain)) return {};
    throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "no job is active on the domain");
}

proc::DomainGetJobInfo::Ret StatsCalls::job_info(driver::Call&, proc::DomainGetJobInfo::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    proc::DomainGetJobInfo::Ret ret;
    ret.type = api::domain_job_none;
    if (auto backup = backup_figures(*domain)) {
        ret.type = static_cast<int32_t>(backup->type);
        ret.time_elapsed = backup->elapsed;
        if (!backup->pull) {
            ret.data_total = ret.file_total = backup->total;
            ret.data_processed = ret.file_processed = backup->done;
            ret.data_remaining = ret.file_remaining = backup->total - std::min(backup->total, backup->done);
        }
    }
    return ret;
}

proc::DomainGetJobStats::Ret StatsCalls::job_stats(driver::Call&, proc::DomainGetJobStats::Args args) {
    require_flags(args.flags, api::domain_job_stats_completed | api::domain_job_stats_keep_completed,
                  "qemuDomainGetJobStats");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const bool completed = (args.flags & api::domain_job_stats_completed) != 0;
    if (!completed) domain->running();
    proc::DomainGetJobStats::Ret ret;
    ret.type = api::domain_job_none;
    const bool keeps = (args.flags & api::domain_job_stats_keep_completed) != 0;
    if (auto backup = completed ? last_backup(*domain, !keeps) : backup_figures(*domain)) {
        ret.type = static_cast<int32_t>(backup->type);
        for (wire::TypedParameter& parameter : backup->parameters()) ret.params.push_back(std::move(parameter));
    }
    return ret;
}

}  // namespace virtue::qemu
