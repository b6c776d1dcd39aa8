// table
// Network filters and their bindings.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virNWFilterLookupByName.
struct NwfilterLookupByName : Procedure<175, Program::remote> {
    static constexpr std::string_view api = "virNWFilterLookupByName";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        NwfilterRef nwfilter;
        WIRE(nwfilter)
    };
};

/// virNWFilterLookupByUUID.
struct NwfilterLookupByUuid : Procedure<176, Program::remote> {
    static constexpr std::string_view api = "virNWFilterLookupByUUID";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        Uuid uuid;
        WIRE(uuid)
    };
    struct Ret {
        NwfilterRef nwfilter;
        WIRE(nwfilter)
    };
};

/// virNWFilterGetXMLDesc.
struct NwfilterGetXmlDesc : Procedure<177, Program::remote> {
    static constexpr std::string_view api = "virNWFilterGetXMLDesc";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NwfilterRef nwfilter;
        uint32_t flags = 0;
        WIRE(nwfilter, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virConnectNumOfNWFilters.
struct ConnectNumOfNwfilters : Procedure<178, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfNWFilters";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::connect_search_nwfilters};
    static constexpr Permission filter = Permission::nwfilter_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virConnectListNWFilters.
struct ConnectListNwfilters : Procedure<179, Program::remote> {
    static constexpr std::string_view api = "virConnectListNWFilters";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::connect_search_nwfilters};
    static constexpr Permission filter = Permission::nwfilter_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxnames = 0;
        WIRE(maxnames)
    };
    struct Ret {
        List<std::string, nwfilter_list_max> names;
        WIRE(names)
    };
};

/// virNWFilterDefineXML.
struct NwfilterDefineXml : Procedure<180, Program::remote> {
    static constexpr std::string_view api = "virNWFilterDefineXML";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_write, Permission::nwfilter_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        WIRE(xml)
    };
    struct Ret {
        NwfilterRef nwfilter;
        WIRE(nwfilter)
    };
};

/// virNWFilterUndefine.
struct NwfilterUndefine : Procedure<181, Program::remote> {
    static constexpr std::string_view api = "virNWFilterUndefine";
    static constexpr std::string_view since = "0.8.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        NwfilterRef nwfilter;
        WIRE(nwfilter)
    };
};

/// virConnectListAllNWFilters.
struct ConnectListAllNwfilters : Procedure<286, Program::remote> {
    static constexpr std::string_view api = "virConnectListAllNWFilters";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::connect_search_nwfilters};
    static constexpr Permission filter = Permission::nwfilter_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<NwfilterRef, nwfilter_list_max> filters;
        uint32_t ret = 0;
        WIRE(filters, ret)
    };
};

/// virNWFilterBindingLookupByPortDev.
struct NwfilterBindingLookupByPortDev : Procedure<397, Program::remote> {
    static constexpr std::string_view api = "virNWFilterBindingLookupByPortDev";
    static constexpr std::string_view since = "4.5.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_binding_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string name;
        WIRE(name)
    };
    struct Ret {
        NwfilterBindingRef nwfilter;
        WIRE(nwfilter)
    };
};

/// virNWFilterBindingGetXMLDesc.
struct NwfilterBindingGetXmlDesc : Procedure<398, Program::remote> {
    static constexpr std::string_view api = "virNWFilterBindingGetXMLDesc";
    static constexpr std::string_view since = "4.5.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_binding_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        NwfilterBindingRef nwfilter;
        uint32_t flags = 0;
        WIRE(nwfilter, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virNWFilterBindingCreateXML.
struct NwfilterBindingCreateXml : Procedure<399, Program::remote> {
    static constexpr std::string_view api = "virNWFilterBindingCreateXML";
    static constexpr std::string_view since = "4.5.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_binding_create};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        NwfilterBindingRef nwfilter;
        WIRE(nwfilter)
    };
};

/// virNWFilterBindingDelete.
struct NwfilterBindingDelete : Procedure<400, Program::remote> {
    static constexpr std::string_view api = "virNWFilterBindingDelete";
    static constexpr std::string_view since = "4.5.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_binding_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        NwfilterBindingRef nwfilter;
        WIRE(nwfilter)
    };
};

/// virConnectListAllNWFilterBindings.
struct ConnectListAllNwfilterBindings : Procedure<401, Program::remote> {
    static constexpr std::string_view api = "virConnectListAllNWFilterBindings";
    static constexpr std::string_view since = "4.5.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::connect_search_nwfilter_bindings};
    static constexpr Permission filter = Permission::nwfilter_binding_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<NwfilterBindingRef, nwfilter_binding_list_max> bindings;
        uint32_t ret = 0;
        WIRE(bindings, ret)
    };
};

/// virNWFilterDefineXMLFlags.
struct NwfilterDefineXmlFlags : Procedure<431, Program::remote> {
    static constexpr std::string_view api = "virNWFilterDefineXMLFlags";
    static constexpr std::string_view since = "7.7.0";
    static constexpr DriverKind kind = DriverKind::nwfilter;
    static constexpr Access access{Permission::nwfilter_write, Permission::nwfilter_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        NwfilterRef nwfilter;
        WIRE(nwfilter)
    };
};

/// Every procedure of this file, for the registry.
using NwfilterProcedures =
    Procedures<NwfilterLookupByName, NwfilterLookupByUuid, NwfilterGetXmlDesc, ConnectNumOfNwfilters,
               ConnectListNwfilters, NwfilterDefineXml, NwfilterUndefine, ConnectListAllNwfilters,
               NwfilterBindingLookupByPortDev, NwfilterBindingGetXmlDesc, NwfilterBindingCreateXml,
               NwfilterBindingDelete, ConnectListAllNwfilterBindings, NwfilterDefineXmlFlags>;

}  // namespace virtue::proc
