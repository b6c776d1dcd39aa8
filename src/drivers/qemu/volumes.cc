#include "drivers/qemu/volumes.h"

#include <algorithm>

#include "base/error.h"
#include "driver/constants.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::StorageType;

StorageType type_of(int32_t volume_type) {
    switch (volume_type) {
        case api::storage_vol_file:
            return StorageType::file;
        case api::storage_vol_block:
            return StorageType::block;
        case api::storage_vol_dir:
            return StorageType::dir;
        default:
            throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                        "a volume that is no file and no device cannot be a guest's disk by its pool's name",
                        "name it by <source protocol='…'>");
    }
}

bool may_be_missing(const model::Disk& disk) {
    const bool removable = disk.device == model::DiskDevice::cdrom || disk.device == model::DiskDevice::floppy;
    return removable && disk.source.startup_policy == model::StartupPolicy::optional;
}

}  // namespace

Task<std::shared_ptr<const model::Domain>> with_volumes(Core& core, std::shared_ptr<const model::Domain> domain,
                                                        io::Deadline deadline) {
    auto is_volume = [](const model::Disk& disk) {
        return disk.source.type == StorageType::volume && !disk.source.volume.empty();
    };
    if (std::none_of(domain->disks.begin(), domain->disks.end(), is_volume)) co_return domain;
    auto opened = std::make_shared<model::Domain>(*domain);
    for (model::Disk& disk : opened->disks) {
        if (!is_volume(disk)) continue;
        std::string pool = disk.source.pool;
        std::string volume = disk.source.volume;
        if (!core.volumes)
            fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "there is no storage driver to ask for volume '{}'",
                 volume);
        try {
            driver::VolumePlace place =
                co_await core.volumes->find_volume(std::move(pool), std::move(volume), deadline);
            disk.source.type = type_of(place.type);
            disk.source.path = std::move(place.path);
        } catch (const Error&) {
            if (!may_be_missing(disk)) throw;
            disk.source = model::StorageSource{};
        }
    }
    co_return opened;
}

std::shared_ptr<const model::Domain> with_disks_of(std::shared_ptr<const model::Domain> domain,
                                                   const std::shared_ptr<const model::Domain>& opened) {
    if (domain == opened) return domain;
    auto copy = std::make_shared<model::Domain>(*domain);
    copy->disks = opened->disks;
    return copy;
}

}  // namespace virtue::qemu
