// What is under way with a domain, how fast its memory changes, and what its launch was measured with.
#include <algorithm>

#include "driver/constants.h"
#include "protocol/remote/domain_block.h"
#include "protocol/remote/domain_stats.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"

namespace virtue::shell {
namespace {

using namespace proc;

std::string_view job_type_word(int32_t type) {
    constexpr std::string_view words[] = {"None", "Bounded", "Unbounded", "Completed", "Failed", "Cancelled"};
    return type >= 0 && static_cast<size_t>(type) < std::size(words) ? words[type] : "unknown";
}

std::string_view operation_word(int32_t operation) {
    constexpr std::string_view words[] = {
        "Unknown",  "Start",           "Save", "Restore", "Incoming migration", "Outgoing migration",
        "Snapshot", "Snapshot revert", "Dump", "Backup",  "Snapshot delete"};
    return operation >= 0 && static_cast<size_t>(operation) < std::size(words) ? words[operation] : "unknown";
}

// How a figure is shown.
enum class Show : uint8_t { milliseconds, size, rate, count, bytes, pages_each_second, percent, long_count };

struct Line {
    const char* field;
    const char* title;
    Show show;
};

// In the order of virsh. What has no field "…_total" with it is shown where it is there.
constexpr Line lines[] = {
    {"time_elapsed", "Time elapsed:", Show::milliseconds},
    {"time_elapsed_net", "Time elapsed w/o network:", Show::milliseconds},
    {"time_remaining", "Time remaining:", Show::milliseconds},
    {"data_processed", "Data processed:", Show::size},
    {"data_remaining", "Data remaining:", Show::size},
    {"data_total", "Data total:", Show::size},
    {"memory_processed", "Memory processed:", Show::size},
    {"memory_remaining", "Memory remaining:", Show::size},
    {"memory_total", "Memory total:", Show::size},
    {"memory_bps", "Memory bandwidth:", Show::rate},
    {"memory_dirty_rate", "Dirty rate:", Show::pages_each_second},
    {"memory_page_size", "Page size:", Show::bytes},
    {"memory_iteration", "Iteration:", Show::count},
    {"memory_postcopy_requests", "Postcopy requests:", Show::count},
    {"disk_processed", "File processed:", Show::size},
    {"disk_remaining", "File remaining:", Show::size},
    {"disk_total", "File total:", Show::size},
    {"disk_bps", "File bandwidth:", Show::rate},
    {"memory_constant", "Constant pages:", Show::count},
    {"memory_normal", "Normal pages:", Show::count},
    {"memory_normal_bytes", "Normal data:", Show::size},
    {"downtime", "Expected downtime:", Show::milliseconds},
    {"downtime_net", "Downtime w/o network:", Show::milliseconds},
    {"setup_time", "Setup time:", Show::milliseconds},
    {"compression_cache", "Compression cache:", Show::size},
    {"compression_bytes", "Compressed data:", Show::size},
    {"compression_pages", "Compressed pages:", Show::long_count},
    {"compression_cache_misses", "Compression cache misses:", Show::long_count},
    {"compression_overflow", "Compression overflows:", Show::long_count},
    {"auto_converge_throttle", "Auto converge throttle:", Show::percent},
    {"disk_temp_used", "Temporary disk space use:", Show::size},
    {"disk_temp_total", "Temporary disk space total:", Show::size},
};

std::optional<uint64_t> figure(const std::vector<TypedParameter>& parameters, std::string_view field) {
    for (const TypedParameter& parameter : parameters) {
        if (parameter.field != field) continue;
        if (auto* number = std::get_if<uint64_t>(&parameter.value)) return *number;
        if (auto* number = std::get_if<int32_t>(&parameter.value)) return static_cast<uint64_t>(*number);
    }
    return std::nullopt;
}

std::string line_text(const Line& line, const char* title, uint64_t value) {
    Scaled scale = scaled(value);
    switch (line.show) {
        case Show::milliseconds:
            return fmt::format("{:<17} {:<12} ms\n", title, value);
        case Show::size:
            return fmt::format("{:<17} {:.3f} {}\n", title, scale.value, scale.unit);
        case Show::rate:
            return fmt::format("{:<17} {:.3f} {}/s\n", title, scale.value, scale.unit);
        case Show::count:
            return fmt::format("{:<17} {:<12}\n", title, value);
        case Show::bytes:
            return fmt::format("{:<17} {:<12} bytes\n", title, value);
        case Show::pages_each_second:
            return fmt::format("{:<17} {:<12} pages/s\n", title, value);
        case Show::percent:
        case Show::long_count:
            return fmt::format("{:<17} {:<13}\n", title, value);
    }
    return {};
}

// Sizes come in threes; a three of zeros says nothing.
bool says_something(const Line& line, const std::vector<TypedParameter>& parameters) {
    std::string_view field = line.field;
    for (std::string_view prefix : {"data_", "memory_", "disk_"}) {
        if (!field.starts_with(prefix)) continue;
        std::string_view rest = field.substr(prefix.size());
        bool of_three = rest == "processed" || rest == "remaining" || rest == "total";
        if (!of_three) continue;
        for (const char* part : {"total", "processed", "remaining"}) {
            if (figure(parameters, std::string(prefix) + part).value_or(0) != 0) return true;
        }
        return false;
    }
    return true;
}

std::string job_text(const std::vector<TypedParameter>& parameters, int32_t type) {
    std::string text;
    bool completed = type == static_cast<int32_t>(api::domain_job_completed);
    for (const Line& line : lines) {
        std::optional<uint64_t> value = figure(parameters, line.field);
        if (!value || !says_something(line, parameters)) continue;
        std::string_view field = line.field;
        if (field == "time_remaining" && type != static_cast<int32_t>(api::domain_job_bounded)) continue;
        const char* title = field == "downtime" && completed ? "Total downtime:" : line.title;
        text += line_text(line, title, *value);
    }
    for (const TypedParameter& parameter : parameters) {
        if (parameter.field == "errmsg")
            text += fmt::format("{:<17} {}\n", "Error message:", parameter_text(parameter));
    }
    return text;
}

// The figures of the older call, which has no names for them.
std::vector<TypedParameter> figures_of(const DomainGetJobInfo::Ret& info) {
    return {{"time_elapsed", info.time_elapsed},      {"time_remaining", info.time_remaining},
            {"data_total", info.data_total},          {"data_processed", info.data_processed},
            {"data_remaining", info.data_remaining},  {"memory_total", info.mem_total},
            {"memory_processed", info.mem_processed}, {"memory_remaining", info.mem_remaining},
            {"disk_total", info.file_total},          {"disk_processed", info.file_processed},
            {"disk_remaining", info.file_remaining}};
}

Task<DomainGetJobStats::Ret> job_stats(Context& context, DomainRef domain, uint32_t flags, bool raw) {
    DomainGetJobStats::Args ask{.domain = domain, .flags = flags};
    try {
        DomainGetJobStats::Ret answer = co_await context.call<DomainGetJobStats>(std::move(ask));
        co_return answer;
    } catch (Error& error) {
        if (error.code() != ErrorCode::no_support) throw;
        if (flags != 0 || raw)
            throw Failure{"Optional flags or --rawstats are not supported by the daemon", std::move(error)};
    }
    DomainGetJobInfo::Args ask_info{.domain = std::move(domain)};
    DomainGetJobInfo::Ret info = co_await context.call<DomainGetJobInfo>(std::move(ask_info));
    DomainGetJobStats::Ret answer{.type = info.type, .params = {}};
    for (TypedParameter& figure : figures_of(info)) answer.params.push_back(std::move(figure));
    co_return answer;
}

Task<Result> jobinfo(Context& context, Arguments arguments) {
    require(arguments, "keep-completed", "completed");
    uint32_t flags = flag_if(arguments, "completed", api::domain_job_stats_completed) |
                     flag_if(arguments, "keep-completed", api::domain_job_stats_keep_completed);
    DomainRef domain = co_await the_domain(context, arguments);
    bool raw = arguments.has("rawstats");
    DomainGetJobStats::Ret stats = co_await job_stats(context, std::move(domain), flags, raw);
    Record record{{"type", std::string(job_type_word(stats.type))}};
    for (const TypedParameter& parameter : stats.params)
        record.emplace_back(parameter.field, parameter_value(parameter));
    if (raw) {
        std::string text = fmt::format("Job type: {}\n\n", stats.type);
        for (const TypedParameter& parameter : stats.params)
            text += fmt::format("{}: {}\n", parameter.field, parameter_text(parameter));
        co_return Custom{std::move(text), Value(std::move(record))};
    }
    std::string text = fmt::format("{:<17} {:<12}\n", "Job type:", job_type_word(stats.type));
    auto is = [&](uint32_t type) { return stats.type == static_cast<int32_t>(type); };
    bool shown = is(api::domain_job_bounded) || is(api::domain_job_unbounded) ||
                 (is(api::domain_job_completed) && arguments.has("completed"));
    if (!shown && (!arguments.has("anystats") || is(api::domain_job_none)))
        co_return Custom{std::move(text), Value(std::move(record))};
    if (std::optional<uint64_t> operation = figure(stats.params, "operation"))
        text += fmt::format("{:<17} {:<12}\n", "Operation:", operation_word(static_cast<int32_t>(*operation)));
    std::vector<TypedParameter> parameters(stats.params.begin(), stats.params.end());
    text += job_text(parameters, stats.type);
    co_return Custom{std::move(text), Value(std::move(record))};
}

Task<Result> jobabort(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t flags = flag_if(arguments, "postcopy", api::domain_abort_job_postcopy);
    if (flags != 0) {
        DomainAbortJobFlags::Args call{.domain = std::move(domain), .flags = flags};
        co_await context.call<DomainAbortJobFlags>(std::move(call));
    } else {
        DomainAbortJob::Args call{.domain = std::move(domain)};
        co_await context.call<DomainAbortJob>(std::move(call));
    }
    co_return std::monostate{};
}

Task<Result> dirty_rate(Context& context, Arguments arguments) {
    constexpr std::string_view modes[] = {"page-sampling", "dirty-bitmap", "dirty-ring"};
    DomainRef domain = co_await the_domain(context, arguments);
    int64_t seconds = arguments.find_number("seconds").value_or(1);
    std::string mode = arguments.find("mode").value_or("page-sampling");
    auto found = std::find(std::begin(modes), std::end(modes), mode);
    if (found == std::end(modes)) throw Failure{fmt::format("Unknown calculation mode '{}'", mode)};
    DomainStartDirtyRateCalc::Args call{.domain = std::move(domain),
                                        .seconds = static_cast<int32_t>(seconds),
                                        .flags = static_cast<uint32_t>(found - std::begin(modes))};
    co_await context.call<DomainStartDirtyRateCalc>(std::move(call));
    co_return Sentence{"Start to calculate domain's memory dirty rate successfully.", {{"seconds", seconds}}};
}

Task<Result> launch_info(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetLaunchSecurityInfo::Args ask{.domain = std::move(domain)};
    DomainGetLaunchSecurityInfo::Ret answer = co_await context.attempt<DomainGetLaunchSecurityInfo>(
        std::move(ask), "Unable to get launch security parameters");
    co_return parameters_result(answer.params, 15);
}

Task<Result> set_launch_state(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    if (!arguments.has("secrethdr") || !arguments.has("secret"))
        throw Failure{"Both secret and the secret header are required"};
    DomainSetLaunchSecurityState::Args call{.domain = std::move(domain)};
    call.params.push_back({"sev-secret-header", read_input(arguments.text("secrethdr"))});
    call.params.push_back({"sev-secret", read_input(arguments.text("secret"))});
    if (std::optional<uint64_t> address = arguments.find_unsigned("set-address"))
        call.params.push_back({"sev-secret-set-address", *address});
    co_await context.attempt<DomainSetLaunchSecurityState>(std::move(call), "Unable to set launch security state");
    co_return std::monostate{};
}

Task<Result> block_threshold(Context& context, Arguments arguments) {
    uint64_t threshold = arguments.find_size("threshold", 1).value_or(0);
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetBlockThreshold::Args call{
        .domain = std::move(domain), .dev = arguments.text("dev"), .threshold = threshold};
    co_await context.call<DomainSetBlockThreshold>(std::move(call));
    co_return std::monostate{};
}

}  // namespace

Commands job_commands() {
    return {
        make_command("domjobabort", "<domain> --postcopy", "abort what is under way with a domain", jobabort),
        make_command("domjobinfo", "<domain> --completed --keep-completed --anystats --rawstats",
                     "what is under way with a domain", jobinfo),
        make_command("domdirtyrate-calc", "<domain> --seconds=:n --mode=", "measure how fast memory changes",
                     dirty_rate),
        make_command("domlaunchsecinfo", "<domain>", "what a protected guest was launched with", launch_info),
        make_command("domsetlaunchsecstate", "<domain> --secrethdr= --secret= --set-address=:n",
                     "put a secret into a protected guest", set_launch_state),
        make_command("domblkthreshold", "<domain> <dev> <threshold:n>", "say when a disk's file has grown so far",
                     block_threshold),
    };
}

}  // namespace virtue::shell
