// <volume>: a disk image in a pool. Plain values: the drivers own theirs, copies are independent.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/storage_source.h"
#include "model/storage/permissions.h"
#include "model/storage/pool.h"

namespace virtue::model {

/// Numbers of libvirt's virStorageVolType.
enum class VolumeType : uint8_t { file, block, dir, network, netdir, ploop };
VIRTUE_XML_NAMES(VolumeType, "file", "block", "dir", "network", "netdir", "ploop")

/// Seconds since 1970 with nanoseconds ("1269938863.123456789"); empty for unknown. Not read: the driver knows.
struct VolumeTimestamps {
    std::string atime, mtime, ctime, btime;
    bool operator==(const VolumeTimestamps&) const = default;
};
void map(xml::Mapper& m, VolumeTimestamps& timestamps);

struct VolumeFeatures {
    bool lazy_refcounts = false;
    bool extended_l2 = false;
    bool operator==(const VolumeFeatures&) const = default;
};
void map(xml::Mapper& m, VolumeFeatures& features);

struct VolumeTarget {
    std::string path;
    std::string format;
    Permissions permissions;
    VolumeTimestamps timestamps;
    std::optional<StorageEncryption> encryption;
    std::string compat;         ///< qcow2: "0.10" or "1.1"
    uint64_t cluster_size = 0;  ///< bytes
    bool nocow = false;
    std::optional<VolumeFeatures> features;
    bool operator==(const VolumeTarget&) const = default;
};
void map(xml::Mapper& m, VolumeTarget& target);

/// Where on a device a volume lies; bytes. Not read: the driver knows.
struct VolumeExtent {
    std::string path;
    uint64_t start = 0, end = 0;
    bool operator==(const VolumeExtent&) const = default;
};

struct Volume {
    static constexpr const char* element = "volume";
    static constexpr ErrorDomain error_domain = ErrorDomain::storage;

    VolumeType type = VolumeType::file;
    std::string name;
    std::string key;
    std::vector<VolumeExtent> extents;
    std::optional<uint64_t> capacity;    ///< bytes
    std::optional<uint64_t> allocation;  ///< bytes; like the capacity after parse() where it was not said
    uint64_t physical = 0;               ///< bytes; not read: the driver knows
    VolumeTarget target;
    std::optional<VolumeTarget> backing;
    bool operator==(const Volume&) const = default;

    /// How strictly a capacity is asked for: not where the volume is cloned, and not above a backing file.
    enum class Capacity : uint8_t { required, from_backing, optional };
    /// Reads a definition for a pool of that type, which decides the formats. Throws Error.
    static Volume parse(std::string_view text, PoolType pool, Capacity capacity = Capacity::required,
                        bool validate = false);
};
void map(xml::Mapper& m, Volume& volume);

/// The format of a volume that names none; empty where the type of pool knows no formats.
std::string_view default_volume_format(PoolType pool);
bool is_volume_format(PoolType pool, std::string_view format);

}  // namespace virtue::model
