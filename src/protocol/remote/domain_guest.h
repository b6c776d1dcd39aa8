// table
// Domains: what is asked of or done inside the guest, mostly through its agent.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainGetHostname.
struct DomainGetHostname : Procedure<277, Program::remote> {
    static constexpr std::string_view api = "virDomainGetHostname";
    static constexpr std::string_view since = "0.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        std::string hostname;
        WIRE(hostname)
    };
};

/// virDomainFSTrim: `minimum` in bytes.
struct DomainFstrim : Procedure<294, Program::remote> {
    static constexpr std::string_view api = "virDomainFSTrim";
    static constexpr std::string_view since = "1.0.1";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_fs_trim};
    struct Args {
        DomainRef domain;
        std::optional<std::string> mount_point;
        uint64_t minimum = 0;
        uint32_t flags = 0;
        WIRE(domain, mount_point, minimum, flags)
    };
};

/// virDomainSendProcessSignal: to a process of the guest; 1 is its init.
struct DomainSendProcessSignal : Procedure<295, Program::remote> {
    static constexpr std::string_view api = "virDomainSendProcessSignal";
    static constexpr std::string_view since = "1.0.1";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_send_signal};
    struct Args {
        DomainRef domain;
        int64_t pid_value = 0;
        uint32_t signum = 0;
        uint32_t flags = 0;
        WIRE(domain, pid_value, signum, flags)
    };
};

/// virDomainFSFreeze: no mount points means all; the result is how many were frozen.
struct DomainFsfreeze : Procedure<335, Program::remote> {
    static constexpr std::string_view api = "virDomainFSFreeze";
    static constexpr std::string_view since = "1.2.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_fs_freeze};
    struct Args {
        DomainRef domain;
        List<std::string, domain_fsfreeze_mountpoints_max> mountpoints;
        uint32_t flags = 0;
        WIRE(domain, mountpoints, flags)
    };
    struct Ret {
        int32_t filesystems = 0;
        WIRE(filesystems)
    };
};

/// virDomainFSThaw.
struct DomainFsthaw : Procedure<336, Program::remote> {
    static constexpr std::string_view api = "virDomainFSThaw";
    static constexpr std::string_view since = "1.2.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_fs_freeze};
    struct Args {
        DomainRef domain;
        List<std::string, domain_fsfreeze_mountpoints_max> mountpoints;
        uint32_t flags = 0;
        WIRE(domain, mountpoints, flags)
    };
    struct Ret {
        int32_t filesystems = 0;
        WIRE(filesystems)
    };
};

/// virDomainGetTime: the guest's clock, through its agent; since the epoch.
struct DomainGetTime : Procedure<337, Program::remote> {
    static constexpr std::string_view api = "virDomainGetTime";
    static constexpr std::string_view since = "1.2.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        int64_t seconds = 0;
        uint32_t nseconds = 0;
        WIRE(seconds, nseconds)
    };
};

/// virDomainSetTime: the guest's clock, through its agent; since the epoch.
struct DomainSetTime : Procedure<338, Program::remote> {
    static constexpr std::string_view api = "virDomainSetTime";
    static constexpr std::string_view since = "1.2.5";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_set_time};
    struct Args {
        DomainRef domain;
        int64_t seconds = 0;
        uint32_t nseconds = 0;
        uint32_t flags = 0;
        WIRE(domain, seconds, nseconds, flags)
    };
};

/// One file system mounted in the guest.
struct DomainFilesystem {
    std::string mountpoint;
    std::string name;
    std::string fstype;
    List<std::string, domain_fsinfo_disks_max> dev_aliases;
    WIRE(mountpoint, name, fstype, dev_aliases)
};

/// virDomainGetFSInfo: through the agent.
struct DomainGetFsinfo : Procedure<349, Program::remote> {
    static constexpr std::string_view api = "virDomainGetFSInfo";
    static constexpr std::string_view since = "1.2.11";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_fs_freeze};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        List<DomainFilesystem, domain_fsinfo_max> info;
        uint32_t ret = 0;
        WIRE(info, ret)
    };
};

/// One address of a guest interface.
struct DomainIpAddress {
    int32_t type = 0;
    std::string addr;
    uint32_t prefix = 0;
    WIRE(type, addr, prefix)
};

/// One network interface as the guest, the leases or ARP know it.
struct DomainInterface {
    std::string name;
    std::optional<std::string> hwaddr;
    List<DomainIpAddress, domain_ip_addr_max> addrs;
    WIRE(name, hwaddr, addrs)
};

/// virDomainInterfaceAddresses: from leases, the agent or ARP, as `source` says.
struct DomainInterfaceAddresses : Procedure<353, Program::remote> {
    static constexpr std::string_view api = "virDomainInterfaceAddresses";
    static constexpr std::string_view since = "1.2.14";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{
        Permission::domain_read,
        AccessRule{Permission::domain_write, Condition::source_is(flag::interface_addresses_agent)}};
    static constexpr bool read_only_allowed = true;
    static constexpr Condition read_only_denied_if = Condition::source_is(flag::interface_addresses_agent);
    struct Args {
        DomainRef domain;
        uint32_t source = 0;
        uint32_t flags = 0;
        WIRE(domain, source, flags)
    };
    struct Ret {
        List<DomainInterface, domain_interface_max> ifaces;
        WIRE(ifaces)
    };
};

/// virDomainSetUserPassword.
struct DomainSetUserPassword : Procedure<357, Program::remote> {
    static constexpr std::string_view api = "virDomainSetUserPassword";
    static constexpr std::string_view since = "1.2.16";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_set_password};
    struct Args {
        DomainRef domain;
        std::optional<std::string> user;
        std::optional<std::string> password;
        uint32_t flags = 0;
        WIRE(domain, user, password, flags)
    };
};

/// virDomainGetGuestVcpus: inside the guest, through its agent.
struct DomainGetGuestVcpus : Procedure<371, Program::remote> {
    static constexpr std::string_view api = "virDomainGetGuestVcpus";
    static constexpr std::string_view since = "2.0.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
    struct Ret {
        List<TypedParameter, domain_guest_vcpu_params_max> params;
        WIRE(params)
    };
};

/// virDomainSetGuestVcpus: inside the guest, through its agent.
struct DomainSetGuestVcpus : Procedure<372, Program::remote> {
    static constexpr std::string_view api = "virDomainSetGuestVcpus";
    static constexpr std::string_view since = "2.0.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string cpumap;
        int32_t state = 0;
        uint32_t flags = 0;
        WIRE(domain, cpumap, state, flags)
    };
};

/// virDomainGetGuestInfo: users, system, file systems and so on, through the agent; `types` is a mask.
struct DomainGetGuestInfo : Procedure<418, Program::remote> {
    static constexpr std::string_view api = "virDomainGetGuestInfo";
    static constexpr std::string_view since = "5.7.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        uint32_t types = 0;
        uint32_t flags = 0;
        WIRE(domain, types, flags)
    };
    struct Ret {
        List<TypedParameter, domain_guest_info_params_max> params;
        WIRE(params)
    };
};

/// virDomainAgentSetResponseTimeout: in seconds; -2 waits for ever, -1 is the default, 0 does not wait.
struct DomainAgentSetResponseTimeout : Procedure<420, Program::remote> {
    static constexpr std::string_view api = "virDomainAgentSetResponseTimeout";
    static constexpr std::string_view since = "5.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        int32_t timeout = 0;
        uint32_t flags = 0;
        WIRE(domain, timeout, flags)
    };
    struct Ret {
        int32_t result = 0;
        WIRE(result)
    };
};

/// virDomainAuthorizedSSHKeysGet.
struct DomainAuthorizedSshKeysGet : Procedure<424, Program::remote> {
    static constexpr std::string_view api = "virDomainAuthorizedSSHKeysGet";
    static constexpr std::string_view since = "6.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string user;
        uint32_t flags = 0;
        WIRE(domain, user, flags)
    };
    struct Ret {
        List<std::string, domain_authorized_ssh_keys_max> keys;
        WIRE(keys)
    };
};

/// virDomainAuthorizedSSHKeysSet.
struct DomainAuthorizedSshKeysSet : Procedure<425, Program::remote> {
    static constexpr std::string_view api = "virDomainAuthorizedSSHKeysSet";
    static constexpr std::string_view since = "6.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string user;
        List<std::string, domain_authorized_ssh_keys_max> keys;
        uint32_t flags = 0;
        WIRE(domain, user, keys, flags)
    };
};

/// Every procedure of this file, for the registry.
using DomainGuestProcedures =
    Procedures<DomainGetHostname, DomainFstrim, DomainSendProcessSignal, DomainFsfreeze, DomainFsthaw, DomainGetTime,
               DomainSetTime, DomainGetFsinfo, DomainInterfaceAddresses, DomainSetUserPassword, DomainGetGuestVcpus,
               DomainSetGuestVcpus, DomainGetGuestInfo, DomainAgentSetResponseTimeout, DomainAuthorizedSshKeysGet,
               DomainAuthorizedSshKeysSet>;

}  // namespace virtue::proc
