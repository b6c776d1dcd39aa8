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
    }
}

void place_iothread(const model::Domain& domain, const IoThreadPlace& place) {
    if (place.thread <= 0) return;
    auto cpus = pinned_iothread(domain, place.id);
    set_affinity(place.thread, cpus ? *cpus : Bitmap::first(host_cpus()));
}

void place_run(const Run& run, std::span<const IoThreadPlace> iothreads) {
    const model::Domain& definition = *run.domain;
    if (auto cpus = pinned_cpus(definition, emulator_threads)) set_affinity(run.process->pid(), *cpus);
    for (size_t i = 0; i < run.vcpu_threads.size(); i++) {
        auto cpus = pinned_cpus(definition, static_cast<int>(i));
        if (cpus && run.vcpu_threads[i] > 0) set_affinity(run.vcpu_threads[i], *cpus);
    }
    for (const IoThreadPlace& place : iothreads) {
        auto cpus = pinned_iothread(definition, place.id);
        if (cpus && place.thread > 0) set_affinity(place.thread, *cpus);
    }
}

}  // namespace virtue::qemu
