#include "drivers/qemu/calls/tune_calls.h"

#include <charconv>
#include <limits>

#include "base/text.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/guest_group.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t affect_flags = api::domain_affect_live | api::domain_affect_config;
constexpr uint32_t reading_flags = affect_flags | api::typed_param_string_okay;

using host::Controller;

constexpr TuneCalls::Subject memory_subject{"Memory tuning", "cgroup memory controller is not mounted", false,
                                            Controller::memory};
constexpr TuneCalls::Subject block_subject{"Block I/O tuning", "blkio cgroup isn't mounted", false, Controller::blkio};
constexpr TuneCalls::Subject cpu_subject{"CPU tuning", "cgroup CPU controller is not mounted", false, Controller::cpu};
constexpr TuneCalls::Subject numa_subject{"NUMA tuning", "cgroup cpuset controller is not mounted", true,
                                          Controller::cpuset};
constexpr const char* groupless =
    "it runs in no control group with that controller; the persistent definition can be "
    "read and changed (--config)";

/// VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, in KiB.
constexpr uint64_t unlimited = 9007199254740991;

enum TypeNumber : uint32_t { type_int = 1, type_uint = 2, type_llong = 3, type_ullong = 4, type_string = 7 };

struct MemoryLimit {
    std::string_view name;
    std::optional<model::Kibibytes> model::MemTune::*value;
    host::MemoryLimit limit;
};
constexpr MemoryLimit memory_limits[] = {
    {"hard_limit", &model::MemTune::hard_limit, host::MemoryLimit::hard},
    {"soft_limit", &model::MemTune::soft_limit, host::MemoryLimit::soft},
    {"swap_hard_limit", &model::MemTune::swap_hard_limit, host::MemoryLimit::swap_hard}};
constexpr wire::ExpectedParameter memory_settings[] = {
    {"hard_limit", type_ullong}, {"soft_limit", type_ullong}, {"swap_hard_limit", type_ullong}};

/// Which groups of a guest's threads a bandwidth is of.
enum class Threads : uint8_t { vcpus, emulator, all, iothreads };

struct SchedulerPeriod {
    std::string_view period;
    uint64_t model::CpuTune::*period_value;
    std::string_view quota;
    int64_t model::CpuTune::*quota_value;
    Threads threads;
};
constexpr SchedulerPeriod scheduler_periods[] = {
    {"vcpu_period", &model::CpuTune::period, "vcpu_quota", &model::CpuTune::quota, Threads::vcpus},
    {"emulator_period", &model::CpuTune::emulator_period, "emulator_quota", &model::CpuTune::emulator_quota,
     Threads::emulator},
    {"global_period", &model::CpuTune::global_period, "global_quota", &model::CpuTune::global_quota, Threads::all},
    {"iothread_period", &model::CpuTune::iothread_period, "iothread_quota", &model::CpuTune::iothread_quota,
     Threads::iothreads},
};
constexpr int32_t scheduler_parameters = 1 + 2 * std::size(scheduler_periods);
constexpr wire::ExpectedParameter scheduler_settings[] = {
    {"cpu_shares", type_ullong},      {"vcpu_period", type_ullong},     {"vcpu_quota", type_llong},
    {"emulator_period", type_ullong}, {"emulator_quota", type_llong},   {"global_period", type_ullong},
    {"global_quota", type_llong},     {"iothread_period", type_ullong}, {"iothread_quota", type_llong}};

/// A figure of each device, written "PATH,FIGURE,PATH,FIGURE…" in one parameter.
struct DeviceFigure {
    std::string_view name;
    host::DeviceLimit limit;
    uint64_t (*read)(const model::BlkioDevice&);
    void (*write)(model::BlkioDevice&, uint64_t);
    uint64_t most;
};
template <auto Member>
constexpr DeviceFigure device_figure(std::string_view name, host::DeviceLimit limit) {
    using Number = std::remove_cvref_t<decltype(std::declval<model::BlkioDevice>().*Member)>;
    return {name, limit, [](const model::BlkioDevice& device) -> uint64_t { return device.*Member; },
            [](model::BlkioDevice& device, uint64_t value) { device.*Member = static_cast<Number>(value); },
            std::numeric_limits<Number>::max()};
}
constexpr DeviceFigure device_figures[] = {
    device_figure<&model::BlkioDevice::weight>("device_weight", host::DeviceLimit::weight),
    device_figure<&model::BlkioDevice::read_iops_sec>("device_read_iops_sec", host::DeviceLimit::read_iops),
    device_figure<&model::BlkioDevice::write_iops_sec>("device_write_iops_sec", host::DeviceLimit::write_iops),
    device_figure<&model::BlkioDevice::read_bytes_sec>("device_read_bytes_sec", host::DeviceLimit::read_bytes),
    device_figure<&model::BlkioDevice::write_bytes_sec>("device_write_bytes_sec", host::DeviceLimit::write_bytes),
};
constexpr wire::ExpectedParameter block_settings[] = {
    {"weight", type_uint},
    {"device_weight", type_string},
    {"device_read_iops_sec", type_string},
    {"device_write_iops_sec", type_string},
    {"device_read_bytes_sec", type_string},
    {"device_write_bytes_sec", type_string},
};
constexpr wire::ExpectedParameter numa_settings[] = {{"numa_mode", type_int}, {"numa_nodeset", type_string}};

/// As the C API has it: none asked for tells how many there are, fewer get the first ones; strings only for a client
/// that can read them.
template <typename Ret>
Ret answer(wire::TypedParameters params, int32_t asked, uint32_t flags) {
    Ret ret;
    ret.nparams = static_cast<int32_t>(params.size());
    if (asked == 0) return ret;
    ret.params = params.take();
    if (asked > 0 && static_cast<size_t>(asked) < ret.params.size()) ret.params.resize(static_cast<size_t>(asked));
    if (!(flags & api::typed_param_string_okay)) wire::drop_strings(ret.params);
    ret.nparams = static_cast<int32_t>(ret.params.size());
    return ret;
}

void require_settings(const std::vector<wire::TypedParameter>& params,
                      std::span<const wire::ExpectedParameter> expected) {
    try {
        wire::validate(params, expected);
    } catch (Error& error) {
        error.set_domain(ErrorDomain::qemu);
        throw;
    }
}

uint64_t in_range(std::string_view name, uint64_t value, uint64_t least, uint64_t most) {
    if (value < least || value > most) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "value of '{}' is out of range [{}, {}]", name, least, most);
    }
    return value;
}

void change_memory_limits(model::MemTune& tune, const wire::TypedParameters& params) {
    for (const MemoryLimit& limit : memory_limits) {
        auto wanted = params.find_ullong(limit.name);
        if (!wanted) continue;
        auto& value = tune.*limit.value;
        if (*wanted >= unlimited) {
            value.reset();
        } else {
            value = model::Kibibytes{*wanted};
        }
    }
    if (params.find("swap_hard_limit") || params.find("hard_limit")) {
        const uint64_t hard = tune.hard_limit ? tune.hard_limit->count : unlimited;
        const uint64_t swap = tune.swap_hard_limit ? tune.swap_hard_limit->count : unlimited;
        if (hard > swap) {
            throw Error(ErrorCode::invalid_arg, ErrorDomain::domain,
                        "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
        }
    }
}

void change_bandwidths(model::CpuTune& tune, const wire::TypedParameters& params) {
    // The kernel's own limits of a CFS period and quota, in microseconds.
    constexpr uint64_t least = 1000, longest_period = 1000000, most_quota = host::unlimited_quota;
    for (const SchedulerPeriod& each : scheduler_periods) {
        if (auto period = params.find_ullong(each.period)) {
            tune.*each.period_value = *period == 0 ? 0 : in_range(each.period, *period, least, longest_period);
        }
        if (auto quota = params.find_llong(each.quota)) {
            if (*quota > 0) in_range(each.quota, static_cast<uint64_t>(*quota), least, most_quota);
            tune.*each.quota_value = *quota;
        }
    }
}

void change_scheduler(model::CpuTune& tune, const wire::TypedParameters& params) {
    if (auto shares = params.find_ullong("cpu_shares")) tune.shares = in_range("cpu_shares", *shares, 2, 262144);
    change_bandwidths(tune, params);
}

[[noreturn]] void refuse_device_list(std::string_view name, std::string_view text) {
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unable to parse blkio device '{}' '{}'", name, text);
}

model::BlkioDevice& device_of(model::BlkioTune& tune, std::string_view path) {
    for (model::BlkioDevice& device : tune.devices) {
        if (device.path == path) return device;
    }
    tune.devices.push_back({});
    tune.devices.back().path = path;
    return tune.devices.back();
}

/// What devices, by their paths, are to have of one figure.
using DeviceValues = std::vector<std::pair<std::string, uint64_t>>;

/// "PATH,FIGURE,PATH,FIGURE…"
DeviceValues read_devices(const DeviceFigure& figure, const std::string& text) {
    DeviceValues devices;
    const std::vector<std::string_view> parts = split(text, ',');
    if (parts.size() % 2 != 0) refuse_device_list(figure.name, text);
    for (size_t i = 0; i < parts.size(); i += 2) {
        uint64_t value = 0;
        const char* end = parts[i + 1].data() + parts[i + 1].size();
        auto read = std::from_chars(parts[i + 1].data(), end, value);
        const bool is_number = read.ec == std::errc{} && read.ptr == end && value <= figure.most;
        if (!is_number || !parts[i].starts_with('/')) refuse_device_list(figure.name, text);
        if (figure.name == "device_weight" && value != 0) in_range(figure.name, value, 10, 1000);
        devices.emplace_back(parts[i], value);
    }
    return devices;
}

void change_devices(model::BlkioTune& tune, const DeviceFigure& figure, const DeviceValues& values) {
    for (const auto& [path, value] : values) figure.write(device_of(tune, path), value);
    std::erase_if(tune.devices, [](const model::BlkioDevice& device) {
        for (const DeviceFigure& each : device_figures) {
            if (each.read(device) != 0) return false;
        }
        return true;
    });
}

void change_block_io(model::BlkioTune& tune, const wire::TypedParameters& params) {
    if (auto weight = params.find_uint("weight")) {
        tune.weight = static_cast<uint32_t>(in_range("weight", *weight, 10, 1000));
    }
    for (const DeviceFigure& figure : device_figures) {
        if (auto text = params.find_string(figure.name)) change_devices(tune, figure, read_devices(figure, *text));
    }
}

void change_numa(model::NumaTune& tune, const wire::TypedParameters& params) {
    if (auto mode = params.find_int("numa_mode")) {
        if (*mode < 0 || *mode > static_cast<int32_t>(model::NumatuneMode::restrictive)) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unsupported numatune mode: '{}'", *mode);
        }
        tune.mode = static_cast<model::NumatuneMode>(*mode);
        tune.has_memory = true;
    }
    if (auto nodes = params.find_string("numa_nodeset")) {
        auto set = Bitmap::parse(*nodes);
        if (!set || set->empty()) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "Invalid nodeset of 'numatune': {}", *nodes);
        }
        tune.nodes = std::move(*set);
        tune.placement_auto = false;
        tune.has_memory = true;
    }
    if (tune.has_memory && !tune.placement_auto && tune.nodes.empty()) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "nodeset for NUMA memory tuning must be set",
                    "name the host's nodes, too (virsh numatune --nodeset)");
    }
}

wire::TypedParameters scheduler_figures(const model::CpuTune& tune) {
    wire::TypedParameters params;
    params.add_ullong("cpu_shares", tune.shares.value_or(0));
    for (const SchedulerPeriod& each : scheduler_periods) {
        params.add_ullong(std::string(each.period), tune.*each.period_value);
        params.add_llong(std::string(each.quota), tune.*each.quota_value);
    }
    return params;
}

/// The groups of those of a run's threads.
std::vector<std::string> groups_of(const Run& run, Threads threads) {
    std::vector<std::string> groups;
    if (threads == Threads::all) groups.emplace_back();
    if (threads == Threads::emulator) groups.emplace_back(emulator_group);
    for (size_t i = 0; threads == Threads::vcpus && i < run.vcpu_threads.size(); i++) {
        if (run.vcpu_threads[i] > 0) groups.push_back(vcpu_group(i));
    }
    if (threads == Threads::iothreads) {
        for (const model::IoThread& thread : run.domain->iothread_ids) groups.push_back(iothread_group(thread.id));
    }
    return groups;
}

wire::TypedParameters live_scheduler_figures(const Run& run) {
    wire::TypedParameters params;
    params.add_ullong("cpu_shares", run.group->shares());
    for (const SchedulerPeriod& each : scheduler_periods) {
        const std::vector<std::string> groups = groups_of(run, each.threads);
        const host::CpuBandwidth found = groups.empty() ? host::CpuBandwidth{} : run.group->bandwidth(groups.front());
        params.add_ullong(std::string(each.period), found.period);
        params.add_llong(std::string(each.quota), found.quota);
    }
    return params;
}

/// One figure after the other: what the kernel took before it refused one stays.
std::vector<wire::TypedParameter> change_live_scheduler(Run& run, const wire::TypedParameters& params) {
    model::CpuTune checked;
    change_bandwidths(checked, params);
    model::CpuTune& tune = run.domain->cputune;
    wire::TypedParameters told;
    if (auto shares = params.find_ullong("cpu_shares")) {
        run.group->set_shares(*shares);
        tune.shares = *shares;
        told.add_ullong("cputune.cpu_shares", *shares);
    }
    for (const SchedulerPeriod& each : scheduler_periods) {
        const uint64_t period = params.find_ullong(each.period).value_or(0);
        const int64_t quota = params.find_llong(each.quota).value_or(0);
        for (const std::string& group : groups_of(run, each.threads)) run.group->set_bandwidth(group, {period, quota});
        if (period != 0) {
            tune.*each.period_value = period;
            told.add_ullong(fmt::format("cputune.{}", each.period), period);
        }
        if (quota != 0) {
            tune.*each.quota_value = quota;
            told.add_llong(fmt::format("cputune.{}", each.quota), quota);
        }
    }
    return told.take();
}

std::vector<wire::TypedParameter> change_live_memory(Run& run, const wire::TypedParameters& params) {
    model::MemTune& tune = run.domain->memtune;
    model::MemTune wanted = tune;
    change_memory_limits(wanted, params);
    const auto write = [&](const MemoryLimit& limit) {
        if (!params.find(limit.name)) return;
        const auto& value = wanted.*limit.value;
        run.group->set_memory_limit(limit.limit, value ? std::optional(value->count) : std::nullopt);
        tune.*limit.value = value;
    };
    const auto& [hard, soft, swap] = memory_limits;
    const auto kib = [](const std::optional<model::Kibibytes>& value) { return value ? value->count : unlimited; };
    // The kernel keeps the limit of memory alone at or below that of memory and swap at each moment.
    const bool lowers = kib(wanted.hard_limit) < kib(tune.hard_limit);
    write(soft);
    if (lowers) write(hard);
    write(swap);
    if (!lowers) write(hard);
    return {};
}

std::vector<wire::TypedParameter> change_live_block_io(Run& run, const wire::TypedParameters& params) {
    model::BlkioTune& tune = run.domain->blkiotune;
    if (auto weight = params.find_uint("weight")) {
        run.group->set_weight(*weight);
        tune.weight = *weight;
    }
    for (const DeviceFigure& figure : device_figures) {
        const auto text = params.find_string(figure.name);
        if (!text) continue;
        const DeviceValues values = read_devices(figure, *text);
        for (const auto& [path, value] : values) run.group->set_device_limit(figure.limit, path, value);
        change_devices(tune, figure, values);
    }
    return {};
}

/// Where the memory of a running guest may lie can change only where the host's kernel alone keeps it there.
std::vector<wire::TypedParameter> change_live_numa(Run& run, const wire::TypedParameters& params) {
    model::NumaTune& tune = run.domain->numatune;
    model::NumaTune wanted = tune;
    change_numa(wanted, params);
    const bool names_mode = params.find("numa_mode") != nullptr;
    if (tune.has_memory && names_mode && wanted.mode != tune.mode) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "can't change numatune mode for running domain");
    }
    if (tune.has_memory && names_mode && tune.mode == model::NumatuneMode::strict) {
        if (params.find("numa_nodeset") && wanted.nodes == tune.nodes) return {};
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "can't change nodeset for strict mode for running domain");
    }
    if (!params.find("numa_nodeset")) {
        tune = wanted;
        return {};
    }
    if (tune.has_memory && tune.mode != model::NumatuneMode::restrictive) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "change of nodeset for running domain requires restrictive numa mode");
    }
    for (Threads threads : {Threads::emulator, Threads::vcpus, Threads::iothreads}) {
        for (const std::string& group : groups_of(run, threads)) run.group->set_memory_nodes(group, wanted.nodes);
    }
    tune = wanted;
    return {};
}

std::string device_list(const model::BlkioTune& tune, const DeviceFigure& figure) {
    std::string text;
    for (const model::BlkioDevice& device : tune.devices) {
        if (figure.read(device) == 0) continue;
        fmt::format_to(std::back_inserter(text), "{}{},{}", text.empty() ? "" : ",", device.path, figure.read(device));
    }
    return text;
}

}  // namespace

void TuneCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetMemoryParameters>(this, &TuneCalls::memory);
    on.call<proc::DomainSetMemoryParameters>(this, &TuneCalls::set_memory);
    on.call<proc::DomainGetBlkioParameters>(this, &TuneCalls::block_io);
    on.call<proc::DomainSetBlkioParameters>(this, &TuneCalls::set_block_io);
    on.call<proc::DomainGetNumaParameters>(this, &TuneCalls::numa);
    on.call<proc::DomainSetNumaParameters>(this, &TuneCalls::set_numa);
    on.call<proc::DomainGetSchedulerType>(this, &TuneCalls::scheduler_type);
    on.call<proc::DomainGetSchedulerParameters>(this, &TuneCalls::scheduler);
    on.call<proc::DomainGetSchedulerParametersFlags>(this, &TuneCalls::scheduler_flags);
    on.call<proc::DomainSetSchedulerParameters>(this, &TuneCalls::set_scheduler);
    on.call<proc::DomainSetSchedulerParametersFlags>(this, &TuneCalls::set_scheduler_flags);
}

void TuneCalls::require_available(const Subject& subject) const {
    if (subject.in_session || core_.settings.paths.privileged) return;
    fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "{} is not available in session mode", subject.name);
}

TuneCalls::View TuneCalls::view(const proc::DomainRef& which, uint32_t flags, const Subject& subject) const {
    DomainOwner domain = core_.at(which.name, which.uuid);
    require_available(subject);
    const Scope scope = scope_of(*domain, flags & affect_flags);
    const Run* run = scope.live ? &domain->running() : nullptr;
    if (run != nullptr && (!run->group || !run->group->has(subject.controller))) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, subject.missing, groupless);
    }
    return {definition_for(*domain, flags & affect_flags), run};
}

Task<void> TuneCalls::change_limits(driver::Call& call, proc::DomainRef which, uint32_t flags, const Subject& subject,
                                    std::function<void(model::Domain&)> change, LiveChange change_live) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    require_available(subject);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, subject.name, call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, flags & affect_flags);
    std::shared_ptr<model::Domain> definition;
    if (scope.config) {
        definition = std::make_shared<model::Domain>(*domain->persistent());
        change(*definition);
    }
    if (scope.live) {
        Run& run = domain->running();
        if (!core_.settings.paths.privileged) {
            fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "{} is not available in session mode",
                 subject.name);
        }
        if (!run.group || !run.group->has(subject.controller)) {
            throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, subject.missing, groupless);
        }
        std::vector<wire::TypedParameter> told = change_live(run);
        if (!told.empty()) core_.announcer.tunable(*domain, std::move(told));
        co_await live_changed(core_, domain);
    }
    if (scope.config) co_await replace_definition(core_, domain, std::move(definition));
}

proc::DomainGetMemoryParameters::Ret TuneCalls::memory(driver::Call&, proc::DomainGetMemoryParameters::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetMemoryParameters");
    const View seen = view(args.domain, args.flags, memory_subject);
    wire::TypedParameters params;
    for (const MemoryLimit& limit : memory_limits) {
        std::optional<uint64_t> kib;
        if (seen.run != nullptr) {
            kib = seen.run->group->memory_limit(limit.limit);
        } else if (const auto& value = seen.definition.memtune.*limit.value) {
            kib = value->count;
        }
        params.add_ullong(std::string(limit.name), kib.value_or(unlimited));
    }
    return answer<proc::DomainGetMemoryParameters::Ret>(std::move(params), args.nparams, args.flags);
}

Task<wire::Void> TuneCalls::set_memory(driver::Call& call, proc::DomainSetMemoryParameters::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetMemoryParameters");
    require_settings(args.params, memory_settings);
    wire::TypedParameters params(std::move(args.params));
    std::function<void(model::Domain&)> change = [&params](model::Domain& domain) {
        change_memory_limits(domain.memtune, params);
    };
    LiveChange change_live = [&params](Run& run) { return change_live_memory(run, params); };
    co_await change_limits(call, std::move(args.domain), args.flags, memory_subject, std::move(change),
                           std::move(change_live));
    co_return wire::Void{};
}

proc::DomainGetBlkioParameters::Ret TuneCalls::block_io(driver::Call&, proc::DomainGetBlkioParameters::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetBlkioParameters");
    const View seen = view(args.domain, args.flags, block_subject);
    const model::BlkioTune& tune = seen.definition.blkiotune;
    wire::TypedParameters params;
    params.add_uint("weight", seen.run != nullptr ? seen.run->group->weight() : tune.weight);
    for (const DeviceFigure& figure : device_figures) {
        params.add_string(std::string(figure.name), device_list(tune, figure));
    }
    return answer<proc::DomainGetBlkioParameters::Ret>(std::move(params), args.nparams, args.flags);
}

Task<wire::Void> TuneCalls::set_block_io(driver::Call& call, proc::DomainSetBlkioParameters::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetBlkioParameters");
    require_settings(args.params, block_settings);
    wire::TypedParameters params(std::move(args.params));
    std::function<void(model::Domain&)> change = [&params](model::Domain& domain) {
        change_block_io(domain.blkiotune, params);
    };
    LiveChange change_live = [&params](Run& run) { return change_live_block_io(run, params); };
    co_await change_limits(call, std::move(args.domain), args.flags, block_subject, std::move(change),
                           std::move(change_live));
    co_return wire::Void{};
}

proc::DomainGetNumaParameters::Ret TuneCalls::numa(driver::Call&, proc::DomainGetNumaParameters::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetNumaParameters");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::NumaTune& tune = definition_for(*domain, args.flags & affect_flags).numatune;
    wire::TypedParameters params;
    params.add_int("numa_mode", tune.has_memory ? static_cast<int32_t>(tune.mode) : 0);
    params.add_string("numa_nodeset", tune.has_memory ? tune.nodes.to_string() : "");
    return answer<proc::DomainGetNumaParameters::Ret>(std::move(params), args.nparams, args.flags);
}

Task<wire::Void> TuneCalls::set_numa(driver::Call& call, proc::DomainSetNumaParameters::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetNumaParameters");
    require_settings(args.params, numa_settings);
    wire::TypedParameters params(std::move(args.params));
    std::function<void(model::Domain&)> change = [&params](model::Domain& domain) {
        change_numa(domain.numatune, params);
    };
    LiveChange change_live = [&params](Run& run) { return change_live_numa(run, params); };
    co_await change_limits(call, std::move(args.domain), args.flags, numa_subject, std::move(change),
                           std::move(change_live));
    co_return wire::Void{};
}

proc::DomainGetSchedulerType::Ret TuneCalls::scheduler_type(driver::Call&, proc::DomainGetSchedulerType::Args args) {
    // A guest that does not run tells what it could have.
    require_available(cpu_subject);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    if (domain->is_active()) view(args.domain, api::domain_affect_live, cpu_subject);
    proc::DomainGetSchedulerType::Ret ret;
    ret.type = "posix";
    ret.nparams = scheduler_parameters;
    return ret;
}

proc::DomainGetSchedulerParameters::Ret TuneCalls::scheduler(driver::Call& call,
                                                             proc::DomainGetSchedulerParameters::Args args) {
    proc::DomainGetSchedulerParametersFlags::Args asked;
    asked.domain = std::move(args.domain);
    asked.nparams = args.nparams;
    proc::DomainGetSchedulerParameters::Ret ret;
    ret.params = scheduler_flags(call, std::move(asked)).params;
    return ret;
}

proc::DomainGetSchedulerParametersFlags::Ret TuneCalls::scheduler_flags(
    driver::Call&, proc::DomainGetSchedulerParametersFlags::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetSchedulerParametersFlags");
    const View seen = view(args.domain, args.flags, cpu_subject);
    proc::DomainGetSchedulerParametersFlags::Ret ret;
    if (seen.run != nullptr) {
        ret.params = live_scheduler_figures(*seen.run).take();
    } else {
        ret.params = scheduler_figures(seen.definition.cputune).take();
    }
    const auto asked = static_cast<size_t>(std::max(args.nparams, 0));
    if (asked < ret.params.size()) ret.params.resize(asked);
    return ret;
}

Task<wire::Void> TuneCalls::set_scheduler(driver::Call& call, proc::DomainSetSchedulerParameters::Args args) {
    proc::DomainSetSchedulerParametersFlags::Args wanted;
    wanted.domain = std::move(args.domain);
    wanted.params = std::move(args.params);
    co_await set_scheduler_flags(call, std::move(wanted));
    co_return wire::Void{};
}

Task<wire::Void> TuneCalls::set_scheduler_flags(driver::Call& call,
                                                proc::DomainSetSchedulerParametersFlags::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetSchedulerParametersFlags");
    require_settings(args.params, scheduler_settings);
    wire::TypedParameters params(std::move(args.params));
    std::function<void(model::Domain&)> change = [&params](model::Domain& domain) {
        change_scheduler(domain.cputune, params);
    };
    LiveChange change_live = [&params](Run& run) { return change_live_scheduler(run, params); };
    co_await change_limits(call, std::move(args.domain), args.flags, cpu_subject, std::move(change),
                           std::move(change_live));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
