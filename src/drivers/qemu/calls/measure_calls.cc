#include "drivers/qemu/calls/measure_calls.h"

#include <algorithm>
#include <utility>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/guest_group.h"
#include "drivers/qemu/thread_placement.h"
#include "model/domain/domain.h"
#include "model/domain/perf_events.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t affect_flags = api::domain_affect_live | api::domain_affect_config;

enum TypeNumber : uint32_t { type_ullong = 4, type_boolean = 6, type_string = 7 };
constexpr wire::ExpectedParameter launch_settings[] = {
    {"sev-secret-header", type_string}, {"sev-secret", type_string}, {"sev-secret-set-address", type_ullong}};

/// `events` with what the caller turned on and off; the others as they were.
std::vector<model::PerfEvent> changed_events(const std::vector<model::PerfEvent>& events,
                                             const wire::TypedParameters& wanted) {
    std::vector<model::PerfEvent> changed;
    for (std::string_view name : model::perf_event_names()) {
        std::optional<bool> enabled = wanted.find_boolean(name);
        const auto before = std::ranges::find(events, name, &model::PerfEvent::name);
        if (!enabled && before != events.end()) enabled = before->enabled;
        if (enabled) changed.push_back({std::string(name), *enabled});
    }
    return changed;
}

proc::DomainGetCpuStats::Ret total_cpu_stats(const host::ControlGroup& group, uint32_t asked) {
    constexpr uint32_t known = 3;
    proc::DomainGetCpuStats::Ret ret;
    ret.nparams = known;
    if (asked == 0) return ret;
    const host::CpuUsage usage = group.cpu_usage();
    wire::TypedParameters params;
    params.add_ullong("cpu_time", usage.total);
    if (asked > 1) params.add_ullong("user_time", usage.user);
    if (asked > 2) params.add_ullong("system_time", usage.system);
    ret.params = params.take();
    ret.nparams = static_cast<int32_t>(std::min(asked, known));
    return ret;
}

/// Asked for no figure of no processor it tells how many processors there are, of some how many figures.
proc::DomainGetCpuStats::Ret stats_by_cpu(const Run& run, const proc::DomainGetCpuStats::Args& args) {
    constexpr uint32_t known = 2;
    proc::DomainGetCpuStats::Ret ret;
    ret.nparams = known;
    if (args.nparams == 0 && args.ncpus != 0) return ret;
    const auto cpus = static_cast<int32_t>(host_cpus());
    ret.nparams = cpus;
    if (args.ncpus == 0) return ret;
    if (args.start_cpu < 0 || args.start_cpu >= cpus) {
        fail(ErrorCode::invalid_arg, ErrorDomain::cgroup, "start_cpu {} larger than maximum of {}", args.start_cpu,
             cpus - 1);
    }
    const std::vector<uint64_t> whole = run.group->usage_by_cpu({});
    std::vector<uint64_t> of_vcpus(whole.size());
    for (size_t i = 0; i < run.vcpu_threads.size() && args.nparams > 1; i++) {
        if (run.vcpu_threads[i] <= 0) continue;
        const std::vector<uint64_t> usage = run.group->usage_by_cpu(vcpu_group(i));
        for (size_t cpu = 0; cpu < std::min(usage.size(), of_vcpus.size()); cpu++) of_vcpus[cpu] += usage[cpu];
    }
    const int64_t end = std::min<int64_t>(cpus, int64_t{args.start_cpu} + args.ncpus);
    wire::TypedParameters params;
    for (auto cpu = static_cast<size_t>(args.start_cpu); std::cmp_less(cpu, end); cpu++) {
        params.add_ullong("cpu_time", cpu < whole.size() ? whole[cpu] : 0);
        if (args.nparams > 1) params.add_ullong("vcpu_time", cpu < of_vcpus.size() ? of_vcpus[cpu] : 0);
    }
    ret.params = params.take();
    ret.nparams = static_cast<int32_t>(std::min(args.nparams, known));
    return ret;
}

}  // namespace

void MeasureCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetCpuStats>(this, &MeasureCalls::cpu_stats);
    on.call<proc::DomainStartDirtyRateCalc>(this, &MeasureCalls::start_dirty_rate);
    on.call<proc::DomainGetPerfEvents>(this, &MeasureCalls::perf_events);
    on.call<proc::DomainSetPerfEvents>(this, &MeasureCalls::set_perf_events);
    on.call<proc::DomainGetLaunchSecurityInfo>(this, &MeasureCalls::launch_security);
    on.call<proc::DomainSetLaunchSecurityState>(this, &MeasureCalls::set_launch_security);
}

proc::DomainGetCpuStats::Ret MeasureCalls::cpu_stats(driver::Call&, proc::DomainGetCpuStats::Args args) {
    require_flags(args.flags, api::typed_param_string_okay, "qemuDomainGetCPUStats");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const Run& run = domain->running();
    if (!run.group || !run.group->has(host::Controller::cpuacct)) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cgroup CPUACCT controller is not mounted",
                    "the guest runs in no control group that counts CPU time; virDomainGetVcpus and the bulk "
                    "statistics tell it");
    }
    if (args.start_cpu == -1) return total_cpu_stats(*run.group, args.nparams);
    return stats_by_cpu(run, args);
}

Task<wire::Void> MeasureCalls::start_dirty_rate(driver::Call& call, proc::DomainStartDirtyRateCalc::Args args) {
    constexpr uint32_t bitmap = api::domain_dirtyrate_mode_dirty_bitmap;
    constexpr uint32_t ring = api::domain_dirtyrate_mode_dirty_ring;
    require_flags(args.flags, bitmap | ring, "qemuDomainStartDirtyRateCalc");
    require_exclusive(args.flags, bitmap, "VIR_DOMAIN_DIRTYRATE_MODE_DIRTY_BITMAP", ring,
                      "VIR_DOMAIN_DIRTYRATE_MODE_DIRTY_RING", ErrorDomain::domain);
    if (args.seconds < 1 || args.seconds > 60) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "seconds={} is invalid, please choose value within [1, 60].", args.seconds);
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainStartDirtyRateCalc", call.deadline);
    const Run& run = domain->running();
    const bool has_ring = run.domain->features.kvm && run.domain->features.kvm->dirty_ring == xml::Switch::on;
    if ((args.flags & ring) && !has_ring) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "dirty-ring calculation mode requires dirty-ring feature enabled.");
    }
    const char* mode = args.flags & bitmap ? "dirty-bitmap" : args.flags & ring ? "dirty-ring" : "page-sampling";
    Json arguments = Json::object({{"calc-time", args.seconds}, {"mode", mode}});
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("calc-dirty-rate", std::move(arguments), deadline);
    co_return wire::Void{};
}

proc::DomainGetPerfEvents::Ret MeasureCalls::perf_events(driver::Call&, proc::DomainGetPerfEvents::Args args) {
    require_flags(args.flags, affect_flags | api::typed_param_string_okay, "qemuDomainGetPerfEvents");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::Domain& definition = definition_for(*domain, args.flags & affect_flags);
    wire::TypedParameters params;
    for (std::string_view name : model::perf_event_names()) {
        const auto event = std::ranges::find(definition.perf, name, &model::PerfEvent::name);
        params.add_boolean(std::string(name), event != definition.perf.end() && event->enabled);
    }
    proc::DomainGetPerfEvents::Ret ret;
    ret.params = params.take();
    return ret;
}

Task<wire::Void> MeasureCalls::set_perf_events(driver::Call& call, proc::DomainSetPerfEvents::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetPerfEvents");
    std::vector<wire::ExpectedParameter> known;
    for (std::string_view name : model::perf_event_names()) known.push_back({name, type_boolean});
    wire::validate(args.params, known);
    const wire::TypedParameters wanted(std::move(args.params));
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetPerfEvents", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    if (scope.live) {
        Run& run = domain->running();
        const std::vector<model::PerfEvent> events = changed_events(run.domain->perf, wanted);
        set_perf_counters(run.perf_counters, events, run.process->pid());
        run.domain->perf = events;
        co_await live_changed(core_, domain);
    }
    if (scope.config) {
        auto definition = std::make_shared<model::Domain>(*domain->persistent());
        definition->perf = changed_events(definition->perf, wanted);
        co_await replace_definition(core_, domain, std::move(definition));
    }
    co_return wire::Void{};
}

Task<proc::DomainGetLaunchSecurityInfo::Ret> MeasureCalls::launch_security(
    driver::Call& call, proc::DomainGetLaunchSecurityInfo::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainGetLaunchSecurityInfo::Ret ret;
    const auto& security = domain->current().launch_security;
    if (!security || security->type != model::LaunchSecurityType::sev) co_return ret;
    require_flags(args.flags, api::typed_param_string_okay, "qemuDomainGetLaunchSecurityInfo");
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainGetLaunchSecurityInfo", call.deadline);
    domain->running();
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    Json nothing;
    Json measured = co_await domain->monitor()->command("query-sev-launch-measure", nothing, deadline);
    Json facts = co_await domain->monitor()->command("query-sev", nothing, deadline);
    wire::TypedParameters params;
    params.add_string("sev-measurement", measured.string_or("data", ""));
    params.add_uint("sev-api-major", static_cast<uint32_t>(facts.uint_or("api-major", 0)));
    params.add_uint("sev-api-minor", static_cast<uint32_t>(facts.uint_or("api-minor", 0)));
    params.add_uint("sev-build-id", static_cast<uint32_t>(facts.uint_or("build-id", 0)));
    params.add_uint("sev-policy", static_cast<uint32_t>(facts.uint_or("policy", 0)));
    ret.params = params.take();
    co_return ret;
}

Task<wire::Void> MeasureCalls::set_launch_security(driver::Call& call, proc::DomainSetLaunchSecurityState::Args args) {
    require_flags(args.flags, 0, "qemuDomainSetLaunchSecurityState");
    wire::validate(args.params, launch_settings);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const auto& security = domain->current().launch_security;
    if (!security || security->type != model::LaunchSecurityType::sev) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "setting a launch secret is only supported in SEV-enabled domains");
    }
    const wire::TypedParameters params(std::move(args.params));
    const auto header = params.find_string("sev-secret-header");
    const auto secret = params.find_string("sev-secret");
    if (!header || !secret) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "Both secret and the secret header are required");
    }
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetLaunchSecurityState", call.deadline);
    domain->running();
    if (domain->state().state != api::domain_paused) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "domain must be in a paused state to set the launch secret");
    }
    Json arguments = Json::object({{"packet-header", *header}, {"secret", *secret}});
    if (auto address = params.find_ullong("sev-secret-set-address")) arguments.set("gpa", *address);
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("sev-inject-launch-secret", std::move(arguments), deadline);
    co_return wire::Void{};
}

}  // namespace virtue::qemu
