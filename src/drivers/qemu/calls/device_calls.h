// Calls that attach, change and detach devices, in the persistent definition and in the running guest. Owned by
// QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "model/domain/complete/platform.h"
#include "model/domain/device.h"
#include "protocol/remote/domain_device.h"

namespace virtue::qemu {

class DeviceCalls {
public:
    explicit DeviceCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    enum class Change : uint8_t { attach, detach, update };

    Task<wire::Void> attach(driver::Call& call, proc::DomainAttachDevice::Args args);
    Task<wire::Void> attach_flags(driver::Call& call, proc::DomainAttachDeviceFlags::Args args);
    Task<wire::Void> detach(driver::Call& call, proc::DomainDetachDevice::Args args);
    Task<wire::Void> detach_flags(driver::Call& call, proc::DomainDetachDeviceFlags::Args args);
    Task<wire::Void> detach_alias(driver::Call& call, proc::DomainDetachDeviceAlias::Args args);
    Task<wire::Void> update_flags(driver::Call& call, proc::DomainUpdateDeviceFlags::Args args);

    static void change_config(model::Domain& definition, const model::Device& device, const model::Platform& platform,
                              Change what);
    Task<void> change(driver::Call& call, proc::DomainRef which, std::string xml, uint32_t flags, Change what);

    Core& core_;
};

}  // namespace virtue::qemu
