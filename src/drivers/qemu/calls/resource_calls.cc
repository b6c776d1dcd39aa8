#include "drivers/qemu/calls/resource_calls.h"

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/guest_group.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/process_figures.h"
#include "drivers/qemu/thread_placement.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
void ResourceCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetVcpus>(this, &ResourceCalls::vcpu_info);
    on.call<proc::DomainGetVcpuPinInfo>(this, &ResourceCalls::vcpu_pins);
    on.call<proc::DomainPinVcpu>(this, &ResourceCalls::pin_vcpu);
    on.call<proc::DomainPinVcpuFlags>(this, &ResourceCalls::pin_vcpu_flags);
    on.call<proc::DomainGetEmulatorPinInfo>(this, &ResourceCalls::emulator_pin);
    on.call<proc::DomainPinEmulator>(this, &ResourceCalls::pin_emulator);
    on.call<proc::DomainGetMaxMemory>(this, &ResourceCalls::get_max_memory);
    on.call<proc::DomainSetMaxMemory>(this, &ResourceCalls::set_max_memory);
    on.call<proc::DomainSetMemory>(this, &ResourceCalls::set_memory);
    on.call<proc::DomainSetMemoryFlags>(this, &ResourceCalls::set_memory_flags);
    on.call<proc::DomainSetMemoryStatsPeriod>(this, &ResourceCalls::set_stats_period);
}

proc::DomainGetVcpus::Ret ResourceCalls::vcpu_info(driver::Call&, proc::DomainGetVcpus::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    if (!domain->is_active()) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "cannot retrieve vcpu information for inactive domain");
    }
    const Run& run = domain->running();
    proc::DomainGetVcpus::Ret ret;
    size_t length = map_length(args.maplen);
    for (size_t i = 0; i < run.vcpu_threads.size() && std::cmp_less(ret.info.size(), args.maxinfo); i++) {
        int thread = run.vcpu_threads[i];
        if (thread <= 0) continue;
        proc::VcpuInfo info;
        info.number = static_cast<uint32_t>(i);
        info.state = api::vcpu_running;
        if (auto figures = read_cpu_time(run.process->pid(), thread)) {
            info.cpu_time = figures->total();
            info.cpu = figures->last_cpu;
        }
        ret.info.push_back(info);
        std::vector<uint8_t> map = affinity_map(thread, length);
        ret.cpumaps.insert(ret.cpumaps.end(), map.begin(), map.end());
    }
    return ret;
}

proc::DomainGetVcpuPinInfo::Ret ResourceCalls::vcpu_pins(driver::Call&, proc::DomainGetVcpuPinInfo::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainGetVcpuPinInfo");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::Domain& definition = definition_for(*domain, args.flags);
    proc::DomainGetVcpuPinInfo::Ret ret;
    size_t length = map_length(args.maplen);
    unsigned count = std::min(vcpu_counts(definition).maximum, static_cast<unsigned>(std::max(0, args.ncpumaps)));
    for (unsigned vcpu = 0; vcpu < count; vcpu++) {
        std::vector<uint8_t> map = map_of(pinned_cpus(definition, static_cast<int>(vcpu)), length);
        ret.cpumaps.insert(ret.cpumaps.end(), map.begin(), map.end());
    }
    ret.num = static_cast<int32_t>(count);
    return ret;
}

Task<wire::Void> ResourceCalls::pin_vcpu(driver::Call& call, proc::DomainPinVcpu::Args args) {
    co_await pin(call, std::move(args.domain), args.vcpu, std::move(args.cpumap), api::domain_affect_live);
    co_return wire::Void{};
}

Task<wire::Void> ResourceCalls::pin_vcpu_flags(driver::Call& call, proc::DomainPinVcpuFlags::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainPinVcpuFlags");
    co_await pin(call, std::move(args.domain), args.vcpu, std::move(args.cpumap), args.flags);
    co_return wire::Void{};
}

Task<wire::Void> ResourceCalls::pin_emulator(driver::Call& call, proc::DomainPinEmulator::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainPinEmulator");
    co_await pin(call, std::move(args.domain), std::nullopt, std::move(args.cpumap), args.flags);
    co_return wire::Void{};
}

Task<void> ResourceCalls::pin(driver::Call& call, proc::DomainRef which, std::optional<uint32_t> vcpu,
                              std::vector<uint8_t> map, uint32_t flags) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainPinVcpu", call.deadline);
    require_known(*domain);
    Scope scope = scope_of(*domain, flags);
    const bool emulator = !vcpu;
    Bitmap cpus = bitmap_of(map, "cpu");
    int index = emulator ? emulator_threads : static_cast<int>(*vcpu);
    unsigned limit = vcpu_counts(scope.live ? domain->current() : *domain->persistent()).maximum;
    if (!emulator && *vcpu >= limit) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "vcpu {} is out of range of {} cpu count {}",
             static_cast<int32_t>(*vcpu), scope.live ? "live" : "persistent", limit);
    }
    if (scope.live) {
        Run& run = domain->running();
        int thread = emulator ? run.process->pid() : 0;
        if (!emulator && *vcpu < run.vcpu_threads.size()) thread = run.vcpu_threads[*vcpu];
        if (thread > 0) {
            widen_group(run, emulator ? emulator_group : vcpu_group(*vcpu), cpus);
            set_affinity(thread, cpus);
        }
        set_pinned_cpus(*run.domain, index, cpus);
    }
    if (scope.config) {
        auto definition = std::make_shared<model::Domain>(*domain->persistent());
        set_pinned_cpus(*definition, index, cpus);
        co_await replace_definition(core_, domain, std::move(definition));
    }
    if (!scope.live || !domain->is_active()) co_return;
    co_await live_changed(core_, domain);
    const std::string subject = emulator ? "cputune.emulatorpin" : fmt::format("cputune.vcpupin{}", *vcpu);
    wire::TypedParameters told;
    told.add_string(subject, cpus.to_string());
    core_.announcer.tunable(*domain, told.take());
}

proc::DomainGetEmulatorPinInfo::Ret ResourceCalls::emulator_pin(driver::Call&,
                                                                proc::DomainGetEmulatorPinInfo::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainGetEmulatorPinInfo");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::Domain& definition = definition_for(*domain, args.flags);
    proc::DomainGetEmulatorPinInfo::Ret ret;
    ret.cpumaps = map_of(pinned_cpus(definition, emulator_threads), map_length(args.maplen));
    ret.ret = 1;
    return ret;
}

proc::DomainGetMaxMemory::Ret ResourceCalls::get_max_memory(driver::Call&, proc::DomainGetMaxMemory::Args args) {
    proc::DomainGetMaxMemory::Ret ret;
    ret.memory = max_memory(core_.at(args.domain.name, args.domain.uuid)->current());
    return ret;
}

Task<wire::Void> ResourceCalls::set_max_memory(driver::Call& call, proc::DomainSetMaxMemory::Args args) {
    co_await change_memory(call, std::move(args.domain), args.memory, api::domain_mem_maximum);
    co_return wire::Void{};
}

Task<wire::Void> ResourceCalls::set_memory(driver::Call& call, proc::DomainSetMemory::Args args) {
    co_await change_memory(call, std::move(args.domain), args.memory, api::domain_affect_live);
    co_return wire::Void{};
}

Task<wire::Void> ResourceCalls::set_memory_flags(driver::Call& call, proc::DomainSetMemoryFlags::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config | api::domain_mem_maximum,
                  "qemuDomainSetMemoryFlags");
    co_await change_memory(call, std::move(args.domain), args.memory, args.flags);
    co_return wire::Void{};
}

Task<void> ResourceCalls::change_memory(driver::Call& call, proc::DomainRef which, uint64_t kib, uint32_t flags) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetMemoryFlags", call.deadline);
    require_known(*domain);
    Scope scope = scope_of(*domain, flags & 3);
    bool maximum = (flags & api::domain_mem_maximum) != 0;
    if (maximum && scope.live) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "cannot resize the maximum memory on an active domain");
    }
    if (!maximum && ((scope.live && kib > max_memory(domain->current())) ||
                     (scope.config && kib > max_memory(*domain->persistent())))) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "cannot set memory higher than max memory");
    }
    if (scope.live) {
        if (!balloon_polling(domain->current())) {
            throw Error(
                ErrorCode::operation_invalid, ErrorDomain::qemu,
                "Unable to change memory of active domain without the balloon device and guest OS balloon driver");
        }
        Json arguments = Json::object({{"value", kib * 1024}});
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await domain->monitor()->command("balloon", std::move(arguments), deadline);
    }
    if (scope.config) {
        auto definition = std::make_shared<model::Domain>(*domain->persistent());
        if (maximum) {
            set_maximum_memory(*definition, kib);
        } else {
            set_current_memory(*definition, kib);
        }
        co_await replace_definition(core_, domain, std::move(definition));
    }
}

Task<wire::Void> ResourceCalls::set_stats_period(driver::Call& call, proc::DomainSetMemoryStatsPeriod::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainSetMemoryStatsPeriod");
    if (args.period < 0)
        throw Error(ErrorCode::invalid_arg, ErrorDomain::dom,
                    "period in virDomainSetMemoryStatsPeriod must not be negative");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetMemoryStatsPeriod", call.deadline);
    require_known(*domain);
    Scope scope = scope_of(*domain, args.flags);
    auto polling = balloon_polling(scope.live ? domain->current() : *domain->persistent());
    if (!polling) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "Memory balloon model must be virtio to set the collection period");
    }
    if (scope.live) {
        Json set = Json::object(
            {{"path", polling->path}, {"property", "guest-stats-polling-interval"}, {"value", args.period}});
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await domain->monitor()->command("qom-set", std::move(set), deadline);
        set_balloon_period(*domain->running().domain, args.period);
        co_await live_changed(core_, domain);
    }
    if (scope.config) {
        auto definition = std::make_shared<model::Domain>(*domain->persistent());
        set_balloon_period(*definition, args.period);
        co_await replace_definition(core_, domain, std::move(definition));
    }
    co_return wire::Void{};
}

}  // namespace virtue::qemu
