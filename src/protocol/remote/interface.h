// table
// Network interfaces of the host.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virConnectNumOfInterfaces.
struct ConnectNumOfInterfaces : Procedure<126, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfInterfaces";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::connect_search_interfaces};
    static constexpr Permission filter = Permission::interface_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virConnectListInterfaces.
struct ConnectListInterfaces : Procedure<127, Program::remote> {
    static constexpr std::string_view api = "virConnectListInterfaces";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::connect_search_interfaces};
    static constexpr Permission filter = Permission::interface_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxnames = 0;
        WIRE(maxnames)
    };
    struct Ret {
        List<std::string, interface_list_max> names;
        WIRE(names)
    };
};

/// virInterfaceLookupByName.
struct InterfaceLookupByName : Procedure<128, Program::remote> {
    static constexpr std::string_view api = "virInterfaceLookupByName";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::interface_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        InterfaceRef interface;
        WIRE(interface)
    };
};

/// virInterfaceLookupByMACString.
struct InterfaceLookupByMacString : Procedure<129, Program::remote> {
    static constexpr std::string_view api = "virInterfaceLookupByMACString";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::interface_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string mac;
        WIRE(mac)
    };
    struct Ret {
        InterfaceRef interface;
        WIRE(interface)
    };
};

/// virInterfaceGetXMLDesc.
struct InterfaceGetXmlDesc : Procedure<130, Program::remote> {
    static constexpr std::string_view api = "virInterfaceGetXMLDesc";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::interface_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        InterfaceRef interface;
        uint32_t flags = 0;
        WIRE(interface, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virInterfaceDefineXML.
struct InterfaceDefineXml : Procedure<131, Program::remote> {
    static constexpr std::string_view api = "virInterfaceDefineXML";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::interface_write, Permission::interface_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        InterfaceRef interface;
        WIRE(interface)
    };
};

/// virInterfaceUndefine.
struct InterfaceUndefine : Procedure<132, Program::remote> {
    static constexpr std::string_view api = "virInterfaceUndefine";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::interface_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        InterfaceRef interface;
        WIRE(interface)
    };
};

/// virInterfaceCreate.
struct InterfaceCreate : Procedure<133, Program::remote> {
    static constexpr std::string_view api = "virInterfaceCreate";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::interface_start};
    struct Args {
        InterfaceRef interface;
        uint32_t flags = 0;
        WIRE(interface, flags)
    };
};

/// virInterfaceDestroy.
struct InterfaceDestroy : Procedure<134, Program::remote> {
    static constexpr std::string_view api = "virInterfaceDestroy";
    static constexpr std::string_view since = "0.6.4";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::interface_stop};
    static constexpr Priority priority = Priority::high;
    struct Args {
        InterfaceRef interface;
        uint32_t flags = 0;
        WIRE(interface, flags)
    };
};

/// virConnectNumOfDefinedInterfaces.
struct ConnectNumOfDefinedInterfaces : Procedure<137, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfDefinedInterfaces";
    static constexpr std::string_view since = "0.7.0";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::connect_search_interfaces};
    static constexpr Permission filter = Permission::interface_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virConnectListDefinedInterfaces.
struct ConnectListDefinedInterfaces : Procedure<138, Program::remote> {
    static constexpr std::string_view api = "virConnectListDefinedInterfaces";
    static constexpr std::string_view since = "0.7.0";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::connect_search_interfaces};
    static constexpr Permission filter = Permission::interface_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxnames = 0;
        WIRE(maxnames)
    };
    struct Ret {
        List<std::string, interface_list_max> names;
        WIRE(names)
    };
};

/// virInterfaceIsActive.
struct InterfaceIsActive : Procedure<156, Program::remote> {
    static constexpr std::string_view api = "virInterfaceIsActive";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::interface_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        InterfaceRef interface;
        WIRE(interface)
    };
    struct Ret {
        int32_t active = 0;
        WIRE(active)
    };
};

/// virInterfaceChangeBegin: from here on changes can be taken back.
struct InterfaceChangeBegin : Procedure<220, Program::remote> {
    static constexpr std::string_view api = "virInterfaceChangeBegin";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::connect_interface_transaction};
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
};

/// virInterfaceChangeCommit.
struct InterfaceChangeCommit : Procedure<221, Program::remote> {
    static constexpr std::string_view api = "virInterfaceChangeCommit";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::connect_interface_transaction};
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
};

/// virInterfaceChangeRollback.
struct InterfaceChangeRollback : Procedure<222, Program::remote> {
    static constexpr std::string_view api = "virInterfaceChangeRollback";
    static constexpr std::string_view since = "0.9.2";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::connect_interface_transaction};
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
};

/// virConnectListAllInterfaces.
struct ConnectListAllInterfaces : Procedure<284, Program::remote> {
    static constexpr std::string_view api = "virConnectListAllInterfaces";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::interface;
    static constexpr Access access{Permission::connect_search_interfaces};
    static constexpr Permission filter = Permission::interface_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<InterfaceRef, interface_list_max> interfaces;
        uint32_t ret = 0;
        WIRE(interfaces, ret)
    };
};

/// Every procedure of this file, for the registry.
using InterfaceProcedures =
    Procedures<ConnectNumOfInterfaces, ConnectListInterfaces, InterfaceLookupByName, InterfaceLookupByMacString,
               InterfaceGetXmlDesc, InterfaceDefineXml, InterfaceUndefine, InterfaceCreate, InterfaceDestroy,
               ConnectNumOfDefinedInterfaces, ConnectListDefinedInterfaces, InterfaceIsActive, InterfaceChangeBegin,
               InterfaceChangeCommit, InterfaceChangeRollback, ConnectListAllInterfaces>;

}  // namespace virtue::proc
