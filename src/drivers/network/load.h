// Takes the networks up when the daemon starts: definitions, the networks that run, what a daemon that was killed left
// half done. Loop thread only.
#pragma once
#include "drivers/network/core.h"

namespace virtue::network {

/// Reads definitions and status files and takes up the networks that run: their bridges, rules and dnsmasq are put back
/// where they are missing. A network whose start or stop was cut off is stopped. Throws system_error for folders.
Task<void> load_networks(Core& core);
/// Starts the networks that are marked for it, once after each start of the host.
Task<void> autostart_networks(Core& core);

}  // namespace virtue::network
