// Calls about the connection: version, type, limits, capabilities of emulators. What the host itself can tell is in
// calls/node_calls. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/connect.h"

namespace virtue::qemu {

class HostCalls {
public:
    explicit HostCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    proc::ConnectGetType::Ret type(driver::Call&, wire::Void);
    Task<proc::ConnectGetVersion::Ret> version(driver::Call& call, wire::Void);
    Task<proc::ConnectGetMaxVcpus::Ret> max_vcpus(driver::Call& call, proc::ConnectGetMaxVcpus::Args args);
    proc::ConnectGetHostname::Ret hostname(driver::Call&, wire::Void);
    proc::ConnectIsSecure::Ret is_secure(driver::Call&, wire::Void);
    Task<proc::ConnectGetDomainCapabilities::Ret> domain_capabilities(driver::Call& call,
                                                                      proc::ConnectGetDomainCapabilities::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
