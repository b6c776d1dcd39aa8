#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include "base/text.h"
#include "driver/constants.h"
#include "drivers/storage/errors.h"
#include "drivers/storage/kinds/folder.h"
#include "drivers/storage/tool.h"
#include "io/files.h"
#include "io/offload.h"
#include "xml/document.h"
#include "xml/writer.h"

namespace virtue::storage {
namespace {

using model::PoolType;

/// What is mounted: a device, a server's folder, a cluster.
std::string mount_source(const model::Pool& pool) {
    if (pool.type == PoolType::fs) return pool.source.devices.empty() ? "" : pool.source.devices.front().path;
    if (pool.type == PoolType::vstorage) return "vstorage://" + pool.source.name;
    if (pool.source.format == "cifs") return fmt::format("//{}/{}", pool.source.hosts.front().name, pool.source.dir);
    return fmt::format("{}:{}", pool.source.hosts.front().name, pool.source.dir);
}

void check_source(const model::Pool& pool) {
    if (pool.type == PoolType::netfs && pool.source.hosts.size() != 1)
        throw Error(ErrorCode::internal_error, here, "Expected exactly 1 host for the storage pool");
    if (pool.type == PoolType::fs && pool.source.devices.size() != 1)
        throw Error(
            ErrorCode::internal_error, here,
            pool.source.devices.empty() ? "missing source device" : "expected exactly 1 device for the storage pool");
}

std::vector<std::string> mount_command(const model::Pool& pool) {
    if (pool.type == PoolType::vstorage) return {"vstorage-mount", "-c", pool.source.name, pool.target_path};
    std::string options = "nodev,nosuid,noexec";
    if (pool.source.format == "cifs") options += ",guest";
    if (!pool.source.protocol_version.empty()) options += ",nfsvers=" + pool.source.protocol_version;
    for (const model::PoolOption& option : pool.mount_options) options += "," + option.name;
    std::vector<std::string> command = {"mount", "-o", options};
    const bool is_nfs = pool.type == PoolType::netfs && (pool.source.format == "nfs" || pool.source.format == "auto");
    if (!is_nfs) {
        command.push_back("-t");
        command.push_back(pool.type == PoolType::netfs && pool.source.format == "glusterfs" ? "glusterfs"
                                                                                            : pool.source.format);
    }
    command.push_back(mount_source(pool));
    command.push_back(pool.target_path);
    return command;
}

/// \040 and the like in /proc/mounts.
std::string unescaped(std::string_view text) {
    std::string result;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            if (auto code = parse_number<uint8_t>(text.substr(i + 1, 3), 8)) {
                result += static_cast<char>(*code);
                i += 3;
                continue;
            }
        }
        result += text[i];
    }
    return result;
}

/// What is mounted on a folder, last mount first; empty if nothing is. Blocks.
std::string mounted_on(const std::string& folder) {
    const std::string mounts = io::read_file("/proc/self/mounts", 16 << 20);
    std::string source;
    for (std::string_view line : split_lines(mounts)) {
        const auto words = split_words(line);
        if (words.size() > 1 && unescaped(words[1]) == folder) source = unescaped(words[0]);
    }
    return source;
}

/// The file system's mark on a device, as blkid tells it; empty if there is none.
Task<std::string> format_on(Context context, std::string device) {
    std::vector<std::string> command = {"blkid", "-p", "-o", "value", "-s", "TYPE", "-s", "PTTYPE", device};
    io::CommandResult result = co_await try_tool(context, std::move(command));
    co_return std::string(trim(result.output));
}

std::vector<std::string> format_command(const model::Pool& pool, const std::string& device) {
    const std::string& format = pool.source.format;
    std::vector<std::string> command = {"mkfs", "-t", format};
    // Each asks in its own way not to be asked.
    if (format == "xfs") command.push_back("-f");
    if (format.starts_with("ext")) command.push_back("-F");
    if (format == "vfat") command.push_back("-I");
    command.push_back(device);
    return command;
}

}  // namespace

bool MountKind::is_available() const {
    return type_ != PoolType::vstorage || has_tool("vstorage-mount");
}

Task<bool> MountKind::is_running(Context context, PoolDefinition pool) {
    auto look = [path = pool->target_path] { return !mounted_on(path).empty(); };
    const bool is_mounted = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return is_mounted;
}

Task<void> MountKind::start(Context context, PoolDefinition pool) {
    check_source(*pool);
    const bool is_mounted = co_await is_running(context, pool);
    if (is_mounted) refuse(ErrorCode::operation_invalid, "Target '{}' is already mounted", pool->target_path);
    std::vector<std::string> command = mount_command(*pool);
    co_await run_tool(context, std::move(command));
}

Task<void> MountKind::stop(Context context, PoolDefinition pool) {
    const bool is_mounted = co_await is_running(context, pool);
    if (!is_mounted) co_return;
    std::vector<std::string> command = {"umount", pool->target_path};
    co_await run_tool(context, std::move(command));
}

Task<void> MountKind::build(Context context, PoolDefinition pool, uint32_t flags) {
    constexpr uint32_t overwrite = api::storage_pool_build_overwrite;
    constexpr uint32_t no_overwrite = api::storage_pool_build_no_overwrite;
    co_await FolderKind::build(context, pool, flags);
    if ((flags & (overwrite | no_overwrite)) == 0) co_return;
    const std::string device = pool->source.devices.front().path;
    struct stat st {};
    if (::stat(device.c_str(), &st) != 0)
        refuse(ErrorCode::operation_invalid, "Source device does not exist when formatting pool '{}'", pool->name);
    if (pool->source.format == "auto")
        throw Error(ErrorCode::operation_invalid, here,
                    fmt::format("pool '{}' names no file system to make", pool->name),
                    "give <source> a <format type='ext4'/> or another");
    if ((flags & no_overwrite) != 0) {
        const std::string found = co_await format_on(context, device);
        if (!found.empty())
            refuse(ErrorCode::storage_probe_failed, "Device '{}' already contains a filesystem of type '{}'", device,
                   found);
    }
    std::vector<std::string> command = format_command(*pool, device);
    co_await run_tool(context, std::move(command));
}

Task<std::string> MountKind::find_sources(Context context, std::optional<std::string> specification) {
    std::string host;
    if (specification) {
        const xml::Document document = xml::Document::parse(*specification, "(storage_source_specification)", here);
        if (xml::Element element = document.root().child("host")) host = element.attribute("name").value_or("");
    }
    if (host.empty()) throw Error(ErrorCode::invalid_arg, here, "hostname must be specified for netfs sources");
    std::string exports;
    if (has_tool("showmount")) {
        std::vector<std::string> command = {"showmount", "--no-headers", "--exports", host};
        io::CommandResult result = co_await try_tool(context, std::move(command));
        exports = std::move(result.output);
    }
    xml::Writer w;
    w.begin("sources");
    bool any = false;
    for (std::string_view line : split_lines(exports)) {
        const auto words = split_words(line);
        if (words.empty() || !words[0].starts_with('/')) continue;
        any = true;
        w.begin("source");
        w.begin("host");
        w.attribute("name", host);
        w.end();
        w.begin("dir");
        w.attribute("path", words[0]);
        w.end();
        w.begin("format");
        w.attribute("type", "nfs");
        w.end();
        w.end();
    }
    w.end();
    if (!any)
        throw Error(ErrorCode::operation_failed, here, fmt::format("no storage pools were found on host '{}'", host),
                    has_tool("showmount") ? "" : "looking for NFS exports needs the program 'showmount' (nfs-common)");
    co_return w.take();
}

}  // namespace virtue::storage
