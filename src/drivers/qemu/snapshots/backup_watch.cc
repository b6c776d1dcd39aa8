// From the running jobs of a backup to their end, and what is taken away then.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "drivers/qemu/snapshots/backup_parts.h"
#include "drivers/qemu/snapshots/bitmaps.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.backup");

constexpr io::Milliseconds shortest_pause{20};
constexpr io::Milliseconds longest_pause{500};
constexpr size_t largest_file = 1 << 20;

std::string state_path(const Core& core, const Domain& domain) {
    return core.settings.state() + "/" + domain.name() + ".backup";
}

/// Bytes that a file takes on its disk.
uint64_t allocated_size(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 ? static_cast<uint64_t>(found.st_blocks) * 512 : 0;
}

bool is_over(const BackupJob& job) {
    return std::all_of(job.disks.begin(), job.disks.end(),
                       [](const BackupDiskJob& disk) { return disk.over || !disk.started; });
}

void tell_end(Core& core, const Domain& domain, const BackupDiskJob& disk, const BackupJob& job, bool good,
              bool quietly) {
    if (quietly) return;
    uint32_t status = api::domain_block_job_completed;
    if (!good) status = job.cancelled ? api::domain_block_job_canceled : api::domain_block_job_failed;
    core.announcer.block_job(domain, disk.source, disk.target, api::domain_block_job_type_backup, status);
}

/// Takes in what QEMU tells of the jobs; those that ended are let go of.
Task<void> look(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job, bool quietly) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline).with_cancel(core.gate.cancel_source());
    Json nothing;
    Json told = co_await monitor->command("query-jobs", nothing, deadline);
    for (BackupDiskJob& disk : job->disks) {
        if (disk.over || !disk.started) continue;
        const Json* found = nullptr;
        for (const Json& one : told.items()) {
            if (one.string_or("id", "") == disk.job) found = &one;
        }
        if (found && found->string_or("status", "") != "concluded") {
            disk.done = found->uint_or("current-progress", 0);
            if (uint64_t total = found->uint_or("total-progress", 0)) disk.total = total;
            continue;
        }
        const std::string error = found ? found->string_or("error", "") : "the job is gone";
        disk.over = true;
        if (error.empty()) {
            disk.done = disk.total;
        } else {
            if (job->error.empty()) job->error = error;
            job->failed = job->failed || !job->cancelled;
        }
        tell_end(core, *domain, disk, *job, error.empty(), quietly);
        if (!error.empty() && !job->is_pull() && disk.made) disk.made = ::unlink(disk.store.c_str()) != 0;
        Json dismissed = Json::object({{"id", disk.job}});
        co_await monitor->exchange("job-dismiss", std::move(dismissed), deadline);
    }
}

/// How much the scratch files hold by now.
Task<void> look_at_scratch(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job) {
    if (!job->is_pull()) co_return;
    std::vector<std::string> paths;
    for (const BackupDiskJob& disk : job->disks) paths.push_back(disk.store);
    auto add_up = [paths] {
        uint64_t sum = 0;
        for (const std::string& path : paths) sum += allocated_size(path);
        return sum;
    };
    job->temporary = co_await io::offload(core.loop, std::move(add_up));
}

Task<void> ask_to_end(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline).with_cancel(core.gate.cancel_source());
    for (const BackupDiskJob& disk : job->disks) {
        if (disk.over || !disk.started) continue;
        Json which = Json::object({{"id", disk.job}});
        co_await monitor->exchange("job-cancel", std::move(which), deadline);
    }
}

/// What QEMU has of it: server, nodes, bitmaps. Nothing of it may stop the rest.
Task<void> close_nodes(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline).with_cancel(core.gate.cancel_source());
    if (job->is_pull()) {
        Json nothing;
        co_await monitor->exchange("nbd-server-stop", nothing, deadline);
    }
    for (const BackupDiskJob& disk : job->disks) {
        for (const std::string& node : {disk.format_node(), disk.storage_node()}) {
            Json which = Json::object({{"node-name", node}});
            co_await monitor->exchange("blockdev-del", std::move(which), deadline);
        }
        if (disk.bitmap.empty()) continue;
        Json bitmap = Json::object({{"node", disk.node}, {"name", disk.bitmap}});
        co_await monitor->exchange("block-dirty-bitmap-remove", std::move(bitmap), deadline);
    }
}

/// The files: scratch goes, copies get their owner back.
Task<void> settle_files(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job, bool quietly) {
    struct Work {
        std::vector<std::string> doomed;
        std::vector<OwnedFile> files;
        std::optional<DacOwner> owner;
        std::string note;
    };
    Work work;
    work.owner = core.owner_of_files();
    work.note = state_path(core, *domain);
    for (const BackupDiskJob& disk : job->disks) {
        // A copy that did not come to its end is none.
        if (disk.made && (job->is_pull() || quietly || !disk.over)) {
            work.doomed.push_back(disk.store);
        } else {
            work.files.push_back({disk.store, false, true});
        }
    }
    if (domain->id() == job->run_id) {
        std::erase_if(domain->running().files, [&](const OwnedFile& file) {
            return std::any_of(job->disks.begin(), job->disks.end(),
                               [&](const BackupDiskJob& disk) { return disk.store == file.path; });
        });
    }
    auto settle = [work = std::move(work)] {
        for (const std::string& path : work.doomed) ::unlink(path.c_str());
        if (work.owner) work.owner->restore(work.files);
        io::remove_file(work.note);
    };
    co_await io::offload(core.loop, std::move(settle));
}

Task<void> step(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job, bool quietly, bool& asked) {
    try {
        if ((job->cancelled || job->failed) && !asked) {
            co_await ask_to_end(core, domain, job);
            asked = true;
        }
        co_await look(core, domain, job, quietly);
        co_await look_at_scratch(core, domain, job);
    } catch (const Error& error) {
        logger.debug("domain '{}': its backup cannot be looked at: {}", domain->name(), error.message());
    }
}

void tell_all(Core& core, Domain& domain) {
    auto figures = std::make_shared<BackupFigures>(*backup_figures(domain));
    figures->type = api::domain_job_completed;
    figures->over = true;
    core.announcer.job_completed(domain, figures->parameters());
    moments_of(domain).last_backup = std::move(figures);
}

}  // namespace

Task<void> follow_backup(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job, bool quietly) {
    io::Milliseconds pause = shortest_pause;
    bool asked = false;
    while (domain->id() == job->run_id && !is_over(*job)) {
        co_await step(core, domain, job, quietly, asked);
        if (domain->id() != job->run_id || is_over(*job)) break;
        io::Deadline next = io::Deadline::after(pause).with_cancel(core.gate.cancel_source());
        co_await job->changed.wait(next);
        // The daemon ends; the one that comes after it goes on.
        if (core.gate.cancel_source().is_cancelled()) co_return;
        pause = std::min(pause * 2, longest_pause);
    }
    std::optional<Error> failure;
    try {
        if (domain->id() == job->run_id) co_await close_nodes(core, domain, job);
    } catch (const Error& error) {
        // Of a QEMU that has just ended there is nothing to close.
        if (domain->id() == job->run_id) failure.emplace(error);
    }
    try {
        co_await settle_files(core, domain, job, quietly);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) logger.warn("domain '{}': of its backup something stays: {}", domain->name(), failure->message());
    if (!quietly && domain->id() == job->run_id) tell_all(core, *domain);
    if (moments_of(*domain).backup == job) moments_of(*domain).backup.reset();
}

Task<void> save_backup(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job) {
    Json disks = Json::array();
    for (const BackupDiskJob& disk : job->disks) {
        disks.add(Json::object({{"target", disk.target},
                                {"source", disk.source},
                                {"node", disk.node},
                                {"job", disk.job},
                                {"store", disk.store},
                                {"bitmap", disk.bitmap},
                                {"made", disk.made}}));
    }
    xml::Options options;
    Json whole = Json::object(
        {{"backup", xml::format(job->backup, options)}, {"started", job->started}, {"disks", std::move(disks)}});
    const std::string path = state_path(core, *domain);
    auto save = [path, text = whole.to_text()] { io::write_file_atomically(path, text, 0600); };
    co_await io::offload(core.loop, std::move(save));
}

std::shared_ptr<BackupJob> load_backup(Core& core, const Domain& domain) {
    const std::string path = state_path(core, domain);
    if (::access(path.c_str(), F_OK) != 0) return nullptr;
    try {
        const Json whole = Json::parse(io::read_file(path, largest_file));
        auto job = std::make_shared<BackupJob>(core.loop);
        job->backup = model::Backup::parse(whole.at("backup").as_string());
        job->started = whole.int_or("started", 0);
        for (const Json& told : whole.at("disks").items()) {
            BackupDiskJob disk;
            disk.target = told.at("target").as_string();
            disk.source = told.string_or("source", "");
            disk.node = told.at("node").as_string();
            disk.job = told.at("job").as_string();
            disk.store = told.at("store").as_string();
            disk.bitmap = told.string_or("bitmap", "");
            disk.made = told.bool_or("made", false);
            disk.started = true;
            job->disks.push_back(std::move(disk));
        }
        return job;
    } catch (const Error& error) {
        logger.error("passing over the backup of '{}': {}", domain.name(), error.message());
        return nullptr;
    }
}

}  // namespace virtue::qemu
