#include "drivers/storage/kinds/block.h"

#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>

#include "base/text.h"
#include "drivers/storage/errors.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::storage {
namespace {

/// "3:0:0:1" in its four numbers.
std::optional<std::array<uint32_t, 4>> scsi_address(std::string_view name) {
    const auto parts = split(name, ':');
    if (parts.size() != 4) return std::nullopt;
    std::array<uint32_t, 4> numbers{};
    for (size_t i = 0; i < 4; i++) {
        const auto number = parse_number<uint32_t>(parts[i]);
        if (!number) return std::nullopt;
        numbers[i] = *number;
    }
    return numbers;
}

/// A name for the device that outlives the next boot, where the pool's folder has one; the device itself otherwise.
std::string stable_path(const std::string& device, const std::string& folder) {
    struct stat st {};
    if (folder.empty() || folder == "/dev" || folder == "/dev/" || ::stat(device.c_str(), &st) != 0) return device;
    for (const std::string& name : io::list_folder(folder)) {
        struct stat other {};
        const std::string path = folder + "/" + name;
        if (::stat(path.c_str(), &other) == 0 && S_ISBLK(other.st_mode) && other.st_rdev == st.st_rdev) return path;
    }
    return device;
}

std::optional<uint32_t> host_number(const model::Pool& pool) {
    std::string_view name = pool.source.adapter.name;
    if (name.starts_with("scsi_")) name.remove_prefix(5);
    if (!name.starts_with("host")) return std::nullopt;
    return parse_number<uint32_t>(name.substr(4));
}

uint32_t require_host(const model::Pool& pool) {
    if (pool.source.adapter.type == model::AdapterType::fc_host)
        throw Error(ErrorCode::operation_unsupported, here, "pools over a virtual Fibre Channel port are not made here",
                    "name the port's SCSI host: <adapter type='scsi_host' name='hostN'/>");
    const auto number = host_number(pool);
    if (!number) refuse(ErrorCode::xml_error, "Could not find the SCSI host of adapter '{}'", pool.source.adapter.name);
    return *number;
}

}  // namespace

std::optional<Seen> device_volume(const std::string& path, const std::string& name, const std::string& key) {
    std::optional<Seen> seen = look_at(path, name);
    if (!seen || seen->volume->type != model::VolumeType::block) return std::nullopt;
    auto volume = std::make_shared<model::Volume>(*seen->volume);
    volume->key = key.empty() ? path : key;
    // The capacity of the device, whatever its content claims to be.
    volume->capacity = volume->allocation = volume->physical;
    volume->backing.reset();
    seen->volume = std::move(volume);
    return seen;
}

void sum_up(Scan& scan) {
    scan.figures = {};
    for (const auto& [name, seen] : scan.volumes) scan.figures.capacity += seen.volume->capacity.value_or(0);
    scan.figures.allocation = scan.figures.capacity;
}

Task<Seen> BlockKind::look(Context context, PoolDefinition, VolumeDefinition volume) {
    auto look = [volume] {
        const model::Volume& known = *volume;
        std::optional<Seen> seen = device_volume(known.target.path, known.name, known.key);
        // A device whose node is still to come is as big as the pool said.
        if (!seen) return Seen{volume, {}};
        auto merged = std::make_shared<model::Volume>(known);
        merged->type = seen->volume->type;
        merged->capacity = seen->volume->capacity;
        merged->allocation = seen->volume->allocation;
        merged->physical = seen->volume->physical;
        merged->target.permissions = seen->volume->target.permissions;
        merged->target.timestamps = seen->volume->target.timestamps;
        return Seen{std::move(merged), seen->stamp, std::move(seen->unfinished)};
    };
    Seen seen = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return seen;
}

Task<Seen> BlockKind::look_new(Context context, PoolDefinition pool, VolumeDefinition volume) {
    SeenByName none;
    Scan found = co_await scan(context, pool, std::move(none));
    auto mine = found.volumes.find(volume->name);
    if (mine == found.volumes.end())
        refuse(ErrorCode::internal_error, "volume '{}' was made and is not in pool '{}'", volume->name, pool->name);
    co_return std::move(mine->second);
}

SeenByName scan_scsi_host(uint32_t host, const std::string& folder) {
    constexpr const char* devices = "/sys/bus/scsi/devices";
    SeenByName all;
    for (const std::string& entry : io::list_folder(devices)) {
        const auto address = scsi_address(entry);
        if (!address || (*address)[0] != host) continue;
        for (const std::string& block : io::list_folder(std::string(devices) + "/" + entry + "/block")) {
            const auto& [number, bus, target, unit] = *address;
            const std::string name = fmt::format("unit:{}:{}:{}", bus, target, unit);
            const std::string path = stable_path("/dev/" + block, folder);
            if (auto seen = device_volume(path, name, path)) all.emplace(name, std::move(*seen));
        }
    }
    return all;
}

Task<bool> ScsiKind::is_running(Context context, PoolDefinition pool) {
    const auto host = host_number(*pool);
    auto look = [host] {
        return host && ::access(fmt::format("/sys/class/scsi_host/host{}", *host).c_str(), F_OK) == 0;
    };
    const bool exists = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return exists;
}

Task<void> ScsiKind::start(Context context, PoolDefinition pool) {
    const uint32_t host = require_host(*pool);
    auto rescan = [host] {
        const std::string path = fmt::format("/sys/class/scsi_host/host{}/scan", host);
        FILE* file = std::fopen(path.c_str(), "we");
        if (!file) refuse_errno(errno, "Could not open '{}' to trigger host scan", path);
        const bool written = std::fputs("- - -", file) >= 0;
        if (std::fclose(file) != 0 || !written) refuse_errno(errno, "Write to '{}' to trigger host scan failed", path);
    };
    co_await io::offload(context.lane, std::move(rescan), context.deadline);
}

Task<Scan> ScsiKind::scan(Context context, PoolDefinition pool, SeenByName) {
    const uint32_t host = require_host(*pool);
    auto look = [host, folder = pool->target_path] {
        Scan scan;
        scan.volumes = scan_scsi_host(host, folder);
        sum_up(scan);
        scan.permissions = permissions_of(folder);
        return scan;
    };
    Scan scan = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return scan;
}

Task<bool> MultipathKind::is_running(Context, PoolDefinition) {
    co_return true;
}

Task<Scan> MultipathKind::scan(Context context, PoolDefinition, SeenByName) {
    auto look = [] {
        Scan scan;
        // Maps are device-mapper devices whose UUID tells who made them.
        for (const std::string& block : io::list_folder("/sys/block")) {
            const std::string dm = "/sys/block/" + block + "/dm/";
            if (::access((dm + "uuid").c_str(), R_OK) != 0) continue;
            const std::string uuid = io::read_file(dm + "uuid", 4096);
            if (!uuid.starts_with("mpath-")) continue;
            const std::string path = "/dev/mapper/" + std::string(trim(io::read_file(dm + "name", 4096)));
            const std::string name = "dm-" + block.substr(block.rfind('-') + 1);
            if (auto seen = device_volume(path, name, std::string(trim(uuid))))
                scan.volumes.emplace(name, std::move(*seen));
        }
        sum_up(scan);
        return scan;
    };
    Scan scan = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return scan;
}

}  // namespace virtue::storage
