// What QEMU tells on its own, turned into the domain's state and libvirt's events. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Takes one monitor event of a guest.
void handle_monitor_event(Core& core, const DomainOwner& domain, const MonitorEvent& event);

/// The process ended by itself: finds out why, cleans up, tells.
Task<void> handle_process_end(Core& core, DomainOwner domain, int pid);

}  // namespace virtue::qemu
