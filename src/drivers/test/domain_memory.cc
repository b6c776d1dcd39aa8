// Memory: how much, its limits, its statistics and its content.
#include <algorithm>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_stats.h"
#include "protocol/remote/domain_tune.h"
#include "wire/typed_params.h"

namespace virtue::test {
namespace {

constexpr uint32_t live_or_config = api::domain_affect_live | api::domain_affect_config;
constexpr uint64_t unlimited = 9007199254740991;  // KiB

proc::DomainGetMaxMemory::Ret get_max(Instance& in, proc::DomainGetMaxMemory::Args args) {
    return {guest_of(in, args.domain).current.memory.count};
}

void set(Instance& in, const proc::DomainRef& reference, uint64_t memory, uint32_t flags) {
    check_flags(flags, live_or_config | api::domain_mem_maximum, "testDomainSetMemoryFlags");
    Guest& guest = guest_of(in, reference);
    model::Domain& domain = guest.chosen(flags & live_or_config);
    if (flags & api::domain_mem_maximum) {
        if (guest.is_active())
            refuse(ErrorCode::operation_invalid, "cannot resize the maximum memory on an active domain");
        if (domain.current().count > memory) domain.current_memory = model::Kibibytes{memory};
        if (!domain.current_memory) domain.current_memory = domain.memory;
        domain.memory.count = memory;
        return;
    }
    if (memory > domain.memory.count) refuse(ErrorCode::invalid_arg, "cannot set memory higher than max memory");
    domain.current_memory = model::Kibibytes{memory};
}

proc::DomainSetMaxMemory::Ret set_max(Instance& in, proc::DomainSetMaxMemory::Args args) {
    set(in, args.domain, args.memory, api::domain_mem_maximum);
    return {};
}

proc::DomainSetMemory::Ret set_memory(Instance& in, proc::DomainSetMemory::Args args) {
    set(in, args.domain, args.memory, api::domain_affect_live);
    return {};
}

proc::DomainSetMemoryFlags::Ret set_memory_flags(Instance& in, proc::DomainSetMemoryFlags::Args args) {
    set(in, args.domain, args.memory, args.flags);
    return {};
}

bool has_balloon(const model::Domain& domain) {
    return domain.memballoon && domain.memballoon->model != model::MemballoonModel::none;
}

proc::DomainSetMemoryStatsPeriod::Ret set_period(Instance& in, proc::DomainSetMemoryStatsPeriod::Args args) {
    check_flags(args.flags, live_or_config, "testDomainSetMemoryStatsPeriod");
    if (args.period < 0) refuse(ErrorCode::invalid_arg, "invalid value for collection period '{}'", args.period);
    model::Domain& domain = guest_of(in, args.domain).chosen(args.flags);
    if (!has_balloon(domain))
        refuse(ErrorCode::internal_error, "No memory balloon device configured, can not set the collection period");
    domain.memballoon->stats_period = static_cast<uint32_t>(args.period);
    return {};
}

proc::DomainMemoryStats::Ret get_stats(Instance& in, proc::DomainMemoryStats::Args args) {
    check_flags(args.flags, 0, "testDomainMemoryStats");
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    proc::DomainMemoryStats::Ret ret;
    if (!has_balloon(guest.current)) return ret;
    const uint64_t memory = guest.current.current().count;
    const std::pair<uint32_t, uint64_t> figures[] = {
        {api::domain_memory_stat_actual_balloon, memory},
        {api::domain_memory_stat_swap_in, 0},
        {api::domain_memory_stat_swap_out, 0},
        {api::domain_memory_stat_major_fault, 0},
        {api::domain_memory_stat_minor_fault, 0},
        {api::domain_memory_stat_unused, memory / 2},
        {api::domain_memory_stat_available, memory},
        {api::domain_memory_stat_usable, memory / 2},
        {api::domain_memory_stat_last_update, 627319920},
        {api::domain_memory_stat_disk_caches, memory / 8},
        {api::domain_memory_stat_hugetlb_pgalloc, 0},
        {api::domain_memory_stat_hugetlb_pgfail, 0},
        {api::domain_memory_stat_rss, memory / 2},
    };
    for (const auto& [tag, value] : figures) {
        if (ret.stats.size() >= args.max_stats) break;
        proc::DomainMemoryStat stat;
        stat.tag = static_cast<int32_t>(tag);
        stat.val = value;
        ret.stats.push_back(stat);
    }
    return ret;
}

proc::DomainMemoryPeek::Ret peek(Instance& in, proc::DomainMemoryPeek::Args args) {
    exclude_flags(args.flags, api::memory_virtual, "VIR_MEMORY_VIRTUAL", api::memory_physical, "VIR_MEMORY_PHYSICAL",
                  ErrorDomain::domain);
    if (args.flags != api::memory_virtual && args.flags != api::memory_physical)
        refuse(ErrorCode::invalid_arg, "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL");
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    if (args.size > proc::DomainMemoryPeek::Ret{}.buffer.max)
        fail(ErrorCode::rpc, ErrorDomain::rpc, "size {} > maximum buffer size {}", args.size,
             proc::DomainMemoryPeek::Ret{}.buffer.max);
    // Mock memory holds the low byte of each address.
    proc::DomainMemoryPeek::Ret ret;
    for (uint32_t i = 0; i < args.size; i++) ret.buffer.push_back(static_cast<uint8_t>(args.offset + i));
    return ret;
}

// Limits.

uint64_t limit(const std::optional<model::Kibibytes>& value) {
    return value ? value->count : unlimited;
}

proc::DomainGetMemoryParameters::Ret get_limits(Instance& in, proc::DomainGetMemoryParameters::Args args) {
    check_flags(args.flags, live_or_config | api::typed_param_string_okay, "testDomainGetMemoryParameters");
    const model::MemTune& tune = guest_of(in, args.domain).chosen(args.flags & live_or_config).memtune;
    constexpr int32_t count = 3;
    proc::DomainGetMemoryParameters::Ret ret;
    ret.nparams = count;
    if (args.nparams == 0) return ret;
    wire::TypedParameters params;
    if (args.nparams > 0) params.add_ullong("hard_limit", limit(tune.hard_limit));
    if (args.nparams > 1) params.add_ullong("soft_limit", limit(tune.soft_limit));
    if (args.nparams > 2) params.add_ullong("swap_hard_limit", limit(tune.swap_hard_limit));
    ret.nparams = static_cast<int32_t>(params.size());
    ret.params = params.take();
    return ret;
}

proc::DomainSetMemoryParameters::Ret set_limits(Instance& in, proc::DomainSetMemoryParameters::Args args) {
    constexpr wire::ExpectedParameter expected[] = {{"hard_limit", api::typed_param_ullong},
                                                    {"soft_limit", api::typed_param_ullong},
                                                    {"swap_hard_limit", api::typed_param_ullong}};
    check_flags(args.flags, live_or_config, "testDomainSetMemoryParameters");
    wire::validate(args.params, expected);
    model::MemTune& tune = guest_of(in, args.domain).chosen(args.flags).memtune;
    wire::TypedParameters params(args.params);
    auto given = [&](const char* name) {
        std::optional<model::Kibibytes> value;
        if (auto number = params.find_ullong(name)) value = model::Kibibytes{std::min(*number, unlimited)};
        return value;
    };
    auto hard = given("hard_limit");
    auto soft = given("soft_limit");
    auto swap = given("swap_hard_limit");
    if (hard || swap) {
        if (limit(hard ? hard : tune.hard_limit) > limit(swap ? swap : tune.swap_hard_limit))
            refuse(ErrorCode::invalid_arg,
                   "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
    }
    // A value beyond everything is no limit, and not written.
    auto put = [](std::optional<model::Kibibytes>& field, const std::optional<model::Kibibytes>& value) {
        if (value) field = value;
        if (field && field->count >= unlimited) field.reset();
    };
    put(tune.swap_hard_limit, swap);
    put(tune.hard_limit, hard);
    put(tune.soft_limit, soft);
    return {};
}

}  // namespace

void bind_domain_memory(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainGetMaxMemory>(on, in, get_max);
    bind<proc::DomainSetMaxMemory>(on, in, set_max);
    bind<proc::DomainSetMemory>(on, in, set_memory);
    bind<proc::DomainSetMemoryFlags>(on, in, set_memory_flags);
    bind<proc::DomainSetMemoryStatsPeriod>(on, in, set_period);
    bind<proc::DomainMemoryStats>(on, in, get_stats);
    bind<proc::DomainMemoryPeek>(on, in, peek);
    bind<proc::DomainGetMemoryParameters>(on, in, get_limits);
    bind<proc::DomainSetMemoryParameters>(on, in, set_limits);
}

}  // namespace virtue::test
