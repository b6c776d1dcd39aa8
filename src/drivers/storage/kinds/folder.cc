#include "drivers/storage/kinds/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <cerrno>

#include "driver/constants.h"
#include "drivers/storage/errors.h"
#include "drivers/storage/image.h"
#include "drivers/storage/new_image.h"
#include "drivers/storage/publisher.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::storage {
namespace {

Figures figures_of(const std::string& path) {
    struct statvfs st {};
    if (::statvfs(path.c_str(), &st) != 0) refuse_errno(errno, "cannot statvfs path '{}'", path);
    Figures figures;
    figures.capacity = st.f_frsize * st.f_blocks;
    figures.available = st.f_bfree * st.f_frsize;
    figures.allocation = figures.capacity - figures.available;
    return figures;
}

Scan scan_pool(const std::string& path, const SeenByName& known) {
    Scan scan;
    remove_left_work(path);
    scan.volumes = scan_folder(path, known);
    scan.figures = figures_of(path);
    scan.permissions = permissions_of(path);
    return scan;
}

/// The folder itself, and what leads to it.
void build_folder(const std::string& path, const model::Permissions& permissions) {
    constexpr uint32_t default_mode = 0711;
    const size_t slash = path.rfind('/');
    if (slash != 0 && slash != std::string::npos) io::make_folders(path.substr(0, slash), 0755);
    const bool is_new = ::mkdir(path.c_str(), default_mode) == 0;
    if (!is_new && errno != EEXIST) refuse_errno(errno, "failed to create directory '{}'", path);
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0 || !S_ISDIR(st.st_mode))
        refuse_errno(ENOTDIR, "failed to create directory '{}'", path);
    const auto owner = permissions.owner.value_or(static_cast<uint32_t>(-1));
    const auto group = permissions.group.value_or(static_cast<uint32_t>(-1));
    if (::geteuid() == 0 && ::chown(path.c_str(), owner, group) != 0)
        refuse_errno(errno, "cannot chown '{}' to ({}, {})", path, owner, group);
    const auto mode = permissions.mode ? permissions.mode : is_new ? std::optional(default_mode) : std::nullopt;
    if (mode && ::chmod(path.c_str(), *mode) != 0)
        refuse_errno(errno, "cannot set mode of '{}' to {:04o}", path, *mode);
}

/// A volume that was made a moment ago only does not come back with a power cut.
void forget(io::Journal& journal, const std::string& path) {
    try {
        journal.forget(path);
    } catch (const Error&) {
        // It is gone all the same.
    }
}

}  // namespace

Task<bool> FolderKind::is_running(Context context, PoolDefinition pool) {
    auto look = [path = pool->target_path] { return ::access(path.c_str(), F_OK) == 0; };
    const bool exists = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return exists;
}

Task<void> FolderKind::build(Context context, PoolDefinition pool, uint32_t flags) {
    constexpr uint32_t overwriting = api::storage_pool_build_overwrite | api::storage_pool_build_no_overwrite;
    require_flags(flags, overwriting, "virStorageBackendFileSystemBuild");
    require_exclusive(flags, api::storage_pool_build_overwrite, "VIR_STORAGE_POOL_BUILD_OVERWRITE",
                      api::storage_pool_build_no_overwrite, "VIR_STORAGE_POOL_BUILD_NO_OVERWRITE");
    auto build = [pool] { build_folder(pool->target_path, pool->permissions); };
    co_await io::offload(context.lane, std::move(build), context.deadline);
    if ((flags & overwriting) != 0 && pool->source.devices.empty())
        refuse(ErrorCode::operation_invalid, "No source device specified when formatting pool '{}'", pool->name);
}

Task<void> FolderKind::remove(Context context, PoolDefinition pool, uint32_t flags) {
    require_flags(flags, 0, "virStorageBackendDeleteLocal");
    auto remove = [path = pool->target_path] {
        if (::rmdir(path.c_str()) != 0) refuse_errno(errno, "failed to remove pool '{}'", path);
    };
    co_await io::offload(context.lane, std::move(remove), context.deadline);
}

Task<Scan> FolderKind::scan(Context context, PoolDefinition pool, SeenByName known) {
    auto scan = [path = pool->target_path, before = std::move(known)] { return scan_pool(path, before); };
    Scan found = co_await io::offload(context.lane, std::move(scan), context.deadline);
    co_return found;
}

void FolderKind::prepare(const model::Pool& pool, model::Volume& volume) const {
    if (volume.name.find('/') != std::string::npos)
        refuse(ErrorCode::operation_invalid, "volume name '{}' cannot contain '/'", volume.name);
    if (is_work_name(volume.name))
        refuse(ErrorCode::operation_invalid, "volume name '{}' is kept for volumes that are being made", volume.name);
    volume.type = volume.target.format == "dir" ? model::VolumeType::dir : model::VolumeType::file;
    volume.target.path = pool.target_path + "/" + volume.name;
    volume.key = volume.target.path;
}

Task<Seen> FolderKind::make_and_look(Context context, NewVolume volume) {
    const std::string& path = volume.wanted.target.path;
    const std::shared_ptr<Publisher> publisher = context.publishers.of(path.substr(0, path.rfind('/')));
    if (is_plain_new_image(volume)) {
        Seen seen = co_await publisher->make(std::move(volume.wanted), context.deadline);
        co_return seen;
    }
    auto made = std::make_shared<const model::Volume>(volume.wanted);
    co_await make_image(context, std::move(volume), *publisher);
    auto look = [made] { return look_again(*made); };
    Seen seen = co_await io::offload(context.lane, std::move(look));
    co_return seen;
}

Task<void> FolderKind::erase(Context context, PoolDefinition, VolumeDefinition volume, uint32_t flags) {
    require_flags(flags, 0, "virStorageBackendVolDeleteLocal");
    if (volume->type == model::VolumeType::block)
        refuse(ErrorCode::no_support, "removing block or network volumes is not supported: {}", volume->target.path);
    auto erase = [path = volume->target.path, is_folder = volume->type == model::VolumeType::dir,
                  journal = context.publishers.journal()] {
        if (is_folder) {
            if (::rmdir(path.c_str()) != 0 && errno != ENOENT)
                refuse_errno(errno, "cannot remove directory '{}'", path);
        } else if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
            refuse_errno(errno, "cannot unlink file '{}'", path);
        }
        forget(*journal, path);
    };
    co_await io::offload(context.lane, std::move(erase), context.deadline);
}

Task<void> FolderKind::resize(Context context, PoolDefinition, VolumeDefinition volume, uint64_t capacity,
                              uint32_t flags) {
    co_await resize_image(context, std::move(volume), capacity, flags);
}

}  // namespace virtue::storage
