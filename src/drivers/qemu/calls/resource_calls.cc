#include "drivers/qemu/calls/resource_calls.h"

#include <sched.h>
#include <unistd.h>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/process_figures.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

unsigned host_cpus() {
    return static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_CONF)));
}

/// The CPUs that a thread may run on, as bytes of a map.
std::vector<uint8_t> affinity_map(int thread, size_t length) {
    std::vector<uint8_t> map(length);
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(thread, sizeof set, &set) != 0) return map;
    for (size_t cpu = 0; cpu < length * 8 && cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &set)) map[cpu / 8] = static_cast<uint8_t>(map[cpu / 8] | 1u << (cpu % 8));
    }
    return map;
}

std::vector<uint8_t> map_of(const std::optional<Bitmap>& pinned, size_t length) {
    std::vector<uint8_t> map(length);
    unsigned cpus = std::min<unsigned>(host_cpus(), static_cast<unsigned>(length * 8));
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        if (!pinned || pinned->test(cpu)) map[cpu / 8] = static_cast<uint8_t>(map[cpu / 8] | 1u << (cpu % 8));
    }
    return map;
}

Bitmap bitmap_of(std::span<const uint8_t> map) {
    Bitmap cpus;
    for (unsigned cpu = 0; cpu < map.size() * 8; cpu++) {
        if (map[cpu / 8] & 1u << (cpu % 8)) cpus.set(cpu);
    }
    if (cpus.empty()) throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "Empty cpu list for pinning");
    return cpus;
}

void set_affinity(int thread, const Bitmap& cpus) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (auto cpu = cpus.next(); cpu && *cpu < CPU_SETSIZE; cpu = cpus.next(*cpu + 1)) CPU_SET(*cpu, &set);
    if (::sched_setaffinity(thread, sizeof set, &set) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, fmt::format("cannot set CPU affinity on process {}", thread));
    }
}

size_t map_length(int32_t asked) {
    return static_cast<size_t>(std::clamp<int32_t>(asked, 0, 2048));
}

}  // namespace

void ResourceCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetMaxVcpus>(this, &ResourceCalls::max_vcpus);
    on.call<proc::DomainGetVcpusFlags>(this, &ResourceCalls::get_vcpus);
    on.call<proc::DomainSetVcpus>(this, &ResourceCalls::set_vcpus);
    on.call<proc::DomainSetVcpusFlags>(this, &ResourceCalls::set_vcpus_flags);
    on.call<proc::DomainGetVcpus>(this, &ResourceCalls::vcpu_info);
    on.call<proc::DomainGetVcpuPinInfo>(this, &ResourceCalls::vcpu_pins);
    on.call<proc::DomainPinVcpu>(this, &ResourceCalls::pin_vcpu);
    on.call<proc::DomainPinVcpuFlags>(this, &ResourceCalls::pin_vcpu_flags);
    on.call<proc::DomainGetEmulatorPinInfo>(this, &ResourceCalls::emulator_pin);
    on.call<proc::DomainPinEmulator>(this, &ResourceCalls::pin_emulator);
    on.call<proc::DomainGetIothreadInfo>(this, &ResourceCalls::iothreads);
    on.call<proc::DomainGetMaxMemory>(this, &ResourceCalls::get_max_memory);
    on.call<proc::DomainSetMaxMemory>(this, &ResourceCalls::set_max_memory);
    on.call<proc::DomainSetMemory>(this, &ResourceCalls::set_memory);
    on.call<proc::DomainSetMemoryFlags>(this, &ResourceCalls::set_memory_flags);
    on.call<proc::DomainSetMemoryStatsPeriod>(this, &ResourceCalls::set_stats_period);
}

proc::DomainGetMaxVcpus::Ret ResourceCalls::max_vcpus(driver::Call&, proc::DomainGetMaxVcpus::Args args) {
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainGetMaxVcpus::Ret ret;
    ret.num = static_cast<int32_t>(vcpu_counts(domain->current()).maximum);
    return ret;
}

proc::DomainGetVcpusFlags::Ret ResourceCalls::get_vcpus(driver::Call&, proc::DomainGetVcpusFlags::Args args) {
    require_flags(
        args.flags,
        api::domain_affect_live | api::domain_affect_config | api::domain_vcpu_maximum | api::domain_vcpu_guest,
        "qemuDomainGetVcpusFlags");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    if (args.flags & api::domain_vcpu_guest) {
        domain->running();
        domain->agent();
        throw Error(ErrorCode::argument_unsupported, ErrorDomain::qemu,
                    "counting vCPUs by the guest agent is not supported");
    }
    VcpuCounts counts = vcpu_counts(definition_for(*domain, args.flags & 3));
    proc::DomainGetVcpusFlags::Ret ret;
    ret.num = static_cast<int32_t>(args.flags & api::domain_vcpu_maximum ? counts.maximum : counts.current);
    return ret;
}

Task<wire::Void> ResourceCalls::set_vcpus(driver::Call& call, proc::DomainSetVcpus::Args args) {
    co_await change_vcpus(call, std::move(args.domain), args.nvcpus, api::domain_affect_live);
    co_return wire::Void{};
}

Task<wire::Void> ResourceCalls::set_vcpus_flags(driver::Call& call, proc::DomainSetVcpusFlags::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config | api::domain_vcpu_maximum,
                  "qemuDomainSetVcpusFlags");
    co_await change_vcpus(call, std::move(args.domain), args.nvcpus, args.flags);
    co_return wire::Void{};
}

Task<void> ResourceCalls::change_vcpus(driver::Call& call, proc::DomainRef which, uint32_t count, uint32_t flags) {
    if (count == 0 || count > 65535) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::dom, "argument out of range: nvcpus");
    }
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetVcpusFlags", call.deadline);
    require_known(*domain);
    Scope scope = scope_of(*domain, flags & 3);
    bool maximum = (flags & api::domain_vcpu_maximum) != 0;
    if (maximum && scope.live) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                    "maximum vcpu count can be set only in the persistent configuration");
    }
    if (scope.live && count != vcpu_counts(domain->current()).current) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                    "adding and removing vCPUs of a running guest is not supported",
                    "change the persistent configuration (--config) and restart the guest");
    }
    if (!scope.config) co_return;
    VcpuCounts counts = vcpu_counts(*domain->persistent());
    if (!maximum && count > counts.maximum) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu,
             "requested vcpus is greater than max allowable vcpus for the persistent domain: {} > {}", count,
             counts.maximum);
    }
    auto definition = std::make_shared<model::Domain>(*domain->persistent());
    if (maximum) {
        set_vcpu_counts(*definition, {std::min(counts.current, count), count});
    } else {
        set_vcpu_counts(*definition, {count, counts.maximum});
    }
    co_await replace_definition(core_, domain, std::move(definition));
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
    co_await pin(call, std::move(args.domain), UINT32_MAX, std::move(args.cpumap), args.flags);
    co_return wire::Void{};
}

Task<void> ResourceCalls::pin(driver::Call& call, proc::DomainRef which, uint32_t vcpu, std::vector<uint8_t> map,
                              uint32_t flags) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainPinVcpu", call.deadline);
    require_known(*domain);
    Scope scope = scope_of(*domain, flags);
    Bitmap cpus = bitmap_of(map);
    bool emulator = vcpu == UINT32_MAX;
    int index = emulator ? emulator_threads : static_cast<int>(vcpu);
    unsigned limit = vcpu_counts(scope.live ? domain->current() : *domain->persistent()).maximum;
    if (!emulator && vcpu >= limit) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "vcpu {} is out of range of {} cpu count {}", vcpu,
             scope.live ? "live" : "persistent", limit);
    }
    if (scope.live) {
        Run& run = domain->running();
        int thread = emulator ? run.process->pid() : 0;
        if (!emulator && vcpu < run.vcpu_threads.size()) thread = run.vcpu_threads[vcpu];
        if (thread > 0) set_affinity(thread, cpus);
        set_pinned_cpus(*run.domain, index, cpus);
    }
    if (scope.config) {
        auto definition = std::make_shared<model::Domain>(*domain->persistent());
        set_pinned_cpus(*definition, index, cpus);
        co_await replace_definition(core_, domain, std::move(definition));
    }
    if (!scope.live || !domain->is_active()) co_return;
    co_await live_changed(core_, domain);
    const std::string subject = emulator ? "cputune.emulatorpin" : fmt::format("cputune.vcpupin{}", vcpu);
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

proc::DomainGetIothreadInfo::Ret ResourceCalls::iothreads(driver::Call&, proc::DomainGetIothreadInfo::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainGetIOThreadInfo");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::Domain& definition = definition_for(*domain, args.flags);
    proc::DomainGetIothreadInfo::Ret ret;
    for (unsigned id : iothread_ids(definition)) {
        proc::DomainIothread thread;
        thread.iothread_id = id;
        thread.cpumap = map_of(std::nullopt, (host_cpus() + 7) / 8);
        ret.info.push_back(std::move(thread));
    }
    ret.ret = static_cast<uint32_t>(ret.info.size());
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
