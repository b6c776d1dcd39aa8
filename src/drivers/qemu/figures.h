// The last answers of a guest's monitor about itself, with their age: what statistics are told from when the monitor
// is slow or stuck. A part of a Run; loop thread only.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/deadline.h"

namespace virtue::qemu {

/// The counters of one disk, as query-blockstats and query-named-block-nodes tell them.
struct BlockFigures {
    int64_t read_requests = 0, read_bytes = 0, read_nanoseconds = 0;
    int64_t write_requests = 0, write_bytes = 0, write_nanoseconds = 0;
    int64_t flush_requests = 0, flush_nanoseconds = 0;
    uint64_t allocation = 0;  ///< highest offset written to
    uint64_t capacity = 0;
    uint64_t physical = 0;
    bool has_sizes = false;
};

/// What the balloon driver in the guest told, in KiB; absent what it did not tell.
struct BalloonFigures {
    std::map<std::string, uint64_t> values;  ///< libvirt's names: "swap_in", "unused", "available", …
    uint64_t last_update = 0;                ///< seconds since the epoch
};

/// Everything of one guest.
struct Figures {
    std::map<std::string, BlockFigures> disks;  ///< by the device's QOM path's alias ("virtio-disk0")
    BalloonFigures balloon;
    io::TimePoint when = io::TimePoint::min();  ///< of the last answer
    bool refreshing = false;                    ///< asked, no answer yet
};

}  // namespace virtue::qemu
