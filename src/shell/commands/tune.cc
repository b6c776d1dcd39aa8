// Limits of a domain: memory, scheduler, block devices, NUMA, perf events. Without a value each shows what is set.
#include <algorithm>

#include "base/text.h"
#include "driver/constants.h"
#include "protocol/remote/domain_block.h"
#include "protocol/remote/domain_tune.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"

namespace virtue::shell {
namespace {

using namespace proc;

constexpr size_t title_width = 15;
// VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, in KiB.
constexpr uint64_t unlimited_memory = 9007199254740991;

// Asks Get how many parameters there are, and then for all of them.
template <typename Get>
Task<std::vector<TypedParameter>> all_parameters(Context& context, typename Get::Args ask, std::string count_failure,
                                                 std::string failure) {
    typename Get::Ret known = co_await context.attempt<Get>(ask, std::move(count_failure));
    if (known.nparams == 0) co_return std::vector<TypedParameter>();
    ask.nparams = known.nparams;
    typename Get::Ret answer = co_await context.attempt<Get>(std::move(ask), std::move(failure));
    co_return std::vector<TypedParameter>(answer.params.begin(), answer.params.end());
}

// "4096" and "4M" in KiB, "-1" for no limit.
std::optional<uint64_t> memory_limit(const Arguments& arguments, const char* option) {
    std::optional<std::string> text = arguments.find(option);
    if (!text) return std::nullopt;
    if (*text == "-1") return unlimited_memory;
    try {
        return (*arguments.find_size(option, 1024)) / 1024;
    } catch (const UsageError&) {
        throw Failure{fmt::format("Unable to parse integer parameter {}", option)};
    }
}

Task<Result> memtune(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetMemoryParameters::Args call{.domain = domain, .flags = flags};
    for (const char* option : {"hard-limit", "soft-limit", "swap-hard-limit", "min-guarantee"}) {
        std::optional<uint64_t> limit = memory_limit(arguments, option);
        if (!limit) continue;
        std::string field = option;
        std::replace(field.begin(), field.end(), '-', '_');
        call.params.push_back({std::move(field), *limit});
    }
    if (!call.params.empty()) {
        co_await context.attempt<DomainSetMemoryParameters>(std::move(call), "Unable to change memory parameters");
        co_return std::monostate{};
    }
    DomainGetMemoryParameters::Args ask{.domain = std::move(domain), .flags = flags | api::typed_param_string_okay};
    std::vector<TypedParameter> parameters = co_await all_parameters<DomainGetMemoryParameters>(
        context, std::move(ask), "Unable to get number of memory parameters", "Unable to get memory parameters");
    std::string text;
    Record record;
    for (const TypedParameter& parameter : parameters) {
        const uint64_t* limit = std::get_if<uint64_t>(&parameter.value);
        bool none = limit && *limit == unlimited_memory;
        std::string shown = none ? "unlimited" : parameter_text(parameter);
        text += fmt::format("{:<{}}: {}\n", parameter.field, title_width, shown);
        record.emplace_back(parameter.field, none ? Value() : parameter_value(parameter));
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

constexpr std::string_view numa_modes[] = {"strict", "preferred", "interleave", "restrictive"};

int32_t numa_mode(const std::string& text) {
    auto found = std::find(std::begin(numa_modes), std::end(numa_modes), text);
    if (found != std::end(numa_modes)) return static_cast<int32_t>(found - std::begin(numa_modes));
    std::optional<int32_t> number = parse_number<int32_t>(text);
    if (!number || *number < 0) throw Failure{"Invalid mode: " + text};
    return *number;
}

Task<Result> numatune(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetNumaParameters::Args call{.domain = domain, .flags = flags};
    if (std::optional<std::string> nodes = arguments.find("nodeset")) call.params.push_back({"numa_nodeset", *nodes});
    if (std::optional<std::string> mode = arguments.find("mode")) {
        int32_t number = numa_mode(*mode);
        call.params.push_back({"numa_mode", number});
    }
    if (!call.params.empty()) {
        co_await context.attempt<DomainSetNumaParameters>(std::move(call), "Unable to change numa parameters");
        co_return std::monostate{};
    }
    DomainGetNumaParameters::Args ask{.domain = std::move(domain), .flags = flags | api::typed_param_string_okay};
    std::vector<TypedParameter> parameters = co_await all_parameters<DomainGetNumaParameters>(
        context, std::move(ask), "Unable to get number of memory parameters", "Unable to get numa parameters");
    std::string text;
    Record record;
    for (const TypedParameter& parameter : parameters) {
        std::string shown = parameter_text(parameter);
        const int32_t* mode = std::get_if<int32_t>(&parameter.value);
        if (mode && *mode >= 0 && static_cast<size_t>(*mode) < std::size(numa_modes)) shown = numa_modes[*mode];
        text += fmt::format("{:<{}}: {}\n", parameter.field, title_width, shown);
        record.emplace_back(parameter.field, shown);
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

// The text as a value of the type that the parameter has.
TypedParameter::Value value_like(const TypedParameter::Value& sample, const std::string& field,
                                 const std::string& text) {
    return std::visit(
        [&](const auto& old) -> TypedParameter::Value {
            using T = std::decay_t<decltype(old)>;
            if constexpr (std::is_same_v<T, std::string>) {
                return text;
            } else if constexpr (std::is_same_v<T, bool>) {
                return text == "1";
            } else if constexpr (std::is_same_v<T, double>) {
                return std::strtod(text.c_str(), nullptr);
            } else {
                std::optional<T> number = parse_number<T>(text);
                if (!number)
                    throw Failure{{},
                                  Error(ErrorCode::invalid_arg, ErrorDomain::none,
                                        fmt::format("Invalid value for field '{}': expected {}", field,
                                                    std::is_signed_v<T> ? (sizeof(T) == 4 ? "int" : "long long")
                                                    : sizeof(T) == 4    ? "unsigned int"
                                                                        : "unsigned long long"))};
                return *number;
            }
        },
        sample);
}

// The parameters that the options name, out of those that the scheduler has.
std::vector<TypedParameter> wanted_of_scheduler(const Arguments& arguments, const std::vector<TypedParameter>& known) {
    std::vector<std::pair<std::string, std::string>> wanted;
    for (const char* option : {"weight", "cap"}) {
        if (std::optional<std::string> text = arguments.find(option)) wanted.emplace_back(option, *text);
    }
    for (const std::string& word : arguments.rest()) {
        size_t equals = word.find('=');
        if (equals == word.npos) throw Failure{"Invalid syntax for --set, expecting name=value"};
        wanted.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    std::vector<TypedParameter> changed;
    for (const TypedParameter& parameter : known) {
        for (const auto& [name, text] : wanted) {
            if (name == parameter.field) changed.push_back({name, value_like(parameter.value, name, text)});
        }
    }
    for (const auto& [name, text] : wanted) {
        bool is_set = std::any_of(changed.begin(), changed.end(), [&](const auto& p) { return p.field == name; });
        if (!is_set && name != "weight" && name != "cap") throw Failure{"invalid scheduler option: " + name};
    }
    return changed;
}

Task<std::vector<TypedParameter>> scheduler_parameters(Context& context, DomainRef domain, int32_t count,
                                                       Affect affect) {
    if (affect.given) {
        DomainGetSchedulerParametersFlags::Args ask{
            .domain = std::move(domain), .nparams = count, .flags = affect.flags | api::typed_param_string_okay};
        DomainGetSchedulerParametersFlags::Ret answer =
            co_await context.call<DomainGetSchedulerParametersFlags>(std::move(ask));
        co_return std::vector<TypedParameter>(answer.params.begin(), answer.params.end());
    }
    DomainGetSchedulerParameters::Args ask{.domain = std::move(domain), .nparams = count};
    DomainGetSchedulerParameters::Ret answer = co_await context.call<DomainGetSchedulerParameters>(std::move(ask));
    co_return std::vector<TypedParameter>(answer.params.begin(), answer.params.end());
}

Task<void> set_scheduler(Context& context, DomainRef domain, std::vector<TypedParameter> changed, Affect affect) {
    if (affect.given) {
        DomainSetSchedulerParametersFlags::Args call{.domain = std::move(domain), .flags = affect.flags};
        call.params.assign(changed.begin(), changed.end());
        co_await context.call<DomainSetSchedulerParametersFlags>(std::move(call));
        co_return;
    }
    DomainSetSchedulerParameters::Args call{.domain = std::move(domain)};
    call.params.assign(changed.begin(), changed.end());
    co_await context.call<DomainSetSchedulerParameters>(std::move(call));
}

Task<Result> schedinfo(Context& context, Arguments arguments) {
    Affect affect = affect_of(arguments);
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetSchedulerType::Args ask_type{.domain = domain};
    DomainGetSchedulerType::Ret type;
    std::exception_ptr failure;
    try {
        type = co_await context.call<DomainGetSchedulerType>(std::move(ask_type));
    } catch (const Error&) {
        failure = std::current_exception();
    }
    std::string name = type.type.empty() ? "Unknown" : type.type;
    // virsh has printed the scheduler's name even when the rest fails.
    if (context.settings().format == OutputFormat::table)
        context.print(fmt::format("{:<{}}: {}\n", "Scheduler", title_width, name));
    if (failure) std::rethrow_exception(failure);
    bool both = affect.flags == (api::domain_affect_live | api::domain_affect_config);
    std::vector<TypedParameter> parameters;
    if (type.nparams > 0) {
        Affect asked = affect;
        if (both) asked.flags = 0;  // the two cannot be asked at once; after a change they are the same
        parameters = co_await scheduler_parameters(context, domain, type.nparams, asked);
        std::vector<TypedParameter> changed = wanted_of_scheduler(arguments, parameters);
        if (!changed.empty()) {
            co_await set_scheduler(context, domain, std::move(changed), affect);
            parameters = co_await scheduler_parameters(context, domain, type.nparams, asked);
        } else if (both) {
            throw Failure{"cannot query both live and config at once"};
        }
    }
    Result shown = parameters_result(parameters, title_width);
    Custom& custom = std::get<Custom>(shown);
    std::get<Record>(custom.data.data).insert(std::get<Record>(custom.data.data).begin(), {"scheduler", Value(name)});
    co_return shown;
}

Task<Result> blkiotune(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetBlkioParameters::Args call{.domain = domain, .flags = flags};
    if (std::optional<int64_t> weight = arguments.find_number("weight")) {
        if (*weight <= 0) throw Failure{fmt::format("Invalid value of {} for I/O weight", *weight)};
        call.params.push_back({"weight", static_cast<uint32_t>(*weight)});
    }
    constexpr std::pair<const char*, const char*> lists[] = {{"device-weights", "device_weight"},
                                                             {"device-read-iops-sec", "device_read_iops_sec"},
                                                             {"device-write-iops-sec", "device_write_iops_sec"},
                                                             {"device-read-bytes-sec", "device_read_bytes_sec"},
                                                             {"device-write-bytes-sec", "device_write_bytes_sec"}};
    for (const auto& [option, field] : lists) {
        if (std::optional<std::string> text = arguments.find(option)) call.params.push_back({field, *text});
    }
    if (!call.params.empty()) {
        co_await context.attempt<DomainSetBlkioParameters>(std::move(call), "Unable to change blkio parameters");
        co_return std::monostate{};
    }
    DomainGetBlkioParameters::Args ask{.domain = std::move(domain), .flags = flags | api::typed_param_string_okay};
    std::vector<TypedParameter> parameters = co_await all_parameters<DomainGetBlkioParameters>(
        context, std::move(ask), "Unable to get number of blkio parameters", "Unable to get blkio parameters");
    co_return parameters_result(parameters, title_width);
}

constexpr const char* throttle_options[] = {"total-bytes-sec",
                                            "read-bytes-sec",
                                            "write-bytes-sec",
                                            "total-bytes-sec-max",
                                            "read-bytes-sec-max",
                                            "write-bytes-sec-max",
                                            "total-iops-sec",
                                            "read-iops-sec",
                                            "write-iops-sec",
                                            "write-iops-sec-max",
                                            "read-iops-sec-max",
                                            "total-iops-sec-max",
                                            "size-iops-sec",
                                            "total-bytes-sec-max-length",
                                            "read-bytes-sec-max-length",
                                            "write-bytes-sec-max-length",
                                            "total-iops-sec-max-length",
                                            "read-iops-sec-max-length",
                                            "write-iops-sec-max-length"};

Task<Result> blkdeviotune(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    std::string device = arguments.text("device");
    DomainSetBlockIoTune::Args call{.domain = domain, .disk = device, .flags = flags};
    for (const char* option : throttle_options) {
        std::optional<uint64_t> value;
        try {
            value = arguments.find_size(option, 1);
        } catch (const UsageError& error) {
            throw Failure{error.message + "\nerror: Unable to parse integer parameter"};
        }
        if (!value) continue;
        std::string field = option;
        std::replace(field.begin(), field.end(), '-', '_');
        call.params.push_back({std::move(field), *value});
    }
    if (std::optional<std::string> group = arguments.find("group-name")) call.params.push_back({"group_name", *group});
    if (!call.params.empty()) {
        co_await context.attempt<DomainSetBlockIoTune>(std::move(call), "Unable to change block I/O throttle");
        co_return std::monostate{};
    }
    flags |= api::typed_param_string_okay;
    DomainGetBlockIoTune::Args count{.domain = domain, .disk = std::nullopt, .flags = flags};
    DomainGetBlockIoTune::Ret known = co_await context.attempt<DomainGetBlockIoTune>(
        std::move(count), "Unable to get number of block I/O throttle parameters");
    if (known.nparams == 0) co_return std::monostate{};
    DomainGetBlockIoTune::Args ask{
        .domain = std::move(domain), .disk = std::move(device), .nparams = known.nparams, .flags = flags};
    DomainGetBlockIoTune::Ret answer =
        co_await context.attempt<DomainGetBlockIoTune>(std::move(ask), "Unable to get block I/O throttle parameters");
    co_return parameters_result(answer.params, title_width);
}

Task<Result> perf(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetPerfEvents::Args call{.domain = domain, .flags = flags};
    for (const char* option : {"enable", "disable"}) {
        std::string list = arguments.find(option).value_or("");
        for (std::string_view event : split(list, ',')) {
            if (!event.empty()) call.params.push_back({std::string(event), option[0] == 'e'});
        }
    }
    std::vector<TypedParameter> parameters;
    if (!call.params.empty()) {
        parameters.assign(call.params.begin(), call.params.end());
        co_await context.attempt<DomainSetPerfEvents>(std::move(call), "Unable to enable/disable perf events");
    } else {
        DomainGetPerfEvents::Args ask{.domain = std::move(domain), .flags = flags};
        DomainGetPerfEvents::Ret answer =
            co_await context.attempt<DomainGetPerfEvents>(std::move(ask), "Unable to get perf events");
        parameters.assign(answer.params.begin(), answer.params.end());
    }
    std::string text;
    Record record;
    for (const TypedParameter& parameter : parameters) {
        const bool* on = std::get_if<bool>(&parameter.value);
        if (!on) continue;
        text += fmt::format("{:<{}}: {}\n", parameter.field, title_width, *on ? "enabled" : "disabled");
        record.emplace_back(parameter.field, *on);
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

}  // namespace

Commands tune_commands() {
    return {
        make_command("memtune",
                     "<domain> --hard-limit=:n --soft-limit=:n --swap-hard-limit=:n --min-guarantee=:n --config --live "
                     "--current",
                     "limits of a domain's memory", memtune),
        make_command("numatune", "<domain> --mode= --nodeset= --config --live --current",
                     "which NUMA nodes a domain's memory comes from", numatune),
        make_command("schedinfo", "<domain> --weight=:n --cap=:n --current --config --live [set]...",
                     "shares of the host's CPU time", schedinfo),
        make_command("blkiotune",
                     "<domain> --weight=:n --device-weights= --device-read-iops-sec= --device-write-iops-sec= "
                     "--device-read-bytes-sec= --device-write-bytes-sec= --config --live --current",
                     "shares of the host's block devices", blkiotune),
        make_command("blkdeviotune",
                     "<domain> <device> --total-bytes-sec=:n --read-bytes-sec=:n --write-bytes-sec=:n "
                     "--total-iops-sec=:n --read-iops-sec=:n --write-iops-sec=:n --total-bytes-sec-max=:n "
                     "--read-bytes-sec-max=:n --write-bytes-sec-max=:n --total-iops-sec-max=:n --read-iops-sec-max=:n "
                     "--write-iops-sec-max=:n --size-iops-sec=:n --group-name= --total-bytes-sec-max-length=:n "
                     "--read-bytes-sec-max-length=:n --write-bytes-sec-max-length=:n --total-iops-sec-max-length=:n "
                     "--read-iops-sec-max-length=:n --write-iops-sec-max-length=:n --config --live --current",
                     "limits of one disk", blkdeviotune),
        make_command("perf", "<domain> --enable= --disable= --config --live --current",
                     "which of the CPU's counters count for a domain", perf),
    };
}

}  // namespace virtue::shell
