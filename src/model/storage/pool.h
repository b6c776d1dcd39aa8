// <pool>: where volumes live. Plain values: the drivers own theirs, copies are independent.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/address.h"
#include "model/storage/permissions.h"

namespace virtue::model {

/// Numbers of libvirt's virStoragePoolType.
enum class PoolType : uint8_t {
    dir,
    fs,
    netfs,
    logical,
    disk,
    iscsi,
    iscsi_direct,
    scsi,
    mpath,
    rbd,
    sheepdog,
    gluster,
    zfs,
    vstorage,
};
VIRTUE_XML_NAMES(PoolType, "dir", "fs", "netfs", "logical", "disk", "iscsi", "iscsi-direct", "scsi", "mpath", "rbd",
                 "sheepdog", "gluster", "zfs", "vstorage")

enum class RefreshAllocation : uint8_t { default_way, capacity };
VIRTUE_XML_NAMES(RefreshAllocation, "default", "capacity")

struct PoolHost {
    std::string name;
    uint32_t port = 0;
    bool operator==(const PoolHost&) const = default;
};
void map(xml::Mapper& m, PoolHost& host);

struct PoolDevice {
    std::string path;
    xml::YesNo part_separator = xml::YesNo::absent;
    bool operator==(const PoolDevice&) const = default;
};
void map(xml::Mapper& m, PoolDevice& device);

enum class AdapterType : uint8_t { none, scsi_host, fc_host };
VIRTUE_XML_NAMES(AdapterType, "", "scsi_host", "fc_host")

struct PoolAdapter {
    AdapterType type = AdapterType::none;
    std::string name;
    std::optional<uint32_t> unique_id;  ///< with `parent_address`, instead of `name`
    PciAddress parent_address;
    std::string parent, parent_wwnn, parent_wwpn, parent_fabric_wwn, wwnn, wwpn;
    xml::YesNo managed = xml::YesNo::absent;
    bool operator==(const PoolAdapter&) const = default;
};
void map(xml::Mapper& m, PoolAdapter& adapter);

struct PoolAuth {
    std::string type, username;
    std::string secret_type, secret_usage;
    std::optional<Uuid> secret_uuid;
    bool operator==(const PoolAuth&) const = default;
};
void map(xml::Mapper& m, PoolAuth& auth);

struct PoolSource {
    std::vector<PoolHost> hosts;
    std::vector<PoolDevice> devices;
    std::string dir;
    PoolAdapter adapter;
    std::string name;
    std::string initiator_iqn;
    std::string format;  ///< empty: this type of pool has none
    std::optional<PoolAuth> auth;
    std::string protocol_version;
    std::string vendor, product;
    bool operator==(const PoolSource&) const = default;
};

/// name and value; a mount option has no value.
struct PoolOption {
    std::string name, value;
    bool operator==(const PoolOption&) const = default;
};

struct Pool {
    static constexpr const char* element = "pool";
    static constexpr ErrorDomain error_domain = ErrorDomain::storage;

    PoolType type = PoolType::dir;
    std::string name;
    std::optional<Uuid> uuid;                              ///< always there after parse()
    uint64_t capacity = 0, allocation = 0, available = 0;  ///< bytes; not read: the driver knows
    xml::YesNo cow = xml::YesNo::absent;
    PoolSource source;
    std::string target_path;
    Permissions permissions;
    std::optional<RefreshAllocation> refresh;
    std::vector<PoolOption> mount_options;
    std::vector<PoolOption> config_options;
    bool operator==(const Pool&) const = default;

    /// False for pools of a remote service, which have no folder.
    bool has_target() const;

    /// Reads a definition, with what libvirt fills in. `validate`: unknown elements are errors. Throws Error.
    static Pool parse(std::string_view text, bool validate = false);
};
void map(xml::Mapper& m, Pool& pool);

}  // namespace virtue::model
