// Calls about the hypervisor's own language: domxml-to-native. The other direction is refused, as by libvirt since 5.5.
// Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_define.h"

namespace virtue::qemu {

class NativeCalls {
public:
    explicit NativeCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::ConnectDomainXmlToNative::Ret> to_native(driver::Call& call, proc::ConnectDomainXmlToNative::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
