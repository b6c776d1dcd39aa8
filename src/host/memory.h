// The host's memory: figures, NUMA cells, pools of huge pages, and the merging of equal pages (KSM). Read from /proc
// and /sys at each question; any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/system_files.h"

namespace virtue::host {

/// In KiB.
struct MemoryFigures {
    uint64_t total = 0;
    uint64_t free = 0;
    uint64_t buffers = 0;  ///< 0 for a single cell, where the kernel does not tell
    uint64_t cached = 0;
};
/// Of the whole machine, from /proc/meminfo. Throws internal_error when it cannot be read.
MemoryFigures read_memory(const SystemFiles& files);
/// Of one NUMA cell; of the machine where the kernel knows no cells. Throws internal_error for one that is absent.
MemoryFigures read_cell_memory(const SystemFiles& files, unsigned cell);
/// All cells together, as virNodeGetInfo and virNodeGetFreeMemory count.
MemoryFigures read_all_cells(const SystemFiles& files);
/// The cells that exist; cell 0 alone where the kernel knows none.
std::vector<unsigned> memory_cells(const SystemFiles& files);

/// The distances of a cell to all, as the kernel lists them; empty if unknown.
std::vector<unsigned> read_cell_distances(const SystemFiles& files, unsigned cell);

/// Page sizes that the host offers, in KiB, ascending, the common one first.
std::vector<unsigned> page_sizes(const SystemFiles& files);
/// A pool of pages.
struct PagePool {
    uint64_t total = 0;
    uint64_t free = 0;
};
/// The pages of a size (KiB) in a cell, or in all for -1. Throws operation_failed for a size that is not there.
PagePool read_pages(const SystemFiles& files, int cell, unsigned size);
/// Makes the pool that large, or that much larger. Throws operation_unsupported for the common size, operation_failed
/// for another that is not there or when the kernel did not find so many (how many it found is told).
void resize_pages(const SystemFiles& files, int cell, unsigned size, uint64_t count, bool add);

/// Settings and figures of KSM; nothing where this kernel does not have one.
struct MergeFigures {
    std::optional<uint32_t> pages_to_scan, sleep_milliseconds, merge_across_nodes;
    std::optional<uint64_t> shared, sharing, unshared, volatile_pages, full_scans;
};
MergeFigures read_merging(const SystemFiles& files);
/// Writes what is set of the three settings, in this order. Throws operation_failed naming the one that failed.
void write_merging(const SystemFiles& files, const MergeFigures& wanted);

}  // namespace virtue::host
