#include "host/processors.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace virtue::host {

namespace {

const std::string cpu_folder = "/sys/devices/system/cpu";
const std::string node_folder = "/sys/devices/system/node";

// The value behind "name<tabs>: value".
std::string_view field_value(std::string_view line, std::string_view name) {
    if (!line.starts_with(name)) return {};
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || trim(line.substr(0, colon)) != name) return {};
    return trim(line.substr(colon + 1));
}

unsigned read_mhz(const SystemFiles& files) {
    unsigned mhz = 0;
    const std::string info = files.text("/proc/cpuinfo").value_or("");
    for (std::string_view line : split_lines(info)) {
        for (const char* name : {"cpu MHz", "clock"}) {
            const std::string_view value = field_value(line, name);
            if (const auto read = parse_number<unsigned>(value.substr(0, value.find('.')))) mhz = *read;
        }
    }
    return mhz;
}

struct Group {
    unsigned online = 0;
    unsigned offline = 0;
    unsigned sockets = 0;
    unsigned cores = 0;
    unsigned threads = 0;
};

Group read_group(const SystemFiles& files, const std::string& folder, const ProcessorSets& sets) {
    Group group;
    std::map<unsigned, std::set<unsigned>> cores_of_socket;
    for (unsigned id : files.numbered(folder, "cpu")) {
        if (!sets.present.test(id)) continue;
        if (!sets.online.test(id)) {
            group.offline++;
            continue;
        }
        group.online++;
        const std::string topology = fmt::format("{}/cpu{}/topology/", folder, id);
        const auto socket = static_cast<unsigned>(files.number(topology + "physical_package_id").value_or(0));
        cores_of_socket[socket].insert(static_cast<unsigned>(files.number(topology + "core_id").value_or(0)));
        const auto siblings = files.set(topology + "thread_siblings_list");
        const unsigned threads = siblings ? static_cast<unsigned>(siblings->count()) : 1;
        group.threads = std::max(group.threads, threads);
    }
    group.sockets = static_cast<unsigned>(cores_of_socket.size());
    for (const auto& [socket, cores] : cores_of_socket) {
        group.cores = std::max(group.cores, static_cast<unsigned>(cores.size()));
    }
    return group;
}

uint64_t cache_bytes(std::string_view text) {
    // "266240K"
    return parse_size(text).value_or(0);
}

std::string cache_kind(std::string_view kernel_word) {
    if (kernel_word == "Data") return "data";
    return kernel_word == "Instruction" ? "code" : "both";
}

}  // namespace

ProcessorSets read_processor_sets(const SystemFiles& files) {
    auto present = files.set(cpu_folder + "/present");
    if (!present || present->empty()) {
        fail(ErrorCode::internal_error, ErrorDomain::none, "{}{}/present does not tell which processors there are",
             files.root(), cpu_folder);
    }
    auto online = files.set(cpu_folder + "/online");
    ProcessorSets sets{*present, online ? *online : *present};
    return sets;
}

ProcessorFigures read_processor_figures(const SystemFiles& files) {
    const ProcessorSets sets = read_processor_sets(files);
    ProcessorFigures figures;
    figures.mhz = read_mhz(files);
    unsigned offline = 0;
    auto add = [&](const Group& group) {
        figures.nodes++;
        figures.online += group.online;
        offline += group.offline;
        figures.sockets = std::max(figures.sockets, group.sockets);
        figures.cores = std::max(figures.cores, group.cores);
        figures.threads = std::max(figures.threads, group.threads);
    };
    for (unsigned node : files.numbered(node_folder, "node")) {
        add(read_group(files, fmt::format("{}/node{}", node_folder, node), sets));
    }
    if (figures.online == 0) {
        figures = ProcessorFigures{.mhz = figures.mhz};
        offline = 0;
        add(read_group(files, cpu_folder, sets));
    }
    if (figures.online == 0) throw Error(ErrorCode::internal_error, ErrorDomain::none, "no CPUs found");
    const unsigned all = figures.online + offline;
    if (figures.nodes * figures.sockets * figures.cores * figures.threads != all) {
        figures.nodes = figures.sockets = figures.threads = 1;
        figures.cores = all;
    }
    return figures;
}

ProcessorTimes read_processor_times(const SystemFiles& files, int processor) {
    const std::string name = processor < 0 ? "cpu" : fmt::format("cpu{}", processor);
    const std::string text = files.text("/proc/stat").value_or("");
    const uint64_t nanoseconds_per_tick = 1000000000u / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
    for (std::string_view line : split_lines(text)) {
        const std::vector<std::string_view> words = split_words(line);
        if (words.size() < 5 || words[0] != name) continue;
        uint64_t ticks[8] = {};
        for (size_t i = 1; i < words.size() && i <= 8; i++) ticks[i - 1] = parse_number<uint64_t>(words[i]).value_or(0);
        ProcessorTimes times;
        times.user = (ticks[0] + ticks[1]) * nanoseconds_per_tick;
        times.kernel = (ticks[2] + ticks[5] + ticks[6]) * nanoseconds_per_tick;
        times.idle = ticks[3] * nanoseconds_per_tick;
        times.waiting = ticks[4] * nanoseconds_per_tick;
        return times;
    }
    throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::none, "Invalid cpuNum in virHostCPUGetStatsLinux");
}

std::vector<ProcessorPlace> read_processor_places(const SystemFiles& files, const std::string& folder) {
    const ProcessorSets sets = read_processor_sets(files);
    std::vector<ProcessorPlace> places;
    for (unsigned id : files.numbered(folder, "cpu")) {
        if (!sets.online.test(id)) continue;
        const std::string topology = fmt::format("{}/cpu{}/topology/", folder, id);
        ProcessorPlace place;
        place.id = id;
        place.socket = static_cast<unsigned>(files.number(topology + "physical_package_id").value_or(0));
        place.die = static_cast<unsigned>(files.number(topology + "die_id").value_or(0));
        place.core = static_cast<unsigned>(files.number(topology + "core_id").value_or(0));
        place.siblings = files.text(topology + "thread_siblings_list").value_or(std::to_string(id));
        places.push_back(std::move(place));
    }
    return places;
}

std::vector<ProcessorCache> read_processor_caches(const SystemFiles& files) {
    const ProcessorSets sets = read_processor_sets(files);
    std::vector<ProcessorCache> caches;
    for (unsigned id : files.numbered(cpu_folder, "cpu")) {
        if (!sets.online.test(id)) continue;
        const std::string folder = fmt::format("{}/cpu{}/cache", cpu_folder, id);
        for (unsigned index : files.numbered(folder, "index")) {
            const std::string at = fmt::format("{}/index{}/", folder, index);
            ProcessorCache cache;
            cache.level = static_cast<unsigned>(files.number(at + "level").value_or(0));
            const auto cache_id = files.number(at + "id");
            if (cache.level < 3 || !cache_id) continue;
            cache.id = static_cast<unsigned>(*cache_id);
            cache.kind = cache_kind(files.text(at + "type").value_or(""));
            cache.bytes = cache_bytes(files.text(at + "size").value_or(""));
            cache.shared = files.text(at + "shared_cpu_list").value_or("");
            if (std::find(caches.begin(), caches.end(), cache) == caches.end()) caches.push_back(std::move(cache));
        }
    }
    return caches;
}

ProcessorExtras read_processor_extras(const SystemFiles& files) {
    ProcessorExtras extras;
    const std::string info = files.text("/proc/cpuinfo").value_or("");
    for (std::string_view line : split_lines(info)) {
        const std::string_view bits = field_value(line, "address sizes");
        if (extras.address_bits == 0) {
            extras.address_bits = parse_number<unsigned>(bits.substr(0, bits.find(' '))).value_or(0);
        }
        const std::string_view microcode = field_value(line, "microcode");
        if (extras.microcode == 0) extras.microcode = parse_number<uint64_t>(microcode, 0).value_or(0);
        if (extras.address_bits != 0 && extras.microcode != 0) break;
    }
    return extras;
}

}  // namespace virtue::host
