#include "host/memory.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace virtue::host {

namespace {

const std::string node_folder = "/sys/devices/system/node";
const std::string merge_folder = "/sys/kernel/mm/ksm/";

// Lines "MemTotal: 1 kB" or "Node 0 MemTotal: 1 kB".
MemoryFigures parse_memory(std::string_view text) {
    MemoryFigures figures;
    for (std::string_view line : split_lines(text)) {
        std::vector<std::string_view> words = split_words(line);
        if (words.size() > 2 && words[0] == "Node") words.erase(words.begin(), words.begin() + 2);
        if (words.size() < 2) continue;
        const uint64_t value = parse_number<uint64_t>(words[1]).value_or(0);
        if (words[0] == "MemTotal:") figures.total = value;
        if (words[0] == "MemFree:") figures.free = value;
        if (words[0] == "Buffers:") figures.buffers = value;
        if (words[0] == "Cached:") figures.cached = value;
    }
    return figures;
}

unsigned common_page_size() {
    return static_cast<unsigned>(::sysconf(_SC_PAGESIZE) / 1024);
}

std::string pool_folder(int cell, unsigned size) {
    const std::string name = fmt::format("hugepages/hugepages-{}kB/", size);
    return cell < 0 ? "/sys/kernel/mm/" + name : fmt::format("{}/node{}/{}", node_folder, cell, name);
}

[[noreturn]] void no_such_size(int cell, unsigned size) {
    const std::string where = cell < 0 ? std::string() : fmt::format(" on node {}", cell);
    fail(ErrorCode::operation_failed, ErrorDomain::none, "page size {} is not available{}", size, where);
}

template <typename Number>
std::optional<Number> read_merge(const SystemFiles& files, const char* name) {
    const auto found = files.text(merge_folder + name);
    return found ? parse_number<Number>(*found) : std::nullopt;
}

}  // namespace

MemoryFigures read_memory(const SystemFiles& files) {
    const auto text = files.text("/proc/meminfo");
    if (!text) {
        fail(ErrorCode::internal_error, ErrorDomain::none, "Unable to read {}/proc/meminfo", files.root());
    }
    return parse_memory(*text);
}

std::vector<unsigned> memory_cells(const SystemFiles& files) {
    std::vector<unsigned> cells = files.numbered(node_folder, "node");
    if (cells.empty()) cells.push_back(0);
    return cells;
}

MemoryFigures read_cell_memory(const SystemFiles& files, unsigned cell) {
    const auto text = files.text(fmt::format("{}/node{}/meminfo", node_folder, cell));
    if (text) return parse_memory(*text);
    if (!files.exists(node_folder + "/node0") && cell == 0) return read_memory(files);
    fail(ErrorCode::internal_error, ErrorDomain::none, "Failed to query NUMA free memory for node: {}", cell);
}

MemoryFigures read_all_cells(const SystemFiles& files) {
    MemoryFigures sum;
    for (unsigned cell : memory_cells(files)) {
        const MemoryFigures one = read_cell_memory(files, cell);
        sum.total += one.total;
        sum.free += one.free;
    }
    return sum;
}

std::vector<unsigned> read_cell_distances(const SystemFiles& files, unsigned cell) {
    std::vector<unsigned> distances;
    const std::string text = files.text(fmt::format("{}/node{}/distance", node_folder, cell)).value_or("");
    for (std::string_view word : split_words(text)) distances.push_back(parse_number<unsigned>(word).value_or(0));
    return distances;
}

std::vector<unsigned> page_sizes(const SystemFiles& files) {
    std::vector<unsigned> sizes{common_page_size()};
    std::vector<unsigned> huge;
    for (const std::string& name : files.list("/sys/kernel/mm/hugepages")) {
        std::string_view rest = name;
        if (!rest.starts_with("hugepages-") || !rest.ends_with("kB")) continue;
        rest = rest.substr(10, rest.size() - 12);
        if (const auto size = parse_number<unsigned>(rest)) huge.push_back(*size);
    }
    std::sort(huge.begin(), huge.end());
    sizes.insert(sizes.end(), huge.begin(), huge.end());
    return sizes;
}

PagePool read_pages(const SystemFiles& files, int cell, unsigned size) {
    if (size == common_page_size()) {
        const MemoryFigures memory =
            cell < 0 ? read_all_cells(files) : read_cell_memory(files, static_cast<unsigned>(cell));
        uint64_t in_pools = 0;
        for (unsigned huge : page_sizes(files)) {
            if (huge != size) in_pools += read_pages(files, cell, huge).total * huge;
        }
        return {(memory.total - std::min(memory.total, in_pools)) / size, memory.free / size};
    }
    const std::string folder = pool_folder(cell, size);
    const auto total = files.number(folder + "nr_hugepages");
    const auto free = files.number(folder + "free_hugepages");
    if (!total || !free) no_such_size(cell, size);
    return {*total, *free};
}

void resize_pages(const SystemFiles& files, int cell, unsigned size, uint64_t count, bool add) {
    if (size == common_page_size()) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::none, "system pages pool can't be modified");
    }
    const std::string file = pool_folder(cell, size) + "nr_hugepages";
    const auto now = files.number(file);
    if (!now) no_such_size(cell, size);
    if (add) count += *now;
    if (count == *now) return;
    files.write(file, std::to_string(count));
    const uint64_t reached = files.number(file).value_or(0);
    if (reached == count) return;
    fail(ErrorCode::operation_failed, ErrorDomain::none, "Unable to allocate {} pages. Allocated only {}", count,
         reached);
}

MergeFigures read_merging(const SystemFiles& files) {
    MergeFigures figures;
    figures.pages_to_scan = read_merge<uint32_t>(files, "pages_to_scan");
    figures.sleep_milliseconds = read_merge<uint32_t>(files, "sleep_millisecs");
    figures.merge_across_nodes = read_merge<uint32_t>(files, "merge_across_nodes");
    figures.shared = read_merge<uint64_t>(files, "pages_shared");
    figures.sharing = read_merge<uint64_t>(files, "pages_sharing");
    figures.unshared = read_merge<uint64_t>(files, "pages_unshared");
    figures.volatile_pages = read_merge<uint64_t>(files, "pages_volatile");
    figures.full_scans = read_merge<uint64_t>(files, "full_scans");
    return figures;
}

void write_merging(const SystemFiles& files, const MergeFigures& wanted) {
    auto put = [&](const char* name, std::optional<uint32_t> value) {
        if (!value) return;
        try {
            files.write(merge_folder + name, std::to_string(*value));
        } catch (const Error& error) {
            fail(ErrorCode::operation_failed, ErrorDomain::none, "failed to set {}: {}", name, error.detail());
        }
    };
    put("pages_to_scan", wanted.pages_to_scan);
    put("sleep_millisecs", wanted.sleep_milliseconds);
    put("merge_across_nodes", wanted.merge_across_nodes);
}

}  // namespace virtue::host
