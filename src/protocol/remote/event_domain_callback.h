// table
// Events about domains in the modern form, which starts with the callback id of the registration.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/remote/event_domain.h"

namespace virtue::proc {

/// Defined, started, suspended, stopped…: virDomainEventType and its detail.
struct DomainEventCallbackLifecycle : CallbackEvent<318, DomainEventId::lifecycle> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventLifecycle::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// The guest rebooted itself.
struct DomainEventCallbackReboot : CallbackEvent<319, DomainEventId::reboot> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventReboot::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// The guest set its clock; `offset` in seconds from UTC.
struct DomainEventCallbackRtcChange : CallbackEvent<320, DomainEventId::rtc_change> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventRtcChange::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// The watchdog fired; what was done about it.
struct DomainEventCallbackWatchdog : CallbackEvent<321, DomainEventId::watchdog> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventWatchdog::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// A disk failed; what was done about it.
struct DomainEventCallbackIoError : CallbackEvent<322, DomainEventId::io_error> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventIoError::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// A viewer connected, authenticated or left.
struct DomainEventCallbackGraphics : CallbackEvent<323, DomainEventId::graphics> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventGraphics::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// A disk failed, with the reason ("enospc").
struct DomainEventCallbackIoErrorReason : CallbackEvent<324, DomainEventId::io_error_reason> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventIoErrorReason::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// The monitor is lost.
struct DomainEventCallbackControlError : CallbackEvent<325, DomainEventId::control_error> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventControlError::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// A block job ended or is ready; the disk by path.
struct DomainEventCallbackBlockJob : CallbackEvent<326, DomainEventId::block_job> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventBlockJob::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// The source of a disk was replaced or dropped at start.
struct DomainEventCallbackDiskChange : CallbackEvent<327, DomainEventId::disk_change> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventDiskChange::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// The tray of a drive opened or closed.
struct DomainEventCallbackTrayChange : CallbackEvent<328, DomainEventId::tray_change> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventTrayChange::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// The guest woke up.
struct DomainEventCallbackPmwakeup : CallbackEvent<329, DomainEventId::pmwakeup> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        int32_t reason = 0;
        DomainEventPmwakeup::Msg msg;
        WIRE(callback_id, reason, msg)
    };
};

/// The guest suspended itself to memory.
struct DomainEventCallbackPmsuspend : CallbackEvent<330, DomainEventId::pmsuspend> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        int32_t reason = 0;
        DomainEventPmsuspend::Msg msg;
        WIRE(callback_id, reason, msg)
    };
};

/// The guest's memory changed; `actual` in KiB.
struct DomainEventCallbackBalloonChange : CallbackEvent<331, DomainEventId::balloon_change> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventBalloonChange::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// The guest suspended itself to disk.
struct DomainEventCallbackPmsuspendDisk : CallbackEvent<332, DomainEventId::pmsuspend_disk> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        int32_t reason = 0;
        DomainEventPmsuspendDisk::Msg msg;
        WIRE(callback_id, reason, msg)
    };
};

/// The guest let go of a device.
struct DomainEventCallbackDeviceRemoved : CallbackEvent<333, DomainEventId::device_removed> {
    static constexpr std::string_view since = "1.2.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainEventDeviceRemoved::Msg msg;
        WIRE(callback_id, msg)
    };
};

/// A block job ended or is ready; the disk by target name.
struct DomainEventBlockJob2 : CallbackEvent<339, DomainEventId::block_job_2> {
    static constexpr std::string_view since = "1.2.6";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        std::string dst;
        int32_t type = 0;
        int32_t status = 0;
        WIRE(callback_id, domain, dst, type, status)
    };
};

/// Tunables changed.
struct DomainEventCallbackTunable : CallbackEvent<346, DomainEventId::tunable> {
    static constexpr std::string_view since = "1.2.9";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        List<TypedParameter, domain_event_tunable_max> params;
        WIRE(callback_id, domain, params)
    };
};

/// The guest agent connected or left.
struct DomainEventCallbackAgentLifecycle : CallbackEvent<348, DomainEventId::agent_lifecycle> {
    static constexpr std::string_view since = "1.2.11";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        int32_t state = 0;
        int32_t reason = 0;
        WIRE(callback_id, domain, state, reason)
    };
};

/// A device was plugged in.
struct DomainEventCallbackDeviceAdded : CallbackEvent<354, DomainEventId::device_added> {
    static constexpr std::string_view since = "1.2.15";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        std::string dev_alias;
        WIRE(callback_id, domain, dev_alias)
    };
};

/// A round of migration began.
struct DomainEventCallbackMigrationIteration : CallbackEvent<359, DomainEventId::migration_iteration> {
    static constexpr std::string_view since = "1.3.2";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        int32_t iteration = 0;
        WIRE(callback_id, domain, iteration)
    };
};

/// A job ended, with its figures.
struct DomainEventCallbackJobCompleted : CallbackEvent<363, DomainEventId::job_completed> {
    static constexpr std::string_view since = "1.3.3";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        List<TypedParameter, domain_job_stats_max> params;
        WIRE(callback_id, domain, params)
    };
};

/// The guest did not let go of a device.
struct DomainEventCallbackDeviceRemovalFailed : CallbackEvent<367, DomainEventId::device_removal_failed> {
    static constexpr std::string_view since = "1.3.4";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        std::string dev_alias;
        WIRE(callback_id, domain, dev_alias)
    };
};

/// Title, description or metadata changed.
struct DomainEventCallbackMetadataChange : CallbackEvent<379, DomainEventId::metadata_change> {
    static constexpr std::string_view since = "3.0.0";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        int32_t type = 0;
        std::optional<std::string> nsuri;
        WIRE(callback_id, domain, type, nsuri)
    };
};

/// The guest wrote beyond the threshold of a block device.
struct DomainEventBlockThreshold : CallbackEvent<385, DomainEventId::block_threshold> {
    static constexpr std::string_view since = "3.2.0";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        std::string dev;
        std::optional<std::string> path;
        uint64_t threshold = 0;
        uint64_t excess = 0;
        WIRE(callback_id, domain, dev, path, threshold, excess)
    };
};

/// A memory error of the host hit the guest.
struct DomainEventMemoryFailure : CallbackEvent<423, DomainEventId::memory_failure> {
    static constexpr std::string_view since = "6.9.0";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        int32_t recipient = 0;
        int32_t action = 0;
        uint32_t flags = 0;
        WIRE(callback_id, domain, recipient, action, flags)
    };
};

/// A memory device changed its size, in KiB.
struct DomainEventMemoryDeviceSizeChange : CallbackEvent<438, DomainEventId::memory_device_size_change> {
    static constexpr std::string_view since = "7.9.0";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        std::string alias;
        uint64_t size = 0;
        WIRE(callback_id, domain, alias, size)
    };
};

/// The guest changed the address of an interface.
struct DomainEventNicMacChange : CallbackEvent<453, DomainEventId::nic_mac_change> {
    static constexpr std::string_view since = "11.2.0";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        std::string alias;
        std::string old_mac;
        std::string new_mac;
        WIRE(callback_id, domain, alias, old_mac, new_mac)
    };
};

/// The guest let go of a virtual CPU.
struct DomainEventVcpuRemoved : CallbackEvent<454, DomainEventId::vcpu_removed> {
    static constexpr std::string_view since = "12.4.0";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        uint32_t vcpuid = 0;
        WIRE(callback_id, domain, vcpuid)
    };
};

/// The guest opened or closed a channel.
struct DomainEventCallbackChannelLifecycle : CallbackEvent<455, DomainEventId::channel_lifecycle> {
    static constexpr std::string_view since = "12.4.0";
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        std::string channel_name;
        int32_t state = 0;
        int32_t reason = 0;
        WIRE(callback_id, domain, channel_name, state, reason)
    };
};

/// Every procedure of this file, for the registry.
using EventDomainCallbackProcedures =
    Procedures<DomainEventCallbackLifecycle, DomainEventCallbackReboot, DomainEventCallbackRtcChange,
               DomainEventCallbackWatchdog, DomainEventCallbackIoError, DomainEventCallbackGraphics,
               DomainEventCallbackIoErrorReason, DomainEventCallbackControlError, DomainEventCallbackBlockJob,
               DomainEventCallbackDiskChange, DomainEventCallbackTrayChange, DomainEventCallbackPmwakeup,
               DomainEventCallbackPmsuspend, DomainEventCallbackBalloonChange, DomainEventCallbackPmsuspendDisk,
               DomainEventCallbackDeviceRemoved, DomainEventBlockJob2, DomainEventCallbackTunable,
               DomainEventCallbackAgentLifecycle, DomainEventCallbackDeviceAdded, DomainEventCallbackMigrationIteration,
               DomainEventCallbackJobCompleted, DomainEventCallbackDeviceRemovalFailed,
               DomainEventCallbackMetadataChange, DomainEventBlockThreshold, DomainEventMemoryFailure,
               DomainEventMemoryDeviceSizeChange, DomainEventNicMacChange, DomainEventVcpuRemoved,
               DomainEventCallbackChannelLifecycle>;

}  // namespace virtue::proc
