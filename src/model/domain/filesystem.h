// <filesystem>: a folder of the host that the guest mounts. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/device_info.h"
#include "model/domain/size.h"

namespace virtue::model {

enum class FilesystemType : uint8_t { mount, block, file, template_, ram, bind, volume };
VIRTUE_XML_NAMES(FilesystemType, "mount", "block", "file", "template", "ram", "bind", "volume")
enum class FilesystemAccess : uint8_t { absent, passthrough, mapped, squash };
VIRTUE_XML_NAMES(FilesystemAccess, "", "passthrough", "mapped", "squash")

struct Filesystem {
    VIRTUE_BIG_VALUE(Filesystem);
    static constexpr const char* element = "filesystem";
    FilesystemType type = FilesystemType::mount;
    FilesystemAccess access = FilesystemAccess::absent;
    std::string model;
    std::string multidevs;
    std::string fmode, dmode;
    std::string driver_type;  ///< path, handle, loop, nbd, ploop, virtiofs
    std::string driver_format;
    std::string wrpolicy;
    uint64_t queue = 0;
    VirtioOptions virtio;
    std::string binary;
    xml::Switch xattr = xml::Switch::absent;
    std::string cache_mode, sandbox_mode;
    xml::Switch posix_lock = xml::Switch::absent, flock = xml::Switch::absent;
    std::optional<int> thread_pool;
    std::string source;  ///< dir, dev, file, name: by type
    std::string socket;  ///< virtiofs by somebody else's daemon
    std::string pool, volume;
    uint64_t usage = 0;  ///< ram, KiB
    std::string target;
    bool readonly = false;
    std::optional<Kibibytes> space_hard_limit, space_soft_limit;
    DeviceInfo info;
    bool operator==(const Filesystem&) const = default;
};
void map(xml::Mapper& m, Filesystem& filesystem);

}  // namespace virtue::model
