// table
// What only the QEMU driver has: its monitor, the guest agent, monitor events.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainQemuMonitorCommand: QMP, or the human monitor with flag 1.
struct QemuDomainMonitorCommand : Procedure<1, Program::qemu> {
    static constexpr std::string_view api = "virDomainQemuMonitorCommand";
    static constexpr std::string_view since = "0.8.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string cmd;
        uint32_t flags = 0;
        WIRE(domain, cmd, flags)
    };
    struct Ret {
        std::string result;
        WIRE(result)
    };
};

/// virDomainQemuAttach: takes over an emulator that somebody else started; refused by current libvirt.
struct QemuDomainAttach : Procedure<2, Program::qemu> {
    static constexpr std::string_view api = "virDomainQemuAttach";
    static constexpr std::string_view since = "0.9.4";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_start, Permission::domain_write};
    struct Args {
        uint32_t pid_value = 0;
        uint32_t flags = 0;
        WIRE(pid_value, flags)
    };
    struct Ret {
        DomainRef domain;
        WIRE(domain)
    };
};

/// virDomainQemuAgentCommand: `timeout` in seconds; -2 waits for ever, -1 is the default, 0 does not wait.
struct QemuDomainAgentCommand : Procedure<3, Program::qemu> {
    static constexpr std::string_view api = "virDomainQemuAgentCommand";
    static constexpr std::string_view since = "0.10.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    struct Args {
        DomainRef domain;
        std::string cmd;
        int32_t timeout = 0;
        uint32_t flags = 0;
        WIRE(domain, cmd, timeout, flags)
    };
    struct Ret {
        std::optional<std::string> result;
        WIRE(result)
    };
};

/// virConnectDomainQemuMonitorEventRegister: of one domain or all; `event` a name, or a pattern with the flags.
struct QemuConnectDomainMonitorEventRegister : Procedure<4, Program::qemu> {
    static constexpr std::string_view api = "virConnectDomainQemuMonitorEventRegister";
    static constexpr std::string_view since = "1.2.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_search_domains, Permission::connect_write};
    static constexpr Permission filter = Permission::domain_getattr;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::optional<DomainRef> domain;
        std::optional<std::string> event;
        uint32_t flags = 0;
        WIRE(domain, event, flags)
    };
    struct Ret {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// virConnectDomainQemuMonitorEventDeregister.
struct QemuConnectDomainMonitorEventDeregister : Procedure<5, Program::qemu> {
    static constexpr std::string_view api = "virConnectDomainQemuMonitorEventDeregister";
    static constexpr std::string_view since = "1.2.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::connect_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t callback_id = 0;
        WIRE(callback_id)
    };
};

/// An event of the monitor as it came; `details` is its JSON.
struct QemuDomainMonitorEvent : Event<6, Program::qemu> {
    static constexpr std::string_view since = "1.2.3";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    struct Msg {
        int32_t callback_id = 0;
        DomainRef domain;
        std::string event;
        int64_t seconds = 0;
        uint32_t micros = 0;
        std::optional<std::string> details;
        WIRE(callback_id, domain, event, seconds, micros, details)
    };
};

/// virDomainQemuMonitorCommandWithFiles: QMP with descriptors both ways.
struct QemuDomainMonitorCommandWithFiles : Procedure<7, Program::qemu> {
    static constexpr std::string_view api = "virDomainQemuMonitorCommandWithFiles";
    static constexpr std::string_view since = "8.2.0";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_write};
    static constexpr FdCount call_fds{0, fds_max};
    static constexpr FdCount reply_fds{0, fds_max};
    struct Args {
        DomainRef domain;
        std::string cmd;
        uint32_t flags = 0;
        WIRE(domain, cmd, flags)
    };
    struct Ret {
        std::string result;
        WIRE(result)
    };
};

/// Every procedure of this file, for the registry.
using QemuProcedures = Procedures<QemuDomainMonitorCommand, QemuDomainAttach, QemuDomainAgentCommand,
                                  QemuConnectDomainMonitorEventRegister, QemuConnectDomainMonitorEventDeregister,
                                  QemuDomainMonitorEvent, QemuDomainMonitorCommandWithFiles>;

}  // namespace virtue::proc
