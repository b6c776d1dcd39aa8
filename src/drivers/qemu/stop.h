// Ends a guest: its process first, then everything that was made for it. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Why a guest ends: the state's reason and the event's detail.
struct StopCause {
    uint32_t reason = api::domain_shutoff_destroyed;
    uint32_t detail = api::domain_event_stopped_destroyed;
    bool announce = true;
    bool keeps_moments = false;  ///< a transient guest that is started again from a snapshot keeps them
};
constexpr StopCause destroyed{api::domain_shutoff_destroyed, api::domain_event_stopped_destroyed};
constexpr StopCause shut_down{api::domain_shutoff_shutdown, api::domain_event_stopped_shutdown};
constexpr StopCause crashed{api::domain_shutoff_crashed, api::domain_event_stopped_crashed};
constexpr StopCause failed{api::domain_shutoff_failed, api::domain_event_stopped_failed};

/// Ends the process: SIGTERM, so that QEMU flushes its disks, and SIGKILL when that does not help or cannot (a stopped
/// process). With `graceful` there is no SIGKILL; throws system_error (EBUSY) as libvirt does when it does not end.
Task<void> kill_guest(Core& core, DomainOwner domain, bool graceful, io::Deadline deadline);

/// Ends the process if it still runs and cleans up: files' owners, status, sockets, ports. A transient guest goes from
/// the table. Whoever calls it first does it; a second call waits for the first.
Task<void> stop_guest(Core& core, DomainOwner domain, StopCause cause);

/// Ends the process of a start that failed. False if it outlives even SIGKILL: the guest then stays active until it
/// does end, and must not be cleaned up.
Task<bool> end_failed_start(DomainOwner domain);

/// Takes the traces of a run whose process has ended away: status, pid file, folder, sockets, owners of files. For
/// starts that failed, too.
Task<void> clean_up_run(Core& core, std::string name, std::unique_ptr<Run> run);

}  // namespace virtue::qemu
