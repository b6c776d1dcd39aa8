// table
// Virtual networks and their ports.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virConnectListDefinedNetworks.
struct ConnectListDefinedNetworks : Procedure<36, Program::remote> {
    static constexpr std::string_view api = "virConnectListDefinedNetworks";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::connect_search_networks};
    static constexpr Permission filter = Permission::network_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxnames = 0;
        WIRE(maxnames)
    };
    struct Ret {
        List<std::string, network_list_max> names;
        WIRE(names)
    };
};

/// virConnectListNetworks.
struct ConnectListNetworks : Procedure<38, Program::remote> {
    static constexpr std::string_view api = "virConnectListNetworks";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::connect_search_networks};
    static constexpr Permission filter = Permission::network_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxnames = 0;
        WIRE(maxnames)
    };
    struct Ret {
        List<std::string, network_list_max> names;
        WIRE(names)
    };
};

/// virNetworkCreate.
struct NetworkCreate : Procedure<39, Program::remote> {
    static constexpr std::string_view api = "virNetworkCreate";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_start};
    struct Args {
        NetworkRef network;
        WIRE(network)
    };
};

/// virNetworkCreateXML.
struct NetworkCreateXml : Procedure<40, Program::remote> {
    static constexpr std::string_view api = "virNetworkCreateXML";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_write, Permission::network_start};
    struct Args {
        std::string xml;
        WIRE(xml)
    };
    struct Ret {
        NetworkRef network;
        WIRE(network)
    };
};

/// virNetworkDefineXML.
struct NetworkDefineXml : Procedure<41, Program::remote> {
    static constexpr std::string_view api = "virNetworkDefineXML";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_write, Permission::network_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        WIRE(xml)
    };
    struct Ret {
        NetworkRef network;
        WIRE(network)
    };
};

/// virNetworkDestroy.
struct NetworkDestroy : Procedure<42, Program::remote> {
    static constexpr std::string_view api = "virNetworkDestroy";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_stop};
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        WIRE(network)
    };
};

/// virNetworkGetXMLDesc.
struct NetworkGetXmlDesc : Procedure<43, Program::remote> {
    static constexpr std::string_view api = "virNetworkGetXMLDesc";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        uint32_t flags = 0;
        WIRE(network, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virNetworkGetAutostart.
struct NetworkGetAutostart : Procedure<44, Program::remote> {
    static constexpr std::string_view api = "virNetworkGetAutostart";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        WIRE(network)
    };
    struct Ret {
        int32_t autostart = 0;
        WIRE(autostart)
    };
};

/// virNetworkGetBridgeName.
struct NetworkGetBridgeName : Procedure<45, Program::remote> {
    static constexpr std::string_view api = "virNetworkGetBridgeName";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        WIRE(network)
    };
    struct Ret {
        std::string name;
        WIRE(name)
    };
};

/// virNetworkLookupByName.
struct NetworkLookupByName : Procedure<46, Program::remote> {
    static constexpr std::string_view api = "virNetworkLookupByName";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        NetworkRef network;
        WIRE(network)
    };
};

/// virNetworkLookupByUUID.
struct NetworkLookupByUuid : Procedure<47, Program::remote> {
    static constexpr std::string_view api = "virNetworkLookupByUUID";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        Uuid uuid;
        WIRE(uuid)
    };
    struct Ret {
        NetworkRef network;
        WIRE(network)
    };
};

/// virNetworkSetAutostart.
struct NetworkSetAutostart : Procedure<48, Program::remote> {
    static constexpr std::string_view api = "virNetworkSetAutostart";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        int32_t autostart = 0;
        WIRE(network, autostart)
    };
};

/// virNetworkUndefine.
struct NetworkUndefine : Procedure<49, Program::remote> {
    static constexpr std::string_view api = "virNetworkUndefine";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        WIRE(network)
    };
};

/// virConnectNumOfDefinedNetworks.
struct ConnectNumOfDefinedNetworks : Procedure<50, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfDefinedNetworks";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::connect_search_networks};
    static constexpr Permission filter = Permission::network_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virConnectNumOfNetworks.
struct ConnectNumOfNetworks : Procedure<52, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfNetworks";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::connect_search_networks};
    static constexpr Permission filter = Permission::network_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virNetworkIsActive.
struct NetworkIsActive : Procedure<152, Program::remote> {
    static constexpr std::string_view api = "virNetworkIsActive";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        WIRE(network)
    };
    struct Ret {
        int32_t active = 0;
        WIRE(active)
    };
};

/// virNetworkIsPersistent.
struct NetworkIsPersistent : Procedure<153, Program::remote> {
    static constexpr std::string_view api = "virNetworkIsPersistent";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        WIRE(network)
    };
    struct Ret {
        int32_t persistent = 0;
        WIRE(persistent)
    };
};

/// virConnectListAllNetworks.
struct ConnectListAllNetworks : Procedure<283, Program::remote> {
    static constexpr std::string_view api = "virConnectListAllNetworks";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::connect_search_networks};
    static constexpr Permission filter = Permission::network_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<NetworkRef, network_list_max> networks;
        uint32_t ret = 0;
        WIRE(networks, ret)
    };
};

/// virNetworkUpdate: adds, changes or deletes one part of the network. A peer without feature 15 means the one by the
/// other of `command` and `section`.
struct NetworkUpdate : Procedure<291, Program::remote> {
    static constexpr std::string_view api = "virNetworkUpdate";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access = network_write_and_save;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        uint32_t command = 0;
        uint32_t section = 0;
        int32_t parent_index = 0;
        std::string xml;
        uint32_t flags = 0;
        WIRE(network, command, section, parent_index, xml, flags)
    };
};

/// One lease; `expirytime` in seconds since the epoch.
struct NetworkDhcpLease {
    std::string iface;
    int64_t expirytime = 0;
    int32_t type = 0;
    std::optional<std::string> mac;
    std::optional<std::string> iaid;
    std::string ipaddr;
    uint32_t prefix = 0;
    std::optional<std::string> hostname;
    std::optional<std::string> clientid;
    WIRE(iface, expirytime, type, mac, iaid, ipaddr, prefix, hostname, clientid)
};

/// virNetworkGetDHCPLeases.
struct NetworkGetDhcpLeases : Procedure<341, Program::remote> {
    static constexpr std::string_view api = "virNetworkGetDHCPLeases";
    static constexpr std::string_view since = "1.2.6";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        NetworkRef network;
        std::optional<std::string> mac;
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(network, mac, need_results, flags)
    };
    struct Ret {
        List<NetworkDhcpLease, network_dhcp_leases_max> leases;
        uint32_t ret = 0;
        WIRE(leases, ret)
    };
};

/// virNetworkListAllPorts.
struct NetworkListAllPorts : Procedure<404, Program::remote> {
    static constexpr std::string_view api = "virNetworkListAllPorts";
    static constexpr std::string_view since = "5.5.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_search_ports};
    static constexpr Permission filter = Permission::network_port_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(network, need_results, flags)
    };
    struct Ret {
        List<NetworkPortRef, network_port_list_max> ports;
        uint32_t ret = 0;
        WIRE(ports, ret)
    };
};

/// virNetworkPortLookupByUUID.
struct NetworkPortLookupByUuid : Procedure<405, Program::remote> {
    static constexpr std::string_view api = "virNetworkPortLookupByUUID";
    static constexpr std::string_view since = "5.5.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_port_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NetworkRef network;
        Uuid uuid;
        WIRE(network, uuid)
    };
    struct Ret {
        NetworkPortRef port;
        WIRE(port)
    };
};

/// virNetworkPortCreateXML: one consumer of a network: what a guest's interface plugs into.
struct NetworkPortCreateXml : Procedure<406, Program::remote> {
    static constexpr std::string_view api = "virNetworkPortCreateXML";
    static constexpr std::string_view since = "5.5.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_port_create};
    struct Args {
        NetworkRef network;
        std::string xml;
        uint32_t flags = 0;
        WIRE(network, xml, flags)
    };
    struct Ret {
        NetworkPortRef port;
        WIRE(port)
    };
};

/// virNetworkPortGetParameters.
struct NetworkPortGetParameters : Procedure<407, Program::remote> {
    static constexpr std::string_view api = "virNetworkPortGetParameters";
    static constexpr std::string_view since = "5.5.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_port_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        NetworkPortRef port;
        int32_t nparams = 0;
        uint32_t flags = 0;
        WIRE(port, nparams, flags)
    };
    struct Ret {
        List<TypedParameter, network_port_parameters_max> params;
        int32_t nparams = 0;
        WIRE(params, nparams)
    };
};

/// virNetworkPortSetParameters.
struct NetworkPortSetParameters : Procedure<408, Program::remote> {
    static constexpr std::string_view api = "virNetworkPortSetParameters";
    static constexpr std::string_view since = "5.5.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_port_write};
    struct Args {
        NetworkPortRef port;
        List<TypedParameter, network_port_parameters_max> params;
        uint32_t flags = 0;
        WIRE(port, params, flags)
    };
};

/// virNetworkPortGetXMLDesc.
struct NetworkPortGetXmlDesc : Procedure<409, Program::remote> {
    static constexpr std::string_view api = "virNetworkPortGetXMLDesc";
    static constexpr std::string_view since = "5.5.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_port_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        NetworkPortRef port;
        uint32_t flags = 0;
        WIRE(port, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virNetworkPortDelete.
struct NetworkPortDelete : Procedure<410, Program::remote> {
    static constexpr std::string_view api = "virNetworkPortDelete";
    static constexpr std::string_view since = "5.5.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_port_delete};
    struct Args {
        NetworkPortRef port;
        uint32_t flags = 0;
        WIRE(port, flags)
    };
};

/// virNetworkDefineXMLFlags.
struct NetworkDefineXmlFlags : Procedure<432, Program::remote> {
    static constexpr std::string_view api = "virNetworkDefineXMLFlags";
    static constexpr std::string_view since = "7.7.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_write, Permission::network_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        NetworkRef network;
        WIRE(network)
    };
};

/// virNetworkCreateXMLFlags.
struct NetworkCreateXmlFlags : Procedure<437, Program::remote> {
    static constexpr std::string_view api = "virNetworkCreateXMLFlags";
    static constexpr std::string_view since = "7.8.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_write, Permission::network_start};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        NetworkRef network;
        WIRE(network)
    };
};

/// virNetworkSetMetadata.
struct NetworkSetMetadata : Procedure<444, Program::remote> {
    static constexpr std::string_view api = "virNetworkSetMetadata";
    static constexpr std::string_view since = "9.7.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access = network_write_and_save;
    struct Args {
        NetworkRef network;
        int32_t type = 0;
        std::optional<std::string> metadata;
        std::optional<std::string> key;
        std::optional<std::string> uri;
        uint32_t flags = 0;
        WIRE(network, type, metadata, key, uri, flags)
    };
};

/// virNetworkGetMetadata.
struct NetworkGetMetadata : Procedure<445, Program::remote> {
    static constexpr std::string_view api = "virNetworkGetMetadata";
    static constexpr std::string_view since = "9.7.0";
    static constexpr DriverKind kind = DriverKind::network;
    static constexpr Access access{Permission::network_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        NetworkRef network;
        int32_t type = 0;
        std::optional<std::string> uri;
        uint32_t flags = 0;
        WIRE(network, type, uri, flags)
    };
    struct Ret {
        std::string metadata;
        WIRE(metadata)
    };
};

/// Every procedure of this file, for the registry.
using NetworkProcedures =
    Procedures<ConnectListDefinedNetworks, ConnectListNetworks, NetworkCreate, NetworkCreateXml, NetworkDefineXml,
               NetworkDestroy, NetworkGetXmlDesc, NetworkGetAutostart, NetworkGetBridgeName, NetworkLookupByName,
               NetworkLookupByUuid, NetworkSetAutostart, NetworkUndefine, ConnectNumOfDefinedNetworks,
               ConnectNumOfNetworks, NetworkIsActive, NetworkIsPersistent, ConnectListAllNetworks, NetworkUpdate,
               NetworkGetDhcpLeases, NetworkListAllPorts, NetworkPortLookupByUuid, NetworkPortCreateXml,
               NetworkPortGetParameters, NetworkPortSetParameters, NetworkPortGetXmlDesc, NetworkPortDelete,
               NetworkDefineXmlFlags, NetworkCreateXmlFlags, NetworkSetMetadata, NetworkGetMetadata>;

}  // namespace virtue::proc
