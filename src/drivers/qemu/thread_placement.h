// On which of the host's CPUs a guest's threads run, and how they are scheduled: maps as clients give and get them, and
// the kernel's own. Loop thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bitmap.h"
#include "drivers/qemu/domain.h"

namespace virtue::model {
struct SchedulerSetting;
}  // namespace virtue::model

namespace virtue::qemu {

/// CPUs that the host has, offline ones too.
unsigned host_cpus();

/// The CPUs that a thread may run on, as bytes of a map.
std::vector<uint8_t> affinity_map(int thread, size_t length);
/// The CPUs of a definition as bytes of a map; every one of the host where it says nothing.
std::vector<uint8_t> map_of(const std::optional<Bitmap>& pinned, size_t length);
/// How many bytes a client's wish for a map means.
size_t map_length(int32_t asked);
/// A client's map. Throws invalid_arg "Empty WHAT list for pinning" when no CPU is in it.
Bitmap bitmap_of(std::span<const uint8_t> map, const char* what);

/// Binds a thread to CPUs. Throws system_error.
void set_affinity(int thread, const Bitmap& cpus);
/// Has the kernel schedule a thread so. Throws config_unsupported for a priority that the kernel does not know,
/// system_error where it refuses, as to real-time threads in a control group without time for such.
void set_scheduler(int thread, const model::SchedulerSetting& setting);

/// An I/O thread of a running guest, as QEMU tells it.
struct IoThreadPlace {
    unsigned id = 0;
    int thread = 0;
    uint64_t poll_max = 0;  ///< nanoseconds
    uint64_t poll_grow = 0;
    uint64_t poll_shrink = 0;
};
Task<std::vector<IoThreadPlace>> query_iothreads(std::shared_ptr<Domain> domain, io::Deadline deadline);
std::vector<IoThreadPlace> read_iothreads(const Json& answer);

/// True if a definition says anything about where threads run or how they are scheduled.
bool places_threads(const model::Domain& domain);

/// Where an I/O thread is pinned to; nothing where it is not.
std::optional<Bitmap> pinned_iothread(const model::Domain& domain, unsigned id);

/// Puts processors, or an I/O thread, that came while the guest ran where the live definition wants them: on any of the
/// host's CPUs if it does not say, wherever the thread that made them may run. Throws as set_scheduler().
void place_vcpus(const Run& run);
void place_iothread(const model::Domain& domain, const IoThreadPlace& place);

/// Puts every thread of a run where its live definition wants it, if it says so. Throws as set_scheduler().
void place_run(const Run& run, std::span<const IoThreadPlace> iothreads);

}  // namespace virtue::qemu
