// Where the bytes of a disk (or firmware variable store) are: file, block device, network export, volume. Value types.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/big_value.h"
#include "model/domain/chardev_reconnect.h"
#include "model/domain/device_info.h"
#include "model/domain/size.h"

namespace virtue::model {

enum class StorageType : uint8_t { none, file, block, dir, network, volume, nvme, vhostuser };
VIRTUE_XML_NAMES(StorageType, "", "file", "block", "dir", "network", "volume", "nvme", "vhostuser")

enum class StorageFormat : uint8_t {
    absent,
    raw,
    dir,
    bochs,
    cloop,
    dmg,
    iso,
    vpc,
    vdi,
    fat,
    vhd,
    ploop,
    cow,
    qcow,
    qcow2,
    qed,
    vmdk,
};
VIRTUE_XML_NAMES(StorageFormat, "", "raw", "dir", "bochs", "cloop", "dmg", "iso", "vpc", "vdi", "fat", "vhd", "ploop",
                 "cow", "qcow", "qcow2", "qed", "vmdk")

enum class StorageProtocol : uint8_t {
    none,
    nbd,
    rbd,
    sheepdog,
    gluster,
    iscsi,
    http,
    https,
    ftp,
    ftps,
    tftp,
    ssh,
    vxhs,
    nfs,
};
VIRTUE_XML_NAMES(StorageProtocol, "", "nbd", "rbd", "sheepdog", "gluster", "iscsi", "http", "https", "ftp", "ftps",
                 "tftp", "ssh", "vxhs", "nfs")

enum class HostTransport : uint8_t { tcp, unix_socket, rdma };
VIRTUE_XML_NAMES(HostTransport, "tcp", "unix", "rdma")

enum class SecretType : uint8_t { none, volume, ceph, iscsi, tls, vtpm };
VIRTUE_XML_NAMES(SecretType, "", "volume", "ceph", "iscsi", "tls", "vtpm")

enum class StartupPolicy : uint8_t { absent, mandatory, requisite, optional };
VIRTUE_XML_NAMES(StartupPolicy, "", "mandatory", "requisite", "optional")

enum class VolumeMode : uint8_t { absent, host, direct };
VIRTUE_XML_NAMES(VolumeMode, "", "host", "direct")

struct NetworkHost {
    HostTransport transport = HostTransport::tcp;
    std::string name;
    std::string port;
    std::string socket;
    bool operator==(const NetworkHost&) const = default;
};
void map(xml::Mapper& m, NetworkHost& host);

/// Names a secret by UUID or by usage.
struct SecretReference {
    std::string type;
    std::optional<Uuid> uuid;
    std::string usage;
    bool operator==(const SecretReference&) const = default;
};
void map(xml::Mapper& m, SecretReference& secret);

struct StorageAuth {
    std::string username;
    SecretReference secret;
    bool operator==(const StorageAuth&) const = default;
};
void map(xml::Mapper& m, StorageAuth& auth);

struct EncryptionCipher {
    std::string name;
    std::optional<uint32_t> size;
    std::string mode;
    std::string hash;
    bool operator==(const EncryptionCipher&) const = default;
};

enum class EncryptionFormat : uint8_t { absent, qcow, luks, luks2, luks_any };
VIRTUE_XML_NAMES(EncryptionFormat, "default", "qcow", "luks", "luks2", "luks-any")
enum class EncryptionEngine : uint8_t { absent, qemu, librbd };
VIRTUE_XML_NAMES(EncryptionEngine, "", "qemu", "librbd")

struct StorageEncryption {
    EncryptionFormat format = EncryptionFormat::absent;
    EncryptionEngine engine = EncryptionEngine::absent;
    std::vector<SecretReference> secrets;
    std::optional<EncryptionCipher> cipher;
    std::string ivgen_name;
    std::string ivgen_hash;
    bool operator==(const StorageEncryption&) const = default;
};
void map(xml::Mapper& m, StorageEncryption& encryption);

struct StorageCookie {
    std::string name;
    std::string value;
    bool operator==(const StorageCookie&) const = default;
};
void map(xml::Mapper& m, StorageCookie& cookie);

struct StorageSlice {
    std::string type;
    uint64_t offset = 0;
    uint64_t size = 0;
    bool operator==(const StorageSlice&) const = default;
};
void map(xml::Mapper& m, StorageSlice& slice);

/// SCSI persistent reservations: a helper of our own (managed) or somebody's socket.
struct Reservations {
    xml::YesNo managed = xml::YesNo::absent;
    std::string type;
    std::string path;
    std::string mode;
    bool operator==(const Reservations&) const = default;
};
void map(xml::Mapper& m, Reservations& reservations);

/// One layer of a disk. `backing` holds the next layer, or nothing where it was not said; a layer of type none means
/// that the chain ends there.
struct StorageSource {
    VIRTUE_BIG_VALUE(StorageSource);
    StorageType type = StorageType::none;
    StorageFormat format = StorageFormat::absent;
    std::string path;  ///< file, dev, dir, or the vhost-user socket
    std::string fdgroup;
    uint32_t index = 0;  ///< the number of the layer while it runs
    StartupPolicy startup_policy = StartupPolicy::absent;

    // volume
    std::string pool;
    std::string volume;
    VolumeMode volume_mode = VolumeMode::absent;

    // network
    StorageProtocol protocol = StorageProtocol::none;
    std::string name;
    std::string query;
    xml::YesNo tls = xml::YesNo::absent;
    std::string tls_hostname;
    std::vector<NetworkHost> hosts;
    std::string snapshot;
    std::string config_file;
    std::string initiator_iqn;
    std::vector<StorageCookie> cookies;
    xml::YesNo ssl_verify = xml::YesNo::absent;
    uint64_t readahead = 0;
    uint64_t timeout = 0;
    std::string identity_user;
    std::string identity_group;

    // nvme
    uint64_t nvme_namespace = 0;
    xml::YesNo managed = xml::YesNo::absent;
    PciAddress pci;

    // vhost-user
    Reconnect reconnect;

    std::optional<Reservations> reservations;
    std::vector<StorageSlice> slices;
    std::optional<StorageAuth> auth;
    std::optional<StorageEncryption> encryption;
    std::vector<DeviceSecurityLabel> security_labels;
    std::optional<SizeWithUnit> metadata_cache_max;  ///< of the qcow2 tables
    std::vector<StorageSource> backing;
    bool detected = false;  ///< found by a look into the image above, not said by the document

    bool operator==(const StorageSource&) const = default;

    bool is_local() const {
        return type == StorageType::file || type == StorageType::block || type == StorageType::dir;
    }
    /// True if there is nothing to open: an empty drive.
    bool empty() const;
};

/// The <source> element of a layer whose type is known.
void map_source(xml::Mapper& m, StorageSource& source, bool keep_empty = false);
/// <backingStore> and what lies under it.
void map_backing(xml::Mapper& m, StorageSource& source);

}  // namespace virtue::model
