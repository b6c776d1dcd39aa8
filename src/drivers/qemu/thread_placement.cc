#include "drivers/qemu/thread_placement.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "drivers/qemu/live_definition.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

unsigned host_cpus() {
    return static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_CONF)));
}

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

size_t map_length(int32_t asked) {
    return static_cast<size_t>(std::clamp<int32_t>(asked, 0, 2048));
}

Bitmap bitmap_of(std::span<const uint8_t> map, const char* what) {
    Bitmap cpus;
    for (unsigned cpu = 0; cpu < map.size() * 8; cpu++) {
        if (map[cpu / 8] & 1u << (cpu % 8)) cpus.set(cpu);
    }
    if (cpus.empty()) fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "Empty {} list for pinning", what);
    return cpus;
}

void set_affinity(int thread, const Bitmap& cpus) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (auto cpu = cpus.next(); cpu && *cpu < CPU_SETSIZE; cpu = cpus.next(*cpu + 1)) CPU_SET(*cpu, &set);
    if (::sched_setaffinity(thread, sizeof set, &set) != 0) {
        throw Error::from_errno(errno, ErrorDomain::none, fmt::format("cannot set CPU affinity on process {}", thread));
    }
}

void set_scheduler(int thread, const model::SchedulerSetting& setting) {
    int policy = SCHED_OTHER;
    switch (setting.scheduler) {
        case model::Scheduler::none:
            return;
        case model::Scheduler::batch:
            policy = SCHED_BATCH;
            break;
        case model::Scheduler::idle:
            policy = SCHED_IDLE;
            break;
        case model::Scheduler::fifo:
            policy = SCHED_FIFO;
            break;
        case model::Scheduler::rr:
            policy = SCHED_RR;
            break;
    }
    sched_param parameters{};
    if (policy == SCHED_FIFO || policy == SCHED_RR) {
        const int least = ::sched_get_priority_min(policy);
        const int most = ::sched_get_priority_max(policy);
        const int priority = setting.priority.value_or(0);
        if (priority < least || priority > most) {
            fail(ErrorCode::config_unsupported, ErrorDomain::none, "Scheduler priority {} out of range [{}, {}]",
                 priority, least, most);
        }
        parameters.sched_priority = priority;
    }
    if (::sched_setscheduler(thread, policy, &parameters) != 0) {
        throw Error::from_errno(errno, ErrorDomain::none,
                                fmt::format("Cannot set scheduler parameters for pid {}", thread));
    }
}

namespace {

void schedule(int thread, const std::vector<model::SchedulerSetting>& settings, unsigned number) {
    for (const model::SchedulerSetting& setting : settings) {
        if (setting.of.test(number)) set_scheduler(thread, setting);
    }
}

}  // namespace

bool places_threads(const model::Domain& domain) {
    const model::CpuTune& tune = domain.cputune;
    return !tune.vcpu_pins.empty() || !tune.emulator_pin.empty() || !tune.iothread_pins.empty() ||
           !domain.vcpus.cpuset.empty() || tune.emulator_scheduler || !tune.vcpu_schedulers.empty() ||
           !tune.iothread_schedulers.empty();
}

std::vector<IoThreadPlace> read_iothreads(const Json& answer) {
    std::vector<IoThreadPlace> threads;
    for (const Json& item : answer.items()) {
        const std::string name = item.string_or("id", "");
        IoThreadPlace place;
        constexpr std::string_view prefix = "iothread";
        if (!name.starts_with(prefix)) continue;
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), place.id);
        if (place.id == 0) continue;
        place.thread = static_cast<int>(item.int_or("thread-id", 0));
        place.poll_max = item.uint_or("poll-max-ns", 0);
        place.poll_grow = item.uint_or("poll-grow", 0);
        place.poll_shrink = item.uint_or("poll-shrink", 0);
        threads.push_back(place);
    }
    return threads;
}

Task<std::vector<IoThreadPlace>> query_iothreads(std::shared_ptr<Domain> domain, io::Deadline deadline) {
    Json nothing;
    Json answer = co_await domain->monitor()->command("query-iothreads", std::move(nothing), deadline);
    co_return read_iothreads(answer);
}

std::optional<Bitmap> pinned_iothread(const model::Domain& domain, unsigned id) {
    for (const model::IoThreadPin& pin : domain.cputune.iothread_pins) {
        if (pin.iothread == id) return pin.cpuset;
    }
    if (!domain.vcpus.cpuset.empty()) return domain.vcpus.cpuset;
    return std::nullopt;
}

void place_vcpus(const Run& run) {
    for (size_t i = 0; i < run.vcpu_threads.size(); i++) {
        if (run.vcpu_threads[i] <= 0) continue;
        auto cpus = pinned_cpus(*run.domain, static_cast<int>(i));
        set_affinity(run.vcpu_threads[i], cpus ? *cpus : Bitmap::first(host_cpus()));
        schedule(run.vcpu_threads[i], run.domain->cputune.vcpu_schedulers, static_cast<unsigned>(i));
    }
}

void place_iothread(const model::Domain& domain, const IoThreadPlace& place) {
    if (place.thread <= 0) return;
    auto cpus = pinned_iothread(domain, place.id);
    set_affinity(place.thread, cpus ? *cpus : Bitmap::first(host_cpus()));
    schedule(place.thread, domain.cputune.iothread_schedulers, place.id);
}

void place_run(const Run& run, std::span<const IoThreadPlace> iothreads) {
    const model::Domain& definition = *run.domain;
    const model::CpuTune& tune = definition.cputune;
    if (auto cpus = pinned_cpus(definition, emulator_threads)) set_affinity(run.process->pid(), *cpus);
    if (tune.emulator_scheduler) set_scheduler(run.process->pid(), *tune.emulator_scheduler);
    for (size_t i = 0; i < run.vcpu_threads.size(); i++) {
        if (run.vcpu_threads[i] <= 0) continue;
        if (auto cpus = pinned_cpus(definition, static_cast<int>(i))) set_affinity(run.vcpu_threads[i], *cpus);
        schedule(run.vcpu_threads[i], tune.vcpu_schedulers, static_cast<unsigned>(i));
    }
    for (const IoThreadPlace& place : iothreads) {
        if (place.thread <= 0) continue;
        if (auto cpus = pinned_iothread(definition, place.id)) set_affinity(place.thread, *cpus);
        schedule(place.thread, tune.iothread_schedulers, place.id);
    }
}

}  // namespace virtue::qemu
