// vCPUs and memory of a domain.
#include "driver/constants.h"
#include "protocol/remote/domain_cpu.h"
#include "protocol/remote/domain_stats.h"
#include "protocol/remote/domain_tune.h"
#include "protocol/remote/node.h"
#include "shell/commands/commands.h"
#include "shell/commands/cpu_map.h"
#include "shell/commands/object.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<std::optional<int32_t>> count_vcpus(Context& context, DomainRef domain, uint32_t flags) {
    DomainGetVcpusFlags::Args ask{.domain = std::move(domain), .flags = flags};
    std::optional<DomainGetVcpusFlags::Ret> answer =
        co_await ask_optional<DomainGetVcpusFlags>(context, std::move(ask));
    if (!answer) co_return std::nullopt;
    co_return answer->num;
}

Task<Result> vcpucount(Context& context, Arguments arguments) {
    exclude(arguments, "live", "config");
    exclude(arguments, "current", "live");
    exclude(arguments, "current", "config");
    exclude(arguments, "active", "maximum");
    DomainRef domain = co_await the_domain(context, arguments);
    bool one = arguments.has("maximum") || arguments.has("active") || arguments.has("live") ||
               arguments.has("config") || arguments.has("current") || arguments.has("guest");
    if (one) {
        if (!arguments.has("maximum") && !arguments.has("active") && !arguments.has("guest")) {
            throw Failure{"One of the options --maximum and --active is needed with --live, --config and --current"};
        }
        DomainGetVcpusFlags::Args ask{.domain = std::move(domain),
                                      .flags = affect_of(arguments).flags |
                                               flag_if(arguments, "maximum", api::domain_vcpu_maximum) |
                                               flag_if(arguments, "guest", api::domain_vcpu_guest)};
        DomainGetVcpusFlags::Ret answer = co_await context.call<DomainGetVcpusFlags>(std::move(ask));
        co_return Custom{fmt::format("{}\n", answer.num), Value(Record{{"count", answer.num}})};
    }
    struct Line {
        const char* which;
        const char* where;
        uint32_t flags;
    };
    constexpr Line lines[] = {
        {"maximum", "config", api::domain_vcpu_config | api::domain_vcpu_maximum},
        {"maximum", "live", api::domain_vcpu_live | api::domain_vcpu_maximum},
        {"current", "config", api::domain_vcpu_config},
        {"current", "live", api::domain_vcpu_live},
    };
    std::string text;
    Record record;
    for (const Line& line : lines) {
        std::optional<int32_t> count = co_await count_vcpus(context, domain, line.flags);
        if (!count) continue;
        text += fmt::format("{:<12} {:<12} {:>3}\n", line.which, line.where, *count);
        record.emplace_back(fmt::format("{}_{}", line.which, line.where), *count);
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

Task<Result> setvcpus(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    auto count = static_cast<uint32_t>(arguments.find_unsigned("count", UINT32_MAX).value_or(0));
    if (count == 0) throw Failure{"Can't set 0 processors for a VM"};
    uint32_t flags = affect_of(arguments).flags | flag_if(arguments, "maximum", api::domain_vcpu_maximum) |
                     flag_if(arguments, "guest", api::domain_vcpu_guest) |
                     flag_if(arguments, "hotpluggable", api::domain_vcpu_hotpluggable);
    DomainSetVcpusFlags::Args call{.domain = std::move(domain), .nvcpus = count, .flags = flags};
    co_await context.call<DomainSetVcpusFlags>(std::move(call));
    co_return std::monostate{};
}

Task<Result> setvcpu(Context& context, Arguments arguments) {
    exclude(arguments, "enable", "disable");
    if (!arguments.has("enable") && !arguments.has("disable")) {
        throw Failure{"one of --enable, --disable is required"};
    }
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetVcpu::Args call{.domain = std::move(domain),
                             .cpumap = arguments.text("vcpulist"),
                             .state = arguments.has("enable") ? 1 : 0,
                             .flags = affect_of(arguments).flags};
    co_await context.call<DomainSetVcpu>(std::move(call));
    co_return std::monostate{};
}

Task<Result> vcpuinfo(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    size_t cpus = co_await host_cpus(context);
    size_t map_bytes = (cpus + 7) / 8;
    DomainGetInfo::Args ask_info{.domain = domain};
    DomainGetInfo::Ret info = co_await context.call<DomainGetInfo>(std::move(ask_info));
    DomainGetVcpus::Args ask{
        .domain = std::move(domain), .maxinfo = info.nr_virt_cpu, .maplen = static_cast<int32_t>(map_bytes)};
    DomainGetVcpus::Ret answer = co_await context.call<DomainGetVcpus>(std::move(ask));
    constexpr std::string_view states[] = {"offline", "running", "blocked"};
    std::string text;
    Values rows;
    for (size_t i = 0; i < answer.info.size(); i++) {
        const VcpuInfo& vcpu = answer.info[i];
        const uint8_t* map = answer.cpumaps.data() + i * map_bytes;
        std::string list = cpu_list(map, map_bytes, cpus);
        std::string letters;
        for (size_t cpu = 0; cpu < cpus; cpu++) letters += map[cpu / 8] >> (cpu % 8) & 1 ? 'y' : '-';
        std::string state(vcpu.state >= 0 && vcpu.state < 3 ? states[vcpu.state] : "no state");
        double seconds = static_cast<double>(vcpu.cpu_time) / 1e9;
        text +=
            fmt::format("{:<15} {}\n{:<15} {}\n{:<15} {}\n", "VCPU:", vcpu.number, "CPU:", vcpu.cpu, "State:", state);
        if (vcpu.cpu_time != 0) text += fmt::format("{:<15} {:.1f}s\n", "CPU time:", seconds);
        text +=
            fmt::format("{:<15} {}\n",
                        "CPU Affinity:", arguments.has("pretty") ? fmt::format("{} (out of {})", list, cpus) : letters);
        if (i + 1 < answer.info.size()) text += "\n";
        rows.emplace_back(Record{{"vcpu", vcpu.number},
                                 {"cpu", vcpu.cpu},
                                 {"state", state},
                                 {"cpu_time_seconds", seconds},
                                 {"affinity", list}});
    }
    co_return Custom{std::move(text), Value(std::move(rows))};
}

Task<Result> vcpupin(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    size_t cpus = co_await host_cpus(context);
    uint32_t flags = affect_of(arguments).flags;
    std::optional<uint64_t> vcpu = arguments.find_unsigned("vcpu", UINT32_MAX);
    if (std::optional<std::string> list = arguments.find("cpulist")) {
        if (!vcpu) throw Failure{"vcpupin: Missing vCPU number in pin mode."};
        DomainPinVcpuFlags::Args call{.domain = std::move(domain),
                                      .vcpu = static_cast<uint32_t>(*vcpu),
                                      .cpumap = cpu_map(*list, cpus),
                                      .flags = flags};
        co_await context.call<DomainPinVcpuFlags>(std::move(call));
        co_return std::monostate{};
    }
    DomainGetInfo::Args ask_info{.domain = domain};
    DomainGetInfo::Ret info = co_await context.call<DomainGetInfo>(std::move(ask_info));
    size_t map_bytes = (cpus + 7) / 8;
    DomainGetVcpuPinInfo::Args ask{.domain = std::move(domain),
                                   .ncpumaps = info.nr_virt_cpu,
                                   .maplen = static_cast<int32_t>(map_bytes),
                                   .flags = flags};
    DomainGetVcpuPinInfo::Ret answer = co_await context.call<DomainGetVcpuPinInfo>(std::move(ask));
    Table table{{{"VCPU", "vcpu"}, {"CPU Affinity", "affinity"}}, {}};
    for (int32_t i = 0; i < answer.num; i++) {
        if (vcpu && *vcpu != static_cast<uint64_t>(i)) continue;
        const uint8_t* map = answer.cpumaps.data() + static_cast<size_t>(i) * map_bytes;
        table.rows.push_back({i, cpu_list(map, map_bytes, cpus)});
    }
    co_return table;
}

Task<Result> emulatorpin(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    size_t cpus = co_await host_cpus(context);
    uint32_t flags = affect_of(arguments).flags;
    if (std::optional<std::string> list = arguments.find("cpulist")) {
        DomainPinEmulator::Args call{.domain = std::move(domain), .cpumap = cpu_map(*list, cpus), .flags = flags};
        co_await context.call<DomainPinEmulator>(std::move(call));
        co_return std::monostate{};
    }
    DomainGetEmulatorPinInfo::Args ask{
        .domain = std::move(domain), .maplen = static_cast<int32_t>((cpus + 7) / 8), .flags = flags};
    DomainGetEmulatorPinInfo::Ret answer = co_await context.call<DomainGetEmulatorPinInfo>(std::move(ask));
    std::string list = cpu_list(answer.cpumaps.data(), answer.cpumaps.size(), cpus);
    co_return Custom{"emulator: CPU Affinity\n----------------------------------\n       *: " + list + "\n",
                     Value(Record{{"affinity", list}})};
}

uint64_t kibibytes_of(const Arguments& arguments) {
    return (arguments.find_size("size", 1024).value_or(0) + 1023) / 1024;
}

Task<Result> setmem(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetMemoryFlags::Args call{
        .domain = std::move(domain), .memory = kibibytes_of(arguments), .flags = affect_of(arguments).flags};
    co_await context.call<DomainSetMemoryFlags>(std::move(call));
    co_return std::monostate{};
}

Task<Result> setmaxmem(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetMemoryFlags::Args call{.domain = std::move(domain),
                                    .memory = kibibytes_of(arguments),
                                    .flags = affect_of(arguments).flags | api::domain_mem_maximum};
    co_await context.attempt<DomainSetMemoryFlags>(std::move(call), "Unable to change MaxMemorySize");
    co_return std::monostate{};
}

Task<Result> dommemstat(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    if (std::optional<int64_t> period = arguments.find_number("period")) {
        DomainSetMemoryStatsPeriod::Args call{
            .domain = std::move(domain), .period = static_cast<int32_t>(*period), .flags = affect_of(arguments).flags};
        co_await context.attempt<DomainSetMemoryStatsPeriod>(std::move(call),
                                                             "Unable to change balloon collection period.");
        co_return std::monostate{};
    }
    std::string failure = "Failed to get memory statistics for domain " + domain.name;
    DomainMemoryStats::Args ask{.domain = std::move(domain), .max_stats = api::domain_memory_stat_last};
    DomainMemoryStats::Ret answer = co_await context.attempt<DomainMemoryStats>(std::move(ask), std::move(failure));
    constexpr std::string_view names[] = {
        "swap_in", "swap_out", "major_fault", "minor_fault", "unused",          "available",     "actual",
        "rss",     "usable",   "last_update", "disk_caches", "hugetlb_pgalloc", "hugetlb_pgfail"};
    std::string text;
    Record record;
    for (const DomainMemoryStat& stat : answer.stats) {
        if (stat.tag < 0 || static_cast<size_t>(stat.tag) >= std::size(names)) continue;
        text += fmt::format("{} {}\n", names[stat.tag], stat.val);
        record.emplace_back(std::string(names[stat.tag]), stat.val);
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

}  // namespace

Commands domain_cpu_memory_commands() {
    return {
        make_command("vcpucount", "<domain> --maximum --active --live --config --current --guest",
                     "how many vCPUs a domain has", vcpucount),
        make_command("setvcpus", "<domain> <count:n> --maximum --config --live --current --guest --hotpluggable",
                     "change the number of vCPUs", setvcpus),
        make_command("setvcpu", "<domain> <vcpulist> --enable --disable --config --live --current",
                     "switch vCPUs on or off", setvcpu),
        make_command("vcpuinfo", "<domain> --pretty", "what the vCPUs do", vcpuinfo),
        make_command("vcpupin", "<domain> --vcpu=:n --cpulist= --config --live --current",
                     "which host CPUs a vCPU may use", vcpupin),
        make_command("emulatorpin", "<domain> --cpulist= --config --live --current",
                     "which host CPUs the emulator may use", emulatorpin),
        make_command("setmem", "<domain> <size:n> --config --live --current", "change the memory", setmem),
        make_command("setmaxmem", "<domain> <size:n> --config --live --current", "change the most memory", setmaxmem),
    };
}

Commands memory_monitor_commands() {
    return {make_command("dommemstat", "<domain> --period=:n --config --live --current",
                         "what the guest's memory is used for", dommemstat)};
}

}  // namespace virtue::shell
