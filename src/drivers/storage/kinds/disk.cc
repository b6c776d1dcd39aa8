// Partitions of a disk, by parted.
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "driver/constants.h"
#include "drivers/storage/errors.h"
#include "drivers/storage/image.h"
#include "drivers/storage/kinds/block.h"
#include "drivers/storage/tool.h"
#include "io/offload.h"

namespace virtue::storage {
namespace {

/// One line of parted's table: a partition, or free space (number 0). Bytes; `last` is the last one.
struct Stretch {
    uint32_t number = 0;
    uint64_t first = 0, last = 0;
    std::string kind;
};

struct Table {
    std::string label;
    uint64_t size = 0;
    std::vector<Stretch> stretches;
};

std::string device_of(const model::Pool& pool) {
    if (pool.source.devices.size() != 1)
        throw Error(ErrorCode::config_unsupported, here, "Expected exactly 1 device for the storage pool");
    return pool.source.devices.front().path;
}

std::string partition_path(const model::Pool& pool, uint32_t number) {
    const std::string device = device_of(pool);
    const xml::YesNo wanted = pool.source.devices.front().part_separator;
    const bool ends_in_digit = !device.empty() && device.back() >= '0' && device.back() <= '9';
    const bool separated = wanted == xml::YesNo::yes || (wanted == xml::YesNo::absent && ends_in_digit);
    return fmt::format("{}{}{}", device, separated ? "p" : "", number);
}

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

uint64_t bytes(std::string_view text) {
    if (text.ends_with('B')) text.remove_suffix(1);
    return parse_number<uint64_t>(text).value_or(0);
}

/// parted's machine-readable form: "1:1048576B:10485759B:9437184B:ext4::;" and "1:…:free;".
Table parse_table(std::string_view text) {
    Table table;
    for (std::string_view line : split_lines(text)) {
        line = trim(line);
        if (line.ends_with(';')) line.remove_suffix(1);
        const auto fields = split(line, ':');
        if (fields.size() >= 6 && fields[0].starts_with('/')) {
            table.size = bytes(fields[1]);
            table.label = fields[5];
        } else if (fields.size() >= 5) {
            Stretch stretch;
            const bool is_free = fields[4] == "free";
            stretch.number = is_free ? 0 : parse_number<uint32_t>(fields[0]).value_or(0);
            stretch.first = bytes(fields[1]);
            stretch.last = bytes(fields[2]);
            stretch.kind = fields[4];
            if (is_free || stretch.number != 0) table.stretches.push_back(std::move(stretch));
        }
    }
    return table;
}

Task<Table> read_table(Context context, PoolDefinition pool) {
    std::vector<std::string> command = {"parted", "-m", "-s", device_of(*pool), "unit", "B", "print", "free"};
    const std::string text = co_await run_tool(context, std::move(command));
    co_return parse_table(text);
}

const char* label_name(const std::string& format) {
    if (format == "dos" || format == "unknown") return "msdos";
    if (format == "lvm2") return "";
    return format.c_str();
}

Seen partition(const model::Pool& pool, const Stretch& stretch) {
    const std::string path = partition_path(pool, stretch.number);
    auto volume = std::make_shared<model::Volume>();
    Stamp stamp;
    std::string unfinished;
    if (auto seen = device_volume(path, base_name(path), path)) {
        *volume = *seen->volume;
        stamp = seen->stamp;
        unfinished = std::move(seen->unfinished);
    }
    volume->name = base_name(path);
    volume->key = path;
    volume->type = model::VolumeType::block;
    volume->capacity = volume->allocation = volume->physical = stretch.last + 1 - stretch.first;
    volume->target.path = path;
    volume->target.format = "none";
    volume->target.encryption.reset();
    volume->extents = {{device_of(pool), stretch.first, stretch.last + 1}};
    return {std::move(volume), stamp, std::move(unfinished)};
}

}  // namespace

Task<bool> DiskKind::is_running(Context context, PoolDefinition pool) {
    auto look = [path = device_of(*pool)] { return ::access(path.c_str(), F_OK) == 0; };
    const bool exists = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return exists;
}

Task<void> DiskKind::start(Context context, PoolDefinition pool) {
    const std::string device = device_of(*pool);
    const bool exists = co_await is_running(context, pool);
    if (!exists) refuse(ErrorCode::internal_error, "device path '{}' doesn't exist", device);
    const Table table = co_await read_table(context, pool);
    const std::string wanted = label_name(pool->source.format);
    if (pool->source.format != "unknown" && !wanted.empty() && table.label != wanted)
        throw Error(
            ErrorCode::operation_failed, here,
            fmt::format("Format of device '{}' does not match the expected format '{}'", device, pool->source.format),
            fmt::format("it is '{}'; pool-build --overwrite makes a new table", table.label));
}

Task<void> DiskKind::build(Context context, PoolDefinition pool, uint32_t flags) {
    constexpr uint32_t known = api::storage_pool_build_overwrite | api::storage_pool_build_no_overwrite;
    require_flags(flags, known, "virStorageBackendDiskBuildPool");
    require_exclusive(flags, api::storage_pool_build_overwrite, "VIR_STORAGE_POOL_BUILD_OVERWRITE",
                      api::storage_pool_build_no_overwrite, "VIR_STORAGE_POOL_BUILD_NO_OVERWRITE");
    const std::string device = device_of(*pool);
    if ((flags & api::storage_pool_build_overwrite) == 0) {
        std::vector<std::string> probe = {"blkid", "-p", "-o", "value", "-s", "TYPE", "-s", "PTTYPE", device};
        const io::CommandResult found = co_await try_tool(context, std::move(probe));
        if (!trim(found.output).empty())
            refuse(ErrorCode::operation_invalid, "Device '{}' is already formatted ({}) and would lose what is on it",
                   device, trim(found.output));
    }
    const std::string label = label_name(pool->source.format);
    if (label.empty())
        throw Error(ErrorCode::operation_unsupported, here, "a disk is not labelled for LVM by its pool",
                    "a pool of type logical makes physical volumes");
    std::vector<std::string> command = {"parted", "-s", device, "mklabel", label};
    co_await run_tool(context, std::move(command));
}

Task<Scan> DiskKind::scan(Context context, PoolDefinition pool, SeenByName) {
    const Table table = co_await read_table(context, pool);
    auto look = [table, pool] {
        Scan scan;
        for (const Stretch& stretch : table.stretches) {
            const uint64_t size = stretch.last + 1 - stretch.first;
            if (stretch.number == 0) {
                scan.figures.available += size;
                continue;
            }
            scan.figures.allocation += size;
            Seen seen = partition(*pool, stretch);
            const std::string name = seen.volume->name;
            scan.volumes.emplace(name, std::move(seen));
        }
        scan.figures.capacity = table.size;
        return scan;
    };
    Scan scan = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return scan;
}

void DiskKind::prepare(const model::Pool& pool, model::Volume& volume) const {
    if (volume.name.find('/') != std::string::npos)
        refuse(ErrorCode::invalid_arg, "invalid partition name '{}'", volume.name);
    if (volume.target.encryption)
        throw Error(ErrorCode::config_unsupported, here, "storage pool does not support encrypted volumes");
    if (volume.capacity.value_or(0) > INT64_MAX)
        refuse(ErrorCode::overflow, "volume '{}' cannot become so large", volume.name);
    const std::string device = device_of(pool);
    volume.type = model::VolumeType::block;
    volume.target.path = device.substr(0, device.rfind('/') + 1) + volume.name;
    volume.key = volume.target.path;
}

namespace {

constexpr io::Milliseconds longest_wait_for_node{10000};
constexpr io::Milliseconds between_looks{20};

/// A partition's device is made by the host's device manager, a moment after the partition.
Task<void> wait_for_node(Context context, std::string path) {
    const io::Deadline until = context.deadline.within(longest_wait_for_node);
    for (;;) {
        auto look = [path] {
            struct stat st {};
            return ::stat(path.c_str(), &st) == 0 && S_ISBLK(st.st_mode);
        };
        const bool is_there = co_await io::offload(context.lane, std::move(look));
        if (is_there) co_return;
        if (until.is_over())
            throw Error(ErrorCode::internal_error, here, fmt::format("the device '{}' does not appear", path),
                        "does a device manager (udev) run?");
        const io::Deadline next = until.within(between_looks);
        co_await context.loop.sleep_until(next);
    }
}

Task<void> remove_partition(Context context, std::string device, uint32_t number) {
    std::vector<std::string> command = {"parted", "-s", std::move(device), "rm", fmt::format("{}", number)};
    co_await run_tool(context, std::move(command));
}

/// Copies the source into a partition that was just made; when that fails, the partition goes.
Task<void> fill_partition(Context context, NewVolume request, uint32_t number) {
    std::string device = device_of(*request.pool);
    std::exception_ptr problem;
    try {
        std::string path = request.wanted.target.path;
        co_await wait_for_node(context, std::move(path));
        request.wanted.target.format = "raw";
        co_await fill_device(context, std::move(request));
    } catch (...) {
        problem = std::current_exception();
    }
    if (!problem) co_return;
    context.deadline = io::Deadline::never();
    co_await remove_partition(context, std::move(device), number);
    std::rethrow_exception(problem);
}

}  // namespace

Task<void> DiskKind::make(Context context, NewVolume request) {
    const Table table = co_await read_table(context, request.pool);
    uint32_t number = 1;
    auto is_taken = [&](const Stretch& stretch) { return stretch.number == number; };
    while (std::any_of(table.stretches.begin(), table.stretches.end(), is_taken)) number++;
    const std::string expected = base_name(partition_path(*request.pool, number));
    if (request.wanted.name != expected)
        refuse(ErrorCode::invalid_arg, "invalid partition name '{}', expected '{}'", request.wanted.name, expected);
    constexpr uint64_t alignment = 1 << 20;
    const uint64_t size = std::max<uint64_t>(512, (request.wanted.capacity.value_or(0) + 511) / 512 * 512);
    for (const Stretch& stretch : table.stretches) {
        const uint64_t first = (stretch.first + alignment - 1) / alignment * alignment;
        if (stretch.number != 0 || first + size > stretch.last + 1) continue;
        std::vector<std::string> command = {"parted",
                                            "-s",
                                            "-a",
                                            "none",
                                            device_of(*request.pool),
                                            "mkpart",
                                            "primary",
                                            fmt::format("{}B", first),
                                            fmt::format("{}B", first + size - 1)};
        co_await run_tool(context, std::move(command));
        if (request.source) co_await fill_partition(context, std::move(request), number);
        co_return;
    }
    throw Error(ErrorCode::internal_error, here, "no large enough free extent");
}

Task<void> DiskKind::erase(Context context, PoolDefinition pool, VolumeDefinition volume, uint32_t flags) {
    require_flags(flags, 0, "virStorageBackendDiskDeleteVol");
    const std::string device = device_of(*pool);
    // The name is the device's and a number, as scan() made it.
    std::string_view digits = volume->name;
    const size_t last = digits.find_last_not_of("0123456789");
    digits = last == std::string_view::npos ? digits : digits.substr(last + 1);
    const auto number = parse_number<uint32_t>(digits);
    if (!number || partition_path(*pool, *number) != volume->target.path)
        refuse(ErrorCode::internal_error, "Volume path '{}' is no partition of '{}'", volume->target.path, device);
    const uint32_t mine = *number;
    co_await remove_partition(context, device, mine);
}

}  // namespace virtue::storage
