// How much of the host a guest gets: CPU pinning and schedulers, memory limits and backing, NUMA placement, block I/O
// weights. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/size.h"

namespace virtue::model {

enum class VcpuPlacement : uint8_t { fixed, automatic };
VIRTUE_XML_NAMES(VcpuPlacement, "static", "auto")
enum class Scheduler : uint8_t { none, batch, idle, fifo, rr };
VIRTUE_XML_NAMES(Scheduler, "", "batch", "idle", "fifo", "rr")
enum class NumatuneMode : uint8_t { strict, preferred, interleave, restrictive };
VIRTUE_XML_NAMES(NumatuneMode, "strict", "preferred", "interleave", "restrictive")
enum class MemorySource : uint8_t { absent, file, anonymous, memfd };
VIRTUE_XML_NAMES(MemorySource, "", "file", "anonymous", "memfd")
enum class MemoryAllocation : uint8_t { absent, immediate, ondemand };
VIRTUE_XML_NAMES(MemoryAllocation, "", "immediate", "ondemand")
enum class BackingAccess : uint8_t { absent, shared, priv };
VIRTUE_XML_NAMES(BackingAccess, "", "shared", "private")

struct VcpuEntry {
    uint32_t id = 0;
    xml::YesNo enabled = xml::YesNo::absent;
    xml::YesNo hotpluggable = xml::YesNo::absent;
    uint32_t order = 0;
    bool operator==(const VcpuEntry&) const = default;
};
void map(xml::Mapper& m, VcpuEntry& vcpu);

/// <vcpu> and <vcpus>.
struct Vcpus {
    uint32_t maximum = 1;
    std::optional<uint32_t> current;  ///< nothing: as many as `maximum`
    VcpuPlacement placement = VcpuPlacement::fixed;
    bool placement_given = false;
    Bitmap cpuset;
    std::vector<VcpuEntry> each;
    bool operator==(const Vcpus&) const = default;
    uint32_t online() const { return current.value_or(maximum); }
};
void map(xml::Mapper& m, Vcpus& vcpus);

struct IoThread {
    uint32_t id = 0;
    std::optional<int> pool_min, pool_max;
    bool automatic = false;  ///< numbered by us, from <iothreads>
    bool operator==(const IoThread&) const = default;
};
/// thread_pool_min and thread_pool_max.
void map_thread_pool(xml::Mapper& m, std::optional<int>& least, std::optional<int>& most);
void map(xml::Mapper& m, IoThread& thread);

struct VcpuPin {
    uint32_t vcpu = 0;
    Bitmap cpuset;
    bool operator==(const VcpuPin&) const = default;
};
void map(xml::Mapper& m, VcpuPin& pin);

struct IoThreadPin {
    uint32_t iothread = 0;
    Bitmap cpuset;
    bool operator==(const IoThreadPin&) const = default;
};
void map(xml::Mapper& m, IoThreadPin& pin);

struct SchedulerSetting {
    Bitmap of;
    Scheduler scheduler = Scheduler::none;
    std::optional<int> priority;
    bool operator==(const SchedulerSetting&) const = default;
};

struct CacheShare {
    uint32_t id = 0, level = 0;
    std::string type;
    uint64_t size = 0;
    std::string unit;
    bool operator==(const CacheShare&) const = default;
};
void map(xml::Mapper& m, CacheShare& share);

struct CacheMonitor {
    uint32_t level = 0;
    Bitmap vcpus;
    bool operator==(const CacheMonitor&) const = default;
};
void map(xml::Mapper& m, CacheMonitor& monitor);

struct CacheTune {
    Bitmap vcpus;
    std::string id;
    std::vector<CacheShare> caches;
    std::vector<CacheMonitor> monitors;
    bool operator==(const CacheTune&) const = default;
};
void map(xml::Mapper& m, CacheTune& tune);

struct BandwidthNode {
    uint32_t id = 0, bandwidth = 0;
    bool operator==(const BandwidthNode&) const = default;
};
void map(xml::Mapper& m, BandwidthNode& node);

struct MemoryBandwidthTune {
    Bitmap vcpus;
    std::string id;
    std::vector<BandwidthNode> nodes;
    bool operator==(const MemoryBandwidthTune&) const = default;
};
void map(xml::Mapper& m, MemoryBandwidthTune& tune);

struct CpuTune {
    VIRTUE_BIG_VALUE(CpuTune);
    std::optional<uint64_t> shares;
    uint64_t period = 0, global_period = 0, emulator_period = 0, iothread_period = 0;
    int64_t quota = 0, global_quota = 0, emulator_quota = 0, iothread_quota = 0;
    std::vector<VcpuPin> vcpu_pins;
    Bitmap emulator_pin;
    std::vector<IoThreadPin> iothread_pins;
    std::optional<SchedulerSetting> emulator_scheduler;
    std::vector<SchedulerSetting> vcpu_schedulers;
    std::vector<SchedulerSetting> iothread_schedulers;
    std::vector<CacheTune> cache_tunes;
    std::vector<MemoryBandwidthTune> memory_tunes;
    bool operator==(const CpuTune&) const = default;
};
void map(xml::Mapper& m, CpuTune& tune);

struct MemTune {
    std::optional<Kibibytes> hard_limit, soft_limit, min_guarantee, swap_hard_limit;
    bool operator==(const MemTune&) const = default;
};
void map(xml::Mapper& m, MemTune& tune);

struct BlkioDevice {
    std::string path;
    uint32_t weight = 0, read_iops_sec = 0, write_iops_sec = 0;
    uint64_t read_bytes_sec = 0, write_bytes_sec = 0;
    bool operator==(const BlkioDevice&) const = default;
};
void map(xml::Mapper& m, BlkioDevice& device);

struct BlkioTune {
    uint32_t weight = 0;
    std::vector<BlkioDevice> devices;
    bool operator==(const BlkioTune&) const = default;
};
void map(xml::Mapper& m, BlkioTune& tune);

struct HugePage {
    Kibibytes size;
    Bitmap nodes;
    bool operator==(const HugePage&) const = default;
};
void map(xml::Mapper& m, HugePage& page);

struct MemoryBacking {
    bool hugepages = false;
    std::vector<HugePage> pages;
    bool nosharepages = false;
    bool locked = false;
    MemorySource source = MemorySource::absent;
    BackingAccess access = BackingAccess::absent;
    MemoryAllocation allocation = MemoryAllocation::absent;
    uint32_t allocation_threads = 0;
    bool discard = false;
    bool operator==(const MemoryBacking&) const = default;
};
void map(xml::Mapper& m, MemoryBacking& backing);

struct MemNode {
    uint32_t cell = 0;
    NumatuneMode mode = NumatuneMode::strict;
    Bitmap nodes;
    bool operator==(const MemNode&) const = default;
};
void map(xml::Mapper& m, MemNode& node);

struct NumaTune {
    bool has_memory = false;
    NumatuneMode mode = NumatuneMode::strict;
    bool placement_auto = false;
    Bitmap nodes;
    std::vector<MemNode> cells;
    bool operator==(const NumaTune&) const = default;
};
void map(xml::Mapper& m, NumaTune& tune);

}  // namespace virtue::model
