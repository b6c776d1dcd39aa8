// Calls about the limits of guests' network cards: how much they may send and receive, in the definition and while the
// guest runs. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_tune.h"

namespace virtue::qemu {

class InterfaceTuneCalls {
public:
    explicit InterfaceTuneCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    proc::DomainGetInterfaceParameters::Ret limits(driver::Call& call, proc::DomainGetInterfaceParameters::Args args);
    Task<wire::Void> set_limits(driver::Call& call, proc::DomainSetInterfaceParameters::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
