#include "drivers/qemu/perf_counters.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string_view>

#include "base/error.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

struct Event {
    std::string_view name;
    uint32_t type;
    uint64_t config;
};

constexpr Event known_events[] = {
    {"cache_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    {"cache_references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES},
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {"cpu_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"branch_instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    {"branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    {"bus_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES},
    {"stalled_cycles_frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
    {"stalled_cycles_backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
    {"ref_cpu_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
    {"cpu_clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
    {"task_clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    {"page_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    {"context_switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cpu_migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    {"page_faults_min", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
    {"page_faults_maj", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    {"alignment_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS},
    {"emulation_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS},
};

const Event* find_event(std::string_view name) {
    for (const Event& event : known_events) {
        if (event.name == name) return &event;
    }
    return nullptr;
}

PerfCounter open_counter(const Event& event, int pid) {
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    attributes.type = event.type;
    attributes.config = event.config;
    attributes.inherit = 1;
    attributes.disabled = 1;
    PerfCounter counter{
        std::string(event.name),
        Fd(static_cast<int>(::syscall(SYS_perf_event_open, &attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC)))};
    if (!counter.fd) {
        throw Error::from_errno(errno, ErrorDomain::perf,
                                fmt::format("unable to open host cpu perf event for {}", event.name));
    }
    if (::ioctl(counter.fd.get(), PERF_EVENT_IOC_ENABLE) != 0) {
        throw Error::from_errno(errno, ErrorDomain::perf,
                                fmt::format("unable to enable host cpu perf event for {}", event.name));
    }
    return counter;
}

}  // namespace

void set_perf_counters(std::vector<PerfCounter>& counters, const std::vector<model::PerfEvent>& events, int pid) {
    std::vector<PerfCounter> opened;
    for (const model::PerfEvent& wanted : events) {
        if (!wanted.enabled || std::ranges::count(counters, wanted.name, &PerfCounter::name) != 0) continue;
        const Event* event = find_event(wanted.name);
        if (event == nullptr) {
            fail(ErrorCode::argument_unsupported, ErrorDomain::perf, "unable to enable host cpu perf event for {}",
                 wanted.name);
        }
        opened.push_back(open_counter(*event, pid));
    }
    std::erase_if(counters, [&](const PerfCounter& counter) {
        const auto wanted = std::ranges::find(events, counter.name, &model::PerfEvent::name);
        return wanted == events.end() || !wanted->enabled;
    });
    std::ranges::move(opened, std::back_inserter(counters));
}

void require_perf_counters(const std::vector<model::PerfEvent>& events) {
    std::vector<PerfCounter> tried;
    set_perf_counters(tried, events, 0);
}

std::optional<uint64_t> read_perf_counter(const PerfCounter& counter) {
    uint64_t value = 0;
    if (::read(counter.fd.get(), &value, sizeof value) != static_cast<ssize_t>(sizeof value)) return std::nullopt;
    return value;
}

}  // namespace virtue::qemu
