#include "drivers/qemu/snapshots/backup_job.h"

#include <sys/stat.h>

#include <chrono>
#include <ctime>

#include "base/log.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/snapshots/backup_parts.h"
#include "drivers/qemu/snapshots/checkpoint_actions.h"
#include "drivers/qemu/snapshots/image_tool.h"
#include "io/offload.h"

namespace virtue::qemu {
namespace {

using model::Backup;
using model::BackupDisk;
using model::BackupDiskMode;

int64_t now_in_milliseconds() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

const BackupDisk& line_of(const BackupJob& job, const BackupDiskJob& disk) {
    for (const BackupDisk& line : job.backup.disks) {
        if (line.name == disk.target) return line;
    }
    fail(ErrorCode::internal_error, ErrorDomain::qemu, "backup job data missing");
}

std::shared_ptr<BackupJob> make_job(Core& core, Domain& domain, const std::string& xml, bool reuse) {
    auto job = std::make_shared<BackupJob>(core.loop);
    job->backup = Backup::parse(xml);
    if (!domain.is_active()) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "cannot perform disk backup for inactive domain");
    }
    if (moments_of(domain).backup) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "another backup job is already running");
    }
    if (job->backup.server && job->backup.server->tls == xml::YesNo::yes) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, "backup TLS directory not configured");
    }
    const model::Domain& live = *domain.running().domain;
    model::align_disks(job->backup, live, std::to_string(::time(nullptr)));
    job->run_id = domain.id();
    job->started = now_in_milliseconds();
    for (const BackupDisk& line : job->backup.disks) {
        if (line.backup != xml::YesNo::yes) continue;
        const model::Disk& disk = *model::find_disk(live, line.name);
        BackupDiskJob one;
        one.target = line.name;
        one.source = disk.source.path;
        one.node = fmt::format("libvirt-{}-format", disk.source.index);
        one.job = fmt::format("backup-{}-{}", line.name, one.node);
        one.store = line.path;
        one.made = !reuse && line.type == model::StorageType::file;
        if (line.mode == BackupDiskMode::incremental) {
            one.bitmap = line.export_bitmap.empty() ? "backup-" + line.name : line.export_bitmap;
        }
        job->disks.push_back(std::move(one));
    }
    if (job->disks.empty()) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, "no disks selected for backup");
    }
    return job;
}

/// The bitmaps that tell what changed since the checkpoint of each disk, merged into one that stands still.
Json bitmap_actions(const Domain& domain, const BackupJob& job, const BlockNodes& nodes) {
    Json actions = Json::array();
    for (const BackupDiskJob& disk : job.disks) {
        const BackupDisk& line = line_of(job, disk);
        if (line.mode != BackupDiskMode::incremental) continue;
        if (!domain.moments->checkpoints.find(line.incremental)) {
            fail(ErrorCode::no_domain_checkpoint, ErrorDomain::qemu,
                 "Checkpoint '{}' for incremental backup of disk '{}' not found", line.incremental, disk.target);
        }
        const model::Disk& image = *model::find_disk(domain.current(), disk.target);
        const std::vector<BitmapPlace> places = bitmap_places(image, nodes, line.incremental);
        if (places.empty()) {
            fail(ErrorCode::checkpoint_inconsistent, ErrorDomain::qemu, "missing or broken bitmap '{}' for disk '{}'",
                 line.incremental, disk.target);
        }
        const uint64_t granularity = nodes.find(places.front().node, line.incremental)->granularity;
        actions.add(add_bitmap_action(disk.node, disk.bitmap, false, true, granularity));
        actions.add(merge_bitmaps_action(disk.node, disk.bitmap, places));
    }
    return actions;
}

void add_copy_actions(const BackupJob& job, Json& actions) {
    for (const BackupDiskJob& disk : job.disks) {
        Json data = Json::object({{"device", disk.node},
                                  {"job-id", disk.job},
                                  {"target", disk.format_node()},
                                  {"auto-finalize", true},
                                  {"auto-dismiss", false}});
        if (job.is_pull()) {
            // Nothing is copied but what the guest overwrites.
            data.set("sync", "none");
        } else if (disk.bitmap.empty()) {
            data.set("sync", "full");
        } else {
            data.set("sync", "incremental");
            data.set("bitmap", disk.bitmap);
        }
        actions.add(Json::object({{"type", "blockdev-backup"}, {"data", std::move(data)}}));
    }
}

/// Runs on the pool.
void require_free_stores(const std::vector<std::pair<std::string, std::string>>& stores, bool reuse) {
    for (const auto& [target, path] : stores) {
        struct stat found {};
        const bool there = ::stat(path.c_str(), &found) == 0;
        if (!there && reuse) {
            throw Error::from_errno(ENOENT, ErrorDomain::qemu, fmt::format("missing store '{}' of '{}'", path, target));
        }
        if (!there || reuse || S_ISBLK(found.st_mode)) continue;
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "store '{}' for backup of '{}' exists", path, target);
    }
}

Task<void> require_stores(Core& core, std::shared_ptr<BackupJob> job, bool reuse) {
    std::vector<std::pair<std::string, std::string>> stores;
    for (const BackupDiskJob& disk : job->disks) stores.emplace_back(disk.target, disk.store);
    auto look = [stores, reuse] { require_free_stores(stores, reuse); };
    co_await io::offload(core.loop, std::move(look));
}

/// Makes the file that a disk is copied to, or that keeps what the guest overwrites.
Task<void> make_store(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job, const BackupDiskJob& disk,
                      uint64_t size, io::Deadline deadline) {
    const BackupDisk& line = line_of(*job, disk);
    const std::string format(xml::to_name(line.format));
    std::vector<std::string> arguments = {"create", "-q", "-f", format};
    const bool over_the_disk = line.format == model::StorageFormat::qcow2 && (job->is_pull() || !disk.bitmap.empty());
    if (over_the_disk) {
        const model::StorageSource& below = model::find_disk(domain->current(), disk.target)->source;
        arguments.push_back("-u");
        arguments.push_back("-o");
        arguments.push_back(
            fmt::format("backing_fmt={},backing_file={}", image_format(below), option_value(backing_reference(below))));
    }
    arguments.push_back(disk.store);
    arguments.push_back(std::to_string(size));
    co_await run_image_tool(core, std::move(arguments), deadline, 0077);
}

/// The two nodes of a store. A scratch file lies over the disk: what is not in it is read from there.
Task<void> open_store(std::shared_ptr<Monitor> monitor, std::shared_ptr<BackupJob> job, const BackupDiskJob& disk,
                      io::Deadline deadline) {
    const BackupDisk& line = line_of(*job, disk);
    const char* driver = line.type == model::StorageType::block ? "host_device" : "file";
    Json storage = Json::object({{"driver", driver},
                                 {"filename", disk.store},
                                 {"node-name", disk.storage_node()},
                                 {"auto-read-only", true},
                                 {"discard", "unmap"}});
    Json format = Json::object({{"node-name", disk.format_node()},
                                {"read-only", false},
                                {"discard", "unmap"},
                                {"driver", xml::to_name(line.format)},
                                {"file", disk.storage_node()}});
    if (line.format == model::StorageFormat::qcow2) {
        Json backing;
        if (job->is_pull()) backing = disk.node;
        format.set("backing", std::move(backing));
    }
    co_await monitor->command("blockdev-add", std::move(storage), deadline);
    co_await monitor->command("blockdev-add", std::move(format), deadline);
}

Json server_address(const model::BackupServer& server) {
    if (server.transport == model::BackupTransport::unix_socket) {
        return Json::object({{"type", "unix"}, {"data", Json::object({{"path", server.socket}})}});
    }
    const std::string port = std::to_string(server.port == 0 ? 10809 : server.port);
    return Json::object({{"type", "inet"}, {"data", Json::object({{"host", server.name}, {"port", port}})}});
}

Task<void> offer(std::shared_ptr<Monitor> monitor, std::shared_ptr<BackupJob> job, io::Deadline deadline) {
    for (const BackupDiskJob& disk : job->disks) {
        Json arguments = Json::object({{"type", "nbd"},
                                       {"id", "libvirt-nbd-" + disk.format_node()},
                                       {"node-name", disk.format_node()},
                                       {"writable", false},
                                       {"name", line_of(*job, disk).export_name}});
        if (!disk.bitmap.empty()) {
            Json bitmaps = Json::array();
            bitmaps.add(disk.bitmap);
            arguments.set("bitmaps", std::move(bitmaps));
        }
        co_await monitor->command("block-export-add", std::move(arguments), deadline);
    }
}

Task<void> give_stores(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job) {
    std::optional<DacOwner> owner = core.owner_of_files();
    if (!owner) co_return;
    std::vector<OwnedFile> files;
    for (const BackupDiskJob& disk : job->disks) files.push_back({disk.store, false, true});
    auto give = [owner, files] { owner->give(files); };
    co_await io::offload(core.loop, std::move(give));
    std::vector<OwnedFile>& owned = domain->running().files;
    owned.insert(owned.end(), files.begin(), files.end());
}

/// Everything from the files to the running jobs.
Task<void> start_jobs(Core& core, DomainOwner domain, std::shared_ptr<BackupJob> job,
                      std::shared_ptr<model::Checkpoint> checkpoint, const BlockNodes& nodes, bool reuse,
                      io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    Json actions = bitmap_actions(*domain, *job, nodes);
    for (BackupDiskJob& disk : job->disks) {
        const uint64_t size = nodes.size(disk.node).value_or(0);
        disk.total = size;
        if (!reuse) co_await make_store(core, domain, job, disk, size, deadline);
    }
    co_await give_stores(core, domain, job);
    for (const BackupDiskJob& disk : job->disks) co_await open_store(monitor, job, disk, deadline);
    if (job->is_pull()) {
        Json server = Json::object({{"addr", server_address(*job->backup.server)}});
        co_await monitor->command("nbd-server-start", std::move(server), deadline);
    }
    if (checkpoint) add_checkpoint_actions(*domain->running().domain, *checkpoint, actions);
    add_copy_actions(*job, actions);
    Json transaction = Json::object({{"actions", std::move(actions)}});
    co_await monitor->command("transaction", std::move(transaction), deadline);
    for (BackupDiskJob& disk : job->disks) disk.started = true;
    if (job->is_pull()) co_await offer(monitor, job, deadline);
    if (checkpoint) co_await keep_checkpoint(core, domain, checkpoint);
}

}  // namespace

Task<void> begin_backup(Core& core, DomainOwner domain, std::string xml, std::string checkpoint_xml, uint32_t flags,
                        io::Deadline deadline) {
    const bool reuse = (flags & api::domain_backup_begin_reuse_external) != 0;
    std::shared_ptr<BackupJob> job = make_job(core, *domain, xml, reuse);
    std::shared_ptr<model::Checkpoint> checkpoint;
    if (!checkpoint_xml.empty()) {
        std::shared_ptr<model::Checkpoint> prepared =
            co_await prepare_checkpoint(core, domain, std::move(checkpoint_xml), deadline);
        checkpoint = std::move(prepared);
    }
    std::shared_ptr<Monitor> monitor = domain->monitor();
    io::Deadline answer = core.monitor_deadline(deadline, *domain);
    BlockNodes nodes = co_await BlockNodes::ask(monitor, answer);
    bitmap_actions(*domain, *job, nodes);  // refuses before anything is made
    co_await require_stores(core, job, reuse);
    moments_of(*domain).backup = job;
    std::optional<Error> failure;
    try {
        co_await save_backup(core, domain, job);
        co_await start_jobs(core, domain, job, checkpoint, nodes, reuse, deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (!failure) {
        core.spawn(follow_backup(core, domain, job, false));
        co_return;
    }
    job->cancelled = true;
    co_await follow_backup(core, domain, job, true);
    throw *failure;
}

std::string backup_xml(const Domain& domain) {
    if (!domain.moments || !domain.moments->backup) {
        throw Error(ErrorCode::no_domain_backup, ErrorDomain::qemu, "no domain backup job present");
    }
    xml::Options options;
    return xml::format(domain.moments->backup->backup, options);
}

bool cancel_backup(Domain& domain) {
    if (!domain.moments || !domain.moments->backup) return false;
    BackupJob& job = *domain.moments->backup;
    job.cancelled = true;
    job.changed.notify_all();
    return true;
}

std::optional<BackupFigures> backup_figures(const Domain& domain) {
    if (!domain.moments || !domain.moments->backup) return std::nullopt;
    const BackupJob& job = *domain.moments->backup;
    BackupFigures figures;
    figures.type = api::domain_job_unbounded;
    figures.elapsed = static_cast<uint64_t>(std::max<int64_t>(0, now_in_milliseconds() - job.started));
    figures.pull = job.is_pull();
    for (const BackupDiskJob& disk : job.disks) {
        figures.done += disk.done;
        figures.total += disk.total;
    }
    if (figures.pull) figures.done = job.temporary;
    figures.success = !job.failed;
    figures.error = job.error;
    return figures;
}

std::optional<BackupFigures> last_backup(Domain& domain, bool forget) {
    if (!domain.moments || !domain.moments->last_backup) return std::nullopt;
    BackupFigures figures = *domain.moments->last_backup;
    if (forget) domain.moments->last_backup.reset();
    return figures;
}

std::vector<wire::TypedParameter> BackupFigures::parameters() const {
    std::vector<wire::TypedParameter> all;
    all.push_back({api::domain_job_operation, static_cast<int32_t>(api::domain_job_operation_backup)});
    all.push_back({api::domain_job_time_elapsed, elapsed});
    if (pull) {
        all.push_back({api::domain_job_disk_temp_used, done});
        all.push_back({api::domain_job_disk_temp_total, total});
    } else {
        all.push_back({api::domain_job_disk_total, total});
        all.push_back({api::domain_job_disk_processed, done});
        all.push_back({api::domain_job_disk_remaining, total - std::min(total, done)});
    }
    if (over) all.push_back({api::domain_job_success, success});
    if (over && !error.empty()) all.push_back({api::domain_job_errmsg, error});
    return all;
}

void resume_backup(Core& core, DomainOwner domain) {
    std::shared_ptr<BackupJob> job = load_backup(core, *domain);
    if (!job) return;
    // Of a guest that ended meanwhile only files are left.
    job->run_id = domain->is_active() ? domain->id() : -2;
    moments_of(*domain).backup = job;
    core.spawn(follow_backup(core, domain, job, false));
}

}  // namespace virtue::qemu
