// Calls about how many processors a guest has: in its definition, while it runs, and as the system inside it uses them.
// Owned by QemuDriver; loop thread only.
#pragma once
#include "base/bitmap.h"
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_cpu.h"
#include "protocol/remote/domain_guest.h"

namespace virtue::qemu {

class VcpuCalls {
public:
    explicit VcpuCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    proc::DomainGetMaxVcpus::Ret maximum(driver::Call&, proc::DomainGetMaxVcpus::Args args);
    Task<proc::DomainGetVcpusFlags::Ret> get(driver::Call& call, proc::DomainGetVcpusFlags::Args args);
    Task<wire::Void> set(driver::Call& call, proc::DomainSetVcpus::Args args);
    Task<wire::Void> set_flags(driver::Call& call, proc::DomainSetVcpusFlags::Args args);
    Task<wire::Void> set_each(driver::Call& call, proc::DomainSetVcpu::Args args);
    Task<proc::DomainGetGuestVcpus::Ret> get_guest(driver::Call& call, proc::DomainGetGuestVcpus::Args args);
    Task<wire::Void> set_guest(driver::Call& call, proc::DomainSetGuestVcpus::Args args);

    Task<void> change_count(driver::Call& call, proc::DomainRef which, uint32_t count, uint32_t flags);
    Task<void> change_guest_count(driver::Call& call, DomainOwner domain, uint32_t count);

    Core& core_;
};

}  // namespace virtue::qemu
