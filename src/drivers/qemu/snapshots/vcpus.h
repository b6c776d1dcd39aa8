// Stopping and continuing a guest's vCPUs around a moment that is being kept. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Stops the vCPUs if they run; true if they did. `reason` is VIR_DOMAIN_PAUSED_*.
Task<bool> stop_vcpus(Core& core, DomainOwner domain, uint32_t reason, io::Deadline deadline);
/// Lets them run on, if the guest is still there.
Task<void> continue_vcpus(Core& core, DomainOwner domain, uint32_t reason);
/// True if a daemon before this one had stopped a guest for a snapshot or a save and did not come to continue it.
/// `noted` is the state that it wrote down last, `told` the one that QEMU tells ("paused").
bool was_interrupted(GuestState noted, const std::string& told);
/// Lets such a guest run on. Does not throw.
Task<void> continue_interrupted(DomainOwner domain, io::Deadline deadline);
/// Before a guest is ended for a snapshot's sake: nobody is to hear of its shutdown, only of its end.
void stop_listening(Domain& domain);
/// guest-fsfreeze-freeze and -thaw by the agent. Throws agent_unresponsive and the like.
Task<void> freeze_guest(Core& core, DomainOwner domain);
Task<void> thaw_guest(Core& core, DomainOwner domain);

}  // namespace virtue::qemu
