#include "drivers/qemu/calls/measure_calls.h"

#include "drivers/qemu/calls/support.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

/// In the order in which libvirt tells them.
constexpr std::string_view perf_names[] = {"cmt",
                                           "mbmt",
                                           "mbml",
                                           "cpu_cycles",
                                           "instructions",
                                           "cache_references",
                                           "cache_misses",
                                           "branch_instructions",
                                           "branch_misses",
                                           "bus_cycles",
                                           "stalled_cycles_frontend",
                                           "stalled_cycles_backend",
                                           "ref_cpu_cycles",
                                           "cpu_clock",
                                           "task_clock",
                                           "page_faults",
                                           "context_switches",
                                           "cpu_migrations",
                                           "page_faults_min",
                                           "page_faults_maj",
                                           "alignment_faults",
                                           "emulation_faults"};

enum TypeNumber : uint32_t { type_ullong = 4, type_string = 7 };
constexpr wire::ExpectedParameter launch_settings[] = {
    {"sev-secret-header", type_string}, {"sev-secret", type_string}, {"sev-secret-set-address", type_ullong}};

}  // namespace

void MeasureCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetCpuStats>(this, &MeasureCalls::cpu_stats);
    on.call<proc::DomainStartDirtyRateCalc>(this, &MeasureCalls::start_dirty_rate);
    on.call<proc::DomainGetPerfEvents>(this, &MeasureCalls::perf_events);
    on.call<proc::DomainGetLaunchSecurityInfo>(this, &MeasureCalls::launch_security);
    on.call<proc::DomainSetLaunchSecurityState>(this, &MeasureCalls::set_launch_security);
}

proc::DomainGetCpuStats::Ret MeasureCalls::cpu_stats(driver::Call&, proc::DomainGetCpuStats::Args args) {
    require_flags(args.flags, api::typed_param_string_okay, "qemuDomainGetCPUStats");
    core_.at(args.domain.name, args.domain.uuid)->running();
    throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cgroup CPUACCT controller is not mounted",
                "guests run in no cgroup of their own; virDomainGetVcpus and the bulk statistics tell their CPU time");
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
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config | api::typed_param_string_okay,
                  "qemuDomainGetPerfEvents");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const uint32_t affect = args.flags & (api::domain_affect_live | api::domain_affect_config);
    const model::Domain& definition = definition_for(*domain, affect);
    wire::TypedParameters params;
    for (std::string_view name : perf_names) {
        bool enabled = false;
        for (const model::PerfEvent& event : definition.perf)
            enabled = enabled || (event.name == name && event.enabled);
        params.add_boolean(std::string(name), enabled);
    }
    proc::DomainGetPerfEvents::Ret ret;
    ret.params = params.take();
    return ret;
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
