#include "drivers/qemu/calls/node_calls.h"

#include <algorithm>

#include <fmt/format.h>

#include "driver/constants.h"
#include "host/memory.h"
#include "host/processors.h"
#include "io/offload.h"
#include "wire/typed_params.h"

namespace virtue::qemu {

namespace {

// libvirt words some complaints about arguments without its fixed sentence.
[[noreturn]] void refuse_argument(ErrorDomain domain, std::string message) {
    throw Error::with_message(ErrorCode::invalid_arg, domain, std::move(message));
}

void require_flags(uint32_t flags, uint32_t known, ErrorDomain domain, const char* function) {
    if ((flags & ~known) == 0) return;
    refuse_argument(domain, fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

// A client asks for the number of figures first, then for exactly so many.
void require_count(int32_t given, size_t wanted, const char* function) {
    if (given >= 0 && static_cast<size_t>(given) == wanted) return;
    refuse_argument(ErrorDomain::none, fmt::format("nparams in {} must be equal to {}", function, wanted));
}

constexpr wire::ExpectedParameter merge_settings[] = {
    {"shm_pages_to_scan", 2}, {"shm_sleep_millisecs", 2}, {"shm_merge_across_nodes", 2}};

}  // namespace

void NodeCalls::bind_node(driver::HandlerTable& on) {
    on.call<proc::NodeGetInfo>(this, &NodeCalls::info);
    on.call<proc::NodeGetCpuMap>(this, &NodeCalls::cpu_map);
    on.call<proc::NodeGetCpuStats>(this, &NodeCalls::cpu_stats);
    on.call<proc::NodeGetMemoryStats>(this, &NodeCalls::memory_stats);
    on.call<proc::NodeGetFreeMemory>(this, &NodeCalls::free_memory);
    on.call<proc::NodeGetCellsFreeMemory>(this, &NodeCalls::cells_free_memory);
    on.call<proc::NodeGetFreePages>(this, &NodeCalls::free_pages);
    on.call<proc::NodeAllocPages>(this, &NodeCalls::alloc_pages);
    on.call<proc::NodeGetMemoryParameters>(this, &NodeCalls::memory_parameters);
    on.call<proc::NodeSetMemoryParameters>(this, &NodeCalls::set_memory_parameters);
    on.call<proc::NodeSuspendForDuration>(this, &NodeCalls::suspend);
    on.call<proc::NodeGetSevInfo>(this, &NodeCalls::sev_info);
    on.call<proc::NodeGetSecurityModel>(this, &NodeCalls::security_model);
}

proc::NodeGetInfo::Ret NodeCalls::info(Call&, wire::Void) {
    const host::ProcessorFigures figures = host::read_processor_figures(files_);
    proc::NodeGetInfo::Ret ret;
    ret.model = wire::CharArray<32>(options_.identity.arch);
    ret.memory = host::read_all_cells(files_).total;
    ret.cpus = static_cast<int32_t>(figures.online);
    ret.mhz = static_cast<int32_t>(figures.mhz);
    ret.nodes = static_cast<int32_t>(figures.nodes);
    ret.sockets = static_cast<int32_t>(figures.sockets);
    ret.cores = static_cast<int32_t>(figures.cores);
    ret.threads = static_cast<int32_t>(figures.threads);
    return ret;
}

proc::NodeGetCpuMap::Ret NodeCalls::cpu_map(Call&, proc::NodeGetCpuMap::Args args) {
    require_flags(args.flags, 0, ErrorDomain::none, "virHostCPUGetMap");
    const host::ProcessorSets sets = host::read_processor_sets(files_);
    const unsigned count = *sets.present.last() + 1;
    proc::NodeGetCpuMap::Ret ret;
    ret.ret = static_cast<int32_t>(count);
    if (args.need_online != 0) ret.online = static_cast<uint32_t>(sets.online.count());
    if (args.need_map == 0) return ret;
    ret.cpumap.resize((count + 7) / 8);
    for (auto cpu = sets.online.next(); cpu && *cpu < count; cpu = sets.online.next(*cpu + 1)) {
        ret.cpumap[*cpu / 8] |= static_cast<uint8_t>(1u << *cpu % 8);
    }
    return ret;
}

proc::NodeGetCpuStats::Ret NodeCalls::cpu_stats(Call&, proc::NodeGetCpuStats::Args args) {
    constexpr int32_t count = 4;
    if (args.cpu_num < -1) {
        refuse_argument(ErrorDomain::domain, "cpuNum in virNodeGetCPUStats only accepts -1 as a negative value");
    }
    require_flags(args.flags, 0, ErrorDomain::none, "virHostCPUGetStats");
    proc::NodeGetCpuStats::Ret ret;
    ret.nparams = count;
    if (args.nparams == 0) return ret;
    require_count(args.nparams, count, "virHostCPUGetStatsLinux");
    const host::ProcessorTimes times = host::read_processor_times(files_, args.cpu_num);
    ret.params = std::vector<proc::NodeCpuStat>{
        {"kernel", times.kernel}, {"user", times.user}, {"idle", times.idle}, {"iowait", times.waiting}};
    return ret;
}

proc::NodeGetMemoryStats::Ret NodeCalls::memory_stats(Call&, proc::NodeGetMemoryStats::Args args) {
    if (args.cell_num < -1) {
        refuse_argument(ErrorDomain::domain, "cellNum in virNodeGetMemoryStats only accepts -1 as a negative value");
    }
    require_flags(args.flags, 0, ErrorDomain::none, "virHostMemGetStats");
    const bool whole = args.cell_num < 0;
    const unsigned last = host::memory_cells(files_).back();
    if (!whole && static_cast<unsigned>(args.cell_num) > last) {
        refuse_argument(ErrorDomain::none,
                        fmt::format("cellNum in virHostMemGetStats must be less than or equal to {}", last));
    }
    const size_t count = whole ? 4 : 2;
    proc::NodeGetMemoryStats::Ret ret;
    ret.nparams = static_cast<int32_t>(count);
    if (args.nparams == 0) return ret;
    require_count(args.nparams, count, "virHostMemGetStatsLinux");
    const host::MemoryFigures memory =
        whole ? host::read_memory(files_) : host::read_cell_memory(files_, static_cast<unsigned>(args.cell_num));
    ret.params = std::vector<proc::NodeMemoryStat>{{"total", memory.total}, {"free", memory.free}};
    if (!whole) return ret;
    ret.params.push_back({"buffers", memory.buffers});
    ret.params.push_back({"cached", memory.cached});
    return ret;
}

proc::NodeGetFreeMemory::Ret NodeCalls::free_memory(Call&, wire::Void) {
    proc::NodeGetFreeMemory::Ret ret;
    ret.free_mem = host::read_all_cells(files_).free * 1024;
    return ret;
}

// The last of `count` cells from `start_cell` that exists.
int NodeCalls::last_cell(int32_t start_cell, uint32_t count, bool whole_host_allowed) const {
    const int last = static_cast<int>(host::memory_cells(files_).back());
    if (start_cell > last || start_cell < (whole_host_allowed ? -1 : 0)) {
        fail(ErrorCode::internal_error, ErrorDomain::none, "start cell {} out of range (0-{})", start_cell, last);
    }
    return static_cast<int>(std::min<int64_t>(last, int64_t{start_cell} + count - 1));
}

proc::NodeGetCellsFreeMemory::Ret NodeCalls::cells_free_memory(Call&, proc::NodeGetCellsFreeMemory::Args args) {
    const auto count = static_cast<uint32_t>(std::max(args.maxcells, 0));
    const int last = last_cell(args.start_cell, count, false);
    proc::NodeGetCellsFreeMemory::Ret ret;
    for (unsigned cell : host::memory_cells(files_)) {
        if (static_cast<int>(cell) < args.start_cell || static_cast<int>(cell) > last) continue;
        ret.cells.push_back(host::read_cell_memory(files_, cell).free * 1024);
    }
    return ret;
}

proc::NodeGetFreePages::Ret NodeCalls::free_pages(Call&, proc::NodeGetFreePages::Args args) {
    require_flags(args.flags, 0, ErrorDomain::qemu, "qemuNodeGetFreePages");
    const int last = last_cell(args.start_cell, args.cell_count, true);
    proc::NodeGetFreePages::Ret ret;
    for (int cell = args.start_cell; cell <= last; cell++) {
        for (uint32_t size : args.pages) {
            if (ret.counts.size() == ret.counts.max) refuse_argument(ErrorDomain::rpc, "too many page counts");
            ret.counts.push_back(host::read_pages(files_, cell, size).free);
        }
    }
    return ret;
}

Task<proc::NodeAllocPages::Ret> NodeCalls::alloc_pages(Call& call, proc::NodeAllocPages::Args args) {
    require_flags(args.flags, api::node_alloc_pages_set, ErrorDomain::qemu, "qemuNodeAllocPages");
    if (args.page_sizes.size() != args.page_counts.size()) {
        refuse_argument(ErrorDomain::rpc, "there must be as many page counts as page sizes");
    }
    const int last = last_cell(args.start_cell, args.cell_count, true);
    const bool add = (args.flags & api::node_alloc_pages_set) == 0;
    // The kernel may compact memory for this, which takes its time.
    auto work = [files = files_, args = std::move(args), last, add] {
        int32_t done = 0;
        for (int cell = args.start_cell; cell <= last; cell++) {
            for (size_t i = 0; i < args.page_sizes.size(); i++) {
                host::resize_pages(files, cell, args.page_sizes[i], args.page_counts[i], add);
                done++;
            }
        }
        return done;
    };
    proc::NodeAllocPages::Ret ret;
    ret.ret = co_await io::offload(loop_, std::move(work), call.deadline);
    co_return ret;
}

proc::NodeGetMemoryParameters::Ret NodeCalls::memory_parameters(Call&, proc::NodeGetMemoryParameters::Args args) {
    require_flags(args.flags, api::typed_param_string_okay, ErrorDomain::none, "virHostMemGetParameters");
    const host::MergeFigures merging = host::read_merging(files_);
    wire::TypedParameters params;
    if (merging.pages_to_scan) params.add_uint("shm_pages_to_scan", *merging.pages_to_scan);
    if (merging.sleep_milliseconds) params.add_uint("shm_sleep_millisecs", *merging.sleep_milliseconds);
    if (merging.shared) params.add_ullong("shm_pages_shared", *merging.shared);
    if (merging.sharing) params.add_ullong("shm_pages_sharing", *merging.sharing);
    if (merging.unshared) params.add_ullong("shm_pages_unshared", *merging.unshared);
    if (merging.volatile_pages) params.add_ullong("shm_pages_volatile", *merging.volatile_pages);
    if (merging.full_scans) params.add_ullong("shm_full_scans", *merging.full_scans);
    if (merging.merge_across_nodes) params.add_uint("shm_merge_across_nodes", *merging.merge_across_nodes);
    proc::NodeGetMemoryParameters::Ret ret;
    ret.nparams = static_cast<int32_t>(params.size());
    if (args.nparams != 0) ret.params = params.take();
    if (args.nparams > 0 && static_cast<size_t>(args.nparams) < ret.params.size()) {
        ret.params.resize(static_cast<size_t>(args.nparams));
        ret.nparams = args.nparams;
    }
    return ret;
}

Task<wire::Void> NodeCalls::set_memory_parameters(Call& call, proc::NodeSetMemoryParameters::Args args) {
    require_flags(args.flags, 0, ErrorDomain::none, "virHostMemSetParameters");
    try {
        wire::validate(args.params, merge_settings);
    } catch (Error& error) {
        error.set_domain(ErrorDomain::none);
        throw;
    }
    const wire::TypedParameters params(std::move(args.params));
    host::MergeFigures wanted;
    wanted.pages_to_scan = params.find_uint("shm_pages_to_scan");
    wanted.sleep_milliseconds = params.find_uint("shm_sleep_millisecs");
    wanted.merge_across_nodes = params.find_uint("shm_merge_across_nodes");
    // Another merge_across_nodes makes the kernel unmerge all pages first.
    auto work = [files = files_, wanted] { host::write_merging(files, wanted); };
    co_await io::offload(loop_, std::move(work), call.deadline);
    co_return wire::Void{};
}

Task<wire::Void> NodeCalls::suspend(Call& call, proc::NodeSuspendForDuration::Args args) {
    require_flags(args.flags, 0, ErrorDomain::none, "virNodeSuspend");
    constexpr const char* names[] = {"Suspend-to-RAM", "Suspend-to-Disk", "Hybrid-Suspend"};
    if (args.target >= api::node_suspend_target_last) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::none, "Invalid suspend target");
    }
    const bool to_disk = args.target != api::node_suspend_target_mem;
    const std::string states = files_.text("/sys/power/state").value_or("");
    const std::string modes = files_.text("/sys/power/disk").value_or("");
    const bool hybrid = args.target == api::node_suspend_target_hybrid;
    if (states.find(to_disk ? "disk" : "mem") == std::string::npos ||
        (hybrid && modes.find("suspend") == std::string::npos)) {
        throw Error(ErrorCode::argument_unsupported, ErrorDomain::none, names[args.target]);
    }
    // Less would be over before the host sleeps.
    if (args.duration < 60) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::none, "Suspend duration is too short");
    }
    auto work = [files = files_, duration = args.duration, to_disk, hybrid] {
        const std::string alarm = "/sys/class/rtc/rtc0/wakealarm";
        files.write(alarm, "0");
        files.write(alarm, fmt::format("+{}", duration));
        if (to_disk) files.write("/sys/power/disk", hybrid ? "suspend" : "platform");
        files.write("/sys/power/state", to_disk ? "disk" : "mem");
    };
    co_await io::offload(loop_, std::move(work), call.deadline);
    co_return wire::Void{};
}

proc::NodeGetSevInfo::Ret NodeCalls::sev_info(Call&, proc::NodeGetSevInfo::Args) {
    throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu, "QEMU does not support SEV guest");
}

proc::NodeGetSecurityModel::Ret NodeCalls::security_model(Call&, wire::Void) {
    proc::NodeGetSecurityModel::Ret ret;
    if (options_.identity.security.empty()) return ret;
    const SecurityModel& first = options_.identity.security.front();
    ret.model.assign(first.name.begin(), first.name.end());
    ret.model.push_back('\0');
    ret.doi.assign(first.domain_of_interpretation.begin(), first.domain_of_interpretation.end());
    ret.doi.push_back('\0');
    return ret;
}

}  // namespace virtue::qemu
