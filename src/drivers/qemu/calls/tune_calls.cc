#include "drivers/qemu/calls/tune_calls.h"

#include "base/error.h"
#include "drivers/qemu/calls/tune_support.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using namespace tune;

namespace {

using host::Controller;

constexpr TuneCalls::Subject memory_subject{"Memory tuning", "cgroup memory controller is not mounted", false,
                                            Controller::memory};
constexpr const char* groupless =
    "it runs in no control group with that controller; the persistent definition can be "
    "read and changed (--config)";

/// VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, in KiB.
constexpr uint64_t unlimited = 9007199254740991;

struct MemoryLimit {
    std::string_view name;
    std::optional<model::Kibibytes> model::MemTune::*value;
    host::MemoryLimit limit;
};
constexpr MemoryLimit memory_limits[] = {
    {"hard_limit", &model::MemTune::hard_limit, host::MemoryLimit::hard},
    {"soft_limit", &model::MemTune::soft_limit, host::MemoryLimit::soft},
    {"swap_hard_limit", &model::MemTune::swap_hard_limit, host::MemoryLimit::swap_hard}};
constexpr wire::ExpectedParameter memory_settings[] = {
    {"hard_limit", type_ullong}, {"soft_limit", type_ullong}, {"swap_hard_limit", type_ullong}};

void change_memory_limits(model::MemTune& tune, const wire::TypedParameters& params) {
    for (const MemoryLimit& limit : memory_limits) {
        auto wanted = params.find_ullong(limit.name);
        if (!wanted) continue;
        auto& value = tune.*limit.value;
        if (*wanted >= unlimited) {
            value.reset();
        } else {
            value = model::Kibibytes{*wanted};
        }
    }
    if (params.find("swap_hard_limit") || params.find("hard_limit")) {
        const uint64_t hard = tune.hard_limit ? tune.hard_limit->count : unlimited;
        const uint64_t swap = tune.swap_hard_limit ? tune.swap_hard_limit->count : unlimited;
        if (hard > swap) {
            throw Error(ErrorCode::invalid_arg, ErrorDomain::domain,
                        "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
        }
    }
}

std::vector<wire::TypedParameter> change_live_memory(Run& run, const wire::TypedParameters& params) {
    model::MemTune& tune = run.domain->memtune;
    model::MemTune wanted = tune;
    change_memory_limits(wanted, params);
    const auto write = [&](const MemoryLimit& limit) {
        if (!params.find(limit.name)) return;
        const auto& value = wanted.*limit.value;
        run.group->set_memory_limit(limit.limit, value ? std::optional(value->count) : std::nullopt);
        tune.*limit.value = value;
    };
    const auto& [hard, soft, swap] = memory_limits;
    const auto kib = [](const std::optional<model::Kibibytes>& value) { return value ? value->count : unlimited; };
    // The kernel keeps the limit of memory alone at or below that of memory and swap at each moment.
    const bool lowers = kib(wanted.hard_limit) < kib(tune.hard_limit);
    write(soft);
    if (lowers) write(hard);
    write(swap);
    if (!lowers) write(hard);
    return {};
}

}  // namespace

void TuneCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetMemoryParameters>(this, &TuneCalls::memory);
    on.call<proc::DomainSetMemoryParameters>(this, &TuneCalls::set_memory);
    on.call<proc::DomainGetBlkioParameters>(this, &TuneCalls::block_io);
    on.call<proc::DomainSetBlkioParameters>(this, &TuneCalls::set_block_io);
    on.call<proc::DomainGetNumaParameters>(this, &TuneCalls::numa);
    on.call<proc::DomainSetNumaParameters>(this, &TuneCalls::set_numa);
    on.call<proc::DomainGetSchedulerType>(this, &TuneCalls::scheduler_type);
    on.call<proc::DomainGetSchedulerParameters>(this, &TuneCalls::scheduler);
    on.call<proc::DomainGetSchedulerParametersFlags>(this, &TuneCalls::scheduler_flags);
    on.call<proc::DomainSetSchedulerParameters>(this, &TuneCalls::set_scheduler);
    on.call<proc::DomainSetSchedulerParametersFlags>(this, &TuneCalls::set_scheduler_flags);
}

void TuneCalls::require_available(const Subject& subject) const {
    if (subject.in_session || core_.settings.paths.privileged) return;
    fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "{} is not available in session mode", subject.name);
}

TuneCalls::View TuneCalls::view(const proc::DomainRef& which, uint32_t flags, const Subject& subject) const {
    DomainOwner domain = core_.at(which.name, which.uuid);
    require_available(subject);
    const Scope scope = scope_of(*domain, flags & affect_flags);
    const Run* run = scope.live ? &domain->running() : nullptr;
    if (run != nullptr && (!run->group || !run->group->has(subject.controller))) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, subject.missing, groupless);
    }
    return {definition_for(*domain, flags & affect_flags), run};
}

Task<void> TuneCalls::change_limits(driver::Call& call, proc::DomainRef which, uint32_t flags, const Subject& subject,
                                    std::function<void(model::Domain&)> change, LiveChange change_live) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    require_available(subject);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, subject.name, call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, flags & affect_flags);
    std::shared_ptr<model::Domain> definition;
    if (scope.config) {
        definition = std::make_shared<model::Domain>(*domain->persistent());
        change(*definition);
    }
    if (scope.live) {
        Run& run = domain->running();
        if (!core_.settings.paths.privileged) {
            fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "{} is not available in session mode",
                 subject.name);
        }
        if (!run.group || !run.group->has(subject.controller)) {
            throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, subject.missing, groupless);
        }
        std::vector<wire::TypedParameter> told = change_live(run);
        if (!told.empty()) core_.announcer.tunable(*domain, std::move(told));
        co_await live_changed(core_, domain);
    }
    if (scope.config) co_await replace_definition(core_, domain, std::move(definition));
}

proc::DomainGetMemoryParameters::Ret TuneCalls::memory(driver::Call&, proc::DomainGetMemoryParameters::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetMemoryParameters");
    const View seen = view(args.domain, args.flags, memory_subject);
    wire::TypedParameters params;
    for (const MemoryLimit& limit : memory_limits) {
        std::optional<uint64_t> kib;
        if (seen.run != nullptr) {
            kib = seen.run->group->memory_limit(limit.limit);
        } else if (const auto& value = seen.definition.memtune.*limit.value) {
            kib = value->count;
        }
        params.add_ullong(std::string(limit.name), kib.value_or(unlimited));
    }
    return answer<proc::DomainGetMemoryParameters::Ret>(std::move(params), args.nparams, args.flags);
}

Task<wire::Void> TuneCalls::set_memory(driver::Call& call, proc::DomainSetMemoryParameters::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetMemoryParameters");
    require_settings(args.params, memory_settings);
    wire::TypedParameters params(std::move(args.params));
    std::function<void(model::Domain&)> change = [&params](model::Domain& domain) {
        change_memory_limits(domain.memtune, params);
    };
    LiveChange change_live = [&params](Run& run) { return change_live_memory(run, params); };
    co_await change_limits(call, std::move(args.domain), args.flags, memory_subject, std::move(change),
                           std::move(change_live));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
