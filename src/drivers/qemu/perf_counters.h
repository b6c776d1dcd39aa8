// The kernel's performance counters that a guest's <perf> asks for, opened on its process. Plain system calls; any
// thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace virtue::model {
struct Domain;
}

namespace virtue::qemu {

/// One event that is being counted.
struct PerfCounter {
    std::string name;  ///< libvirt's: "cpu_cycles"
    Fd fd;
};

/// Opens and starts the counters of a definition; `pid` 0 tries them on ourselves. Throws argument_unsupported for
/// events that kernels no longer count (cmt, mbmt, mbml), system_error for what this host cannot count.
std::vector<PerfCounter> open_perf_counters(const model::Domain& domain, int pid);

/// The count so far; nothing if it cannot be read.
std::optional<uint64_t> read_perf_counter(const PerfCounter& counter);

}  // namespace virtue::qemu
