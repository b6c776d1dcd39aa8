// Calls about a guest's processors and memory: times, sizes, pinning. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_cpu.h"
#include "protocol/remote/domain_tune.h"

namespace virtue::qemu {

class ResourceCalls {
public:
    explicit ResourceCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    proc::DomainGetVcpus::Ret vcpu_info(driver::Call&, proc::DomainGetVcpus::Args args);
    proc::DomainGetVcpuPinInfo::Ret vcpu_pins(driver::Call&, proc::DomainGetVcpuPinInfo::Args args);
    Task<wire::Void> pin_vcpu(driver::Call& call, proc::DomainPinVcpu::Args args);
    Task<wire::Void> pin_vcpu_flags(driver::Call& call, proc::DomainPinVcpuFlags::Args args);
    proc::DomainGetEmulatorPinInfo::Ret emulator_pin(driver::Call&, proc::DomainGetEmulatorPinInfo::Args args);
    Task<wire::Void> pin_emulator(driver::Call& call, proc::DomainPinEmulator::Args args);

    proc::DomainGetMaxMemory::Ret get_max_memory(driver::Call&, proc::DomainGetMaxMemory::Args args);
    Task<wire::Void> set_max_memory(driver::Call& call, proc::DomainSetMaxMemory::Args args);
    Task<wire::Void> set_memory(driver::Call& call, proc::DomainSetMemory::Args args);
    Task<wire::Void> set_memory_flags(driver::Call& call, proc::DomainSetMemoryFlags::Args args);
    Task<wire::Void> set_stats_period(driver::Call& call, proc::DomainSetMemoryStatsPeriod::Args args);

    Task<void> change_memory(driver::Call& call, proc::DomainRef which, uint64_t kib, uint32_t flags);
    /// Without a `vcpu`, the emulator's own threads.
    Task<void> pin(driver::Call& call, proc::DomainRef which, std::optional<uint32_t> vcpu, std::vector<uint8_t> map,
                   uint32_t flags);

    Core& core_;
};

}  // namespace virtue::qemu
