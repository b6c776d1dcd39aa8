#include "drivers/qemu/block/block_job_calls.h"

#include <limits>

#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/copy.h"
#include "drivers/qemu/block/nodes.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/reconnect.h"
#include "io/offload.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

using model::Disk;

constexpr uint32_t pull_flags = api::domain_block_pull_bandwidth_bytes;
constexpr uint32_t rebase_flags = api::domain_block_rebase_shallow | api::domain_block_rebase_reuse_ext |
                                  api::domain_block_rebase_copy | api::domain_block_rebase_copy_raw |
                                  api::domain_block_rebase_relative | api::domain_block_rebase_copy_dev |
                                  api::domain_block_rebase_bandwidth_bytes;
constexpr uint32_t commit_flags = api::domain_block_commit_shallow | api::domain_block_commit_active |
                                  api::domain_block_commit_relative | api::domain_block_commit_delete |
                                  api::domain_block_commit_bandwidth_bytes;
constexpr uint32_t copy_flags = api::domain_block_copy_shallow | api::domain_block_copy_reuse_ext |
                                api::domain_block_copy_transient_job | api::domain_block_copy_synchronous_writes;

[[noreturn]] void refuse_no_job(const Disk& disk) {
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "disk {} does not have an active block job", disk.target);
}

Json job_arguments(const std::string& name, const std::string& device, uint64_t speed) {
    Json arguments = Json::object({{"job-id", name}, {"device", device}});
    if (speed > 0) arguments.set("speed", speed);
    return arguments;
}

void add_lifecycle(Json& arguments) {
    // What became of it is still there when a daemon comes back.
    arguments.set("auto-finalize", true);
    arguments.set("auto-dismiss", false);
}

[[noreturn]] void refuse_relative() {
    throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "can't keep relative backing relationship",
                "an image on the way names the one below it by an absolute path");
}

/// The name that the image above is to find `base` by: a relative one if that is wanted.
std::string name_for(const model::StorageSource& top, size_t first, size_t base, bool relative) {
    if (!relative) return backing_name(layer_at(top, base));
    std::optional<std::string> name = relative_name(top, first, base);
    if (!name) refuse_relative();
    return *name;
}

/// Which layers a commit is about, and what the image above is to call the lower one.
struct CommitPlan {
    size_t top = 0;
    size_t base = 0;
    std::string name;
};

CommitPlan plan_commit(const Disk& disk, const std::optional<std::string>& base, const std::optional<std::string>& top,
                       const std::string& path, uint32_t flags) {
    const model::StorageSource& chain = disk.source;
    CommitPlan plan;
    if (top && *top != disk.target) plan.top = find_layer(chain, std::nullopt, top, disk.target);
    const bool active = (flags & api::domain_block_commit_active) != 0;
    const std::string& top_path = layer_at(chain, plan.top).path;
    if (plan.top == 0 && !active) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "commit of '{}' active layer requires active flag",
             disk.target);
    }
    if (plan.top != 0 && active) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "active commit requested but '{}' is not active", top_path);
    }
    const bool shallow = (flags & api::domain_block_commit_shallow) != 0;
    if (!base && shallow && has_backing(layer_at(chain, plan.top))) {
        plan.base = plan.top + 1;
    } else {
        plan.base = find_layer(chain, plan.top, base, disk.target);
    }
    if (shallow && plan.base != plan.top + 1) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "base '{}' is not immediately below '{}' in chain for '{}'",
             base.value_or(""), top_path, path);
    }
    const bool relative = (flags & api::domain_block_commit_relative) != 0;
    if (plan.top != 0) plan.name = name_for(chain, plan.top, plan.base, relative);
    return plan;
}

}  // namespace

Disk* find_disk_by_name(model::Domain& domain, const std::string& name) {
    for (Disk& disk : domain.disks) {
        if (name.starts_with('/') ? disk.source.path == name : disk.target == name) return &disk;
    }
    return nullptr;
}

Disk& disk_by_name(model::Domain& domain, const std::string& name) {
    Disk* disk = find_disk_by_name(domain, name);
    if (!disk) fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "disk '{}' not found in domain", name);
    return *disk;
}

uint64_t bytes_per_second(uint64_t bandwidth, bool in_bytes) {
    if (in_bytes) return bandwidth;
    constexpr uint64_t most = std::numeric_limits<int64_t>::max() >> 20;
    if (bandwidth > most) fail(ErrorCode::overflow, ErrorDomain::qemu, "bandwidth must be less than {}", most);
    return bandwidth << 20;
}

void require_job_support(const Disk& disk) {
    const char* kind = disk.transient ? "transient" : nullptr;
    if (disk.source.type == model::StorageType::vhostuser) kind = "vhostuser";
    if (!kind) return;
    fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "block jobs are not supported on {} disk '{}'", kind,
         disk.target);
}

void BlockJobCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainBlockPull>(this, &BlockJobCalls::pull);
    on.call<proc::DomainBlockRebase>(this, &BlockJobCalls::rebase);
    on.call<proc::DomainBlockCommit>(this, &BlockJobCalls::commit);
    on.call<proc::DomainBlockCopy>(this, &BlockJobCalls::copy);
    on.call<proc::DomainBlockJobAbort>(this, &BlockJobCalls::abort);
    on.call<proc::DomainBlockJobSetSpeed>(this, &BlockJobCalls::set_speed);
    on.call<proc::DomainGetBlockJobInfo>(this, &BlockJobCalls::info);
}

Task<void> BlockJobCalls::start_job(DomainOwner domain, BlockJobRef job, std::string command, Json arguments,
                                    io::Deadline deadline) {
    // Before QEMU knows of it: a daemon that is killed in between finds no job and drops the note.
    co_await save_status(core_, domain);
    std::optional<Error> failure;
    try {
        co_await domain->monitor()->command(std::move(command), std::move(arguments), deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (failure) {
        forget_job(domain, job);
        throw *failure;
    }
    co_await live_changed(core_, domain);
}

Task<wire::Void> BlockJobCalls::pull(driver::Call& call, proc::DomainBlockPull::Args args) {
    require_flags(args.flags, pull_flags, "qemuDomainBlockPull");
    PullRequest request{std::move(args.path), std::nullopt, args.bandwidth, args.flags};
    co_await begin_pull(call, std::move(args.domain), std::move(request));
    co_return wire::Void{};
}

Task<wire::Void> BlockJobCalls::rebase(driver::Call& call, proc::DomainBlockRebase::Args args) {
    require_flags(args.flags, rebase_flags, "qemuDomainBlockRebase");
    if (!(args.flags & api::domain_block_rebase_copy)) {
        PullRequest request{std::move(args.path), std::move(args.base), args.bandwidth, args.flags};
        co_await begin_pull(call, std::move(args.domain), std::move(request));
        co_return wire::Void{};
    }
    CopyRequest request;
    request.destination.type =
        args.flags & api::domain_block_rebase_copy_dev ? model::StorageType::block : model::StorageType::file;
    request.destination.path = args.base.value_or("");
    if (args.flags & api::domain_block_rebase_copy_raw) request.destination.format = model::StorageFormat::raw;
    const bool in_bytes = (args.flags & api::domain_block_rebase_bandwidth_bytes) != 0;
    request.bandwidth = bytes_per_second(args.bandwidth, in_bytes);
    if (args.flags & api::domain_block_rebase_relative) {
        throw Error(ErrorCode::argument_unsupported, ErrorDomain::qemu,
                    "Relative backing during copy not supported yet");
    }
    // These two have the same numbers for both calls.
    request.flags = args.flags & (api::domain_block_copy_shallow | api::domain_block_copy_reuse_ext);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    co_await begin_copy(core_, call, std::move(domain), std::move(args.path), std::move(request));
    co_return wire::Void{};
}

Task<wire::Void> BlockJobCalls::copy(driver::Call& call, proc::DomainBlockCopy::Args args) {
    require_flags(args.flags, copy_flags, "qemuDomainBlockCopy");
    CopyRequest request = read_copy_request(args);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    co_await begin_copy(core_, call, std::move(domain), std::move(args.path), std::move(request));
    co_return wire::Void{};
}

Task<void> BlockJobCalls::begin_pull(driver::Call& call, proc::DomainRef which, PullRequest request) {
    const bool relative = (request.flags & api::domain_block_rebase_relative) != 0;
    if (relative && !request.base) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                    "flag VIR_DOMAIN_BLOCK_REBASE_RELATIVE is valid only with non-null base");
    }
    DomainOwner domain = core_.at(which.name, which.uuid);
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainBlockPull", call.deadline);
    const Disk disk = disk_by_name(*domain->running().domain, request.path);
    require_no_block_job(domain->running(), disk);
    require_job_support(disk);
    const uint64_t speed =
        bytes_per_second(request.bandwidth, (request.flags & api::domain_block_pull_bandwidth_bytes) != 0);
    BlockJobRecord record;
    record.name = fmt::format("pull-{}-{}", disk.target, format_node_name(disk.source));
    record.type = BlockJobType::pull;
    record.flags = request.flags;
    record.target = disk.target;
    Json arguments = job_arguments(record.name, format_node_name(disk.source), speed);
    if (request.base) {
        auto look = [disk, relative, base = request.base] {
            const size_t layer = find_layer(disk.source, 0, base, disk.target);
            return std::pair(layer, name_for(disk.source, 1, layer, relative));
        };
        auto [layer, name] = co_await io::offload(core_.loop, std::move(look));
        record.base = format_node_name(layer_at(disk.source, layer));
        arguments.set("base-node", record.base);
        arguments.set("backing-file", name);
    }
    add_lifecycle(arguments);
    const BlockJobRef job = note_job(core_, domain, std::move(record));
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await start_job(domain, job, "block-stream", std::move(arguments), deadline);
}

Task<wire::Void> BlockJobCalls::commit(driver::Call& call, proc::DomainBlockCommit::Args args) {
    require_flags(args.flags, commit_flags, "qemuDomainBlockCommit");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainBlockCommit", call.deadline);
    domain->running();
    const uint64_t speed =
        bytes_per_second(args.bandwidth, (args.flags & api::domain_block_commit_bandwidth_bytes) != 0);
    const Disk disk = disk_by_name(*domain->running().domain, args.disk);
    if (disk.source.empty()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "disk {} has no source file to be committed", disk.target);
    }
    require_no_block_job(domain->running(), disk);
    require_job_support(disk);
    auto look = [disk, base = args.base, top = args.top, flags = args.flags] {
        return plan_commit(disk, base, top, disk.source.path, flags);
    };
    const CommitPlan plan = co_await io::offload(core_.loop, std::move(look));
    const model::StorageSource& base = layer_at(disk.source, plan.base);
    BlockJobRecord record;
    record.name = fmt::format("commit-{}-{}", disk.target, format_node_name(layer_at(disk.source, plan.top)));
    record.type = plan.top == 0 ? BlockJobType::active_commit : BlockJobType::commit;
    record.flags = args.flags;
    record.target = disk.target;
    record.delete_committed = (args.flags & api::domain_block_commit_delete) != 0;
    record.base = format_node_name(base);
    record.top = format_node_name(layer_at(disk.source, plan.top));
    if (plan.top > 0) record.top_parent = format_node_name(layer_at(disk.source, plan.top - 1));
    const std::string device =
        disk.driver.copy_on_read == xml::Switch::on ? "libvirt-CoR-" + disk.target : format_node_name(disk.source);
    Json arguments = job_arguments(record.name, device, speed);
    arguments.set("top-node", record.top);
    arguments.set("base-node", record.base);
    if (!plan.name.empty()) arguments.set("backing-file", plan.name);
    add_lifecycle(arguments);
    const BlockJobRef job = note_job(core_, domain, std::move(record));
    if (plan.top == 0) {
        model::DiskMirror mirror;
        mirror.source = base;
        mirror.source.backing.clear();
        mirror.job = "active-commit";
        disk_by_name(*domain->running().domain, disk.target).mirror = std::move(mirror);
        domain->changed();
    }
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    std::optional<Error> failure;
    try {
        co_await start_job(domain, job, "block-commit", std::move(arguments), deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (!failure) co_return wire::Void{};
    if (Run* run = domain->run()) disk_by_name(*run->domain, disk.target).mirror.reset();
    domain->changed();
    throw *failure;
}

Task<void> BlockJobCalls::pivot(DomainOwner domain, BlockJobRef job, io::Deadline deadline) {
    if (job->record.state != BlockJobState::ready) {
        fail(ErrorCode::block_copy_active, ErrorDomain::qemu, "block job '{}' not ready for pivot yet",
             job->record.name);
    }
    const bool can = job->record.type == BlockJobType::copy || job->record.type == BlockJobType::active_commit;
    if (!can) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "job type does not support pivot",
                    "only copies and commits of the active layer do");
    }
    job->record.state = BlockJobState::pivoting;
    set_mirror_state(*domain->running().domain, job->record.target, "pivot");
    Json which = Json::object({{"id", job->record.name}});
    std::optional<Error> failure;
    try {
        co_await domain->monitor()->command("job-complete", std::move(which), deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (!failure) co_return;
    job->record.state = BlockJobState::ready;
    if (Run* run = domain->run()) set_mirror_state(*run->domain, job->record.target, "yes");
    throw *failure;
}

Task<void> BlockJobCalls::cancel(DomainOwner domain, BlockJobRef job, io::Deadline deadline) {
    const BlockJobState before = job->record.state;
    job->record.state = BlockJobState::aborting;
    Json which = Json::object({{"device", job->record.name}});
    Json reply = co_await domain->monitor()->exchange("block-job-cancel", std::move(which), deadline);
    const Json* error = reply.find("error");
    if (!error) co_return;
    // It came to its end by itself meanwhile, and that counts.
    job->record.state = before;
    const std::string words = error->string_or("desc", "");
    const bool is_gone = words.find("not found") != std::string::npos;
    if (is_gone) job->is_over = true;
    if (!is_gone && words.find("'concluded'") == std::string::npos) throw monitor_error("block-job-cancel", *error);
}

Task<wire::Void> BlockJobCalls::abort(driver::Call& call, proc::DomainBlockJobAbort::Args args) {
    require_flags(args.flags, api::domain_block_job_abort_async | api::domain_block_job_abort_pivot,
                  "qemuDomainBlockJobAbort");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainBlockJobAbort", call.deadline);
    const Disk disk = disk_by_name(*domain->running().domain, args.path);
    const BlockJobRef job = find_job(domain->running(), disk.target);
    if (!job) refuse_no_job(disk);
    if (job->record.state == BlockJobState::aborting || job->record.state == BlockJobState::pivoting) {
        fail(ErrorCode::operation_invalid, ErrorDomain::qemu, "block job on disk '{}' is still being ended",
             disk.target);
    }
    const bool waits = (args.flags & api::domain_block_job_abort_async) == 0;
    const bool pivots = (args.flags & api::domain_block_job_abort_pivot) != 0;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    // From now on its end is ours, unless it came before.
    const bool ended_before = job->is_over;
    job->waited_for = waits && !ended_before;
    std::optional<Error> failure;
    try {
        if (pivots) {
            co_await pivot(domain, job, deadline);
        } else if (!ended_before) {
            co_await cancel(domain, job, deadline);
        }
        co_await live_changed(core_, domain);
        if (job->waited_for) {
            co_await wait_for_end(core_, domain, job);
        }
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (!domain->is_active()) throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "domain is not running");
    const bool mine = job->waited_for || (waits && ended_before);
    job->waited_for = false;
    if (job->is_over && mine && find_job(domain->running(), disk.target) == job) {
        co_await conclude_job(core_, domain, job);
    }
    if (failure) throw *failure;
    if (waits && pivots && job->record.state == BlockJobState::failed) {
        const std::string words = job->record.error.empty() ? "" : ": " + job->record.error;
        fail(ErrorCode::operation_failed, ErrorDomain::qemu, "block job '{}' failed while pivoting{}", job->record.name,
             words);
    }
    co_return wire::Void{};
}

Task<wire::Void> BlockJobCalls::set_speed(driver::Call& call, proc::DomainBlockJobSetSpeed::Args args) {
    require_flags(args.flags, api::domain_block_job_speed_bandwidth_bytes, "qemuDomainBlockJobSetSpeed");
    const uint64_t speed =
        bytes_per_second(args.bandwidth, (args.flags & api::domain_block_job_speed_bandwidth_bytes) != 0);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainBlockJobSetSpeed", call.deadline);
    const Disk disk = disk_by_name(*domain->running().domain, args.path);
    const BlockJobRef job = find_job(domain->running(), disk.target);
    if (!job) refuse_no_job(disk);
    Json arguments = Json::object({{"device", job->record.name}, {"speed", speed}});
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("block-job-set-speed", std::move(arguments), deadline);
    co_return wire::Void{};
}

namespace {

/// A job that is not ready must not look like one that is at its end: clients compare the two numbers.
void settle_progress(proc::DomainGetBlockJobInfo::Ret& info, const Json& told) {
    const Json* ready = told.find("ready");
    const bool is_ready = ready && ready->is_bool() && ready->as_bool();
    if (info.cur == 0 && info.end == 0) {
        if (is_ready) info.cur = 1;
        info.end = 1;
    }
    if (is_ready || !ready || info.cur != info.end) return;
    if (info.cur > 0) {
        info.cur--;
    } else {
        info.end++;
    }
}

}  // namespace

Task<proc::DomainGetBlockJobInfo::Ret> BlockJobCalls::info(driver::Call& call, proc::DomainGetBlockJobInfo::Args args) {
    require_flags(args.flags, api::domain_block_job_info_bandwidth_bytes, "qemuDomainGetBlockJobInfo");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    co_await wait_until_found_again(domain, call.deadline);
    const Disk disk = disk_by_name(*domain->running().domain, args.path);
    proc::DomainGetBlockJobInfo::Ret ret;
    const BlockJobRef job = find_job(domain->running(), disk.target);
    if (!job) co_return ret;
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    Json jobs = co_await domain->monitor()->command("query-block-jobs", nothing, deadline);
    for (const Json& one : jobs.items()) {
        if (one.string_or("device", "") != job->record.name) continue;
        ret.found = 1;
        ret.type = static_cast<int32_t>(job->record.type);
        ret.cur = one.uint_or("offset", 0);
        ret.end = one.uint_or("len", 0);
        ret.bandwidth = one.uint_or("speed", 0);
        if (!(args.flags & api::domain_block_job_info_bandwidth_bytes)) {
            ret.bandwidth = (ret.bandwidth + (1 << 20) - 1) >> 20;
        }
        settle_progress(ret, one);
    }
    co_return ret;
}

}  // namespace virtue::qemu
