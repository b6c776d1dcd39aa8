#include "drivers/qemu/calls/tune_calls.h"

#include <charconv>
#include <limits>

#include "base/text.h"
#include "drivers/qemu/calls/support.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t affect_flags = api::domain_affect_live | api::domain_affect_config;
constexpr uint32_t reading_flags = affect_flags | api::typed_param_string_okay;

constexpr TuneCalls::Subject memory_subject{"Memory tuning", "cgroup memory controller is not mounted", false};
constexpr TuneCalls::Subject block_subject{"Block I/O tuning", "blkio cgroup isn't mounted", false};
constexpr TuneCalls::Subject cpu_subject{"CPU tuning", "cgroup CPU controller is not mounted", false};
constexpr TuneCalls::Subject numa_subject{"NUMA tuning", "cgroup cpuset controller is not mounted", true};

/// VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, in KiB.
constexpr uint64_t unlimited = 9007199254740991;

enum TypeNumber : uint32_t { type_int = 1, type_uint = 2, type_llong = 3, type_ullong = 4, type_string = 7 };

struct MemoryLimit {
    std::string_view name;
    std::optional<model::Kibibytes> model::MemTune::*value;
};
constexpr MemoryLimit memory_limits[] = {{"hard_limit", &model::MemTune::hard_limit},
                                         {"soft_limit", &model::MemTune::soft_limit},
                                         {"swap_hard_limit", &model::MemTune::swap_hard_limit}};
constexpr wire::ExpectedParameter memory_settings[] = {
    {"hard_limit", type_ullong}, {"soft_limit", type_ullong}, {"swap_hard_limit", type_ullong}};

struct SchedulerPeriod {
    std::string_view period;
    uint64_t model::CpuTune::*period_value;
    std::string_view quota;
    int64_t model::CpuTune::*quota_value;
};
constexpr SchedulerPeriod scheduler_periods[] = {
    {"vcpu_period", &model::CpuTune::period, "vcpu_quota", &model::CpuTune::quota},
    {"emulator_period", &model::CpuTune::emulator_period, "emulator_quota", &model::CpuTune::emulator_quota},
    {"global_period", &model::CpuTune::global_period, "global_quota", &model::CpuTune::global_quota},
    {"iothread_period", &model::CpuTune::iothread_period, "iothread_quota", &model::CpuTune::iothread_quota},
};
constexpr int32_t scheduler_parameters = 1 + 2 * std::size(scheduler_periods);
constexpr wire::ExpectedParameter scheduler_settings[] = {
    {"cpu_shares", type_ullong},      {"vcpu_period", type_ullong},     {"vcpu_quota", type_llong},
    {"emulator_period", type_ullong}, {"emulator_quota", type_llong},   {"global_period", type_ullong},
    {"global_quota", type_llong},     {"iothread_period", type_ullong}, {"iothread_quota", type_llong}};

/// A figure of each device, written "PATH,FIGURE,PATH,FIGURE…" in one parameter.
struct DeviceFigure {
    std::string_view name;
    uint64_t (*read)(const model::BlkioDevice&);
    void (*write)(model::BlkioDevice&, uint64_t);
    uint64_t most;
};
template <auto Member>
constexpr DeviceFigure device_figure(std::string_view name) {
    using Number = std::remove_cvref_t<decltype(std::declval<model::BlkioDevice>().*Member)>;
    return {name, [](const model::BlkioDevice& device) -> uint64_t { return device.*Member; },
            [](model::BlkioDevice& device, uint64_t value) { device.*Member = static_cast<Number>(value); },
            std::numeric_limits<Number>::max()};
}
constexpr DeviceFigure device_figures[] = {
    device_figure<&model::BlkioDevice::weight>("device_weight"),
    device_figure<&model::BlkioDevice::read_iops_sec>("device_read_iops_sec"),
    device_figure<&model::BlkioDevice::write_iops_sec>("device_write_iops_sec"),
    device_figure<&model::BlkioDevice::read_bytes_sec>("device_read_bytes_sec"),
    device_figure<&model::BlkioDevice::write_bytes_sec>("device_write_bytes_sec"),
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

void change_memory_limits(model::Domain& domain, const wire::TypedParameters& params) {
    for (const MemoryLimit& limit : memory_limits) {
        auto wanted = params.find_ullong(limit.name);
        if (!wanted) continue;
        auto& value = domain.memtune.*limit.value;
        if (*wanted >= unlimited) {
            value.reset();
        } else {
            value = model::Kibibytes{*wanted};
        }
    }
    const model::MemTune& now = domain.memtune;
    if (params.find("swap_hard_limit") || params.find("hard_limit")) {
        const uint64_t hard = now.hard_limit ? now.hard_limit->count : unlimited;
        const uint64_t swap = now.swap_hard_limit ? now.swap_hard_limit->count : unlimited;
        if (hard > swap) {
            throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                        "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
        }
    }
}

void change_scheduler(model::CpuTune& tune, const wire::TypedParameters& params) {
    // The kernel's own limits of a CFS period and quota, in microseconds.
    constexpr uint64_t least = 1000, longest_period = 1000000, most_quota = 18446744073709551;
    if (auto shares = params.find_ullong("cpu_shares")) tune.shares = in_range("cpu_shares", *shares, 2, 262144);
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

void change_devices(model::BlkioTune& tune, const DeviceFigure& figure, const std::string& text) {
    const std::vector<std::string_view> parts = split(text, ',');
    if (parts.size() % 2 != 0) refuse_device_list(figure.name, text);
    for (size_t i = 0; i < parts.size(); i += 2) {
        uint64_t value = 0;
        const char* end = parts[i + 1].data() + parts[i + 1].size();
        auto read = std::from_chars(parts[i + 1].data(), end, value);
        const bool is_number = read.ec == std::errc{} && read.ptr == end && value <= figure.most;
        if (!is_number || !parts[i].starts_with('/')) refuse_device_list(figure.name, text);
        if (figure.name == "device_weight" && value != 0) in_range(figure.name, value, 10, 1000);
        figure.write(device_of(tune, parts[i]), value);
    }
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
        if (auto text = params.find_string(figure.name)) change_devices(tune, figure, *text);
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

const model::Domain& TuneCalls::definition_of(const proc::DomainRef& which, uint32_t flags,
                                              const Subject& subject) const {
    DomainOwner domain = core_.at(which.name, which.uuid);
    require_available(subject);
    const Scope scope = scope_of(*domain, flags & affect_flags);
    if (scope.live) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, subject.missing,
                    "guests run in no cgroup of their own; the persistent definition can be read (--config)");
    }
    return definition_for(*domain, flags & affect_flags);
}

Task<void> TuneCalls::change_definition(driver::Call& call, proc::DomainRef which, uint32_t flags,
                                        const Subject& subject, std::function<void(model::Domain&)> change) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    require_available(subject);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, subject.name, call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, flags & affect_flags);
    if (scope.live) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, subject.missing,
                    "guests run in no cgroup of their own; change the persistent definition (--config)");
    }
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    change(*definition);
    co_await replace_definition(core_, domain, std::move(definition));
}

proc::DomainGetMemoryParameters::Ret TuneCalls::memory(driver::Call&, proc::DomainGetMemoryParameters::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetMemoryParameters");
    const model::MemTune& tune = definition_of(args.domain, args.flags, memory_subject).memtune;
    wire::TypedParameters params;
    for (const MemoryLimit& limit : memory_limits) {
        const auto& value = tune.*limit.value;
        params.add_ullong(std::string(limit.name), value ? value->count : unlimited);
    }
    return answer<proc::DomainGetMemoryParameters::Ret>(std::move(params), args.nparams, args.flags);
}

Task<wire::Void> TuneCalls::set_memory(driver::Call& call, proc::DomainSetMemoryParameters::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetMemoryParameters");
    require_settings(args.params, memory_settings);
    wire::TypedParameters params(std::move(args.params));
    std::function<void(model::Domain&)> change = [&params](model::Domain& domain) {
        change_memory_limits(domain, params);
    };
    co_await change_definition(call, std::move(args.domain), args.flags, memory_subject, std::move(change));
    co_return wire::Void{};
}

proc::DomainGetBlkioParameters::Ret TuneCalls::block_io(driver::Call&, proc::DomainGetBlkioParameters::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetBlkioParameters");
    const model::BlkioTune& tune = definition_of(args.domain, args.flags, block_subject).blkiotune;
    wire::TypedParameters params;
    params.add_uint("weight", tune.weight);
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
    co_await change_definition(call, std::move(args.domain), args.flags, block_subject, std::move(change));
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
    co_await change_definition(call, std::move(args.domain), args.flags, numa_subject, std::move(change));
    co_return wire::Void{};
}

proc::DomainGetSchedulerType::Ret TuneCalls::scheduler_type(driver::Call&, proc::DomainGetSchedulerType::Args args) {
    // A guest that does not run tells what it could have.
    require_available(cpu_subject);
    if (core_.at(args.domain.name, args.domain.uuid)->is_active()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, cpu_subject.missing,
                    "guests run in no cgroup of their own");
    }
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
    const model::CpuTune& tune = definition_of(args.domain, args.flags, cpu_subject).cputune;
    proc::DomainGetSchedulerParametersFlags::Ret ret;
    ret.params = scheduler_figures(tune).take();
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
    co_await change_definition(call, std::move(args.domain), args.flags, cpu_subject, std::move(change));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
