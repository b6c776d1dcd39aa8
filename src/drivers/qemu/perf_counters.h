// The kernel's performance counters that a guest's <perf> asks for, opened on its process. Plain system calls; any
// thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace virtue::model {
struct PerfEvent;
}

namespace virtue::qemu {

/// One event that is being counted.
struct PerfCounter {
    std::string name;  ///< libvirt's: "cpu_cycles"
    Fd fd;
};

/// Opens and starts what `events` wants and is not counted yet, and drops what it no longer wants. Throws, with the
/// counters as they were, argument_unsupported for events that kernels no longer count (cmt, mbmt, mbml), system_error
/// for what this host cannot count.
void set_perf_counters(std::vector<PerfCounter>& counters, const std::vector<model::PerfEvent>& events, int pid);

/// Throws what set_perf_counters() would; the counters are tried on ourselves.
void require_perf_counters(const std::vector<model::PerfEvent>& events);

/// The count so far; nothing if it cannot be read.
std::optional<uint64_t> read_perf_counter(const PerfCounter& counter);

}  // namespace virtue::qemu
