// table
// Devices of the host.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virNodeNumOfDevices.
struct NodeNumOfDevices : Procedure<111, Program::remote> {
    static constexpr std::string_view api = "virNodeNumOfDevices";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::connect_search_node_devices};
    static constexpr Permission filter = Permission::node_device_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::optional<std::string> cap;
        uint32_t flags = 0;
        WIRE(cap, flags)
    };
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virNodeListDevices.
struct NodeListDevices : Procedure<112, Program::remote> {
    static constexpr std::string_view api = "virNodeListDevices";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::connect_search_node_devices};
    static constexpr Permission filter = Permission::node_device_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::optional<std::string> cap;
        int32_t maxnames = 0;
        uint32_t flags = 0;
        WIRE(cap, maxnames, flags)
    };
    struct Ret {
        List<std::string, node_device_list_max> names;
        WIRE(names)
    };
};

/// virNodeDeviceLookupByName.
struct NodeDeviceLookupByName : Procedure<113, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceLookupByName";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        NodeDeviceRef device;
        WIRE(device)
    };
};

/// virNodeDeviceGetXMLDesc.
struct NodeDeviceGetXmlDesc : Procedure<114, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceGetXMLDesc";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        std::string name;
        uint32_t flags = 0;
        WIRE(name, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virNodeDeviceGetParent.
struct NodeDeviceGetParent : Procedure<115, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceGetParent";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        std::optional<std::string> parent_name;
        WIRE(parent_name)
    };
};

/// virNodeDeviceNumOfCaps.
struct NodeDeviceNumOfCaps : Procedure<116, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceNumOfCaps";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virNodeDeviceListCaps.
struct NodeDeviceListCaps : Procedure<117, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceListCaps";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        int32_t maxnames = 0;
        WIRE(name, maxnames)
    };
    struct Ret {
        List<std::string, node_device_caps_list_max> names;
        WIRE(names)
    };
};

/// virNodeDeviceDettach: takes the device from its host driver, for a guest. The spelling is the protocol's.
struct NodeDeviceDettach : Procedure<118, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceDettach";
    static constexpr std::string_view since = "0.6.1";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_detach};
    struct Args {
        std::string name;
        WIRE(name)
    };
};

/// virNodeDeviceReAttach: gives the device back to its host driver.
struct NodeDeviceReAttach : Procedure<119, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceReAttach";
    static constexpr std::string_view since = "0.6.1";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_detach};
    struct Args {
        std::string name;
        WIRE(name)
    };
};

/// virNodeDeviceReset.
struct NodeDeviceReset : Procedure<120, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceReset";
    static constexpr std::string_view since = "0.6.1";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_detach};
    struct Args {
        std::string name;
        WIRE(name)
    };
};

/// virNodeDeviceCreateXML: a transient virtual device: NPIV port, mediated device.
struct NodeDeviceCreateXml : Procedure<123, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceCreateXML";
    static constexpr std::string_view since = "0.6.3";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_write, Permission::node_device_start};
    struct Args {
        std::string xml_desc;
        uint32_t flags = 0;
        WIRE(xml_desc, flags)
    };
    struct Ret {
        NodeDeviceRef device;
        WIRE(device)
    };
};

/// virNodeDeviceDestroy.
struct NodeDeviceDestroy : Procedure<124, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceDestroy";
    static constexpr std::string_view since = "0.6.3";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_stop};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
};

/// virConnectListAllNodeDevices.
struct ConnectListAllNodeDevices : Procedure<285, Program::remote> {
    static constexpr std::string_view api = "virConnectListAllNodeDevices";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::connect_search_node_devices};
    static constexpr Permission filter = Permission::node_device_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<NodeDeviceRef, node_device_list_max> devices;
        uint32_t ret = 0;
        WIRE(devices, ret)
    };
};

/// virNodeDeviceLookupSCSIHostByWWN.
struct NodeDeviceLookupScsiHostByWwn : Procedure<297, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceLookupSCSIHostByWWN";
    static constexpr std::string_view since = "1.0.3";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string wwnn;
        std::string wwpn;
        uint32_t flags = 0;
        WIRE(wwnn, wwpn, flags)
    };
    struct Ret {
        NodeDeviceRef device;
        WIRE(device)
    };
};

/// virNodeDeviceDetachFlags: takes the device from its host driver, for a guest.
struct NodeDeviceDetachFlags : Procedure<301, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceDetachFlags";
    static constexpr std::string_view since = "1.0.5";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_detach};
    struct Args {
        std::string name;
        std::optional<std::string> driver_name;
        uint32_t flags = 0;
        WIRE(name, driver_name, flags)
    };
};

/// virNodeDeviceDefineXML.
struct NodeDeviceDefineXml : Procedure<428, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceDefineXML";
    static constexpr std::string_view since = "7.3.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_write};
    struct Args {
        std::string xml_desc;
        uint32_t flags = 0;
        WIRE(xml_desc, flags)
    };
    struct Ret {
        NodeDeviceRef device;
        WIRE(device)
    };
};

/// virNodeDeviceUndefine.
struct NodeDeviceUndefine : Procedure<429, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceUndefine";
    static constexpr std::string_view since = "7.3.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        uint32_t flags = 0;
        WIRE(name, flags)
    };
};

/// virNodeDeviceCreate.
struct NodeDeviceCreate : Procedure<430, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceCreate";
    static constexpr std::string_view since = "7.3.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_start};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        uint32_t flags = 0;
        WIRE(name, flags)
    };
};

/// virNodeDeviceGetAutostart.
struct NodeDeviceGetAutostart : Procedure<433, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceGetAutostart";
    static constexpr std::string_view since = "7.8.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_read};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        int32_t autostart = 0;
        WIRE(autostart)
    };
};

/// virNodeDeviceSetAutostart.
struct NodeDeviceSetAutostart : Procedure<434, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceSetAutostart";
    static constexpr std::string_view since = "7.8.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        int32_t autostart = 0;
        WIRE(name, autostart)
    };
};

/// virNodeDeviceIsPersistent.
struct NodeDeviceIsPersistent : Procedure<435, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceIsPersistent";
    static constexpr std::string_view since = "7.8.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        int32_t persistent = 0;
        WIRE(persistent)
    };
};

/// virNodeDeviceIsActive.
struct NodeDeviceIsActive : Procedure<436, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceIsActive";
    static constexpr std::string_view since = "7.8.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        int32_t active = 0;
        WIRE(active)
    };
};

/// virNodeDeviceUpdate.
struct NodeDeviceUpdate : Procedure<447, Program::remote> {
    static constexpr std::string_view api = "virNodeDeviceUpdate";
    static constexpr std::string_view since = "10.1.0";
    static constexpr DriverKind kind = DriverKind::node_device;
    static constexpr Access access{Permission::node_device_write};
    struct Args {
        std::string name;
        std::string xml_desc;
        uint32_t flags = 0;
        WIRE(name, xml_desc, flags)
    };
};

/// Every procedure of this file, for the registry.
using NodeDeviceProcedures =
    Procedures<NodeNumOfDevices, NodeListDevices, NodeDeviceLookupByName, NodeDeviceGetXmlDesc, NodeDeviceGetParent,
               NodeDeviceNumOfCaps, NodeDeviceListCaps, NodeDeviceDettach, NodeDeviceReAttach, NodeDeviceReset,
               NodeDeviceCreateXml, NodeDeviceDestroy, ConnectListAllNodeDevices, NodeDeviceLookupScsiHostByWwn,
               NodeDeviceDetachFlags, NodeDeviceDefineXml, NodeDeviceUndefine, NodeDeviceCreate, NodeDeviceGetAutostart,
               NodeDeviceSetAutostart, NodeDeviceIsPersistent, NodeDeviceIsActive, NodeDeviceUpdate>;

}  // namespace virtue::proc
