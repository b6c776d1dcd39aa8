// What a guest's end means: virDomainSetLifecycleAction. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_lifecycle.h"

namespace virtue::qemu {

class LifecycleCalls {
public:
    explicit LifecycleCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<wire::Void> set_action(driver::Call& call, proc::DomainSetLifecycleAction::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
