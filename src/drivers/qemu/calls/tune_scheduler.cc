// CPU shares and quotas of guests.
#include "drivers/qemu/calls/tune_support.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using namespace tune;

namespace {

using host::Controller;

constexpr TuneCalls::Subject cpu_subject{"CPU tuning", "cgroup CPU controller is not mounted", false, Controller::cpu};

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

wire::TypedParameters scheduler_figures(const model::CpuTune& tune) {
    wire::TypedParameters params;
    params.add_ullong("cpu_shares", tune.shares.value_or(0));
    for (const SchedulerPeriod& each : scheduler_periods) {
        params.add_ullong(std::string(each.period), tune.*each.period_value);
        params.add_llong(std::string(each.quota), tune.*each.quota_value);
    }
    return params;
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

}  // namespace

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
