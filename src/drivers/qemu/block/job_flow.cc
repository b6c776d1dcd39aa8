#include "drivers/qemu/block/job_flow.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/job_end.h"
#include "drivers/qemu/calls/support.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.block");

/// Ends a job that nobody waits for, in the guest's turn.
Task<void> conclude_in_turn(Core& core, DomainOwner domain, BlockJobRef job, int id) {
    driver::Job turn =
        co_await domain->jobs().begin(driver::JobKind::modify, "the end of a block job", io::Deadline::never());
    if (domain->id() != id || domain->running().stopping) co_return;
    auto known = domain->running().block_jobs.find(job->record.name);
    if (known == domain->running().block_jobs.end() || known->second != job) co_return;
    co_await conclude_job(core, domain, job);
}

void on_ready(Core& core, const DomainOwner& domain, const BlockJobRef& job) {
    // QEMU may fall out of this state and back: clients hear of it once, and not at all when it is being ended.
    if (!job->can_be_told_ready()) return;
    job->record.state = BlockJobState::ready;
    set_mirror_state(*domain->running().domain, job->record.target, "yes");
    domain->changed();
    tell_job(core, *domain, *job, BlockJobState::ready);
    save_status_soon(core, domain);
    job->changed.notify_all();
}

void on_concluded(Core& core, const DomainOwner& domain, const BlockJobRef& job) {
    if (std::exchange(job->is_over, true)) return;
    job->changed.notify_all();
    if (!job->waited_for) core.spawn(conclude_in_turn(core, domain, job, domain->id()));
}

/// True if the guest's disk works with what the job wrote to. Asked of QEMU: a daemon that was killed at the wrong
/// moment may not know whether it had told QEMU to switch over.
Task<bool> is_switched_over(DomainOwner domain, BlockJobRef job, io::Deadline deadline) {
    if (job->record.state == BlockJobState::pivoting) co_return true;
    const model::Disk* disk = nullptr;
    for (const model::Disk& one : domain->running().domain->disks) {
        if (one.target == job->record.target && one.mirror) disk = &one;
    }
    if (!disk) co_return false;
    const std::string node = format_node_name(disk->mirror->source);
    Json nothing;
    Json blocks = co_await domain->monitor()->command("query-block", nothing, deadline);
    for (const Json& block : blocks.items()) {
        const Json* inserted = block.find("inserted");
        if (inserted && inserted->string_or("node-name", "") == node) co_return true;
    }
    co_return false;
}

Task<BlockJobState> final_state(DomainOwner domain, BlockJobRef job, BlockJobOutcome outcome, io::Deadline deadline) {
    const bool was_given_up = job->record.state == BlockJobState::aborting;
    if (!outcome.found || !outcome.error.empty()) {
        co_return was_given_up ? BlockJobState::cancelled : BlockJobState::failed;
    }
    const bool is_copy = job->record.type == BlockJobType::copy || job->record.type == BlockJobType::active_commit;
    if (!is_copy) co_return BlockJobState::completed;
    const bool switched = co_await is_switched_over(domain, job, deadline);
    // A copy that ended without having been switched over to was given up.
    co_return switched ? BlockJobState::completed : BlockJobState::cancelled;
}

}  // namespace

BlockJobRef note_job(Core& core, const DomainOwner& domain, BlockJobRecord record) {
    auto job = std::make_shared<BlockJob>(core.loop);
    job->record = std::move(record);
    domain->running().block_jobs[job->record.name] = job;
    return job;
}

void forget_job(const DomainOwner& domain, const BlockJobRef& job) {
    if (Run* run = domain->run()) run->block_jobs.erase(job->record.name);
}

BlockJobRef find_job(const Run& run, const std::string& target) {
    for (const auto& [name, job] : run.block_jobs) {
        if (job->record.type != BlockJobType::create && job->record.target == target) return job;
    }
    return nullptr;
}

bool has_block_job(const Run& run) {
    return !run.block_jobs.empty();
}

void require_no_block_job(const Run& run) {
    if (!has_block_job(run)) return;
    throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain has active block job",
                "wait for its end, or end it (virsh blockjob --abort)");
}

void require_no_block_job(const Run& run, const model::Disk& disk) {
    if (!disk.mirror && !find_job(run, disk.target)) return;
    throw Error(disk.mirror ? ErrorCode::block_copy_active : ErrorCode::operation_unsupported, ErrorDomain::qemu,
                fmt::format("disk '{}' already in active block job", disk.target));
}

void set_mirror_state(model::Domain& domain, const std::string& target, const char* state) {
    for (model::Disk& disk : domain.disks) {
        if (disk.target == target && disk.mirror) disk.mirror->ready = state;
    }
}

void handle_job_status(Core& core, const DomainOwner& domain, const std::string& name, const std::string& status) {
    Run& run = domain->running();
    auto found = run.block_jobs.find(name);
    if (found == run.block_jobs.end()) return;
    const BlockJobRef job = found->second;
    if (status == "running" && job->record.state == BlockJobState::fresh) job->record.state = BlockJobState::running;
    if (status == "ready") on_ready(core, domain, job);
    if (status == "concluded") on_concluded(core, domain, job);
}

Task<void> wait_for_end(Core&, DomainOwner domain, BlockJobRef job) {
    io::Deadline deadline = io::Deadline::never().with_cancel(domain->jobs().current_cancel());
    while (!job->is_over) {
        io::WakeReason reason = co_await job->changed.wait(deadline);
        if (!job->is_over) io::require_notified(reason, "the end of a block job");
    }
}

Task<BlockJobOutcome> take_outcome(DomainOwner domain, BlockJobRef job, io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    Json nothing;
    BlockJobOutcome outcome;
    Json jobs = co_await monitor->command("query-jobs", nothing, deadline);
    for (const Json& one : jobs.items()) {
        if (one.string_or("id", "") != job->record.name) continue;
        outcome.found = true;
        outcome.error = one.string_or("error", "");
    }
    if (!outcome.found) co_return outcome;
    Json which = Json::object({{"id", job->record.name}});
    try {
        co_await monitor->command("job-dismiss", std::move(which), deadline);
    } catch (const Error& error) {
        logger.debug("block job {} stays in QEMU: {}", job->record.name, error.message());
    }
    co_return outcome;
}

Task<void> conclude_job(Core& core, DomainOwner domain, BlockJobRef job) {
    io::Deadline deadline = core.monitor_deadline(io::Deadline::never(), *domain);
    const BlockJobOutcome outcome = co_await take_outcome(domain, job, deadline);
    job->record.error = outcome.error;
    const BlockJobState state = co_await final_state(domain, job, outcome, deadline);
    // The configuration follows what the guest works with; that it could not be written must not keep the rest undone.
    std::optional<Error> failure;
    try {
        co_await apply_job_end(core, domain, job, state == BlockJobState::completed, deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure)
        logger.error("domain '{}': after block job {}: {}", domain->name(), job->record.name, failure->message());
    if (!domain->is_active()) co_return;
    job->record.state = state;
    forget_job(domain, job);
    co_await live_changed(core, domain);
    tell_job(core, *domain, *job, state);
}

namespace {

/// The number of a node that was made for a layer of a disk; nothing for others.
std::optional<uint32_t> layer_number(const std::string& node) {
    unsigned number = 0;
    int end = 0;
    if (std::sscanf(node.c_str(), "libvirt-%u-%n", &number, &end) != 1 || end == 0) return std::nullopt;
    const std::string rest = node.substr(static_cast<size_t>(end));
    if (rest != "format" && rest != "storage" && rest != "slice-sto") return std::nullopt;
    return number;
}

bool is_layer_of(const model::Domain& domain, uint32_t number) {
    return std::any_of(domain.disks.begin(), domain.disks.end(), [&](const model::Disk& disk) {
        return find_layer_number(disk.source, number) ||
               (disk.mirror && find_layer_number(disk.mirror->source, number));
    });
}

/// Takes nodes away that no disk has: what a daemon was making when it was killed. QEMU refuses for those in use.
Task<void> drop_stray_nodes(DomainOwner domain, io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    Json flat = Json::object({{"flat", true}});
    Json nodes = co_await monitor->command("query-named-block-nodes", std::move(flat), deadline);
    std::vector<std::string> stray;
    for (const Json& one : nodes.items()) {
        std::string name = one.string_or("node-name", "");
        const std::optional<uint32_t> number = layer_number(name);
        if (number && !is_layer_of(*domain->running().domain, *number)) stray.push_back(std::move(name));
    }
    // Formats stand above what they are stored in.
    std::stable_partition(stray.begin(), stray.end(), [](const std::string& name) { return name.ends_with("format"); });
    for (const std::string& name : stray) {
        Json which = Json::object({{"node-name", name}});
        Json reply = co_await monitor->exchange("blockdev-del", std::move(which), deadline);
        logger.info("domain '{}': node {} was left over{}", domain->name(), name,
                    reply.find("error") ? ", and stays" : "");
    }
}

}  // namespace

Task<void> find_jobs_again(Core& core, DomainOwner domain, io::Deadline deadline) {
    co_await drop_stray_nodes(domain, deadline);
    if (!domain->is_active() || domain->running().block_jobs.empty()) co_return;
    Json nothing;
    Json jobs = co_await domain->monitor()->command("query-jobs", nothing, deadline);
    std::vector<std::pair<BlockJobRef, std::string>> states;
    for (const auto& [name, job] : domain->running().block_jobs) {
        std::string status = "concluded";
        for (const Json& one : jobs.items()) {
            if (one.string_or("id", "") == name) status = one.string_or("status", "");
        }
        states.emplace_back(job, std::move(status));
    }
    for (auto& [job, status] : states) {
        if (job->record.type == BlockJobType::create) {
            forget_job(domain, job);
            continue;
        }
        // The order to end it did not get so far: it can be given again.
        const bool was_ending =
            job->record.state == BlockJobState::pivoting || job->record.state == BlockJobState::aborting;
        if (was_ending && (status == "ready" || status == "running")) job->record.state = BlockJobState::running;
        handle_job_status(core, domain, job->record.name, status);
    }
}

}  // namespace virtue::qemu
