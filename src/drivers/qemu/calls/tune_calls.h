// Calls about how much of the host a guest may take: memory limits, CPU shares and quotas, block I/O weights, NUMA
// placement. Of a running guest they are read from its control group and changed there and in its live definition; a
// guest that runs without one is answered as by libvirt on a host without cgroups. Owned by QemuDriver; loop thread
// only.
#pragma once
#include <functional>

#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "host/cgroup.h"
#include "protocol/remote/domain_tune.h"

namespace virtue::qemu {

class TuneCalls {
public:
    explicit TuneCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

    /// Changes a running guest's group and live definition; returns what those who wait for events are told.
    using LiveChange = std::function<std::vector<wire::TypedParameter>(Run&)>;

    /// A kind of limits.
    struct Subject {
        const char* name;
        const char* missing;  ///< what libvirt says of a running guest on a host without cgroups
        bool in_session;      ///< a user's own daemon has it, too
        host::Controller controller;
    };

private:
    proc::DomainGetMemoryParameters::Ret memory(driver::Call&, proc::DomainGetMemoryParameters::Args args);
    Task<wire::Void> set_memory(driver::Call& call, proc::DomainSetMemoryParameters::Args args);
    proc::DomainGetBlkioParameters::Ret block_io(driver::Call&, proc::DomainGetBlkioParameters::Args args);
    Task<wire::Void> set_block_io(driver::Call& call, proc::DomainSetBlkioParameters::Args args);
    proc::DomainGetNumaParameters::Ret numa(driver::Call&, proc::DomainGetNumaParameters::Args args);
    Task<wire::Void> set_numa(driver::Call& call, proc::DomainSetNumaParameters::Args args);
    proc::DomainGetSchedulerType::Ret scheduler_type(driver::Call&, proc::DomainGetSchedulerType::Args args);
    proc::DomainGetSchedulerParameters::Ret scheduler(driver::Call&, proc::DomainGetSchedulerParameters::Args args);
    proc::DomainGetSchedulerParametersFlags::Ret scheduler_flags(driver::Call&,
                                                                 proc::DomainGetSchedulerParametersFlags::Args args);
    Task<wire::Void> set_scheduler(driver::Call& call, proc::DomainSetSchedulerParameters::Args args);
    Task<wire::Void> set_scheduler_flags(driver::Call& call, proc::DomainSetSchedulerParametersFlags::Args args);

    void require_available(const Subject& subject) const;
    /// What a reading call is about.
    struct View {
        const model::Domain& definition;
        const Run* run;  ///< in a control group; null for the persistent definition
    };
    /// Throws operation_unsupported in session mode, operation_invalid naming what is missing for a running guest.
    View view(const proc::DomainRef& which, uint32_t flags, const Subject& subject) const;
    /// Changes the persistent definition as `change` says, and a running guest as `change_live` does, in the guest's
    /// turn. Throws as view().
    Task<void> change_limits(driver::Call& call, proc::DomainRef which, uint32_t flags, const Subject& subject,
                             std::function<void(model::Domain&)> change, LiveChange change_live);

    Core& core_;
};

}  // namespace virtue::qemu
