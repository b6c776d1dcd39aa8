// table
// What only the container driver has: the namespaces of a container.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virDomainLxcOpenNamespace: one descriptor for each namespace of the container.
struct LxcDomainOpenNamespace : Procedure<1, Program::lxc> {
    static constexpr std::string_view api = "virDomainLxcOpenNamespace";
    static constexpr std::string_view since = "1.0.2";
    static constexpr DriverKind kind = DriverKind::hypervisor;
    static constexpr Access access{Permission::domain_open_namespace};
    static constexpr FdCount reply_fds{0, fds_max};
    struct Args {
        DomainRef domain;
        uint32_t flags = 0;
        WIRE(domain, flags)
    };
};

/// Every procedure of this file, for the registry.
using LxcProcedures = Procedures<LxcDomainOpenNamespace>;

}  // namespace virtue::proc
