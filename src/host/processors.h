// The host's processors: which there are, how they are grouped, what they did. Read from /proc and /sys at each
// question; any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/bitmap.h"
#include "host/system_files.h"

namespace virtue::host {

/// The figures of virNodeGetInfo.
struct ProcessorFigures {
    unsigned online = 0;
    unsigned mhz = 0;  ///< 0 where the kernel does not tell
    unsigned nodes = 0;
    unsigned sockets = 0;  ///< of the node with most
    unsigned cores = 0;    ///< of the socket with most
    unsigned threads = 0;  ///< of the core with most
};
/// Where the kernel's groups do not multiply to the number of processors (an odd topology), one socket of as many
/// cores is told, as libvirt does. Throws internal_error when there is no processor.
ProcessorFigures read_processor_figures(const SystemFiles& files);

/// Which processors exist, and which of them are switched on.
struct ProcessorSets {
    Bitmap present;
    Bitmap online;
};
/// Throws internal_error where the kernel does not tell.
ProcessorSets read_processor_sets(const SystemFiles& files);

/// Time spent, in nanoseconds.
struct ProcessorTimes {
    uint64_t kernel = 0;
    uint64_t user = 0;
    uint64_t idle = 0;
    uint64_t waiting = 0;  ///< for disks
};
/// Of one processor, or of all together for -1. Throws invalid_arg for a processor that is not there.
ProcessorTimes read_processor_times(const SystemFiles& files, int processor);

/// Where a processor stands.
struct ProcessorPlace {
    unsigned id = 0;
    unsigned socket = 0;
    unsigned die = 0;
    unsigned core = 0;
    std::string siblings;  ///< processors of the same core: "0-1"
};
/// Of those that are online, in a NUMA node's folder or /sys/devices/system/cpu.
std::vector<ProcessorPlace> read_processor_places(const SystemFiles& files, const std::string& folder);

/// A cache shared by processors.
struct ProcessorCache {
    unsigned id = 0;
    unsigned level = 0;
    std::string kind;  ///< "both", "code", "data"
    uint64_t bytes = 0;
    std::string shared;  ///< "0-1"
    bool operator==(const ProcessorCache&) const = default;
};
/// Those of the third level and above, each once.
std::vector<ProcessorCache> read_processor_caches(const SystemFiles& files);

/// Physical address bits and the microcode's number, 0 where /proc/cpuinfo does not tell.
struct ProcessorExtras {
    unsigned address_bits = 0;
    uint64_t microcode = 0;
};
ProcessorExtras read_processor_extras(const SystemFiles& files);

}  // namespace virtue::host
