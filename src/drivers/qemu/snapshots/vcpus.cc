#include "drivers/qemu/snapshots/vcpus.h"

#include "base/error.h"
#include "base/log.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.snapshot");

}  // namespace

Task<bool> stop_vcpus(Core& core, DomainOwner domain, uint32_t reason, io::Deadline deadline) {
    if (domain->state().state != api::domain_running) co_return false;
    domain->running().pause_reason = reason;
    Json nothing;
    io::Deadline answer = core.monitor_deadline(deadline, *domain);
    std::shared_ptr<Monitor> monitor = domain->monitor();
    co_await monitor->command("stop", nothing, answer);
    co_return true;
}

Task<void> continue_vcpus(Core& core, DomainOwner domain, uint32_t reason) {
    if (!domain->is_active()) co_return;
    domain->running().resume_reason = reason;
    Json nothing;
    io::Deadline answer = io::Deadline::after(core.settings.monitor_deadline);
    std::shared_ptr<Monitor> monitor = domain->monitor();
    co_await monitor->command("cont", nothing, answer);
}

void stop_listening(Domain& domain) {
    if (Run* run = domain.run(); run && run->monitor) run->monitor->close();
}

Task<void> freeze_guest(Core& core, DomainOwner domain) {
    Json nothing;
    std::shared_ptr<Agent> agent = domain->agent();
    // Writing out all that a guest holds back takes its time.
    io::Deadline deadline = io::Deadline::after(core.settings.start_deadline);
    co_await agent->command("guest-fsfreeze-freeze", nothing, deadline);
}

Task<void> thaw_guest(Core& core, DomainOwner domain) {
    try {
        Json nothing;
        std::shared_ptr<Agent> agent = domain->agent();
        io::Deadline deadline = io::Deadline::after(core.settings.start_deadline);
        co_await agent->command("guest-fsfreeze-thaw", nothing, deadline);
    } catch (const Error& error) {
        logger.error("domain '{}': its file systems may still be frozen: {}", domain->name(), error.message());
    }
}

}  // namespace virtue::qemu
