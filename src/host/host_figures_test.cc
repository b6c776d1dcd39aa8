#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include "host/cpu_compare.h"
#include "host/fake_files_for_test.h"
#include "host/memory.h"
#include "host/processors.h"
#include "host/smbios.h"

using namespace virtue;
using namespace virtue::host;

namespace {

const std::string cpus = "/sys/devices/system/cpu/";

void put_cpu(FakeFiles& fake, const std::string& folder, unsigned id, unsigned socket, unsigned core,
             const std::string& siblings) {
    const std::string topology = fmt::format("{}cpu{}/topology/", folder, id);
    fake.put(topology + "physical_package_id", fmt::format("{}\n", socket));
    fake.put(topology + "core_id", fmt::format("{}\n", core));
    fake.put(topology + "thread_siblings_list", siblings + "\n");
}

// Two nodes of one socket each, with two cores of two threads.
void put_two_nodes(FakeFiles& fake) {
    fake.put(cpus + "present", "0-7\n");
    fake.put(cpus + "online", "0-7\n");
    for (unsigned id = 0; id < 8; id++) {
        const unsigned first = id / 2 * 2;
        put_cpu(fake, fmt::format("/sys/devices/system/node/node{}/", id / 4), id, id / 4, id / 2 % 2,
                fmt::format("{}-{}", first, first + 1));
    }
}

template <typename Call>
std::string refusal(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.message();
    }
    return "no error";
}

}  // namespace

TEST_CASE("sockets, cores and threads are counted per node, socket and core") {
    FakeFiles fake;
    put_two_nodes(fake);
    fake.put("/proc/cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2300.123\n");
    const ProcessorFigures figures = read_processor_figures(SystemFiles(fake.root()));
    CHECK(figures.online == 8);
    CHECK(figures.mhz == 2300);
    CHECK(figures.nodes == 2);
    CHECK(figures.sockets == 1);
    CHECK(figures.cores == 2);
    CHECK(figures.threads == 2);
}

TEST_CASE("a processor that is switched off still counts for the topology") {
    FakeFiles fake;
    put_two_nodes(fake);
    fake.put(cpus + "online", "0-6\n");
    const ProcessorFigures figures = read_processor_figures(SystemFiles(fake.root()));
    CHECK(figures.online == 7);
    CHECK(figures.nodes * figures.sockets * figures.cores * figures.threads == 8);
}

TEST_CASE("a topology that does not multiply out is told as one socket") {
    FakeFiles fake;
    fake.put(cpus + "present", "0-2\n");
    fake.put(cpus + "online", "0-2\n");
    put_cpu(fake, cpus, 0, 0, 0, "0-1");
    put_cpu(fake, cpus, 1, 0, 0, "0-1");
    put_cpu(fake, cpus, 2, 1, 0, "2");
    const ProcessorFigures figures = read_processor_figures(SystemFiles(fake.root()));
    CHECK(figures.nodes == 1);
    CHECK(figures.sockets == 1);
    CHECK(figures.cores == 3);
    CHECK(figures.threads == 1);
}

TEST_CASE("times are told in nanoseconds, and a processor that is not there is refused") {
    FakeFiles fake;
    fake.put("/proc/stat", "cpu  10 1 20 300 4 5 6 7 8 9\ncpu0 1 0 2 30 0 0 0 0 0 0\nintr 5\n");
    const SystemFiles files(fake.root());
    const auto tick = 1000000000u / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
    const ProcessorTimes all = read_processor_times(files, -1);
    CHECK(all.user == 11 * tick);
    CHECK(all.kernel == 31 * tick);
    CHECK(all.idle == 300 * tick);
    CHECK(all.waiting == 4 * tick);
    CHECK(read_processor_times(files, 0).idle == 30 * tick);
    CHECK(refusal([&] { read_processor_times(files, 1); }) == "Invalid cpuNum in virHostCPUGetStatsLinux");
}

TEST_CASE("memory is summed over the cells, and taken from the machine where there are none") {
    FakeFiles fake;
    fake.put("/proc/meminfo", "MemTotal:  900 kB\nMemFree:  500 kB\nBuffers: 7 kB\nCached: 70 kB\nSwapCached: 1 kB\n");
    const SystemFiles files(fake.root());
    CHECK(read_memory(files).cached == 70);
    CHECK(read_all_cells(files).free == 500);
    fake.put("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:  400 kB\nNode 0 MemFree:  100 kB\n");
    fake.put("/sys/devices/system/node/node2/meminfo", "Node 2 MemTotal:  300 kB\nNode 2 MemFree:  50 kB\n");
    CHECK(read_all_cells(files).total == 700);
    CHECK(read_all_cells(files).free == 150);
    CHECK(memory_cells(files) == std::vector<unsigned>{0, 2});
    CHECK_THROWS_AS(read_cell_memory(files, 1), Error);
}

TEST_CASE("pools of huge pages are read, set and grown") {
    FakeFiles fake;
    const std::string pool = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/";
    fake.put("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:  8192 kB\nNode 0 MemFree:  4096 kB\n");
    fake.put("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "2\n");
    fake.put(pool + "nr_hugepages", "2\n");
    fake.put(pool + "free_hugepages", "1\n");
    const SystemFiles files(fake.root());
    CHECK(page_sizes(files).back() == 2048);
    CHECK(read_pages(files, 0, 2048).free == 1);
    resize_pages(files, 0, 2048, 3, true);
    CHECK(read_pages(files, 0, 2048).total == 5);
    resize_pages(files, 0, 2048, 4, false);
    CHECK(read_pages(files, 0, 2048).total == 4);
    CHECK(refusal([&] { read_pages(files, 0, 5); }) == "operation failed: page size 5 is not available on node 0");
    CHECK(refusal([&] { resize_pages(files, -1, 999, 1, true); }) ==
          "operation failed: page size 999 is not available");
    const auto common = static_cast<unsigned>(::sysconf(_SC_PAGESIZE) / 1024);
    CHECK(refusal([&] { resize_pages(files, 0, common, 1, true); }) ==
          "Operation not supported: system pages pool can't be modified");
}

TEST_CASE("only the merge settings that are given are written") {
    FakeFiles fake;
    fake.put("/sys/kernel/mm/ksm/pages_to_scan", "100\n");
    fake.put("/sys/kernel/mm/ksm/sleep_millisecs", "20\n");
    const SystemFiles files(fake.root());
    MergeFigures wanted;
    wanted.pages_to_scan = 64;
    write_merging(files, wanted);
    CHECK(read_merging(files).pages_to_scan == 64);
    CHECK(read_merging(files).sleep_milliseconds == 20);
    CHECK(!read_merging(files).merge_across_nodes);
    wanted.merge_across_nodes = 1;
    CHECK(refusal([&] { write_merging(files, wanted); }).find("failed to set merge_across_nodes") != std::string::npos);
}

TEST_CASE("the firmware's tables are told in dmidecode's words") {
    std::vector<uint8_t> table;
    auto structure = [&table](std::vector<uint8_t> area, const std::string& strings) {
        area[1] = static_cast<uint8_t>(area.size());
        table.insert(table.end(), area.begin(), area.end());
        table.insert(table.end(), strings.begin(), strings.end());
        table.push_back(0);
        if (strings.empty()) table.push_back(0);
    };
    std::vector<uint8_t> system(0x1b, 0);
    system[0] = 1;
    system[4] = 1;
    system[5] = 2;
    for (size_t i = 0; i < 16; i++) system[8 + i] = static_cast<uint8_t>(i);
    structure(system, std::string("Maker\0The box \0", 15));
    std::vector<uint8_t> memory(0x28, 0);
    memory[0] = 17;
    memory[0xd] = 0x40;  // 16384 MB
    memory[0xe] = 9;
    memory[0x12] = 0x1a;
    memory[0x13] = 0x80;
    memory[0x15] = 0x80;
    memory[0x16] = 0x0c;
    structure(memory, "");
    memory[0xd] = 0;
    structure(memory, "");
    const std::vector<FirmwareSection> sections = parse_smbios(table);
    REQUIRE(sections.size() == 2);
    CHECK(sections[0].element == "system");
    CHECK(sections[0].entries[0] == std::pair<std::string, std::string>("manufacturer", "Maker"));
    CHECK(sections[0].entries[1].second == "The box");
    CHECK(sections[0].entries[4].second == "03020100-0504-0706-0809-0a0b0c0d0e0f");
    CHECK(sections[0].entries[2].second == "Not Specified");
    CHECK(sections[1].element == "memory_device");
    CHECK(sections[1].entries[0].second == "16 GB");
    CHECK(sections[1].entries[1].second == "DIMM");
    CHECK(sections[1].entries[4].second == "DDR4");
    CHECK(sections[1].entries[5].second == "Synchronous");
    CHECK(sections[1].entries[6].second == "3200 MT/s");
    for (size_t cut = 0; cut < table.size(); cut++) {
        CHECK(parse_smbios(std::span(table).first(cut)).size() <= sections.size());
    }
}

TEST_CASE("a CPU is compared by its features, policy by policy") {
    CpuDescription host;
    host.is_host = true;
    host.has_model = true;
    host.model = "Penryn";
    host.vendor = "Intel";
    CpuDescription wanted;
    wanted.has_model = true;
    wanted.model = "Penryn";
    CHECK(compare_cpu(host, wanted, true) == CpuMatch::identical);
    wanted.model = "Conroe";
    wanted.features = {{"sse4.1", FeaturePolicy::optional}};
    CHECK(compare_cpu(host, wanted, true) == CpuMatch::superset);
    wanted.strict = true;
    CHECK(compare_cpu(host, wanted, false) == CpuMatch::incompatible);
    wanted.strict = false;
    wanted.features = {{"avx2", FeaturePolicy::require}};
    CHECK(refusal([&] { compare_cpu(host, wanted, true); }) ==
          "the CPU is incompatible with host CPU: Host CPU does not provide required features: avx2");
    wanted.features[0].policy = FeaturePolicy::force;
    CHECK(compare_cpu(host, wanted, true) == CpuMatch::superset);
    wanted.features = {{"sse", FeaturePolicy::forbid}};
    CHECK(refusal([&] { compare_cpu(host, wanted, true); }) ==
          "the CPU is incompatible with host CPU: Host CPU provides forbidden features: sse");
}
