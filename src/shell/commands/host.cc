// The host and its hypervisor: processors, memory, versions, what can be had.
#include <algorithm>

#include "client/connect.h"
#include "driver/constants.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/node.h"
#include "shell/commands/commands.h"
#include "shell/lookup.h"
#include "shell/version.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<Result> nodeinfo(Context& context, Arguments) {
    NodeGetInfo::Args none;
    NodeGetInfo::Ret info = co_await context.attempt<NodeGetInfo>(none, "failed to get node information");
    auto number = [](int32_t value) { return static_cast<int64_t>(value); };
    Fields out{.width = 20};
    out.fields = {{"CPU model", "cpu_model", std::string(info.model.text())},
                  {"CPU(s)", "cpus", number(info.cpus)},
                  {"CPU frequency", "mhz", number(info.mhz), fmt::format("{} MHz", info.mhz)},
                  {"CPU socket(s)", "sockets", number(info.sockets)},
                  {"Core(s) per socket", "cores", number(info.cores)},
                  {"Thread(s) per core", "threads", number(info.threads)},
                  {"NUMA cell(s)", "nodes", number(info.nodes)},
                  {"Memory size", "memory_kib", info.memory, fmt::format("{} KiB", info.memory)}};
    co_return out;
}

Task<Result> nodecpumap(Context& context, Arguments arguments) {
    NodeGetCpuMap::Args ask{.need_map = 1, .need_online = 1};
    NodeGetCpuMap::Ret map = co_await context.attempt<NodeGetCpuMap>(ask, "Unable to get cpu map");
    auto present = static_cast<size_t>(map.ret);
    std::string shown;
    if (arguments.has("pretty")) {
        shown = cpu_list(map.cpumap.data(), map.cpumap.size(), present);
    } else {
        for (size_t cpu = 0; cpu < present; cpu++) shown += map.cpumap.at(cpu / 8) >> (cpu % 8) & 1 ? 'y' : '-';
    }
    Fields out{.width = 15};
    out.fields = {{"CPUs present", "present", static_cast<uint64_t>(present)},
                  {"CPUs online", "online", map.online},
                  {"CPU map", "map", shown}};
    co_return out;
}

struct CpuTimes {
    std::vector<NodeCpuStat> stats;
    uint64_t at(std::string_view name) const {
        for (const NodeCpuStat& stat : stats) {
            if (stat.field == name) return stat.value;
        }
        return 0;
    }
};

Task<CpuTimes> cpu_times(Context& context, int32_t cpu) {
    NodeGetCpuStats::Args count{.cpu_num = cpu, .nparams = 0};
    NodeGetCpuStats::Ret known = co_await context.attempt<NodeGetCpuStats>(count, "Unable to get number of cpu stats");
    NodeGetCpuStats::Args ask{.cpu_num = cpu, .nparams = known.nparams};
    NodeGetCpuStats::Ret answer = co_await context.attempt<NodeGetCpuStats>(ask, "Unable to get node cpu stats");
    co_return CpuTimes{std::move(answer.params)};
}

Result percentages(const CpuTimes& before, const CpuTimes& after) {
    constexpr std::string_view names[] = {"user", "kernel", "idle", "iowait"};
    constexpr std::string_view titles[] = {"user", "system", "idle", "iowait"};
    double total = 0;
    double spent[4];
    for (size_t i = 0; i < 4; i++) {
        spent[i] = static_cast<double>(after.at(names[i]) - before.at(names[i]));
        total += spent[i];
    }
    if (total <= 0) total = 1;
    double usage = (spent[0] + spent[1]) * 100 / total;
    std::string text = fmt::format("{:<15} {:>5.1f}%\n", "usage:", usage);
    Record record{{"usage", usage}};
    for (size_t i = 0; i < 4; i++) {
        double share = spent[i] * 100 / total;
        text += fmt::format("{:<15} {:>5.1f}%\n", std::string(titles[i]) + ":", share);
        record.emplace_back(std::string(titles[i]), share);
    }
    return Custom{std::move(text), Value(std::move(record))};
}

Task<Result> nodecpustats(Context& context, Arguments arguments) {
    auto cpu = static_cast<int32_t>(arguments.find_number("cpu").value_or(api::node_cpu_stats_all_cpus));
    CpuTimes times = co_await cpu_times(context, cpu);
    if (arguments.has("percent")) {
        io::Milliseconds second{1000};
        co_await context.loop().sleep(second);
        CpuTimes later = co_await cpu_times(context, cpu);
        co_return percentages(times, later);
    }
    std::string text;
    Record record;
    constexpr std::string_view names[] = {"user", "kernel", "idle", "iowait", "intr"};
    constexpr std::string_view titles[] = {"user", "system", "idle", "iowait", "intr"};
    for (size_t i = 0; i < std::size(names); i++) {
        bool known = false;
        for (const NodeCpuStat& stat : times.stats) known |= stat.field == names[i];
        if (!known) continue;
        text += fmt::format("{:<15} {:>20}\n", std::string(titles[i]) + ":", times.at(names[i]));
        record.emplace_back(std::string(titles[i]), times.at(names[i]));
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

Task<Result> nodememstats(Context& context, Arguments arguments) {
    auto cell = static_cast<int32_t>(arguments.find_number("cell").value_or(api::node_memory_stats_all_cells));
    NodeGetMemoryStats::Args count{.nparams = 0, .cell_num = cell};
    NodeGetMemoryStats::Ret known =
        co_await context.attempt<NodeGetMemoryStats>(count, "Unable to get number of memory stats");
    NodeGetMemoryStats::Args ask{.nparams = known.nparams, .cell_num = cell};
    NodeGetMemoryStats::Ret answer = co_await context.attempt<NodeGetMemoryStats>(ask, "Unable to get memory stats");
    std::string text;
    Record record;
    for (const NodeMemoryStat& stat : answer.params) {
        text += fmt::format("{:<7}: {:>20} KiB\n", stat.field, stat.value);
        record.emplace_back(stat.field, stat.value);
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

Task<std::string> capabilities_text(Context& context) {
    ConnectGetCapabilities::Args none;
    ConnectGetCapabilities::Ret answer =
        co_await context.attempt<ConnectGetCapabilities>(none, "failed to get capabilities");
    co_return std::move(answer.capabilities);
}

// The numbers of the host's NUMA cells.
Task<std::vector<int32_t>> cells_of(Context& context) {
    std::string xml = co_await capabilities_text(context);
    std::vector<int32_t> cells;
    for (const std::string& id : xml::find_texts(xml, "/capabilities/host/topology/cells/cell/@id"))
        cells.push_back(std::stoi(id));
    if (cells.empty()) throw Failure{"could not get information about NUMA topology"};
    co_return cells;
}

Task<Result> freecell(Context& context, Arguments arguments) {
    exclude(arguments, "all", "cellno");
    std::string text;
    Record record;
    if (arguments.has("all")) {
        std::vector<int32_t> cells = co_await cells_of(context);
        uint64_t total = 0;
        for (int32_t cell : cells) {
            NodeGetCellsFreeMemory::Args ask{.start_cell = cell, .maxcells = 1};
            NodeGetCellsFreeMemory::Ret answer = co_await context.attempt<NodeGetCellsFreeMemory>(
                ask, fmt::format("failed to get free memory for NUMA node number: {}", cell));
            uint64_t kibibytes = answer.cells.empty() ? 0 : answer.cells.front() / 1024;
            total += kibibytes;
            text += fmt::format("{:>5}: {:>10} KiB\n", cell, kibibytes);
            record.emplace_back(fmt::format("{}", cell), kibibytes);
        }
        text += fmt::format("--------------------\n{:>5}: {:>10} KiB\n", "Total", total);
        record.emplace_back("total", total);
    } else if (std::optional<int64_t> cell = arguments.find_number("cellno")) {
        NodeGetCellsFreeMemory::Args ask{.start_cell = static_cast<int32_t>(*cell), .maxcells = 1};
        NodeGetCellsFreeMemory::Ret answer = co_await context.call<NodeGetCellsFreeMemory>(ask);
        uint64_t kibibytes = answer.cells.empty() ? 0 : answer.cells.front() / 1024;
        text = fmt::format("{}: {} KiB\n", *cell, kibibytes);
        record.emplace_back(fmt::format("{}", *cell), kibibytes);
    } else {
        NodeGetFreeMemory::Args none;
        NodeGetFreeMemory::Ret answer = co_await context.call<NodeGetFreeMemory>(none);
        text = fmt::format("Total: {} KiB\n", answer.free_mem / 1024);
        record.emplace_back("total", answer.free_mem / 1024);
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

Task<Values> free_pages(Context& context, int32_t cell, std::vector<uint32_t> sizes, std::string& text) {
    NodeGetFreePages::Args ask{.pages = sizes, .start_cell = cell, .cell_count = 1};
    NodeGetFreePages::Ret answer = co_await context.call<NodeGetFreePages>(std::move(ask));
    Values rows;
    for (size_t i = 0; i < answer.counts.size() && i < sizes.size(); i++) {
        text += fmt::format("{}KiB: {}\n", sizes[i], answer.counts[i]);
        rows.emplace_back(Record{{"node", cell}, {"page_kib", sizes[i]}, {"free", answer.counts[i]}});
    }
    co_return rows;
}

Task<Result> freepages(Context& context, Arguments arguments) {
    exclude(arguments, "all", "cellno");
    std::optional<uint64_t> size = arguments.find_size("pagesize", 1024);
    std::string text;
    Values rows;
    if (!arguments.has("all")) {
        std::optional<int64_t> cell = arguments.find_number("cellno");
        if (!cell) throw Failure{"missing cellno argument"};
        if (!size) throw Failure{"missing pagesize argument"};
        std::vector<uint32_t> sizes = {static_cast<uint32_t>(*size / 1024)};
        auto number = static_cast<int32_t>(*cell);
        rows = co_await free_pages(context, number, std::move(sizes), text);
        co_return Custom{std::move(text), Value(std::move(rows))};
    }
    std::string xml = co_await capabilities_text(context);
    std::vector<uint32_t> sizes;
    if (size) sizes.push_back(static_cast<uint32_t>(*size / 1024));
    for (const std::string& known : xml::find_texts(xml, "/capabilities/host/cpu/pages/@size")) {
        if (!size) sizes.push_back(static_cast<uint32_t>(std::stoul(known)));
    }
    std::sort(sizes.begin(), sizes.end());
    std::vector<int32_t> cells = co_await cells_of(context);
    for (int32_t cell : cells) {
        text += fmt::format("Node {}:\n", cell);
        Values more = co_await free_pages(context, cell, sizes, text);
        rows.insert(rows.end(), more.begin(), more.end());
        text += "\n";
    }
    co_return Custom{std::move(text), Value(std::move(rows))};
}

Task<Result> allocpages(Context& context, Arguments arguments) {
    exclude(arguments, "all", "cellno");
    auto size = static_cast<uint32_t>(arguments.find_size("pagesize", 1024).value_or(0) / 1024);
    uint64_t count = arguments.find_unsigned("pagecount").value_or(0);
    std::vector<int32_t> cells = {static_cast<int32_t>(arguments.find_number("cellno").value_or(-1))};
    if (arguments.has("all")) cells = co_await cells_of(context);
    for (int32_t cell : cells) {
        NodeAllocPages::Args call{.start_cell = cell,
                                  .cell_count = 1,
                                  .flags = flag_if(arguments, "add", api::node_alloc_pages_add) |
                                           (arguments.has("add") ? 0 : api::node_alloc_pages_set)};
        call.page_sizes.push_back(size);
        call.page_counts.push_back(count);
        co_await context.call<NodeAllocPages>(std::move(call));
    }
    co_return std::monostate{};
}

Task<Result> sysinfo(Context& context, Arguments) {
    ConnectGetSysinfo::Args none;
    ConnectGetSysinfo::Ret answer = co_await context.attempt<ConnectGetSysinfo>(none, "failed to get sysinfo");
    co_return Text{std::move(answer.sysinfo), "xml"};
}

Task<Result> hostname(Context& context, Arguments) {
    ConnectGetHostname::Args none;
    ConnectGetHostname::Ret answer = co_await context.attempt<ConnectGetHostname>(none, "failed to get hostname");
    co_return Text{std::move(answer.hostname), "hostname"};
}

std::string dotted(uint64_t number) {
    return fmt::format("{}.{}.{}", number / 1000000, number / 1000 % 1000, number % 1000);
}

Task<Result> version_of(Context& context, Arguments arguments) {
    ConnectGetType::Args none_type;
    ConnectGetType::Ret type = co_await context.attempt<ConnectGetType>(none_type, "failed to get hypervisor type");
    ConnectGetVersion::Args none_version;
    ConnectGetVersion::Ret running =
        co_await context.attempt<ConnectGetVersion>(none_version, "failed to get the hypervisor version");
    // Our protocol's release stands where virsh has its library's: that is what a script asks for.
    std::string text =
        fmt::format("Compiled against library: libvirt {0}\nUsing library: libvirt {0}\nUsing API: {1} {0}\n",
                    libvirt_version, type.type);
    if (running.hv_ver == 0) {
        text += fmt::format("Cannot extract running {} hypervisor version\n", type.type);
    } else {
        text += fmt::format("Running hypervisor: {} {}\n", type.type, dotted(running.hv_ver));
    }
    Record record{{"library", std::string(libvirt_version)},
                  {"hypervisor", type.type},
                  {"hypervisor_version", dotted(running.hv_ver)},
                  {"virtue", std::string(version)}};
    if (arguments.has("daemon")) {
        ConnectGetLibVersion::Args none_daemon;
        ConnectGetLibVersion::Ret daemon =
            co_await context.attempt<ConnectGetLibVersion>(none_daemon, "failed to get the daemon version");
        text += fmt::format("Running against daemon: {}\n", dotted(daemon.lib_ver));
        record.emplace_back("daemon", dotted(daemon.lib_ver));
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

// The URI as it was asked for, with its way there; the daemon knows only the driver's part.
Task<Result> uri(Context& context, Arguments) {
    if (!context.settings().uri.empty()) co_return Text{client::resolve_uri(context.settings().uri), "uri"};
    ConnectGetUri::Args none;
    ConnectGetUri::Ret answer = co_await context.attempt<ConnectGetUri>(none, "failed to get URI");
    co_return Text{std::move(answer.uri), "uri"};
}

Task<Result> capabilities(Context& context, Arguments) {
    std::string xml = co_await capabilities_text(context);
    co_return Text{std::move(xml), "xml", true};
}

Task<Result> domcapabilities(Context& context, Arguments arguments) {
    ConnectGetDomainCapabilities::Args call{.emulatorbin = arguments.find("emulatorbin"),
                                            .arch = arguments.find("arch"),
                                            .machine = arguments.find("machine"),
                                            .virttype = arguments.find("virttype")};
    ConnectGetDomainCapabilities::Ret answer =
        co_await context.attempt<ConnectGetDomainCapabilities>(std::move(call), "failed to get emulator capabilities");
    co_return xml_result(arguments, std::move(answer.capabilities));
}

Task<Result> cpu_models(Context& context, Arguments arguments) {
    ConnectGetCpuModelNames::Args call{.arch = arguments.text("arch"), .need_results = 1};
    ConnectGetCpuModelNames::Ret answer =
        co_await context.attempt<ConnectGetCpuModelNames>(std::move(call), "failed to get CPU model names");
    if (answer.models.empty()) co_return Custom{"all CPU models are accepted\n", Value(Values{})};
    co_return Lines{std::move(answer.models), "models"};
}

// The <cpu> elements of a file that may hold other XML around them.
std::vector<std::string> cpus_in(const std::string& file) {
    std::string text = read_input(file);
    std::string wrapped = text;
    // Several elements in a row are no document: give them a root.
    if (size_t start = wrapped.find("?>"); wrapped.starts_with("<?xml") && start != wrapped.npos)
        wrapped.erase(0, start + 2);
    std::vector<std::string> cpus = xml::find_nodes(
        "<container>" + wrapped + "</container>",
        "//cpu[not(ancestor::cpus)][not(ancestor::cells)][not(ancestor::topology)] | //mode[@name='host-model']");
    if (cpus.empty())
        throw Failure{fmt::format(
            "File '{}' does not contain a <cpu> element or is not a valid domain or capabilities XML", file)};
    for (std::string& cpu : cpus) {
        if (!cpu.starts_with("<mode")) continue;
        cpu = "<cpu" + cpu.substr(5, cpu.rfind("</mode>") - 5) + "</cpu>";
    }
    return cpus;
}

Result comparison(int32_t result, const std::string& file, const std::string& whose) {
    constexpr std::string_view words[] = {"incompatible", "identical", "superset"};
    std::string text;
    switch (result) {
        case 0:
            throw Failure{fmt::format("CPU described in {} is incompatible with {} CPU", file, whose)};
        case 1:
            text = fmt::format("CPU described in {} is identical to {} CPU", file, whose);
            break;
        case 2:
            text = whose == "host"
                       ? "Host CPU is a superset of CPU described in " + file
                       : "The CPU provided by hypervisor on the host is a superset of CPU described in " + file;
            break;
        default:
            throw Failure{fmt::format("Failed to compare {} CPU with {}", whose, file)};
    }
    return Custom{text + "\n", Value(Record{{"result", std::string(words[result])}})};
}

uint32_t compare_flags(const Arguments& arguments) {
    return flag_if(arguments, "error", api::connect_compare_cpu_fail_incompatible) |
           flag_if(arguments, "validate", api::connect_compare_cpu_validate_xml);
}

uint32_t baseline_flags(const Arguments& arguments) {
    return flag_if(arguments, "features", api::connect_baseline_cpu_expand_features) |
           flag_if(arguments, "migratable", api::connect_baseline_cpu_migratable);
}

Task<Result> cpu_compare(Context& context, Arguments arguments) {
    std::string file = arguments.text("file");
    std::vector<std::string> cpus = cpus_in(file);
    ConnectCompareCpu::Args call{.xml = cpus.front(), .flags = compare_flags(arguments)};
    ConnectCompareCpu::Ret answer =
        co_await context.attempt<ConnectCompareCpu>(std::move(call), "Failed to compare host CPU with " + file);
    co_return comparison(answer.result, file, "host");
}

Task<Result> cpu_baseline(Context& context, Arguments arguments) {
    ConnectBaselineCpu::Args call{.xml_cpus = cpus_in(arguments.text("file")), .flags = baseline_flags(arguments)};
    ConnectBaselineCpu::Ret answer = co_await context.call<ConnectBaselineCpu>(std::move(call));
    co_return Text{std::move(answer.cpu), "xml"};
}

Task<Result> hypervisor_cpu_compare(Context& context, Arguments arguments) {
    std::string file = arguments.text("file");
    std::vector<std::string> cpus = cpus_in(file);
    ConnectCompareHypervisorCpu::Args call{.emulator = arguments.find("emulator"),
                                           .arch = arguments.find("arch"),
                                           .machine = arguments.find("machine"),
                                           .virttype = arguments.find("virttype"),
                                           .xml_cpu = cpus.front(),
                                           .flags = compare_flags(arguments)};
    ConnectCompareHypervisorCpu::Ret answer = co_await context.attempt<ConnectCompareHypervisorCpu>(
        std::move(call), "Failed to compare hypervisor CPU with " + file);
    if (answer.result == 0) {
        throw Failure{
            fmt::format("CPU described in {} is incompatible with the CPU provided by hypervisor on the host", file)};
    }
    if (answer.result == 1) {
        co_return Custom{
            fmt::format("CPU described in {} is identical to the CPU provided by hypervisor on the host\n", file),
            Value(Record{{"result", "identical"}})};
    }
    co_return comparison(answer.result, file, "hypervisor");
}

Task<Result> hypervisor_cpu_baseline(Context& context, Arguments arguments) {
    ConnectBaselineHypervisorCpu::Args call{.emulator = arguments.find("emulator"),
                                            .arch = arguments.find("arch"),
                                            .machine = arguments.find("machine"),
                                            .virttype = arguments.find("virttype"),
                                            .flags = baseline_flags(arguments)};
    if (std::optional<std::string> model = arguments.find("model")) {
        call.xml_cpus.push_back("<cpu mode='custom' match='exact'><model>" + *model + "</model></cpu>");
    } else if (std::optional<std::string> file = arguments.find("file")) {
        call.xml_cpus = cpus_in(*file);
    } else {
        throw Failure{"--file or --model is needed"};
    }
    ConnectBaselineHypervisorCpu::Ret answer = co_await context.call<ConnectBaselineHypervisorCpu>(std::move(call));
    co_return Text{std::move(answer.cpu), "xml"};
}

Task<Result> maxvcpus(Context& context, Arguments arguments) {
    ConnectGetMaxVcpus::Args call{.type = arguments.find("type")};
    ConnectGetMaxVcpus::Ret answer = co_await context.call<ConnectGetMaxVcpus>(std::move(call));
    co_return Custom{fmt::format("{}\n", answer.max_vcpus), Value(Record{{"max_vcpus", answer.max_vcpus}})};
}

Task<Result> nodesuspend(Context& context, Arguments arguments) {
    constexpr std::string_view targets[] = {"mem", "disk", "hybrid"};
    auto found = std::find(std::begin(targets), std::end(targets), arguments.text("target"));
    if (found == std::end(targets)) throw Failure{"Invalid target"};
    NodeSuspendForDuration::Args call{.target = static_cast<uint32_t>(found - std::begin(targets)),
                                      .duration = arguments.find_unsigned("duration").value_or(0)};
    co_await context.attempt<NodeSuspendForDuration>(call, "The host was not suspended");
    co_return std::monostate{};
}

Task<Result> node_memory_tune(Context& context, Arguments arguments) {
    NodeSetMemoryParameters::Args set;
    auto take = [&](const char* option, const char* field) {
        std::optional<int64_t> value = arguments.find_number(option);
        if (value) set.params.push_back({field, static_cast<uint32_t>(*value)});
    };
    take("shm-pages-to-scan", "shm_pages_to_scan");
    take("shm-sleep-millisecs", "shm_sleep_millisecs");
    take("shm-merge-across-nodes", "shm_merge_across_nodes");
    if (!set.params.empty()) {
        co_await context.attempt<NodeSetMemoryParameters>(std::move(set), "Unable to change memory parameters");
        co_return std::monostate{};
    }
    NodeGetMemoryParameters::Args count;
    NodeGetMemoryParameters::Ret known =
        co_await context.attempt<NodeGetMemoryParameters>(count, "Unable to get number of memory parameters");
    NodeGetMemoryParameters::Args ask{.nparams = known.nparams};
    NodeGetMemoryParameters::Ret answer =
        co_await context.attempt<NodeGetMemoryParameters>(ask, "Unable to get memory parameters");
    std::string text = "Shared memory:\n";
    Record record;
    for (const TypedParameter& parameter : answer.params) {
        text += fmt::format("\t{:<15} {}\n", parameter.field, parameter_text(parameter));
        record.emplace_back(parameter.field, parameter_value(parameter));
    }
    co_return Custom{std::move(text), Value(std::move(record))};
}

Task<Result> nodesevinfo(Context& context, Arguments) {
    NodeGetSevInfo::Args ask;
    NodeGetSevInfo::Ret answer = co_await context.attempt<NodeGetSevInfo>(ask, "Unable to get host SEV information");
    co_return parameters_result(answer.params, 18);
}

}  // namespace

Commands host_commands() {
    return {
        make_command("allocpages", "<pagesize:n> <pagecount:n> --cellno=:n --add --all",
                     "change the pool of huge pages", allocpages),
        make_command("capabilities", "", "what the host and its hypervisor can do", capabilities),
        make_command("cpu-baseline", "<file> --features --migratable", "the CPU that several hosts can give",
                     cpu_baseline),
        make_command("cpu-compare", "<file> --error --validate", "compare a CPU with the host's", cpu_compare),
        make_command("cpu-models", "<arch>", "the CPU models of an architecture", cpu_models),
        make_command("domcapabilities", "--virttype= --emulatorbin= --arch= --machine=", "what a domain can have here",
                     domcapabilities),
        make_command("freecell", "--cellno=:n --all", "free memory of NUMA nodes", freecell),
        make_command("freepages", "--cellno=:n --pagesize=:n --all", "free pages of NUMA nodes", freepages),
        make_command("hostname", "", "the host's name", hostname),
        make_command("hypervisor-cpu-baseline",
                     "--file= --virttype= --emulator= --arch= --machine= --features --migratable --model=",
                     "the CPU that a hypervisor can give on several hosts", hypervisor_cpu_baseline),
        make_command("hypervisor-cpu-compare", "<file> --virttype= --emulator= --arch= --machine= --error --validate",
                     "compare a CPU with what the hypervisor gives", hypervisor_cpu_compare),
        make_command("maxvcpus", "--type=", "the most vCPUs that a domain can have", maxvcpus),
        make_command("node-memory-tune", "--shm-pages-to-scan=:n --shm-sleep-millisecs=:n --shm-merge-across-nodes=:n",
                     "sharing of equal memory pages", node_memory_tune),
        make_command("nodecpumap", "--pretty", "the host's CPUs", nodecpumap),
        make_command("nodecpustats", "--cpu=:n --percent", "what the host's CPUs spent their time on", nodecpustats),
        make_command("nodeinfo", "", "the host at a glance", nodeinfo),
        make_command("nodememstats", "--cell=:n", "the host's memory", nodememstats),
        make_command("nodesevinfo", "", "what the host knows of AMD SEV", nodesevinfo),
        make_command("nodesuspend", "<target> <duration:n>", "suspend the host: mem, disk, hybrid", nodesuspend),
        make_command("sysinfo", "", "the host's firmware tables", sysinfo),
        make_command("uri", "", "the URI of this connection", uri),
        make_command("version", "--daemon", "versions of the library, the hypervisor and the daemon", version_of),
    };
}

}  // namespace virtue::shell
