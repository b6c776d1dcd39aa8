// table
// Registration of events, for every kind of object.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virConnectDomainEventRegister: life cycle only, all domains, old form.
struct ConnectDomainEventRegister : Procedure<105, Program::remote> {
    static constexpr std::string_view api = "virConnectDomainEventRegister";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t cb_registered = 0;
        WIRE(cb_registered)
    };
};

/// virConnectDomainEventDeregister.
struct ConnectDomainEventDeregister : Procedure<106, Program::remote> {
    static constexpr std::string_view api = "virConnectDomainEventDeregister";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t cb_registered = 0;
        WIRE(cb_registered)
    };
};

/// virConnectDomainEventRegisterAny: events 0 to 15, all domains, old form.
struct ConnectDomainEventRegisterAny : Procedure<167, Program::remote> {
    static constexpr std::string_view api = "virConnectDomainEventRegisterAny";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t event_id = 0;
        WIRE(event_id)
    };
};

/// virConnectDomainEventDeregisterAny.
struct ConnectDomainEventDeregisterAny : Procedure<168, Program::remote> {
    static constexpr std::string_view api = "virConnectDomainEventDeregisterAny";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t event_id = 0;
        WIRE(event_id)
    };
};

/// virConnectNetworkEventRegisterAny.
struct ConnectNetworkEventRegisterAny : Procedure<313, Program::remote> {
    static constexpr std::string_view api = "virConnectNetworkEventRegisterAny";
    static constexpr std::string_view since = "1.2.1";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::connect_search_networks};
    static constexpr Permission filter = Permission::network_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t event_id = 0;
        std::optional<NetworkRef> network;
        WIRE(event_id, network)
    };
    struct Ret {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectNetworkEventDeregisterAny.
struct ConnectNetworkEventDeregisterAny : Procedure<314, Program::remote> {
    static constexpr std::string_view api = "virConnectNetworkEventDeregisterAny";
    static constexpr std::string_view since = "1.2.1";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectDomainEventRegisterAny: one event, of one domain or all; the id returned comes with each event.
struct ConnectDomainEventCallbackRegisterAny : Procedure<316, Program::remote> {
    static constexpr std::string_view api = "virConnectDomainEventRegisterAny";
    static constexpr std::string_view since = "1.2.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t event_id = 0;
        std::optional<DomainRef> domain;
        WIRE(event_id, domain)
    };
    struct Ret {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectDomainEventDeregisterAny.
struct ConnectDomainEventCallbackDeregisterAny : Procedure<317, Program::remote> {
    static constexpr std::string_view api = "virConnectDomainEventDeregisterAny";
    static constexpr std::string_view since = "1.2.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectStoragePoolEventRegisterAny.
struct ConnectStoragePoolEventRegisterAny : Procedure<368, Program::remote> {
    static constexpr std::string_view api = "virConnectStoragePoolEventRegisterAny";
    static constexpr std::string_view since = "2.0.0";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_search_storage_pools};
    static constexpr Permission filter = Permission::storage_pool_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t event_id = 0;
        std::optional<StoragePoolRef> pool;
        WIRE(event_id, pool)
    };
    struct Ret {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectStoragePoolEventDeregisterAny.
struct ConnectStoragePoolEventDeregisterAny : Procedure<369, Program::remote> {
    static constexpr std::string_view api = "virConnectStoragePoolEventDeregisterAny";
    static constexpr std::string_view since = "2.0.0";
    static constexpr DriverKind kind = DriverKind::storage;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectNodeDeviceEventRegisterAny.
struct ConnectNodeDeviceEventRegisterAny : Procedure<374, Program::remote> {
    static constexpr std::string_view api = "virConnectNodeDeviceEventRegisterAny";
    static constexpr std::string_view since = "2.2.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::connect_search_node_devices};
    static constexpr Permission filter = Permission::node_device_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t event_id = 0;
        std::optional<NodeDeviceRef> device;
        WIRE(event_id, device)
    };
    struct Ret {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectNodeDeviceEventDeregisterAny.
struct ConnectNodeDeviceEventDeregisterAny : Procedure<375, Program::remote> {
    static constexpr std::string_view api = "virConnectNodeDeviceEventDeregisterAny";
    static constexpr std::string_view since = "2.2.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectSecretEventRegisterAny.
struct ConnectSecretEventRegisterAny : Procedure<380, Program::remote> {
    static constexpr std::string_view api = "virConnectSecretEventRegisterAny";
    static constexpr std::string_view since = "3.0.0";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::connect_search_secrets};
    static constexpr Permission filter = Permission::secret_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t event_id = 0;
        std::optional<SecretRef> secret;
        WIRE(event_id, secret)
    };
    struct Ret {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectSecretEventDeregisterAny.
struct ConnectSecretEventDeregisterAny : Procedure<381, Program::remote> {
    static constexpr std::string_view api = "virConnectSecretEventDeregisterAny";
    static constexpr std::string_view since = "3.0.0";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// Every procedure of this file, for the registry.
using EventRegisterProcedures =
    Procedures<ConnectDomainEventRegister, ConnectDomainEventDeregister, ConnectDomainEventRegisterAny,
               ConnectDomainEventDeregisterAny, ConnectNetworkEventRegisterAny, ConnectNetworkEventDeregisterAny,
               ConnectDomainEventCallbackRegisterAny, ConnectDomainEventCallbackDeregisterAny,
               ConnectStoragePoolEventRegisterAny, ConnectStoragePoolEventDeregisterAny,
               ConnectNodeDeviceEventRegisterAny, ConnectNodeDeviceEventDeregisterAny, ConnectSecretEventRegisterAny,
               ConnectSecretEventDeregisterAny>;

}  // namespace virtue::proc
