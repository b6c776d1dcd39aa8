// table
// The connection itself: open, close, features, who and what answers, capabilities, CPU models.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virConnectOpen: `name` is the driver's URI without transport; absent or empty lets the daemon choose. Flag 1 is
/// read-only.
struct ConnectOpen : Procedure<1, Program::remote> {
    static constexpr std::string_view api = "virConnectOpen";
    static constexpr std::string_view since = "0.3.0";
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::optional<std::string> name;
        uint32_t flags = 0;
        WIRE(name, flags)
    };
};

/// virConnectClose: the server replies, then closes the socket.
struct ConnectClose : Procedure<2, Program::remote> {
    static constexpr std::string_view api = "virConnectClose";
    static constexpr std::string_view since = "0.3.0";
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
};

/// virConnectGetType.
struct ConnectGetType : Procedure<3, Program::remote> {
    static constexpr std::string_view api = "virConnectGetType";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        std::string type;
        WIRE(type)
    };
};

/// virConnectGetVersion: of the hypervisor, major * 1,000,000 + minor * 1,000 + release.
struct ConnectGetVersion : Procedure<4, Program::remote> {
    static constexpr std::string_view api = "virConnectGetVersion";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        uint64_t hv_ver = 0;
        WIRE(hv_ver)
    };
};

/// virConnectGetMaxVcpus: for one type of virtualization ("kvm"), absent for the default.
struct ConnectGetMaxVcpus : Procedure<5, Program::remote> {
    static constexpr std::string_view api = "virConnectGetMaxVcpus";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::optional<std::string> type;
        WIRE(type)
    };
    struct Ret {
        int32_t max_vcpus = 0;
        WIRE(max_vcpus)
    };
};

/// virConnectGetCapabilities: the host's capabilities XML.
struct ConnectGetCapabilities : Procedure<7, Program::remote> {
    static constexpr std::string_view api = "virConnectGetCapabilities";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    struct Ret {
        std::string capabilities;
        WIRE(capabilities)
    };
};

/// virConnectGetHostname.
struct ConnectGetHostname : Procedure<59, Program::remote> {
    static constexpr std::string_view api = "virConnectGetHostname";
    static constexpr std::string_view since = "0.3.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        std::string hostname;
        WIRE(hostname)
    };
};

/// virConnectSupportsFeature: one of the VIR_DRV_FEATURE numbers. Asking for 10 starts keepalive.
struct ConnectSupportsFeature : Procedure<60, Program::remote> {
    static constexpr std::string_view api = "virConnectSupportsFeature";
    static constexpr std::string_view since = "0.3.2";
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t feature = 0;
        WIRE(feature)
    };
    struct Ret {
        int32_t supported = 0;
        WIRE(supported)
    };
};

/// virConnectGetURI.
struct ConnectGetUri : Procedure<110, Program::remote> {
    static constexpr std::string_view api = "virConnectGetURI";
    static constexpr std::string_view since = "0.5.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        std::string uri;
        WIRE(uri)
    };
};

/// virConnectIsSecure.
struct ConnectIsSecure : Procedure<149, Program::remote> {
    static constexpr std::string_view api = "virConnectIsSecure";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t secure = 0;
        WIRE(secure)
    };
};

/// virConnectGetLibVersion: of the daemon, in the same form.
struct ConnectGetLibVersion : Procedure<157, Program::remote> {
    static constexpr std::string_view api = "virConnectGetLibVersion";
    static constexpr std::string_view since = "0.7.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        uint64_t lib_ver = 0;
        WIRE(lib_ver)
    };
};

/// virConnectCompareCPU: whether this host can run that CPU (virCPUCompareResult).
struct ConnectCompareCpu : Procedure<158, Program::remote> {
    static constexpr std::string_view api = "virConnectCompareCPU";
    static constexpr std::string_view since = "0.7.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        int32_t result = 0;
        WIRE(result)
    };
};

/// virConnectBaselineCPU: the richest CPU that all the given ones can run.
struct ConnectBaselineCpu : Procedure<162, Program::remote> {
    static constexpr std::string_view api = "virConnectBaselineCPU";
    static constexpr std::string_view since = "0.7.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        List<std::string, cpu_baseline_max> xml_cpus;
        uint32_t flags = 0;
        WIRE(xml_cpus, flags)
    };
    struct Ret {
        std::string cpu;
        WIRE(cpu)
    };
};

/// virConnectGetSysinfo: the host's SMBIOS as XML.
struct ConnectGetSysinfo : Procedure<203, Program::remote> {
    static constexpr std::string_view api = "virConnectGetSysinfo";
    static constexpr std::string_view since = "0.8.8";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        uint32_t flags = 0;
        WIRE(flags)
    };
    struct Ret {
        std::string sysinfo;
        WIRE(sysinfo)
    };
};

/// virConnectGetCPUModelNames: with `need_results` 0 only the count.
struct ConnectGetCpuModelNames : Procedure<312, Program::remote> {
    static constexpr std::string_view api = "virConnectGetCPUModelNames";
    static constexpr std::string_view since = "1.1.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_read};
    static constexpr bool read_only_allowed = true;
    struct Args {
        std::string arch;
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(arch, need_results, flags)
    };
    struct Ret {
        List<std::string, connect_cpu_models_max> models;
        int32_t ret = 0;
        WIRE(models, ret)
    };
};

/// virConnectGetDomainCapabilities: what a guest may have on this emulator, architecture and machine.
struct ConnectGetDomainCapabilities : Procedure<342, Program::remote> {
    static constexpr std::string_view api = "virConnectGetDomainCapabilities";
    static constexpr std::string_view since = "1.2.7";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_write};
    struct Args {
        std::optional<std::string> emulatorbin;
        std::optional<std::string> arch;
        std::optional<std::string> machine;
        std::optional<std::string> virttype;
        uint32_t flags = 0;
        WIRE(emulatorbin, arch, machine, virttype, flags)
    };
    struct Ret {
        std::string capabilities;
        WIRE(capabilities)
    };
};

/// virConnectRegisterCloseCallback: asks for ConnectEventConnectionClosed.
struct ConnectRegisterCloseCallback : Procedure<360, Program::remote> {
    static constexpr std::string_view api = "virConnectRegisterCloseCallback";
    static constexpr std::string_view since = "1.3.3";
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
};

/// virConnectUnregisterCloseCallback.
struct ConnectUnregisterCloseCallback : Procedure<361, Program::remote> {
    static constexpr std::string_view api = "virConnectUnregisterCloseCallback";
    static constexpr std::string_view since = "1.3.3";
    static constexpr Access access{Permission::connect_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
};

/// The hypervisor connection is gone (virConnectCloseReason); sent after a registration only.
struct ConnectEventConnectionClosed : Event<362, Program::remote> {
    static constexpr std::string_view since = "1.3.3";
    struct Msg {
        int32_t reason = 0;
        WIRE(reason)
    };
};

/// virConnectCompareHypervisorCPU: the same question to the emulator instead of the host.
struct ConnectCompareHypervisorCpu : Procedure<393, Program::remote> {
    static constexpr std::string_view api = "virConnectCompareHypervisorCPU";
    static constexpr std::string_view since = "4.4.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_write};
    struct Args {
        std::optional<std::string> emulator;
        std::optional<std::string> arch;
        std::optional<std::string> machine;
        std::optional<std::string> virttype;
        std::string xml_cpu;
        uint32_t flags = 0;
        WIRE(emulator, arch, machine, virttype, xml_cpu, flags)
    };
    struct Ret {
        int32_t result = 0;
        WIRE(result)
    };
};

/// virConnectBaselineHypervisorCPU: the same question to the emulator instead of the host.
struct ConnectBaselineHypervisorCpu : Procedure<394, Program::remote> {
    static constexpr std::string_view api = "virConnectBaselineHypervisorCPU";
    static constexpr std::string_view since = "4.4.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_write};
    struct Args {
        std::optional<std::string> emulator;
        std::optional<std::string> arch;
        std::optional<std::string> machine;
        std::optional<std::string> virttype;
        List<std::string, cpu_baseline_max> xml_cpus;
        uint32_t flags = 0;
        WIRE(emulator, arch, machine, virttype, xml_cpus, flags)
    };
    struct Ret {
        std::string cpu;
        WIRE(cpu)
    };
};

/// virConnectSetIdentity: who asks, as told by a proxy in front of this daemon.
struct ConnectSetIdentity : Procedure<419, Program::remote> {
    static constexpr std::string_view api = "virConnectSetIdentity";
    static constexpr std::string_view since = "5.8.0";
    static constexpr Access access{Permission::connect_write};
    static constexpr bool read_only_allowed = true;
    struct Args {
        List<TypedParameter, connect_identity_params_max> params;
        uint32_t flags = 0;
        WIRE(params, flags)
    };
};

/// Every procedure of this file, for the registry.
using ConnectProcedures =
    Procedures<ConnectOpen, ConnectClose, ConnectGetType, ConnectGetVersion, ConnectGetMaxVcpus, ConnectGetCapabilities,
               ConnectGetHostname, ConnectSupportsFeature, ConnectGetUri, ConnectIsSecure, ConnectGetLibVersion,
               ConnectCompareCpu, ConnectBaselineCpu, ConnectGetSysinfo, ConnectGetCpuModelNames,
               ConnectGetDomainCapabilities, ConnectRegisterCloseCallback, ConnectUnregisterCloseCallback,
               ConnectEventConnectionClosed, ConnectCompareHypervisorCpu, ConnectBaselineHypervisorCpu,
               ConnectSetIdentity>;

}  // namespace virtue::proc
