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
    // A daemon that comes after this one must know why it stands still.
    co_await save_status(core, domain);
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

bool was_interrupted(GuestState noted, const std::string& told) {
    const bool for_a_moment = noted.state == api::domain_paused &&
                              (noted.reason == api::domain_paused_snapshot || noted.reason == api::domain_paused_save ||
                               noted.reason == api::domain_paused_dump);
    // Whoever asked for a pause was answered only when it was written down.
    const bool unnoted = noted.state == api::domain_running &&
                         (told == "paused" || told == "postmigrate" || told == "finish-migrate" || told == "save-vm");
    return for_a_moment || unnoted;
}

Task<void> continue_interrupted(DomainOwner domain, io::Deadline deadline) {
    try {
        std::shared_ptr<Monitor> monitor = domain->monitor();
        Json nothing;
        co_await monitor->exchange("migrate_cancel", nothing, deadline);
        domain->running().resume_reason = api::domain_running_save_canceled;
        co_await monitor->command("cont", nothing, deadline);
    } catch (const Error& error) {
        logger.warn("domain '{}' stands still since a daemon before: {}", domain->name(), error.message());
    }
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
