// What the kernel tells of a guest's process without asking QEMU: CPU time, memory, threads. Plain reads of /proc,
// which never wait; loop thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace virtue::qemu {

/// Processor time of a process or thread, in nanoseconds, and where it runs.
struct CpuTime {
    uint64_t user = 0;
    uint64_t system = 0;
    int last_cpu = 0;
    int64_t resident_kib = 0;  ///< of the whole process
    uint64_t start_ticks = 0;  ///< field 22
    uint64_t total() const { return user + system; }
};
/// Figures of a process, or of one of its threads; nothing if it is gone.
std::optional<CpuTime> read_cpu_time(int pid, int thread = 0);

/// Nanoseconds that a thread waited for a processor while it could run (second field of schedstat).
std::optional<uint64_t> read_run_delay(int pid, int thread);

/// How long KVM's vCPU threads polled before they slept, in nanoseconds; nothing where the kernel does not tell.
struct HaltPolling {
    uint64_t success = 0;
    uint64_t failure = 0;
};
std::optional<HaltPolling> read_halt_polling(int pid);

/// The counters of a network device on the host; nothing if there is no such device.
struct InterfaceCounters {
    int64_t rx_bytes, rx_packets, rx_errors, rx_drops;
    int64_t tx_bytes, tx_packets, tx_errors, tx_drops;
};
/// Read from the host's side of a tap: what the guest sends is what the device receives, so the two directions are
/// exchanged, as libvirt does. Not so with a macvtap, which is the guest's own end (`is_own_end`).
std::optional<InterfaceCounters> read_tap_counters(const std::string& device, bool is_own_end);

}  // namespace virtue::qemu
