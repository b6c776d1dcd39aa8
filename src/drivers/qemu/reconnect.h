// Finding running guests again after the daemon was started: by status file, pid, start time and monitor. What died
// meanwhile is cleaned up and told; a QEMU of a start that was cut off is ended. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Reads definitions and status files and brings all guests to their true state. Guests that do not answer stay known
/// and are tried again in the background; this returns when every other guest is settled, or at the deadline.
Task<void> load_and_reconnect(Core& core, io::Deadline deadline);

/// For calls that ask a guest's monitor and take no turn of their own: returns at once but for a guest that
/// load_and_reconnect() is still talking to, whose turn it waits for. Throws operation_timeout.
Task<void> wait_until_found_again(DomainOwner domain, io::Deadline deadline);

/// Reads the definitions that load_and_reconnect() took as they stand, and drops those that cannot be read, with a word
/// in the log. Clients are served meanwhile.
Task<void> check_definitions(Core& core);

/// Starts the guests that are marked for it, once a boot of the host.
Task<void> autostart_guests(Core& core);

}  // namespace virtue::qemu
