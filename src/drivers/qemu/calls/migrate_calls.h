// Calls that set how a migration of a guest will go: downtime, speed, compression cache; and those that act on one
// under way. Owned by QemuDriver; loop thread only.
#pragma once
#include <map>

#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_migrate.h"
#include "protocol/remote/domain_stats.h"

namespace virtue::qemu {

class MigrateCalls {
public:
    explicit MigrateCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<wire::Void> set_downtime(driver::Call& call, proc::DomainMigrateSetMaxDowntime::Args args);
    Task<proc::DomainMigrateGetMaxDowntime::Ret> downtime(driver::Call& call,
                                                          proc::DomainMigrateGetMaxDowntime::Args args);
    Task<wire::Void> set_speed(driver::Call& call, proc::DomainMigrateSetMaxSpeed::Args args);
    Task<proc::DomainMigrateGetMaxSpeed::Ret> speed(driver::Call& call, proc::DomainMigrateGetMaxSpeed::Args args);
    Task<wire::Void> set_cache(driver::Call& call, proc::DomainMigrateSetCompressionCache::Args args);
    Task<proc::DomainMigrateGetCompressionCache::Ret> cache(driver::Call& call,
                                                            proc::DomainMigrateGetCompressionCache::Args args);
    wire::Void start_post_copy(driver::Call&, proc::DomainMigrateStartPostCopy::Args args);
    wire::Void abort_job(driver::Call&, proc::DomainAbortJobFlags::Args args);

    /// A running guest with its monitor asked for migration parameters.
    Task<Json> parameters(driver::Call& call, DomainOwner domain, const char* api);
    Task<void> set_parameter(driver::Call& call, DomainOwner domain, const char* api, std::string name, int64_t value);

    Core& core_;
    std::map<Uuid, uint64_t> speeds_;  ///< MiB/s of guests that have a limit; not kept over a restart, as in libvirt
};

}  // namespace virtue::qemu
