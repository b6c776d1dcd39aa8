// A domain's I/O threads, and what its CPUs used.
#include "base/text.h"
#include "driver/constants.h"
#include "protocol/remote/domain_cpu.h"
#include "protocol/remote/domain_stats.h"
#include "shell/commands/commands.h"
#include "shell/commands/cpu_map.h"
#include "shell/commands/object.h"

namespace virtue::shell {
namespace {

using namespace proc;

uint32_t thread_id(const Arguments& arguments, const char* option, bool positive) {
    int64_t id = arguments.find_number(option).value_or(0);
    if (id < INT32_MIN || id > INT32_MAX) {
        throw UsageError{fmt::format("Numeric value '{}' for <{}> option is malformed or out of range",
                                     arguments.text(option), option)};
    }
    if (id < (positive ? 1 : 0)) throw Failure{fmt::format("Invalid IOThread id value: '{}'", id)};
    return static_cast<uint32_t>(id);
}

Task<Result> info(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetIothreadInfo::Args ask{.domain = std::move(domain), .flags = flags};
    DomainGetIothreadInfo::Ret answer =
        co_await context.attempt<DomainGetIothreadInfo>(std::move(ask), "Unable to get domain IOThreads information");
    if (answer.info.empty()) co_return Sentence{"No IOThreads found for the domain", {{"iothreads", Values{}}}, false};
    size_t cpus = co_await host_cpus(context);
    Table table{{{"IOThread ID", "id"}, {"CPU Affinity", "affinity"}}, {}};
    for (const DomainIothread& thread : answer.info)
        table.rows.push_back({thread.iothread_id, cpu_list(thread.cpumap.data(), thread.cpumap.size(), cpus)});
    co_return table;
}

Task<Result> pin(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t id = thread_id(arguments, "iothread", false);
    size_t cpus = co_await host_cpus(context);
    DomainPinIothread::Args call{.domain = std::move(domain),
                                 .iothreads_id = id,
                                 .cpumap = cpu_map(arguments.text("cpulist"), cpus),
                                 .flags = flags};
    co_await context.call<DomainPinIothread>(std::move(call));
    co_return std::monostate{};
}

template <typename P>
Task<Result> change(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t id = thread_id(arguments, "id", true);
    typename P::Args call{.domain = std::move(domain), .iothread_id = id, .flags = flags};
    co_await context.call<P>(std::move(call));
    co_return std::monostate{};
}

Task<Result> add(Context& context, Arguments arguments) {
    return change<DomainAddIothread>(context, std::move(arguments));
}
Task<Result> remove(Context& context, Arguments arguments) {
    return change<DomainDelIothread>(context, std::move(arguments));
}

Task<Result> set(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t id = thread_id(arguments, "id", true);
    DomainSetIothreadParams::Args call{.domain = std::move(domain), .iothread_id = id, .flags = flags};
    if (std::optional<uint64_t> value = arguments.find_unsigned("poll-max-ns"))
        call.params.push_back({"poll_max_ns", *value});
    if (std::optional<uint64_t> value = arguments.find_unsigned("poll-grow", UINT32_MAX))
        call.params.push_back({"poll_grow", static_cast<uint32_t>(*value)});
    if (std::optional<uint64_t> value = arguments.find_unsigned("poll-shrink", UINT32_MAX))
        call.params.push_back({"poll_shrink", static_cast<uint32_t>(*value)});
    if (std::optional<int64_t> value = arguments.find_number("thread-pool-min"))
        call.params.push_back({"thread_pool_min", static_cast<int32_t>(*value)});
    if (std::optional<int64_t> value = arguments.find_number("thread-pool-max"))
        call.params.push_back({"thread_pool_max", static_cast<int32_t>(*value)});
    if (call.params.empty()) throw Failure{"Not enough arguments passed, nothing to set"};
    co_await context.call<DomainSetIothreadParams>(std::move(call));
    co_return std::monostate{};
}

constexpr uint32_t cpus_at_once = 128;  // libvirt's own limit of one call

// "	cpu_time            1.234567890 seconds"; what is no time is left out for people.
void add_times(std::string& text, Record& record, const std::vector<TypedParameter>& parameters) {
    for (const TypedParameter& parameter : parameters) {
        record.emplace_back(parameter.field, parameter_value(parameter));
        const uint64_t* time = std::get_if<uint64_t>(&parameter.value);
        bool is_time =
            parameter.field == "cpu_time" || parameter.field == "user_time" || parameter.field == "system_time";
        if (time && (is_time || parameter.field == "vcpu_time")) {
            text +=
                fmt::format("\t{:<12} {:9}.{:09} seconds\n", parameter.field, *time / 1000000000, *time % 1000000000);
        } else {
            text += fmt::format("\t{:<12} {}\n", parameter.field, parameter_text(parameter));
        }
    }
}

Task<Values> stats_of_each(Context& context, DomainRef domain, uint64_t first, uint64_t count, std::string failure,
                           std::string& text) {
    DomainGetCpuStats::Args ask_fields{
        .domain = domain, .start_cpu = 0, .ncpus = 1, .flags = api::typed_param_string_okay};
    DomainGetCpuStats::Ret fields = co_await context.attempt<DomainGetCpuStats>(std::move(ask_fields), failure);
    if (fields.nparams == 0) throw Failure{"No per-CPU stats available"};
    Values rows;
    while (count > 0) {
        auto now = static_cast<uint32_t>(std::min<uint64_t>(count, cpus_at_once));
        DomainGetCpuStats::Args ask{.domain = domain,
                                    .nparams = static_cast<uint32_t>(fields.nparams),
                                    .start_cpu = static_cast<int32_t>(first),
                                    .ncpus = now,
                                    .flags = api::typed_param_string_okay};
        DomainGetCpuStats::Ret answer = co_await context.attempt<DomainGetCpuStats>(std::move(ask), failure);
        auto each = static_cast<size_t>(answer.nparams);
        for (size_t cpu = 0; cpu < now && (cpu + 1) * each <= answer.params.size(); cpu++) {
            auto begin = answer.params.begin() + static_cast<ptrdiff_t>(cpu * each);
            std::vector<TypedParameter> its(begin, begin + static_cast<ptrdiff_t>(each));
            if (its.empty() || its.front().field.empty()) continue;  // this CPU is not there
            text += fmt::format("CPU{}:\n", first + cpu);
            Record record{{"cpu", first + cpu}};
            add_times(text, record, its);
            rows.emplace_back(std::move(record));
        }
        first += now;
        count -= now;
    }
    co_return rows;
}

Task<Result> cpu_stats(Context& context, Arguments arguments) {
    std::optional<int64_t> start = arguments.find_number("start");
    std::optional<int64_t> count = arguments.find_number("count");
    if (start && *start < 0) throw Failure{"Invalid value for start CPU"};
    if (count && *count < 0) throw Failure{"Invalid value for number of CPUs to show"};
    bool each = start || count;
    bool total = arguments.has("total");
    if (!each && !total) each = total = true;
    DomainRef domain = co_await the_domain(context, arguments);
    std::string failure = fmt::format("Failed to retrieve CPU statistics for domain '{}'", domain.name);
    std::string text;
    Record record;
    if (each) {
        DomainGetCpuStats::Args ask{.domain = domain};
        DomainGetCpuStats::Ret known = co_await context.attempt<DomainGetCpuStats>(std::move(ask), failure);
        auto cpus = static_cast<int64_t>(known.nparams);
        int64_t first = start.value_or(0);
        if (first >= cpus)
            throw Failure{fmt::format("Start CPU {} is out of range (min: 0, max: {})", first, cpus - 1)};
        int64_t shown = cpus - first;
        if (count) {
            if (*count > shown) text += fmt::format("Only {} CPUs available to show\n", shown);
            shown = std::min(shown, *count);
        }
        Values rows = co_await stats_of_each(context, domain, static_cast<uint64_t>(first),
                                             static_cast<uint64_t>(shown), failure, text);
        record.emplace_back("cpus", std::move(rows));
    }
    if (total) {
        DomainGetCpuStats::Args count_fields{
            .domain = domain, .start_cpu = -1, .ncpus = 1, .flags = api::typed_param_string_okay};
        DomainGetCpuStats::Ret fields = co_await context.attempt<DomainGetCpuStats>(std::move(count_fields), failure);
        if (fields.nparams == 0) throw Failure{"No total stats available"};
        DomainGetCpuStats::Args ask{.domain = std::move(domain),
                                    .nparams = static_cast<uint32_t>(fields.nparams),
                                    .start_cpu = -1,
                                    .ncpus = 1,
                                    .flags = api::typed_param_string_okay};
        DomainGetCpuStats::Ret answer = co_await context.attempt<DomainGetCpuStats>(std::move(ask), failure);
        text += "Total:\n";
        Record sum;
        std::vector<TypedParameter> parameters(answer.params.begin(), answer.params.end());
        add_times(text, sum, parameters);
        record.emplace_back("total", std::move(sum));
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

}  // namespace

Commands iothread_commands() {
    return {
        make_command("iothreadinfo", "<domain> --config --live --current", "the I/O threads of a domain", info),
        make_command("iothreadpin", "<domain> <iothread:n> <cpulist> --config --live --current",
                     "which host CPUs an I/O thread may use", pin),
        make_command("iothreadadd", "<domain> <id:n> --config --live --current", "one more I/O thread", add),
        make_command("iothreaddel", "<domain> <id:n> --config --live --current", "one I/O thread less", remove),
        make_command("iothreadset",
                     "<domain> <id:n> --poll-max-ns=:n --poll-grow=:n --poll-shrink=:n --thread-pool-min=:n "
                     "--thread-pool-max=:n --config --live --current",
                     "how an I/O thread polls, and its pool of workers", set),
        make_command("cpu-stats", "<domain> --total --start=:n --count=:n", "what a domain used of the host's CPUs",
                     cpu_stats),
    };
}

}  // namespace virtue::shell
