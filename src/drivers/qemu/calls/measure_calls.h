// Calls that measure a guest: processor time of its control group, dirtied memory, performance counters; and what
// protects its memory. Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_stats.h"
#include "protocol/remote/domain_tune.h"

namespace virtue::qemu {

class MeasureCalls {
public:
    explicit MeasureCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    proc::DomainGetCpuStats::Ret cpu_stats(driver::Call&, proc::DomainGetCpuStats::Args args);
    Task<wire::Void> start_dirty_rate(driver::Call& call, proc::DomainStartDirtyRateCalc::Args args);
    proc::DomainGetPerfEvents::Ret perf_events(driver::Call&, proc::DomainGetPerfEvents::Args args);
    Task<wire::Void> set_perf_events(driver::Call& call, proc::DomainSetPerfEvents::Args args);
    Task<proc::DomainGetLaunchSecurityInfo::Ret> launch_security(driver::Call& call,
                                                                 proc::DomainGetLaunchSecurityInfo::Args args);
    Task<wire::Void> set_launch_security(driver::Call& call, proc::DomainSetLaunchSecurityState::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
