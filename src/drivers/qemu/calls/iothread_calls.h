// Calls about a guest's I/O threads: which there are, where they run, how long they poll. Owned by QemuDriver; loop
// thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_cpu.h"

namespace virtue::qemu {

class IoThreadCalls {
public:
    explicit IoThreadCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::DomainGetIothreadInfo::Ret> list(driver::Call& call, proc::DomainGetIothreadInfo::Args args);
    Task<wire::Void> pin(driver::Call& call, proc::DomainPinIothread::Args args);
    Task<wire::Void> add(driver::Call& call, proc::DomainAddIothread::Args args);
    Task<wire::Void> remove(driver::Call& call, proc::DomainDelIothread::Args args);
    Task<wire::Void> set(driver::Call& call, proc::DomainSetIothreadParams::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
