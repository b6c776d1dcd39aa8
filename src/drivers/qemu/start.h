// Starts a guest: from its definition to running vCPUs. Everything that is made on the way is undone if a step fails.
// Loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// How to start.
struct StartRequest {
    bool paused = false;
    bool reset_nvram = false;
    std::shared_ptr<const model::Domain>
        definition;  ///< in place of the persistent one, which then comes back after the run
    uint32_t running_reason = api::domain_running_booted;
    uint32_t paused_reason = api::domain_paused_user;
    uint32_t started_detail = api::domain_event_started_booted;
    uint32_t suspended_detail = api::domain_event_suspended_paused;
    std::shared_ptr<Fd> state;      ///< a saved state to load, standing behind its header
    std::string internal_snapshot;  ///< one inside the guest's images to load
};

/// A start that goes on from a saved state.
StartRequest restore_request(std::shared_ptr<Fd> state, bool running);

/// Starts `domain`; the caller holds its modify job. Publishes started and, when paused, suspended. On failure the
/// guest is as it was, and what QEMU said last is in the error.
Task<void> start_guest(Core& core, DomainOwner domain, StartRequest request, io::Deadline deadline);

/// What a start learns from the monitor, and a new daemon asks again: ptys, channel states, vCPU threads.
Task<void> learn_from_monitor(Core& core, DomainOwner domain, io::Deadline deadline);

/// Enters where QEMU put the guest's memory modules, and how much of a virtio-mem device is plugged.
Task<void> learn_memory_devices(DomainOwner domain, io::Deadline deadline);

/// Opens the guest agent's channel in the background, if it has one.
void connect_agent(Core& core, DomainOwner domain);

/// Wires monitor events and the end of the process to the domain.
Monitor::Callbacks monitor_callbacks(Core& core, const DomainOwner& domain);
void watch_process(Core& core, const DomainOwner& domain);

}  // namespace virtue::qemu
