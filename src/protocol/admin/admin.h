// table
// The daemon about itself, on its own socket: servers, worker pools, clients, logging.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virAdmConnectOpen.
struct AdminConnectOpen : Procedure<1, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectOpen";
    static constexpr std::string_view since = "1.2.17";
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
};

/// virAdmConnectClose.
struct AdminConnectClose : Procedure<2, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectClose";
    static constexpr std::string_view since = "1.2.17";
};

/// virAdmConnectGetLibVersion.
struct AdminConnectGetLibVersion : Procedure<3, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectGetLibVersion";
    static constexpr std::string_view since = "1.3.0";
    struct Ret {
        uint64_t lib_ver = 0;
        WIRE(lib_ver)
    };
};

/// virAdmConnectListServers.
struct AdminConnectListServers : Procedure<4, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectListServers";
    static constexpr std::string_view since = "1.3.2";
    struct Args {
        uint32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<AdminServerRef, admin_server_list_max> servers;
        uint32_t ret = 0;
        WIRE(servers, ret)
    };
};

/// virAdmConnectLookupServer.
struct AdminConnectLookupServer : Procedure<5, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectLookupServer";
    static constexpr std::string_view since = "1.3.3";
    struct Args {
        std::string name;
        uint32_t flags = 0;
        WIRE(name, flags)
    };
    struct Ret {
        AdminServerRef server;
        WIRE(server)
    };
};

/// virAdmServerGetThreadPoolParameters.
struct AdminServerGetThreadpoolParameters : Procedure<6, Program::admin> {
    static constexpr std::string_view api = "virAdmServerGetThreadPoolParameters";
    static constexpr std::string_view since = "1.3.4";
    struct Args {
        AdminServerRef server;
        uint32_t flags = 0;
        WIRE(server, flags)
    };
    struct Ret {
        List<TypedParameter, admin_server_threadpool_parameters_max> params;
        WIRE(params)
    };
};

/// virAdmServerSetThreadPoolParameters.
struct AdminServerSetThreadpoolParameters : Procedure<7, Program::admin> {
    static constexpr std::string_view api = "virAdmServerSetThreadPoolParameters";
    static constexpr std::string_view since = "1.3.4";
    struct Args {
        AdminServerRef server;
        List<TypedParameter, admin_server_threadpool_parameters_max> params;
        uint32_t flags = 0;
        WIRE(server, params, flags)
    };
};

/// virAdmServerListClients.
struct AdminServerListClients : Procedure<8, Program::admin> {
    static constexpr std::string_view api = "virAdmServerListClients";
    static constexpr std::string_view since = "1.3.5";
    struct Args {
        AdminServerRef server;
        uint32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(server, need_results, flags)
    };
    struct Ret {
        List<AdminClientRef, admin_client_list_max> clients;
        uint32_t ret = 0;
        WIRE(clients, ret)
    };
};

/// virAdmServerLookupClient.
struct AdminServerLookupClient : Procedure<9, Program::admin> {
    static constexpr std::string_view api = "virAdmServerLookupClient";
    static constexpr std::string_view since = "1.3.5";
    struct Args {
        AdminServerRef server;
        uint64_t id = 0;
        uint32_t flags = 0;
        WIRE(server, id, flags)
    };
    struct Ret {
        AdminClientRef client;
        WIRE(client)
    };
};

/// virAdmClientGetInfo.
struct AdminClientGetInfo : Procedure<10, Program::admin> {
    static constexpr std::string_view api = "virAdmClientGetInfo";
    static constexpr std::string_view since = "1.3.5";
    struct Args {
        AdminClientRef client;
        uint32_t flags = 0;
        WIRE(client, flags)
    };
    struct Ret {
        List<TypedParameter, admin_client_info_parameters_max> params;
        WIRE(params)
    };
};

/// virAdmClientClose.
struct AdminClientClose : Procedure<11, Program::admin> {
    static constexpr std::string_view api = "virAdmClientClose";
    static constexpr std::string_view since = "1.3.5";
    struct Args {
        AdminClientRef client;
        uint32_t flags = 0;
        WIRE(client, flags)
    };
};

/// virAdmServerGetClientLimits.
struct AdminServerGetClientLimits : Procedure<12, Program::admin> {
    static constexpr std::string_view api = "virAdmServerGetClientLimits";
    static constexpr std::string_view since = "1.3.5";
    struct Args {
        AdminServerRef server;
        uint32_t flags = 0;
        WIRE(server, flags)
    };
    struct Ret {
        List<TypedParameter, admin_server_client_limits_max> params;
        WIRE(params)
    };
};

/// virAdmServerSetClientLimits.
struct AdminServerSetClientLimits : Procedure<13, Program::admin> {
    static constexpr std::string_view api = "virAdmServerSetClientLimits";
    static constexpr std::string_view since = "1.3.5";
    struct Args {
        AdminServerRef server;
        List<TypedParameter, admin_server_client_limits_max> params;
        uint32_t flags = 0;
        WIRE(server, params, flags)
    };
};

/// virAdmConnectGetLoggingOutputs.
struct AdminConnectGetLoggingOutputs : Procedure<14, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectGetLoggingOutputs";
    static constexpr std::string_view since = "3.0.0";
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
    struct Ret {
        std::string outputs;
        uint32_t noutputs = 0;
        WIRE(outputs, noutputs)
    };
};

/// virAdmConnectGetLoggingFilters.
struct AdminConnectGetLoggingFilters : Procedure<15, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectGetLoggingFilters";
    static constexpr std::string_view since = "3.0.0";
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
    struct Ret {
        std::optional<std::string> filters;
        uint32_t nfilters = 0;
        WIRE(filters, nfilters)
    };
};

/// virAdmConnectSetLoggingOutputs.
struct AdminConnectSetLoggingOutputs : Procedure<16, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectSetLoggingOutputs";
    static constexpr std::string_view since = "3.0.0";
    struct Args {
        std::optional<std::string> outputs;
        uint32_t flags = 0;
        WIRE(outputs, flags)
    };
};

/// virAdmConnectSetLoggingFilters.
struct AdminConnectSetLoggingFilters : Procedure<17, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectSetLoggingFilters";
    static constexpr std::string_view since = "3.0.0";
    struct Args {
        std::optional<std::string> filters;
        uint32_t flags = 0;
        WIRE(filters, flags)
    };
};

/// virAdmServerUpdateTlsFiles.
struct AdminServerUpdateTlsFiles : Procedure<18, Program::admin> {
    static constexpr std::string_view api = "virAdmServerUpdateTlsFiles";
    static constexpr std::string_view since = "6.2.0";
    struct Args {
        AdminServerRef server;
        uint32_t flags = 0;
        WIRE(server, flags)
    };
};

/// virAdmConnectSetDaemonTimeout.
struct AdminConnectSetDaemonTimeout : Procedure<19, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectSetDaemonTimeout";
    static constexpr std::string_view since = "8.6.0";
    struct Args {
        uint32_t timeout = 0;
        uint32_t flags = 0;
        WIRE(timeout, flags)
    };
};

/// virAdmConnectDaemonShutdown.
struct AdminConnectDaemonShutdown : Procedure<20, Program::admin> {
    static constexpr std::string_view api = "virAdmConnectDaemonShutdown";
    static constexpr std::string_view since = "11.2.0";
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
};

/// Every procedure of this file, for the registry.
using AdminProcedures =
    Procedures<AdminConnectOpen, AdminConnectClose, AdminConnectGetLibVersion, AdminConnectListServers,
               AdminConnectLookupServer, AdminServerGetThreadpoolParameters, AdminServerSetThreadpoolParameters,
               AdminServerListClients, AdminServerLookupClient, AdminClientGetInfo, AdminClientClose,
               AdminServerGetClientLimits, AdminServerSetClientLimits, AdminConnectGetLoggingOutputs,
               AdminConnectGetLoggingFilters, AdminConnectSetLoggingOutputs, AdminConnectSetLoggingFilters,
               AdminServerUpdateTlsFiles, AdminConnectSetDaemonTimeout, AdminConnectDaemonShutdown>;

}  // namespace virtue::proc
