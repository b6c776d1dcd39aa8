// The administrator's hook programs: /etc/libvirt/hooks/network and network.d/*, called as libvirt calls them.
#pragma once
#include <string>

#include "drivers/network/settings.h"
#include "io/loop.h"
#include "model/network/port.h"

namespace virtue::network {

/// Runs the hooks with NAME OPERATION STEP -, and the network's (and port's) XML at their input. Throws
/// hook_script_failed when one fails; the callers decide whether that matters.
Task<void> run_hooks(io::Loop& loop, const Settings& settings, const model::Network& network,
                     const model::NetworkPort* port, std::string operation, std::string step);

}  // namespace virtue::network
