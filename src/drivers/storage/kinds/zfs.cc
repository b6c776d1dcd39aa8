// The volumes of a ZFS pool.
#include "base/text.h"
#include "drivers/storage/errors.h"
#include "drivers/storage/kinds/remote.h"
#include "drivers/storage/tool.h"
#include "io/offload.h"

namespace virtue::storage {
namespace {

std::string dataset(const model::Pool& pool, const std::string& volume) {
    return pool.source.name + "/" + volume;
}

uint64_t number(std::string_view text) {
    return parse_number<uint64_t>(text).value_or(0);
}

/// Lines of "zfs list -Hp": name, volsize, refreservation, used.
SeenByName parse_volumes(const model::Pool& pool, std::string_view text) {
    SeenByName all;
    const std::string start = pool.source.name + "/";
    for (std::string_view line : split_lines(text)) {
        const auto fields = split(line, '\t');
        if (fields.size() < 4 || !fields[0].starts_with(start)) continue;
        const std::string name(fields[0].substr(start.size()));
        if (name.find('/') != std::string::npos) continue;
        auto volume = std::make_shared<model::Volume>();
        volume->name = name;
        volume->type = model::VolumeType::block;
        volume->target.path = pool.target_path + "/" + name;
        volume->key = volume->target.path;
        volume->capacity = volume->physical = number(fields[1]);
        volume->allocation = number(fields[2]) != 0 ? number(fields[1]) : number(fields[3]);
        all.emplace(name, Seen{std::move(volume), {}});
    }
    return all;
}

}  // namespace

Task<bool> ZfsKind::is_running(Context context, PoolDefinition pool) {
    if (!has_tool("zpool")) co_return false;
    std::vector<std::string> command = {"zpool", "list", "-H", ""};
    command.back() = std::string(split(pool->source.name, '/').front());
    const io::CommandResult result = co_await try_tool(context, std::move(command));
    co_return result.status.success();
}

Task<void> ZfsKind::start(Context context, PoolDefinition pool) {
    if (!has_tool("zpool"))
        throw Error(ErrorCode::operation_unsupported, here, "pools of type 'zfs' need the tools of ZFS",
                    "install the package zfsutils-linux");
    const bool exists = co_await is_running(context, pool);
    if (!exists) refuse(ErrorCode::config_unsupported, "cannot find ZFS pool '{}'", pool->source.name);
}

Task<void> ZfsKind::build(Context context, PoolDefinition pool, uint32_t flags) {
    require_flags(flags, 0, "virStorageBackendZFSBuildPool");
    if (pool->source.devices.empty()) throw Error(ErrorCode::internal_error, here, "missing source devices");
    std::vector<std::string> command = {"zpool", "create", pool->source.name};
    for (const model::PoolDevice& device : pool->source.devices) command.push_back(device.path);
    co_await run_tool(context, std::move(command));
}

Task<void> ZfsKind::remove(Context context, PoolDefinition pool, uint32_t flags) {
    require_flags(flags, 0, "virStorageBackendZFSDeletePool");
    std::vector<std::string> command = {"zpool", "destroy", pool->source.name};
    co_await run_tool(context, std::move(command));
}

Task<Scan> ZfsKind::scan(Context context, PoolDefinition pool, SeenByName) {
    std::vector<std::string> list = {
        "zfs", "list", "-Hp", "-t", "volume", "-r", "-o", "name,volsize,refreservation,used", pool->source.name};
    const std::string listed = co_await run_tool(context, std::move(list));
    std::vector<std::string> figures = {"zfs", "list", "-Hp", "-o", "used,available", pool->source.name};
    const std::string numbers = co_await run_tool(context, std::move(figures));
    Scan scan;
    scan.volumes = parse_volumes(*pool, listed);
    const auto fields = split(trim(numbers), '\t');
    if (fields.size() == 2) {
        scan.figures.allocation = number(fields[0]);
        scan.figures.available = number(fields[1]);
        scan.figures.capacity = scan.figures.allocation + scan.figures.available;
    }
    co_return scan;
}

void ZfsKind::prepare(const model::Pool& pool, model::Volume& volume) const {
    if (volume.name.find('/') != std::string::npos)
        refuse(ErrorCode::operation_invalid, "volume name '{}' cannot contain '/'", volume.name);
    if (volume.capacity.value_or(0) > INT64_MAX)
        refuse(ErrorCode::overflow, "volume '{}' cannot become so large", volume.name);
    volume.type = model::VolumeType::block;
    volume.target.path = pool.target_path + "/" + volume.name;
    volume.key = volume.target.path;
}

Task<void> ZfsKind::make(Context context, NewVolume request) {
    if (request.source)
        throw Error(ErrorCode::no_support, here,
                    "storage pool does not support volume creation from an existing volume");
    if (request.wanted.target.encryption)
        throw Error(ErrorCode::config_unsupported, here, "storage pool does not support encrypted volumes");
    const uint64_t capacity = request.wanted.capacity.value_or(0);
    std::vector<std::string> command = {"zfs", "create"};
    if (request.wanted.allocation.value_or(0) < capacity) command.push_back("-s");
    command.insert(command.end(),
                   {"-V", fmt::format("{}K", (capacity + 1023) / 1024), dataset(*request.pool, request.wanted.name)});
    co_await run_tool(context, std::move(command));
}

Task<void> ZfsKind::erase(Context context, PoolDefinition pool, VolumeDefinition volume, uint32_t flags) {
    require_flags(flags, 0, "virStorageBackendZFSDeleteVol");
    std::vector<std::string> command = {"zfs", "destroy", dataset(*pool, volume->name)};
    co_await run_tool(context, std::move(command));
}

}  // namespace virtue::storage
