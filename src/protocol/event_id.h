// table
// The numbers under which events are registered (virDomainEventID and its sisters).
// Constant data; usable from any thread.
#pragma once
#include <cstdint>

namespace virtue::proc {

enum class DomainEventId : int32_t {
    lifecycle = 0,
    reboot = 1,
    rtc_change = 2,
    watchdog = 3,
    io_error = 4,
    graphics = 5,
    io_error_reason = 6,
    control_error = 7,
    block_job = 8,
    disk_change = 9,
    tray_change = 10,
    pmwakeup = 11,
    pmsuspend = 12,
    balloon_change = 13,
    pmsuspend_disk = 14,
    device_removed = 15,
    block_job_2 = 16,
    tunable = 17,
    agent_lifecycle = 18,
    device_added = 19,
    migration_iteration = 20,
    job_completed = 21,
    device_removal_failed = 22,
    metadata_change = 23,
    block_threshold = 24,
    memory_failure = 25,
    memory_device_size_change = 26,
    nic_mac_change = 27,
    vcpu_removed = 28,
    channel_lifecycle = 29,
};

enum class NetworkEventId : int32_t {
    lifecycle = 0,
    metadata_change = 1,
};

enum class StoragePoolEventId : int32_t {
    lifecycle = 0,
    refresh = 1,
};

enum class NodeDeviceEventId : int32_t {
    lifecycle = 0,
    update = 1,
};

enum class SecretEventId : int32_t {
    lifecycle = 0,
    value_changed = 1,
};

}  // namespace virtue::proc
