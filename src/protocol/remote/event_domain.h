// table
// Events about domains in the old form, without callback id; registered by CONNECT_DOMAIN_EVENT_REGISTER(_ANY).
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// Defined, started, suspended, stopped…: virDomainEventType and its detail.
struct DomainEventLifecycle : LegacyEvent<107, DomainEventId::lifecycle> {
    static constexpr std::string_view since = "0.5.0";
    struct Msg {
        DomainRef domain;
        int32_t event = 0;
        int32_t detail = 0;
        WIRE(domain, event, detail)
    };
};

/// The guest rebooted itself.
struct DomainEventReboot : LegacyEvent<169, DomainEventId::reboot> {
    static constexpr std::string_view since = "0.8.0";
    struct Msg {
        DomainRef domain;
        WIRE(domain)
    };
};

/// The guest set its clock; `offset` in seconds from UTC.
struct DomainEventRtcChange : LegacyEvent<170, DomainEventId::rtc_change> {
    static constexpr std::string_view since = "0.8.0";
    struct Msg {
        DomainRef domain;
        int64_t offset = 0;
        WIRE(domain, offset)
    };
};

/// The watchdog fired; what was done about it.
struct DomainEventWatchdog : LegacyEvent<171, DomainEventId::watchdog> {
    static constexpr std::string_view since = "0.8.0";
    struct Msg {
        DomainRef domain;
        int32_t action = 0;
        WIRE(domain, action)
    };
};

/// A disk failed; what was done about it.
struct DomainEventIoError : LegacyEvent<172, DomainEventId::io_error> {
    static constexpr std::string_view since = "0.8.0";
    struct Msg {
        DomainRef domain;
        std::string src_path;
        std::string dev_alias;
        int32_t action = 0;
        WIRE(domain, src_path, dev_alias, action)
    };
};

/// One end of a graphics connection.
struct GraphicsAddress {
    int32_t family = 0;
    std::string node;
    std::string service;
    WIRE(family, node, service)
};

/// How a graphics client identified itself.
struct GraphicsIdentity {
    std::string type;
    std::string name;
    WIRE(type, name)
};

/// A viewer connected, authenticated or left.
struct DomainEventGraphics : LegacyEvent<173, DomainEventId::graphics> {
    static constexpr std::string_view since = "0.8.0";
    struct Msg {
        DomainRef domain;
        int32_t phase = 0;
        GraphicsAddress local;
        GraphicsAddress remote;
        std::string auth_scheme;
        List<GraphicsIdentity, domain_event_graphics_identity_max> subject;
        WIRE(domain, phase, local, remote, auth_scheme, subject)
    };
};

/// A disk failed, with the reason ("enospc").
struct DomainEventIoErrorReason : LegacyEvent<195, DomainEventId::io_error_reason> {
    static constexpr std::string_view since = "0.8.1";
    struct Msg {
        DomainRef domain;
        std::string src_path;
        std::string dev_alias;
        int32_t action = 0;
        std::string reason;
        WIRE(domain, src_path, dev_alias, action, reason)
    };
};

/// The monitor is lost.
struct DomainEventControlError : LegacyEvent<224, DomainEventId::control_error> {
    static constexpr std::string_view since = "0.9.2";
    struct Msg {
        DomainRef domain;
        WIRE(domain)
    };
};

/// A block job ended or is ready; the disk by path.
struct DomainEventBlockJob : LegacyEvent<241, DomainEventId::block_job> {
    static constexpr std::string_view since = "0.9.4";
    struct Msg {
        DomainRef domain;
        std::string path;
        int32_t type = 0;
        int32_t status = 0;
        WIRE(domain, path, type, status)
    };
};

/// The source of a disk was replaced or dropped at start.
struct DomainEventDiskChange : LegacyEvent<248, DomainEventId::disk_change> {
    static constexpr std::string_view since = "0.9.7";
    struct Msg {
        DomainRef domain;
        std::optional<std::string> old_src_path;
        std::optional<std::string> new_src_path;
        std::string dev_alias;
        int32_t reason = 0;
        WIRE(domain, old_src_path, new_src_path, dev_alias, reason)
    };
};

/// The tray of a drive opened or closed.
struct DomainEventTrayChange : LegacyEvent<268, DomainEventId::tray_change> {
    static constexpr std::string_view since = "0.9.11";
    struct Msg {
        DomainRef domain;
        std::string dev_alias;
        int32_t reason = 0;
        WIRE(domain, dev_alias, reason)
    };
};

/// The guest woke up.
struct DomainEventPmwakeup : LegacyEvent<269, DomainEventId::pmwakeup> {
    static constexpr std::string_view since = "0.9.11";
    struct Msg {
        DomainRef domain;
        WIRE(domain)
    };
};

/// The guest suspended itself to memory.
struct DomainEventPmsuspend : LegacyEvent<270, DomainEventId::pmsuspend> {
    static constexpr std::string_view since = "0.9.11";
    struct Msg {
        DomainRef domain;
        WIRE(domain)
    };
};

/// The guest's memory changed; `actual` in KiB.
struct DomainEventBalloonChange : LegacyEvent<276, DomainEventId::balloon_change> {
    static constexpr std::string_view since = "0.10.0";
    struct Msg {
        DomainRef domain;
        uint64_t actual = 0;
        WIRE(domain, actual)
    };
};

/// The guest suspended itself to disk.
struct DomainEventPmsuspendDisk : LegacyEvent<292, DomainEventId::pmsuspend_disk> {
    static constexpr std::string_view since = "1.0.0";
    struct Msg {
        DomainRef domain;
        WIRE(domain)
    };
};

/// The guest let go of a device.
struct DomainEventDeviceRemoved : LegacyEvent<311, DomainEventId::device_removed> {
    static constexpr std::string_view since = "1.1.1";
    struct Msg {
        DomainRef domain;
        std::string dev_alias;
        WIRE(domain, dev_alias)
    };
};

/// Every procedure of this file, for the registry.
using EventDomainProcedures =
    Procedures<DomainEventLifecycle, DomainEventReboot, DomainEventRtcChange, DomainEventWatchdog, DomainEventIoError,
               DomainEventGraphics, DomainEventIoErrorReason, DomainEventControlError, DomainEventBlockJob,
               DomainEventDiskChange, DomainEventTrayChange, DomainEventPmwakeup, DomainEventPmsuspend,
               DomainEventBalloonChange, DomainEventPmsuspendDisk, DomainEventDeviceRemoved>;

}  // namespace virtue::proc
