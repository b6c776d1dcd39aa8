// Going back to a snapshot.
#include <filesystem>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/snapshots/image_tool.h"
#include "drivers/qemu/snapshots/snapshot_actions.h"
#include "drivers/qemu/snapshots/vcpus.h"
#include "drivers/qemu/start.h"
#include "drivers/qemu/stop.h"

namespace virtue::qemu {
namespace {

using model::Snapshot;
using model::SnapshotState;

constexpr StopCause from_snapshot{api::domain_shutoff_from_snapshot, api::domain_event_stopped_from_snapshot, true,
                                  true};

bool has_memory(SnapshotState state) {
    return state == SnapshotState::running || state == SnapshotState::paused;
}

[[noreturn]] void refuse_risky(std::string sentence) {
    throw Error(ErrorCode::snapshot_revert_risky, ErrorDomain::qemu, std::move(sentence));
}

void require_revertible(const Core& core, const Domain& domain, const Snapshot& snapshot, uint32_t flags) {
    const bool asks_to_run = (flags & (api::domain_snapshot_revert_running | api::domain_snapshot_revert_paused)) != 0;
    const bool live = has_memory(snapshot.state);
    if (!domain.is_persistent() && !live && !asks_to_run) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "transient domain needs to request run or pause to revert to inactive snapshot");
    }
    if (snapshot.is_external()) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, "revert to external snapshot not supported yet");
    }
    const bool force = (flags & api::domain_snapshot_revert_force) != 0;
    if (!force && !snapshot.domain) {
        refuse_risky(fmt::format("snapshot '{}' lacks domain '{}' rollback info", snapshot.name, domain.name()));
    }
    if (!force && !live && std::filesystem::exists(core.settings.saved_image(domain.name()))) {
        refuse_risky(
            "snapshot without memory state, removal of existing managed saved state strongly recommended to avoid "
            "corruption");
    }
    if (snapshot.state == SnapshotState::pmsuspended) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "qemu doesn't support reversion of snapshot taken in PMSUSPENDED state");
    }
    const bool known = live || snapshot.state == SnapshotState::shutdown || snapshot.state == SnapshotState::shutoff ||
                       snapshot.state == SnapshotState::crashed;
    if (known) return;
    fail(ErrorCode::internal_error, ErrorDomain::qemu, "Invalid target domain state '{}'. Refusing snapshot reversion",
         xml::to_name(snapshot.state));
}

/// The definition that a persistent guest has after going back.
std::shared_ptr<const model::Domain> definition_after(const Domain& domain, const Snapshot& snapshot) {
    const std::optional<model::Domain>& kept = snapshot.inactive_domain ? snapshot.inactive_domain : snapshot.domain;
    if (!kept) return domain.persistent();
    auto definition = std::make_shared<model::Domain>(*kept);
    definition->name = domain.name();  // it may have been renamed since
    return definition;
}

std::vector<std::string> internal_disks(const Snapshot& snapshot) {
    std::vector<std::string> targets;
    for (const model::SnapshotDisk& line : snapshot.disks) {
        if (line.snapshot == model::SnapshotLocation::internal) targets.push_back(line.name);
    }
    return targets;
}

/// A transient guest leaves the table when its process ends; it comes back to it before it is started again.
void enter_again(Core& core, const DomainOwner& domain) {
    if (!domain->removed) return;
    domain->removed = false;
    core.domains.insert(domain);
}

/// Takes a transient guest away again that could not be started.
struct Withdraw {
    Core& core;
    DomainOwner domain;
    bool armed = true;
    ~Withdraw() {
        if (!armed || domain->is_persistent() || domain->is_active() || domain->removed) return;
        domain->removed = true;
        core.domains.erase(domain->uuid());
    }
};

StartRequest start_request(bool paused, bool live, uint32_t flags) {
    StartRequest request;
    request.paused = paused;
    request.reset_nvram = (flags & api::domain_snapshot_revert_reset_nvram) != 0;
    request.running_reason = live ? api::domain_running_from_snapshot : api::domain_running_booted;
    request.paused_reason = api::domain_paused_from_snapshot;
    request.started_detail = api::domain_event_started_from_snapshot;
    request.suspended_detail = api::domain_event_suspended_from_snapshot;
    return request;
}

}  // namespace

Task<void> revert_to_snapshot(Core& core, DomainOwner domain, std::string name, uint32_t flags, io::Deadline deadline) {
    SnapshotOwner snapshot = snapshot_at(*domain, name);
    require_revertible(core, *domain, *snapshot, flags);
    const bool live = has_memory(snapshot->state);
    const bool persistent = domain->is_persistent();
    std::shared_ptr<const model::Domain> definition = definition_after(*domain, *snapshot);
    std::shared_ptr<const model::Domain> live_before = domain->run() ? domain->run()->domain : nullptr;
    stop_listening(*domain);
    if (domain->is_active()) co_await stop_guest(core, domain, from_snapshot);
    enter_again(core, domain);
    Withdraw withdraw{core, domain};
    if (!definition) definition = live_before;
    if (!live) {
        // QEMU does not load what qemu-img took: without memory it is qemu-img that goes back.
        std::vector<std::string> targets = internal_disks(*snapshot);
        const bool skipped =
            co_await each_internal_snapshot(core, definition, name, std::move(targets), "-a", true, deadline);
        if (skipped) {
            fail(ErrorCode::operation_failed, ErrorDomain::qemu, "not all disks could go back to snapshot '{}'", name);
        }
    }
    if (persistent) co_await replace_definition(core, domain, definition);
    const bool asks_to_run = (flags & (api::domain_snapshot_revert_running | api::domain_snapshot_revert_paused)) != 0;
    if (live || asks_to_run) {
        const bool runs = (flags & api::domain_snapshot_revert_running) != 0;
        const bool pauses = (flags & api::domain_snapshot_revert_paused) != 0;
        const bool paused = !runs && (pauses || (live && snapshot->state == SnapshotState::paused));
        StartRequest request = start_request(paused, live, flags);
        if (live && snapshot->domain) {
            auto then = std::make_shared<model::Domain>(*snapshot->domain);
            then->name = domain->name();
            request.definition = std::move(then);
        } else {
            request.definition = definition;
        }
        if (live) request.internal_snapshot = name;
        co_await start_guest(core, domain, std::move(request), deadline);
    }
    withdraw.armed = false;
    co_await make_current(core, domain, name);
    if (persistent) {
        core.announcer.lifecycle(*domain, api::domain_event_defined, api::domain_event_defined_from_snapshot);
    }
}

}  // namespace virtue::qemu
