#include "drivers/qemu/calls/migrate_calls.h"

#include "drivers/qemu/calls/support.h"

namespace virtue::qemu {
namespace {

/// QEMU counts bytes a second in 63 bits.
constexpr uint64_t unlimited_speed = INT64_MAX / 1048576;
constexpr int64_t mebibyte = 1048576;

}  // namespace

void MigrateCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainMigrateSetMaxDowntime>(this, &MigrateCalls::set_downtime);
    on.call<proc::DomainMigrateGetMaxDowntime>(this, &MigrateCalls::downtime);
    on.call<proc::DomainMigrateSetMaxSpeed>(this, &MigrateCalls::set_speed);
    on.call<proc::DomainMigrateGetMaxSpeed>(this, &MigrateCalls::speed);
    on.call<proc::DomainMigrateSetCompressionCache>(this, &MigrateCalls::set_cache);
    on.call<proc::DomainMigrateGetCompressionCache>(this, &MigrateCalls::cache);
    on.call<proc::DomainMigrateStartPostCopy>(this, &MigrateCalls::start_post_copy);
    on.call<proc::DomainAbortJobFlags>(this, &MigrateCalls::abort_job);
}

Task<Json> MigrateCalls::parameters(driver::Call& call, DomainOwner domain, const char* api) {
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, api, call.deadline);
    domain->running();
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    Json nothing;
    Json answer = co_await domain->monitor()->command("query-migrate-parameters", std::move(nothing), deadline);
    co_return answer;
}

Task<void> MigrateCalls::set_parameter(driver::Call& call, DomainOwner domain, const char* api, std::string name,
                                       int64_t value) {
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, api, call.deadline);
    domain->running();
    Json arguments = Json::object();
    arguments.set(name, value);
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("migrate-set-parameters", std::move(arguments), deadline);
}

Task<wire::Void> MigrateCalls::set_downtime(driver::Call& call, proc::DomainMigrateSetMaxDowntime::Args args) {
    require_flags(args.flags, 0, "qemuDomainMigrateSetMaxDowntime");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const int64_t downtime = static_cast<int64_t>(std::min<uint64_t>(args.downtime, INT64_MAX));
    co_await set_parameter(call, domain, "virDomainMigrateSetMaxDowntime", "downtime-limit", downtime);
    co_return wire::Void{};
}

Task<proc::DomainMigrateGetMaxDowntime::Ret> MigrateCalls::downtime(driver::Call& call,
                                                                    proc::DomainMigrateGetMaxDowntime::Args args) {
    require_flags(args.flags, 0, "qemuDomainMigrateGetMaxDowntime");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    Json known = co_await parameters(call, domain, "virDomainMigrateGetMaxDowntime");
    proc::DomainMigrateGetMaxDowntime::Ret ret;
    ret.downtime = known.at("downtime-limit").as_uint();
    co_return ret;
}

Task<wire::Void> MigrateCalls::set_speed(driver::Call& call, proc::DomainMigrateSetMaxSpeed::Args args) {
    require_flags(args.flags, api::domain_migrate_max_speed_postcopy, "qemuDomainMigrateSetMaxSpeed");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    if (args.bandwidth > unlimited_speed) {
        fail(ErrorCode::overflow, ErrorDomain::qemu, "bandwidth must be less than {}", unlimited_speed + 1);
    }
    if (args.flags & api::domain_migrate_max_speed_postcopy) {
        const int64_t bytes = static_cast<int64_t>(args.bandwidth) * mebibyte;
        co_await set_parameter(call, domain, "virDomainMigrateSetMaxSpeed", "max-postcopy-bandwidth", bytes);
        co_return wire::Void{};
    }
    std::erase_if(speeds_, [this](const auto& each) { return core_.domains.find(each.first) == nullptr; });
    speeds_[domain->uuid()] = args.bandwidth;
    co_return wire::Void{};
}

Task<proc::DomainMigrateGetMaxSpeed::Ret> MigrateCalls::speed(driver::Call& call,
                                                              proc::DomainMigrateGetMaxSpeed::Args args) {
    require_flags(args.flags, api::domain_migrate_max_speed_postcopy, "qemuDomainMigrateGetMaxSpeed");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainMigrateGetMaxSpeed::Ret ret;
    if (args.flags & api::domain_migrate_max_speed_postcopy) {
        Json known = co_await parameters(call, domain, "virDomainMigrateGetMaxSpeed");
        ret.bandwidth = known.uint_or("max-postcopy-bandwidth", 0) / mebibyte;
        co_return ret;
    }
    auto limit = speeds_.find(domain->uuid());
    ret.bandwidth = limit == speeds_.end() ? unlimited_speed : limit->second;
    co_return ret;
}

Task<wire::Void> MigrateCalls::set_cache(driver::Call& call, proc::DomainMigrateSetCompressionCache::Args args) {
    require_flags(args.flags, 0, "qemuDomainMigrateSetCompressionCache");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const int64_t size = static_cast<int64_t>(std::min<uint64_t>(args.cache_size, INT64_MAX));
    co_await set_parameter(call, domain, "virDomainMigrateSetCompressionCache", "xbzrle-cache-size", size);
    co_return wire::Void{};
}

Task<proc::DomainMigrateGetCompressionCache::Ret> MigrateCalls::cache(
    driver::Call& call, proc::DomainMigrateGetCompressionCache::Args args) {
    require_flags(args.flags, 0, "qemuDomainMigrateGetCompressionCache");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    Json known = co_await parameters(call, domain, "virDomainMigrateGetCompressionCache");
    proc::DomainMigrateGetCompressionCache::Ret ret;
    ret.cache_size = known.uint_or("xbzrle-cache-size", 0);
    co_return ret;
}

wire::Void MigrateCalls::start_post_copy(driver::Call&, proc::DomainMigrateStartPostCopy::Args args) {
    require_flags(args.flags, 0, "qemuDomainMigrateStartPostCopy");
    core_.at(args.domain.name, args.domain.uuid)->running();
    throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                "post-copy can only be started while outgoing migration is in progress");
}

wire::Void MigrateCalls::abort_job(driver::Call&, proc::DomainAbortJobFlags::Args args) {
    require_flags(args.flags, api::domain_abort_job_postcopy, "qemuDomainAbortJobFlags");
    core_.at(args.domain.name, args.domain.uuid)->running();
    throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                args.flags & api::domain_abort_job_postcopy ? "current job is not outgoing migration in post-copy mode"
                                                            : "no job is active on the domain");
}

}  // namespace virtue::qemu
