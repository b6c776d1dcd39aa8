// How messages name objects: by name and UUID, and what else the C handles carry.
// Value types; usable from any thread.
#pragma once
#include "protocol/procedure.h"

namespace virtue::proc {

/// A domain; `id` is -1 while it is inactive.
struct DomainRef {
    std::string name;
    Uuid uuid;
    int32_t id = -1;
    WIRE(name, uuid, id)
    bool operator==(const DomainRef&) const = default;
};

struct NetworkRef {
    std::string name;
    Uuid uuid;
    WIRE(name, uuid)
    bool operator==(const NetworkRef&) const = default;
};

struct NetworkPortRef {
    NetworkRef network;
    Uuid uuid;
    WIRE(network, uuid)
    bool operator==(const NetworkPortRef&) const = default;
};

struct NwfilterRef {
    std::string name;
    Uuid uuid;
    WIRE(name, uuid)
    bool operator==(const NwfilterRef&) const = default;
};

struct NwfilterBindingRef {
    std::string portdev;
    std::string filtername;
    WIRE(portdev, filtername)
    bool operator==(const NwfilterBindingRef&) const = default;
};

struct InterfaceRef {
    std::string name;
    std::string mac;
    WIRE(name, mac)
    bool operator==(const InterfaceRef&) const = default;
};

struct StoragePoolRef {
    std::string name;
    Uuid uuid;
    WIRE(name, uuid)
    bool operator==(const StoragePoolRef&) const = default;
};

/// A volume; its texts are std::string, or std::string_view where a long list is written from where they are.
template <class Text>
struct StorageVolumeOf {
    Text pool;
    Text name;
    Text key;
    WIRE(pool, name, key)
    bool operator==(const StorageVolumeOf&) const = default;
};
using StorageVolumeRef = StorageVolumeOf<std::string>;

struct NodeDeviceRef {
    std::string name;
    WIRE(name)
    bool operator==(const NodeDeviceRef&) const = default;
};

/// A secret; `usage_type` is a virSecretUsageType.
struct SecretRef {
    Uuid uuid;
    int32_t usage_type = 0;
    std::string usage_id;
    WIRE(uuid, usage_type, usage_id)
    bool operator==(const SecretRef&) const = default;
};

struct CheckpointRef {
    std::string name;
    DomainRef domain;
    WIRE(name, domain)
    bool operator==(const CheckpointRef&) const = default;
};

struct SnapshotRef {
    std::string name;
    DomainRef domain;
    WIRE(name, domain)
    bool operator==(const SnapshotRef&) const = default;
};

/// A server of the daemon, in the admin program.
struct AdminServerRef {
    std::string name;
    WIRE(name)
    bool operator==(const AdminServerRef&) const = default;
};

/// A client of a server; `timestamp` is when it connected, in seconds since the epoch.
struct AdminClientRef {
    AdminServerRef server;
    uint64_t id = 0;
    int64_t timestamp = 0;
    uint32_t transport = 0;
    WIRE(server, id, timestamp, transport)
    bool operator==(const AdminClientRef&) const = default;
};

/// How a client may prove who it is (AUTH_LIST).
enum class AuthType : int32_t { none = 0, sasl = 1, polkit = 2 };

}  // namespace virtue::proc
