#include "drivers/qemu/block/block_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <limits>

#include "drivers/qemu/block/block_job_calls.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/io_tune.h"
#include "drivers/qemu/block/nodes.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/reconnect.h"
#include "drivers/qemu/volumes.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::Disk;

constexpr uint32_t affect_flags = api::domain_affect_live | api::domain_affect_config;
/// VIR_DOMAIN_BLOCK_RESIZE_CAPACITY of libvirt 10.0: to the size that the image's device has now.
constexpr uint32_t resize_to_capacity = 2;
constexpr uint32_t memory_virtual = 1;
constexpr uint32_t memory_physical = 2;

Disk& disk_for_config(model::Domain& domain, const std::string& name) {
    Disk* disk = find_disk_by_name(domain, name);
    if (!disk) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "disk '{}' was not found in the domain config", name);
    }
    return *disk;
}

/// Blocks. Throws system_error.
uint64_t size_of_file(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    const off_t end = fd ? ::lseek(fd.get(), 0, SEEK_END) : -1;
    if (end < 0) throw Error::from_errno(errno, ErrorDomain::qemu, "cannot tell the size of '" + path + "'");
    return static_cast<uint64_t>(end);
}

/// Blocks. Throws invalid_arg for what lies beyond the end.
std::vector<uint8_t> read_part(const Disk& disk, uint64_t offset, uint64_t size) {
    const std::string& path = disk.source.path;
    Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) throw Error::from_errno(errno, ErrorDomain::storage, fmt::format("Failed to open file '{}'", path));
    std::vector<uint8_t> bytes(size);
    size_t have = 0;
    while (have < bytes.size() && offset <= static_cast<uint64_t>(std::numeric_limits<off_t>::max())) {
        const ssize_t got =
            ::pread(fd.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(offset + have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw Error::from_errno(errno, ErrorDomain::storage, fmt::format("cannot read '{}'", path));
        if (got == 0) break;
        have += static_cast<size_t>(got);
    }
    if (have < bytes.size()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "'{}' starting from {} has only {} bytes available",
             disk.target, offset, have);
    }
    return bytes;
}

/// The layer that a threshold is for. Throws invalid_arg.
const model::StorageSource& layer_by_name(const model::Domain& domain, const std::string& name) {
    const std::optional<LayerName> parsed = parse_layer_name(name);
    if (!parsed) fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "failed to parse block device '{}'", name);
    for (const Disk& disk : domain.disks) {
        if (disk.target != parsed->target) continue;
        if (parsed->index == 0) return disk.source;
        if (auto depth = find_layer_number(disk.source, parsed->index)) return layer_at(disk.source, *depth);
        if (!disk.mirror) continue;
        if (auto depth = find_layer_number(disk.mirror->source, parsed->index)) {
            return layer_at(disk.mirror->source, *depth);
        }
    }
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "failed to find disk '{}'", name);
}

}  // namespace

void BlockCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainBlockResize>(this, &BlockCalls::resize);
    on.call<proc::DomainBlockPeek>(this, &BlockCalls::peek);
    on.call<proc::DomainMemoryPeek>(this, &BlockCalls::memory_peek);
    on.call<proc::DomainSetBlockThreshold>(this, &BlockCalls::set_threshold);
    on.call<proc::DomainSetBlockIoTune>(this, &BlockCalls::set_io_tune);
    on.call<proc::DomainGetBlockIoTune>(this, &BlockCalls::io_tune);
}

Task<wire::Void> BlockCalls::resize(driver::Call& call, proc::DomainBlockResize::Args args) {
    const bool to_capacity = (args.flags & resize_to_capacity) != 0;
    // Beyond libvirt 9.0: its clients of today know the flag, and it is only good for images that have no size of
    // their own.
    require_flags(args.flags, api::domain_block_resize_bytes | (args.size == 0 ? resize_to_capacity : 0),
                  "qemuDomainBlockResize");
    uint64_t size = args.size;
    if (!(args.flags & api::domain_block_resize_bytes)) {
        constexpr uint64_t most = std::numeric_limits<uint64_t>::max() / 1024;
        if (size > most) fail(ErrorCode::overflow, ErrorDomain::qemu, "size must be less than {}", most);
        size *= 1024;
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainBlockResize", call.deadline);
    const Disk disk = disk_for_config(*domain->running().domain, args.disk);
    if (disk.source.empty() || disk.readonly) {
        fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "can't resize empty or readonly disk '{}'",
             disk.target);
    }
    const bool sized =
        disk.source.format == model::StorageFormat::qcow2 || disk.source.format == model::StorageFormat::qed;
    if (to_capacity) {
        if (sized || !disk.source.is_local()) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "disk '{}' has no size but the one that is asked for",
                 disk.target);
        }
        auto look = [path = disk.source.path] { return size_of_file(path); };
        size = co_await io::offload(core_.loop, std::move(look));
    }
    if (sized) size = (size + 511) / 512 * 512;
    Json arguments = Json::object({{"node-name", format_node_name(disk.source)}, {"size", size}});
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("block_resize", std::move(arguments), deadline);
    co_return wire::Void{};
}

Task<proc::DomainBlockPeek::Ret> BlockCalls::peek(driver::Call& call, proc::DomainBlockPeek::Args args) {
    require_flags(args.flags, 0, "qemuDomainBlockPeek");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    auto only = std::make_shared<model::Domain>();
    {
        model::Domain copy = domain->current();
        only->disks.push_back(disk_by_name(copy, args.path));
    }
    const std::shared_ptr<const model::Domain> opened = co_await with_volumes(core_, only, call.deadline);
    const Disk disk = opened->disks.front();
    const model::StorageFormat format = disk.source.format;
    if (format != model::StorageFormat::raw && format != model::StorageFormat::absent) {
        fail(ErrorCode::operation_unsupported, ErrorDomain::qemu,
             "peeking is only supported for disk with 'raw' format not '{}'", xml::to_name(format));
    }
    if (!disk.source.is_local()) {
        fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "disk '{}' lies in no file of this host",
             disk.target);
    }
    auto read = [disk, offset = args.offset, size = args.size] { return read_part(disk, offset, size); };
    std::vector<uint8_t> bytes = co_await io::offload(core_.loop, std::move(read));
    proc::DomainBlockPeek::Ret ret;
    ret.buffer.assign(bytes.begin(), bytes.end());
    co_return ret;
}

Task<proc::DomainMemoryPeek::Ret> BlockCalls::memory_peek(driver::Call& call, proc::DomainMemoryPeek::Args args) {
    if (args.flags != memory_virtual && args.flags != memory_physical) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                    "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL");
    }
    if (args.size > proc::domain_memory_peek_buffer_max) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "at most {} bytes can be looked at in one call",
             proc::domain_memory_peek_buffer_max);
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainMemoryPeek", call.deadline);
    const Run& run = domain->running();
    // QEMU writes into a file by its name; its user may write into the guest's own folder, and nobody else can there.
    const std::string path = run.folder + "/memory.peek";
    auto make = [path, user = core_.guest_user] {
        ::unlink(path.c_str());
        Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        const bool given = fd && (!user || ::fchown(fd.get(), user->uid, user->gid) == 0);
        if (!given) throw Error::from_errno(errno, ErrorDomain::qemu, "cannot make '" + path + "'");
        return fd;
    };
    Fd file = co_await io::offload(core_.loop, std::move(make));
    Json arguments = Json::object({{"val", args.offset}, {"size", args.size}, {"filename", path}});
    const char* command = args.flags == memory_virtual ? "memsave" : "pmemsave";
    std::optional<Error> failure;
    try {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await domain->monitor()->command(command, std::move(arguments), deadline);
    } catch (const Error& error) {
        failure.emplace(error);
    }
    auto read = [path, &file, size = args.size] {
        ::unlink(path.c_str());
        std::vector<uint8_t> bytes(size);
        const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), 0);
        if (got != static_cast<ssize_t>(size)) bytes.clear();
        return bytes;
    };
    std::vector<uint8_t> bytes = co_await io::offload(core_.loop, std::move(read));
    if (failure) throw *failure;
    if (bytes.size() != args.size) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "QEMU wrote less than {} bytes of memory", args.size);
    }
    proc::DomainMemoryPeek::Ret ret;
    ret.buffer.assign(bytes.begin(), bytes.end());
    co_return ret;
}

Task<wire::Void> BlockCalls::set_threshold(driver::Call& call, proc::DomainSetBlockThreshold::Args args) {
    require_flags(args.flags, 0, "qemuDomainSetBlockThreshold");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetBlockThreshold", call.deadline);
    const model::StorageSource& layer = layer_by_name(*domain->running().domain, args.dev);
    if (layer.empty() || layer.index == 0) {
        fail(ErrorCode::internal_error, ErrorDomain::none, "disk '{}' has no medium to watch", args.dev);
    }
    const std::string node = fmt::format("libvirt-{}-storage", layer.index);
    Json arguments = Json::object({{"node-name", node}, {"write-threshold", args.threshold}});
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("block-set-write-threshold", std::move(arguments), deadline);
    co_return wire::Void{};
}

Task<wire::Void> BlockCalls::set_io_tune(driver::Call& call, proc::DomainSetBlockIoTune::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetBlockIoTune");
    require_io_tune(args.params);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetBlockIoTune", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    const IoTuneChange change = read_io_tune(args.params);
    std::shared_ptr<model::Domain> definition;
    if (scope.config) {
        definition = std::make_shared<model::Domain>(*domain->persistent());
        disk_for_config(*definition, args.disk);
    }
    if (scope.live) {
        Disk& disk = disk_by_name(*domain->running().domain, args.disk);
        require_throttling(disk);
        const model::DiskIoTune wanted = change.applied_to(*domain->running().domain, disk);
        require_bases(wanted);
        std::string target = disk.target;
        if (!disk.source.empty()) {
            Json arguments = throttle_arguments(disk, wanted);
            io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
            co_await domain->monitor()->command("block_set_io_throttle", std::move(arguments), deadline);
        }
        model::Domain& live = *domain->running().domain;
        set_io_tune_of_group(live, target, wanted);
        co_await live_changed(core_, domain);
        core_.announcer.tunable(*domain, io_tune_event(target, args.params));
    }
    if (definition) {
        Disk& disk = *find_disk_by_name(*definition, args.disk);
        const model::DiskIoTune wanted = change.applied_to(*definition, disk);
        set_io_tune_of_group(*definition, disk.target, wanted);
        co_await replace_definition(core_, domain, std::move(definition));
    }
    co_return wire::Void{};
}

Task<proc::DomainGetBlockIoTune::Ret> BlockCalls::io_tune(driver::Call& call, proc::DomainGetBlockIoTune::Args args) {
    require_flags(args.flags, affect_flags | api::typed_param_string_okay, "qemuDomainGetBlockIoTune");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const uint32_t which = args.flags & affect_flags;
    require_exclusive(which, api::domain_affect_live, "VIR_DOMAIN_AFFECT_LIVE", api::domain_affect_config,
                      "VIR_DOMAIN_AFFECT_CONFIG");
    co_await wait_until_found_again(domain, call.deadline);
    const Scope scope = scope_of(*domain, which);
    proc::DomainGetBlockIoTune::Ret ret;
    if (args.nparams == 0) {
        ret.nparams = io_tune_parameters;
        co_return ret;
    }
    const std::string name = args.disk.value_or("");
    model::DiskIoTune tune;
    if (scope.live) {
        const Disk disk = disk_by_name(*domain->running().domain, name);
        require_throttling(disk);
        Json nothing;
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        Json blocks = co_await domain->monitor()->command("query-block", nothing, deadline);
        tune = told_io_tune(blocks, disk);
    } else {
        model::Domain copy = *domain->persistent();
        tune = disk_for_config(copy, name).iotune;
    }
    ret.params = io_tune_answer(tune, static_cast<size_t>(std::max(args.nparams, 0)));
    ret.nparams = static_cast<int32_t>(ret.params.size());
    co_return ret;
}

}  // namespace virtue::qemu
