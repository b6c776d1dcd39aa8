// table
// Events about networks, storage pools, node devices and secrets. All carry a callback id.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// Defined, undefined, started, stopped.
struct NetworkEventLifecycle : CallbackEvent<315, NetworkEventId::lifecycle> {
    static constexpr std::string_view since = "1.2.1";
    struct Msg {
        int32_t callback_id = 0;
        NetworkRef network;
        int32_t event = 0;
        int32_t detail = 0;
        WIRE(callback_id, network, event, detail)
    };
};

/// Defined, undefined, started, stopped, created, deleted.
struct StoragePoolEventLifecycle : CallbackEvent<370, StoragePoolEventId::lifecycle> {
    static constexpr std::string_view since = "2.0.0";
    struct Msg {
        int32_t callback_id = 0;
        StoragePoolRef pool;
        int32_t event = 0;
        int32_t detail = 0;
        WIRE(callback_id, pool, event, detail)
    };
};

/// The list of volumes was read again.
struct StoragePoolEventRefresh : CallbackEvent<373, StoragePoolEventId::refresh> {
    static constexpr std::string_view since = "2.0.0";
    struct Msg {
        int32_t callback_id = 0;
        StoragePoolRef pool;
        WIRE(callback_id, pool)
    };
};

/// A device appeared or went.
struct NodeDeviceEventLifecycle : CallbackEvent<376, NodeDeviceEventId::lifecycle> {
    static constexpr std::string_view since = "2.2.0";
    struct Msg {
        int32_t callback_id = 0;
        NodeDeviceRef device;
        int32_t event = 0;
        int32_t detail = 0;
        WIRE(callback_id, device, event, detail)
    };
};

/// A device changed.
struct NodeDeviceEventUpdate : CallbackEvent<377, NodeDeviceEventId::update> {
    static constexpr std::string_view since = "2.2.0";
    struct Msg {
        int32_t callback_id = 0;
        NodeDeviceRef device;
        WIRE(callback_id, device)
    };
};

/// Defined or undefined.
struct SecretEventLifecycle : CallbackEvent<382, SecretEventId::lifecycle> {
    static constexpr std::string_view since = "3.0.0";
    struct Msg {
        int32_t callback_id = 0;
        SecretRef secret;
        int32_t event = 0;
        int32_t detail = 0;
        WIRE(callback_id, secret, event, detail)
    };
};

/// The value was set.
struct SecretEventValueChanged : CallbackEvent<383, SecretEventId::value_changed> {
    static constexpr std::string_view since = "3.0.0";
    struct Msg {
        int32_t callback_id = 0;
        SecretRef secret;
        WIRE(callback_id, secret)
    };
};

/// Title, description or metadata changed.
struct NetworkEventCallbackMetadataChange : CallbackEvent<446, NetworkEventId::metadata_change> {
    static constexpr std::string_view since = "9.8.0";
    struct Msg {
        int32_t callback_id = 0;
        NetworkRef network;
        int32_t type = 0;
        std::optional<std::string> nsuri;
        WIRE(callback_id, network, type, nsuri)
    };
};

/// Every procedure of this file, for the registry.
using EventObjectProcedures = Procedures<NetworkEventLifecycle, StoragePoolEventLifecycle, StoragePoolEventRefresh,
                                         NodeDeviceEventLifecycle, NodeDeviceEventUpdate, SecretEventLifecycle,
                                         SecretEventValueChanged, NetworkEventCallbackMetadataChange>;

}  // namespace virtue::proc
