// LVM volume groups, by its own tools.
#include <map>

#include "base/text.h"
#include "driver/constants.h"
#include "drivers/storage/errors.h"
#include "drivers/storage/image.h"
#include "drivers/storage/kinds/block.h"
#include "drivers/storage/tool.h"
#include "io/files.h"
#include "io/offload.h"
#include "xml/writer.h"

namespace virtue::storage {
namespace {

constexpr const char* separator = "#";

/// Numbers as "lvs" prints them with --units b and --nosuffix.
uint64_t bytes(std::string_view text) {
    return parse_number<uint64_t>(trim(text)).value_or(0);
}

/// A line of lvs: one segment of one volume.
struct Segment {
    std::string name, origin, uuid, devices, type, attributes;
    uint64_t segment_size = 0, extent_size = 0, size = 0, stripes = 1;
};

std::optional<Segment> parse_segment(std::string_view line) {
    const auto fields = split(trim(line), separator[0]);
    if (fields.size() < 10) return std::nullopt;
    Segment segment;
    segment.name = fields[0];
    segment.origin = fields[1];
    segment.uuid = fields[2];
    segment.devices = fields[3];
    segment.type = fields[4];
    segment.stripes = bytes(fields[5]);
    segment.segment_size = bytes(fields[6]);
    segment.extent_size = bytes(fields[7]);
    segment.size = bytes(fields[8]);
    segment.attributes = fields[9];
    return segment;
}

/// "/dev/sda1(0),/dev/sdb1(10)": where a segment lies.
void add_extents(model::Volume& volume, const Segment& segment) {
    const auto devices = split(segment.devices, ',');
    const uint64_t size = segment.segment_size / std::max<uint64_t>(1, devices.size());
    for (std::string_view device : devices) {
        const size_t open = device.rfind('(');
        if (open == std::string_view::npos || !device.ends_with(')')) continue;
        const auto first = parse_number<uint64_t>(device.substr(open + 1, device.size() - open - 2));
        if (!first) continue;
        const uint64_t start = *first * segment.extent_size;
        volume.extents.push_back({std::string(device.substr(0, open)), start, start + size});
    }
}

std::map<std::string, model::Volume> parse_volumes(const model::Pool& pool, std::string_view text) {
    std::map<std::string, model::Volume> all;
    for (std::string_view line : split_lines(text)) {
        const auto segment = parse_segment(line);
        // Thin pools and what LVM keeps for itself are no volumes.
        if (!segment || segment->name.starts_with('[') || segment->attributes.starts_with('t')) continue;
        model::Volume& volume = all[segment->name];
        volume.name = segment->name;
        volume.key = segment->uuid;
        volume.type = model::VolumeType::block;
        volume.target.path = pool.target_path + "/" + segment->name;
        volume.capacity = volume.allocation = volume.physical = segment->size;
        if (!segment->origin.empty() && !volume.backing) {
            volume.backing.emplace();
            volume.backing->path = pool.target_path + "/" + segment->origin;
        }
        add_extents(volume, *segment);
    }
    return all;
}

/// Adds what only the device itself tells. Blocks.
SeenByName with_devices(std::map<std::string, model::Volume> volumes) {
    SeenByName all;
    for (auto& [name, volume] : volumes) {
        Stamp stamp;
        std::string unfinished;
        if (auto seen = device_volume(volume.target.path, name, volume.key)) {
            unfinished = std::move(seen->unfinished);
            volume.target.permissions = seen->volume->target.permissions;
            volume.target.timestamps = seen->volume->target.timestamps;
            stamp = seen->stamp;
        }
        all.emplace(name, Seen{std::make_shared<const model::Volume>(std::move(volume)), stamp, std::move(unfinished)});
    }
    return all;
}

Task<std::string> group_figures(Context context, std::string group) {
    std::vector<std::string> command = {"vgs",          "--separator", ":",         "--noheadings",    "--units", "b",
                                        "--unbuffered", "--nosuffix",  "--options", "vg_size,vg_free", group};
    io::CommandResult result = co_await try_tool(context, std::move(command));
    co_return result.status.success() ? std::string(trim(result.output)) : std::string();
}

/// True where the kernel can map logical volumes. (LVM's tools load its module where there is one.) Blocks.
bool has_device_mapper() {
    return io::read_file("/proc/misc", 65536).find(" device-mapper") != std::string::npos;
}

/// Runs lvcreate. Throws operation_unsupported where the kernel has no logical volumes at all.
Task<void> create_volume(Context context, std::vector<std::string> command) {
    const io::CommandResult result = co_await try_tool(context, command);
    if (result.status.success()) co_return;
    const bool is_possible = co_await io::offload(context.lane, has_device_mapper);
    if (!is_possible)
        throw Error(ErrorCode::operation_unsupported, here,
                    "this kernel has no device mapper, which makes logical volumes",
                    "load its module: modprobe dm_mod");
    throw Error(ErrorCode::internal_error, ErrorDomain::none,
                fmt::format("Child process ({}) unexpected {}: {}", join(command, " "), result.status.to_string(),
                            trim(result.errors.empty() ? result.output : result.errors)));
}

std::string kilobytes(uint64_t size) {
    return fmt::format("{}K", size / 1024 + (size % 1024 != 0));
}

}  // namespace

Task<bool> LogicalKind::is_running(Context context, PoolDefinition pool) {
    if (!has_tool("vgs")) co_return false;
    const std::string figures = co_await group_figures(context, pool->source.name);
    co_return !figures.empty();
}

Task<void> LogicalKind::start(Context context, PoolDefinition pool) {
    if (!has_tool("vgchange"))
        throw Error(ErrorCode::operation_unsupported, here, "pools of type 'logical' need LVM's tools",
                    "install the package lvm2");
    const bool exists = co_await is_running(context, pool);
    if (!exists) refuse(ErrorCode::config_unsupported, "cannot find logical volume group name '{}'", pool->source.name);
    std::vector<std::string> command = {"vgchange", "-aly", pool->source.name};
    co_await run_tool(context, std::move(command));
}

Task<void> LogicalKind::stop(Context context, PoolDefinition pool) {
    std::vector<std::string> command = {"vgchange", "-aln", pool->source.name};
    co_await run_tool(context, std::move(command));
}

Task<void> LogicalKind::build(Context context, PoolDefinition pool, uint32_t flags) {
    constexpr uint32_t known = api::storage_pool_build_overwrite | api::storage_pool_build_no_overwrite;
    require_flags(flags, known, "virStorageBackendLogicalBuildPool");
    require_exclusive(flags, api::storage_pool_build_overwrite, "VIR_STORAGE_POOL_BUILD_OVERWRITE",
                      api::storage_pool_build_no_overwrite, "VIR_STORAGE_POOL_BUILD_NO_OVERWRITE");
    if (pool->source.devices.empty())
        refuse(ErrorCode::internal_error, "volume group '{}' names no device to be made of", pool->source.name);
    std::vector<std::string> group = {"vgcreate", pool->source.name};
    for (const model::PoolDevice& device : pool->source.devices) {
        // Whatever is on the device goes only where that was asked for; pvcreate refuses by itself otherwise.
        std::vector<std::string> command = {"pvcreate"};
        if ((flags & api::storage_pool_build_overwrite) != 0) command.insert(command.end(), {"--yes", "-ff"});
        command.push_back(device.path);
        co_await run_tool(context, std::move(command));
        group.push_back(device.path);
    }
    co_await run_tool(context, std::move(group));
}

Task<void> LogicalKind::remove(Context context, PoolDefinition pool, uint32_t flags) {
    require_flags(flags, 0, "virStorageBackendLogicalDeletePool");
    std::vector<std::string> command = {"vgremove", "-f", pool->source.name};
    co_await run_tool(context, std::move(command));
    for (const model::PoolDevice& device : pool->source.devices) {
        std::vector<std::string> clear = {"pvremove", device.path};
        co_await run_tool(context, std::move(clear));
    }
}

Task<Scan> LogicalKind::scan(Context context, PoolDefinition pool, SeenByName) {
    std::vector<std::string> command = {
        "lvs",
        "--separator",
        separator,
        "--noheadings",
        "--units",
        "b",
        "--unbuffered",
        "--nosuffix",
        "--options",
        "lv_name,origin,uuid,devices,segtype,stripes,seg_size,vg_extent_size,lv_size,lv_attr",
        pool->source.name};
    const std::string listed = co_await run_tool(context, std::move(command));
    const std::string figures = co_await group_figures(context, pool->source.name);
    auto look = [volumes = parse_volumes(*pool, listed)] { return with_devices(volumes); };
    Scan scan;
    SeenByName seen = co_await io::offload(context.lane, std::move(look), context.deadline);
    scan.volumes = std::move(seen);
    const auto numbers = split(figures, ':');
    if (numbers.size() == 2) {
        scan.figures.capacity = bytes(numbers[0]);
        scan.figures.available = bytes(numbers[1]);
        scan.figures.allocation = scan.figures.capacity - std::min(scan.figures.capacity, scan.figures.available);
    }
    co_return scan;
}

Task<std::string> LogicalKind::find_sources(Context context, std::optional<std::string>) {
    std::map<std::string, std::vector<std::string>> groups;
    if (has_tool("pvs")) {
        std::vector<std::string> command = {"pvs", "--noheadings", "-o", "pv_name,vg_name"};
        io::CommandResult result = co_await try_tool(context, std::move(command));
        for (std::string_view line : split_lines(result.output)) {
            const auto words = split_words(line);
            if (words.size() == 2) groups[std::string(words[1])].emplace_back(words[0]);
        }
    }
    xml::Writer w;
    w.begin("sources");
    w.keep_open();
    for (const auto& [name, devices] : groups) {
        w.begin("source");
        for (const std::string& device : devices) {
            w.begin("device");
            w.attribute("path", device);
            w.end();
        }
        w.begin("name");
        w.text(name);
        w.end();
        w.begin("format");
        w.attribute("type", "lvm2");
        w.end();
        w.end();
    }
    w.end();
    co_return w.take();
}

void LogicalKind::prepare(const model::Pool& pool, model::Volume& volume) const {
    volume.type = model::VolumeType::block;
    volume.target.path = pool.target_path + "/" + volume.name;
    volume.key = volume.target.path;
    if (volume.name.find('/') != std::string::npos || volume.name.starts_with('-'))
        refuse(ErrorCode::operation_invalid, "volume name '{}' cannot be one of a logical volume", volume.name);
}

Task<void> LogicalKind::make(Context context, NewVolume request) {
    const model::Volume& wanted = request.wanted;
    if (wanted.target.encryption && wanted.target.encryption->format != model::EncryptionFormat::luks)
        throw Error(ErrorCode::config_unsupported, here, "storage pool only supports LUKS encrypted volumes");
    std::vector<std::string> command = {"lvcreate", "--name", wanted.name};
    const std::string capacity = kilobytes(wanted.capacity.value_or(0));
    if (wanted.backing) {
        command.insert(command.end(), {"-L", capacity, "-s", wanted.backing->path});
    } else if (wanted.allocation.value_or(0) < wanted.capacity.value_or(0)) {
        // libvirt's sparse volume: a snapshot of nothing.
        const uint64_t size = std::max<uint64_t>(1, wanted.allocation.value_or(0));
        command.insert(command.end(), {"--type", "snapshot", "-L", kilobytes(size), "--virtualsize", capacity,
                                       request.pool->source.name});
    } else {
        command.insert(command.end(), {"-L", capacity, request.pool->source.name});
    }
    co_await create_volume(context, std::move(command));
    if (!request.source && !wanted.target.encryption) co_return;
    std::exception_ptr problem;
    std::vector<std::string> undo = {"lvremove", "-f", wanted.target.path};
    try {
        co_await fill_device(context, std::move(request));
    } catch (...) {
        problem = std::current_exception();
    }
    if (!problem) co_return;
    context.deadline = io::Deadline::never();
    co_await run_tool(context, std::move(undo));
    std::rethrow_exception(problem);
}

Task<void> LogicalKind::erase(Context context, PoolDefinition, VolumeDefinition volume, uint32_t flags) {
    require_flags(flags, 0, "virStorageBackendLogicalDeleteVol");
    std::vector<std::string> command = {"lvremove", "-f", volume->target.path};
    co_await run_tool(context, std::move(command));
}

Task<void> LogicalKind::resize(Context context, PoolDefinition, VolumeDefinition volume, uint64_t capacity, uint32_t) {
    std::vector<std::string> command = {"lvresize", "-f", "-L", kilobytes(capacity), volume->target.path};
    co_await run_tool(context, std::move(command));
}

}  // namespace virtue::storage
