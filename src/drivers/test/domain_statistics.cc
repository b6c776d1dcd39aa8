// Figures about guests: info, block, interface, CPU, bulk statistics. All made up, most from the clock.
#include <algorithm>
#include <chrono>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_block.h"
#include "protocol/remote/domain_stats.h"
#include "wire/typed_params.h"

namespace virtue::test {
namespace {

/// Microseconds since the epoch: what the made-up figures grow by.
int64_t now() {
    auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

proc::DomainGetInfo::Ret get_info(Instance& in, proc::DomainGetInfo::Args args) {
    const Guest& guest = guest_of(in, args.domain);
    proc::DomainGetInfo::Ret ret;
    ret.state = static_cast<uint8_t>(guest.state);
    ret.max_mem = guest.current.memory.count;
    ret.memory = guest.current.current().count;
    ret.nr_virt_cpu = static_cast<uint16_t>(guest.current.vcpus.online());
    ret.cpu_time = static_cast<uint64_t>(now()) * 1000;
    return ret;
}

proc::DomainGetControlInfo::Ret get_control(Instance& in, proc::DomainGetControlInfo::Args args) {
    check_flags(args.flags, 0, "testDomainGetControlInfo");
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    proc::DomainGetControlInfo::Ret ret;
    // The mock tells time by the guest's clock: a clock near its start means a job since then, somewhat later a
    // monitor that is occupied, and after that all is well.
    constexpr int64_t occupied_from = 10000;
    constexpr int64_t well_from = 1000000;
    constexpr uint32_t job = 1;       // VIR_DOMAIN_CONTROL_JOB
    constexpr uint32_t occupied = 2;  // VIR_DOMAIN_CONTROL_OCCUPIED
    if (guest.clock_seconds > 0 && guest.clock_seconds < occupied_from) {
        ret.state = job;
        ret.state_time = static_cast<uint64_t>(guest.clock_seconds);
    } else if (guest.clock_seconds >= occupied_from && guest.clock_seconds < well_from) {
        ret.state = occupied;
    }
    return ret;
}

model::Disk* find_disk(model::Domain& domain, const std::string& path) {
    for (model::Disk& disk : domain.disks)
        if (disk.target == path || (!path.empty() && disk.source.path == path)) return &disk;
    return nullptr;
}

proc::DomainBlockStats::Ret get_block_stats(Instance& in, proc::DomainBlockStats::Args args) {
    if (args.path.empty()) refuse(ErrorCode::operation_unsupported, "summary statistics are not supported yet");
    Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    if (!find_disk(guest.current, args.path)) refuse(ErrorCode::invalid_arg, "invalid path: {}", args.path);
    int64_t t = now();
    return {t / 10, t / 20, t / 30, t / 40, t / 2000000};
}

proc::DomainGetBlockInfo::Ret get_block_info(Instance& in, proc::DomainGetBlockInfo::Args args) {
    check_flags(args.flags, 0, "testDomainGetBlockInfo");
    Guest& guest = guest_of(in, args.domain);
    const model::Disk* disk = find_disk(guest.current, args.path);
    if (!disk) refuse(ErrorCode::invalid_arg, "invalid path {} not assigned to domain", args.path);
    if (disk->source.path.empty())
        refuse(ErrorCode::invalid_arg, "disk '{}' does not currently have a source assigned", args.path);
    // A terabyte on the host, not all of it for the guest.
    constexpr uint64_t capacity = 1099506450432;
    constexpr uint64_t allocation = 1099511627776;
    return {.allocation = allocation, .capacity = capacity, .physical = allocation};
}

proc::DomainInterfaceStats::Ret get_interface_stats(Instance& in, proc::DomainInterfaceStats::Args args) {
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    std::optional<MacAddress> mac = MacAddress::parse(args.device);
    bool known = std::any_of(guest.current.interfaces.begin(), guest.current.interfaces.end(),
                             [&](const auto& card) { return card.target == args.device || (mac && card.mac == mac); });
    if (!known) fail(ErrorCode::invalid_arg, ErrorDomain::domain, "'{}' is not a known interface", args.device);
    int64_t t = now();
    return {t / 10, t / 100000, t / 1000000, t / 2000000, t / 20, t / 110, t / 3000000, t / 4000000};
}

proc::DomainGetDiskErrors::Ret get_disk_errors(Instance& in, proc::DomainGetDiskErrors::Args args) {
    constexpr int32_t no_space = 2;  // VIR_DOMAIN_DISK_ERROR_NO_SPACE
    constexpr int32_t unspecified = 1;
    check_flags(args.flags, 0, "testDomainGetDiskErrors");
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    proc::DomainGetDiskErrors::Ret ret;
    const std::vector<model::Disk>& disks = guest.current.disks;
    ret.nerrors = static_cast<int32_t>(disks.size());
    if (args.maxerrors == 0) return ret;
    // Each disk "has" an error, one kind and then the other.
    for (size_t i = 0; i < disks.size() && i < args.maxerrors; i++) {
        proc::DomainDiskError error;
        error.disk = disks[i].target;
        error.error = i % 2 == 0 ? unspecified : no_space;
        ret.errors.push_back(error);
    }
    ret.nerrors = static_cast<int32_t>(ret.errors.size());
    return ret;
}

// CPU statistics of a guest: the same for all, spread over as many CPUs as a socket of the mock host has cores.

constexpr uint64_t total_time = 48772617035;    // nanoseconds
constexpr uint64_t emulator_time = 1234567890;  // the part of each CPU's time that is not the vCPUs'

void add_total(wire::TypedParameters& params, size_t room) {
    const std::pair<const char*, uint64_t> figures[] = {
        {"cpu_time", total_time}, {"user_time", 5540000000}, {"system_time", 6460000000}};
    for (const auto& [name, value] : figures)
        if (params.size() < room) params.add_ullong(name, value);
}

proc::DomainGetCpuStats::Ret get_cpu_stats(Instance& in, proc::DomainGetCpuStats::Args args) {
    const uint32_t cpus = in.host.cores;
    check_flags(args.flags, api::typed_param_string_okay, "testDomainGetCPUStats");
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    wire::TypedParameters params;
    proc::DomainGetCpuStats::Ret ret;
    if (args.start_cpu == -1) {
        ret.nparams = 3;
        if (args.nparams == 0) return ret;
        add_total(params, args.nparams);
        ret.nparams = static_cast<int32_t>(params.size());
        ret.params = params.take();
        return ret;
    }
    if (args.nparams == 0 && args.ncpus != 0) {
        ret.nparams = 2;
        return ret;
    }
    if (args.ncpus == 0) {
        ret.nparams = cpus;
        return ret;
    }
    if (args.start_cpu < 0 || static_cast<uint32_t>(args.start_cpu) >= cpus)
        refuse(ErrorCode::invalid_arg, "start_cpu {} larger than maximum of {}", args.start_cpu, cpus - 1);
    uint32_t first = static_cast<uint32_t>(args.start_cpu);
    uint32_t end = std::min(cpus, first + args.ncpus);
    for (uint32_t cpu = first; cpu < end; cpu++) {
        uint64_t time = total_time / cpus + cpu;
        params.add_ullong("cpu_time", time);
        if (args.nparams > 1) params.add_ullong("vcpu_time", time - emulator_time);
    }
    ret.nparams = static_cast<int32_t>(std::min(args.nparams, 2u));
    ret.params = params.take();
    return ret;
}

// Bulk.

void add_state(const Guest& guest, wire::TypedParameters& params) {
    params.add_int("state.state", guest.state);
    params.add_int("state.reason", guest.reason);
}

void add_iothreads(const Guest& guest, wire::TypedParameters& params) {
    if (guest.current.iothread_ids.empty()) return;
    params.add_uint("iothread.count", static_cast<uint32_t>(guest.current.iothread_ids.size()));
    for (const model::IoThread& thread : guest.current.iothread_ids) {
        auto found = guest.polling.find(thread.id);
        IoThreadPolling polling = found == guest.polling.end() ? IoThreadPolling{} : found->second;
        std::string prefix = fmt::format("iothread.{}.", thread.id);
        params.add_ullong(prefix + "poll-max-ns", polling.max_ns);
        params.add_uint(prefix + "poll-grow", polling.grow);
        params.add_uint(prefix + "poll-shrink", polling.shrink);
    }
}

proc::ConnectGetAllDomainStats::Ret get_all_stats(Instance& in, proc::ConnectGetAllDomainStats::Args args) {
    constexpr uint32_t supported = api::domain_stats_state | api::domain_stats_iothread;
    constexpr uint32_t enforce = 1u << 31;
    constexpr uint32_t filters = api::connect_list_domains_active | api::connect_list_domains_inactive |
                                 api::connect_list_domains_persistent | api::connect_list_domains_transient |
                                 api::connect_list_domains_running | api::connect_list_domains_paused |
                                 api::connect_list_domains_shutoff | api::connect_list_domains_other;
    check_flags(args.flags, filters | enforce, "testConnectGetAllDomainStats");
    uint32_t wanted = args.stats == 0 ? supported : args.stats;
    if ((args.flags & enforce) && (wanted & ~supported))
        refuse(ErrorCode::argument_unsupported, "Stats types bits {:#x} are not supported by this daemon",
               wanted & ~supported);
    proc::ConnectGetAllDomainStats::Ret ret;
    auto add = [&](Guest& guest) {
        if (!is_listed(guest, args.flags & filters)) return;
        wire::TypedParameters params;
        if (wanted & api::domain_stats_state) add_state(guest, params);
        if (wanted & api::domain_stats_iothread) add_iothreads(guest, params);
        proc::DomainStatsRecord record;
        record.domain = guest.reference();
        record.params = params.take();
        ret.ret_stats.push_back(std::move(record));
    };
    if (args.domains.empty()) {
        in.guests.for_each(add);
        return ret;
    }
    for (const proc::DomainRef& reference : args.domains)
        if (Guest* guest = in.guests.find(reference.uuid)) add(*guest);
    return ret;
}

proc::DomainGetSecurityLabel::Ret get_label(Instance& in, proc::DomainGetSecurityLabel::Args args) {
    const Guest& guest = guest_of(in, args.domain);
    proc::DomainGetSecurityLabel::Ret ret;
    ret.label = decltype(ret.label)::with_nul(guest.is_active() ? "libvirt-test" : "");
    ret.enforcing = guest.is_active();
    return ret;
}

/// No driver but QEMU's answers this; libvirtd makes no error of that but a list of -1 labels.
proc::DomainGetSecurityLabelList::Ret get_label_list(Instance&, proc::DomainGetSecurityLabelList::Args) {
    proc::DomainGetSecurityLabelList::Ret ret;
    ret.ret = -1;
    return ret;
}

proc::DomainGetMessages::Ret get_messages(Instance& in, proc::DomainGetMessages::Args args) {
    constexpr uint32_t deprecation = 1;  // VIR_DOMAIN_MESSAGE_…
    constexpr uint32_t tainting = 2;
    check_flags(args.flags, deprecation | tainting, "testDomainGetMessages");
    const Guest& guest = guest_of(in, args.domain);
    proc::DomainGetMessages::Ret ret;
    if (args.flags == 0 || args.flags & tainting)
        for (const std::string& taint : guest.taints) ret.msgs.push_back("tainted: " + taint);
    return ret;
}

proc::DomainGetLaunchSecurityInfo::Ret get_launch_security(Instance& in, proc::DomainGetLaunchSecurityInfo::Args args) {
    check_flags(args.flags, 0, "testDomainGetLaunchSecurityInfo");
    guest_of(in, args.domain);
    return {};
}

}  // namespace

void bind_domain_statistics(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainGetInfo>(on, in, get_info);
    bind<proc::DomainGetControlInfo>(on, in, get_control);
    bind<proc::DomainBlockStats>(on, in, get_block_stats);
    bind<proc::DomainGetBlockInfo>(on, in, get_block_info);
    bind<proc::DomainInterfaceStats>(on, in, get_interface_stats);
    bind<proc::DomainGetDiskErrors>(on, in, get_disk_errors);
    bind<proc::DomainGetCpuStats>(on, in, get_cpu_stats);
    bind<proc::ConnectGetAllDomainStats>(on, in, get_all_stats);
    bind<proc::DomainGetSecurityLabel>(on, in, get_label);
    bind<proc::DomainGetSecurityLabelList>(on, in, get_label_list);
    bind<proc::DomainGetMessages>(on, in, get_messages);
    bind<proc::DomainGetLaunchSecurityInfo>(on, in, get_launch_security);
}

}  // namespace virtue::test
