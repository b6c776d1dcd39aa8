// The last answers of a guest's monitor about itself, with their age: what statistics are told from when the monitor
// is slow or stuck. A part of a Run; loop thread only.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/deadline.h"

namespace virtue::qemu {

/// An image below the one that a disk writes to.
struct LayerFigures {
    std::string path;
    uint64_t capacity = 0;
    uint64_t physical = 0;
};

/// The counters of one disk, as query-blockstats and query-named-block-nodes tell them.
struct BlockFigures {
    int64_t read_requests = 0, read_bytes = 0, read_nanoseconds = 0;
    int64_t write_requests = 0, write_bytes = 0, write_nanoseconds = 0;
    int64_t flush_requests = 0, flush_nanoseconds = 0;
    uint64_t allocation = 0;  ///< highest offset written to
    uint64_t capacity = 0;
    uint64_t physical = 0;
    bool has_sizes = false;
    std::vector<LayerFigures> below;      ///< its backing chain, the nearest first
    std::vector<uint64_t> offsets_below;  ///< the highest offsets written to in it
};

/// How an I/O thread waits for work, as QEMU tunes it.
struct IoThreadFigures {
    unsigned id = 0;
    uint64_t poll_max_nanoseconds = 0;
    uint32_t poll_grow = 0;
    uint32_t poll_shrink = 0;
};

/// The last measurement of how fast the guest writes to its memory.
struct DirtyRateFigures {
    int status = 0;      ///< virDomainDirtyRateStatus
    int64_t start = 0;   ///< seconds since boot
    int32_t period = 0;  ///< seconds
    std::string mode = "page-sampling";
    std::optional<int64_t> rate;                   ///< MiB/s
    std::vector<std::pair<int, int64_t>> of_vcpu;  ///< the same for each
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
    std::vector<IoThreadFigures> iothreads;
    std::optional<DirtyRateFigures> dirty_rate;  ///< nothing where QEMU cannot measure it
    bool ask_dirty_rate = true;                  ///< false while it can be nothing but what is held
    io::TimePoint when = io::TimePoint::min();   ///< of the last answer
    bool refreshing = false;                     ///< asked, no answer yet
};

}  // namespace virtue::qemu
