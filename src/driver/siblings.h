// What drivers of one daemon ask each other: a guest's disk names a volume of a pool, an encrypted volume names a
// secret. Drivers never include one another; main() hands the answering driver to the asking one. The objects belong to
// the drivers that implement them and outlive those who ask. Loop thread only.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "io/deadline.h"
#include "io/task.h"

namespace virtue::driver {

/// Names a secret by UUID or, without one, by what it is for.
struct SecretKey {
    std::optional<Uuid> uuid;
    int32_t usage_type = 0;  ///< a virSecretUsageType
    std::string usage_id;
};

/// Answered by the secret driver.
class SecretValues {
public:
    virtual ~SecretValues() = default;
    /// The value, also of a private secret: for what the daemon itself does with it. Throws no_secret for an unknown
    /// one and for one without a value.
    virtual std::vector<uint8_t> value_of(const SecretKey& key) const = 0;
    /// The secret that is for that use, or nothing.
    virtual std::optional<Uuid> find_by_usage(int32_t usage_type, const std::string& usage_id) const = 0;
};

/// Where a volume is.
struct VolumePlace {
    int32_t type = 0;  ///< a virStorageVolType
    std::string path;
};

/// Answered by the storage driver.
class VolumeFinder {
public:
    virtual ~VolumeFinder() = default;
    /// Throws no_storage_pool, config_unsupported for a pool that is not active, no_storage_vol.
    virtual Task<VolumePlace> find_volume(std::string pool, std::string volume, io::Deadline deadline) = 0;
};

/// Answered by the hypervisor driver.
class DeviceUsers {
public:
    virtual ~DeviceUsers() = default;
    /// The running guest that was given the host's PCI device with that address ("0000:03:00.0"), or nothing.
    virtual std::optional<std::string> guest_with_pci(const std::string& address) const = 0;
};

}  // namespace virtue::driver
