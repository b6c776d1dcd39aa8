#include <algorithm>

#include <fmt/format.h>

#include "drivers/qemu/command/machine.h"

namespace virtue::qemu {

using model::BackingAccess;
using model::Domain;
using model::MemoryDevice;
using model::MemoryModel;
using model::MemorySource;

namespace {

uint64_t round_up(uint64_t value, uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

// KiB in which the machine counts its memory.
uint64_t granularity(const GuestShape& shape) {
    return shape.is_ppc64() ? 256 * 1024 : 1024;
}

struct Backing {
    std::string id;
    uint64_t kibibytes = 0;
    bool is_system = false;                // the guest's RAM, whose name must not change with our version
    int cell = -1;                         // NUMA node of the guest, -1 for none
    const MemoryDevice* device = nullptr;  // a memory module
    model::MemoryAccess access = model::MemoryAccess::absent;
    xml::YesNo discard = xml::YesNo::absent;
};

constexpr uint64_t ordinary_page = 4;  // KiB

// The page size in KiB that the document wants for a cell; 0 for the default huge pages, nothing where it wants none.
std::optional<uint64_t> wanted_page(const Domain& domain, const Backing& backing) {
    if (backing.device != nullptr && backing.device->page_size.count > ordinary_page)
        return backing.device->page_size.count;
    if (!domain.memory_backing.hugepages) return std::nullopt;
    const model::HugePage* fallback = nullptr;
    for (const model::HugePage& page : domain.memory_backing.pages) {
        if (page.nodes.empty()) fallback = &page;
        if (backing.cell >= 0 && page.nodes.test(static_cast<unsigned>(backing.cell))) return page.size.count;
    }
    if (fallback != nullptr) return fallback->size.count;
    if (domain.memory_backing.pages.empty()) return 0;
    return std::nullopt;
}

// The huge page size in KiB for a cell; 0 for the default size, nothing for ordinary pages.
std::optional<uint64_t> huge_page(const Domain& domain, const Backing& backing) {
    const std::optional<uint64_t> wanted = wanted_page(domain, backing);
    return wanted == ordinary_page ? std::nullopt : wanted;
}

// Where pages of a size are mounted, with the guest's own folder in it.
std::string huge_page_folder(const Builder& builder, uint64_t size) {
    const auto& mounts = builder.context.hugepage_mounts;
    const auto found = mounts.find(size);
    const std::string mount = found == mounts.end() ? "/dev/hugepages" : found->second;
    return fmt::format("{}/libvirt/qemu/{}", mount,
                       short_name(builder.context.domain_id, builder.shape.name).substr(7));
}

struct NumaPolicy {
    const Bitmap* nodes = nullptr;
    std::string_view policy;
};

NumaPolicy policy_of(const Domain& domain, const Backing& backing) {
    auto word = [](model::NumatuneMode mode) -> std::string_view {
        switch (mode) {
            case model::NumatuneMode::strict:
                return "bind";
            case model::NumatuneMode::preferred:
                return "preferred";
            case model::NumatuneMode::interleave:
                return "interleave";
            // Kept by cgroups alone: QEMU is not told.
            case model::NumatuneMode::restrictive:
                return "";
        }
        return "";
    };
    NumaPolicy result;
    if (backing.device != nullptr && !backing.device->nodes.empty()) {
        return {&backing.device->nodes, domain.numatune.has_memory ? word(domain.numatune.mode) : "bind"};
    }
    for (const model::MemNode& node : domain.numatune.cells) {
        if (static_cast<int>(node.cell) == backing.cell) return {&node.nodes, word(node.mode)};
    }
    const bool whole = domain.numatune.has_memory && !domain.numatune.placement_auto;
    if (whole && (backing.cell >= 0 || backing.device != nullptr)) {
        return {&domain.numatune.nodes, word(domain.numatune.mode)};
    }
    return result;
}

bool is_bound(const NumaPolicy& policy) {
    return policy.nodes != nullptr && !policy.nodes->empty() && !policy.policy.empty();
}

Json list_of(const Bitmap& nodes) {
    Json list = Json::array();
    for (auto node = nodes.next(); node; node = nodes.next(*node + 1)) list.add(*node);
    return list;
}

void set_policy(Json& json, const NumaPolicy& policy) {
    if (!is_bound(policy)) return;
    json.set("host-nodes", list_of(*policy.nodes));
    json.set("policy", policy.policy);
}

// Whether others may map the memory too; nothing when the document does not say.
std::optional<bool> shared(const Domain& domain, const Backing& backing) {
    if (backing.device != nullptr && !backing.device->access.empty()) return backing.device->access == "shared";
    if (backing.access != model::MemoryAccess::absent) return backing.access == model::MemoryAccess::shared;
    if (domain.memory_backing.access != BackingAccess::absent) {
        return domain.memory_backing.access == BackingAccess::shared;
    }
    return std::nullopt;
}

Json object_of(Builder& builder, const Domain& domain, const Backing& backing) {
    const std::optional<uint64_t> huge = huge_page(domain, backing);
    const MemoryDevice* device = backing.device;
    const bool nvdimm =
        device != nullptr && (device->model == MemoryModel::nvdimm || device->model == MemoryModel::virtio_pmem);
    const MemorySource source = domain.memory_backing.source;
    bool prealloc = domain.memory_backing.allocation == model::MemoryAllocation::immediate;
    Json json = Json::object();
    std::string path;
    const char* type = "memory-backend-ram";
    if (nvdimm) {
        type = "memory-backend-file";
        path = device->path;
        // Memory that lasts is there already.
        prealloc = prealloc || (device->model == MemoryModel::nvdimm && !device->pmem);
    } else if (source == MemorySource::memfd) {
        type = "memory-backend-memfd";
        prealloc = prealloc || huge;
    } else if (huge) {
        type = "memory-backend-file";
        path = huge_page_folder(builder, *huge);
        builder.plan.folders.emplace(path, "huge pages");
        prealloc = true;
    } else if (source == MemorySource::file || shared(domain, backing)) {
        type = "memory-backend-file";
        const std::string folder = fmt::format("{}/ram/{}", builder.context.paths.library,
                                               short_name(builder.context.domain_id, builder.shape.name).substr(7));
        path = fmt::format("{}/{}", folder, device != nullptr ? device->info.alias : backing.id);
        builder.plan.folders.emplace(folder, "memory in files");
    }
    const bool plain = std::string_view(type) == "memory-backend-ram";
    const bool lazy = device != nullptr && device->model == MemoryModel::virtio_mem;
    json.set("qom-type", type);
    json.set("id", backing.id);
    if (!path.empty()) json.set("mem-path", path);
    if (source == MemorySource::memfd && huge) {
        json.set("hugetlb", true);
        if (*huge != 0) json.set("hugetlbsize", *huge * 1024);
    }
    xml::YesNo discard = device != nullptr ? device->discard : backing.discard;
    if (discard == xml::YesNo::absent && domain.memory_backing.discard) discard = xml::YesNo::yes;
    if (discard != xml::YesNo::absent && !plain && std::string_view(type) == "memory-backend-file") {
        json.set("discard-data", discard == xml::YesNo::yes);
    }
    if (auto share = shared(domain, backing); share && !(plain && !*share)) json.set("share", *share);
    if (lazy) json.set("reserve", false);
    if (backing.is_system && !plain) json.set("x-use-canonical-path-for-ramblock-id", false);
    if (prealloc && !lazy) {
        json.set("prealloc", true);
        if (domain.memory_backing.allocation_threads != 0)
            json.set("prealloc-threads", domain.memory_backing.allocation_threads);
    }
    json.set("size", backing.kibibytes * 1024);
    if (device != nullptr && device->align_size.count != 0) json.set("align", device->align_size.count * 1024);
    if (device != nullptr && device->pmem) json.set("pmem", true);
    const NumaPolicy policy = policy_of(domain, backing);
    set_policy(json, policy);
    if (prealloc && !lazy && is_bound(policy)) {
        // The threads that touch the pages run where the pages shall be.
        const std::string context = fmt::format("tc-{}", backing.id);
        builder.add_json(
            "-object",
            Json::object({{"qom-type", "thread-context"}, {"id", context}, {"node-affinity", list_of(*policy.nodes)}}));
        json.set("prealloc-context", context);
    }
    return json;
}

// Whether a cell needs an object of its own: where QEMU's plain -numa mem= cannot say what is wanted.
bool needs_objects(Builder& builder, const Domain& domain) {
    const MachineType* machine = builder.qemu().find_machine(builder.shape.machine);
    if (machine == nullptr || !machine->numa) return true;
    if (domain.memory_backing.source != MemorySource::absent) return true;
    if (!domain.numatune.cells.empty() || domain.memory_backing.access != BackingAccess::absent) return true;
    for (size_t i = 0; i < domain.cpu->numa.cells.size(); i++) {
        Backing backing;
        backing.cell = static_cast<int>(i);
        if (domain.cpu->numa.cells[i].access != model::MemoryAccess::absent || huge_page(domain, backing)) return true;
    }
    return false;
}

// Said for one pair, it is said for all.
void add_distances(Builder& builder, const std::vector<model::NumaCell>& cells) {
    constexpr uint32_t own = 10, elsewhere = 20;
    const auto said = [](const model::NumaCell& cell) { return !cell.distances.empty(); };
    if (std::none_of(cells.begin(), cells.end(), said)) return;
    for (size_t i = 0; i < cells.size(); i++)
        for (size_t j = 0; j < cells.size(); j++) {
            uint32_t value = i == j ? own : elsewhere;
            for (const model::NumaSibling& sibling : cells[i].distances)
                if (sibling.id == j) value = sibling.value;
            builder.add("-numa", fmt::format("dist,src={},dst={},val={}", i, j, value));
        }
}

}  // namespace

uint64_t initial_memory(const GuestShape& shape, const Domain& domain) {
    if (has_numa(domain)) {
        uint64_t sum = 0;
        for (const model::NumaCell& cell : domain.cpu->numa.cells)
            sum += round_up(cell.memory.count, granularity(shape));
        return sum;
    }
    uint64_t modules = 0;
    for (const MemoryDevice& device : domain.memory_devices) {
        if (device.model != MemoryModel::sgx_epc) modules += device.size.count;
    }
    const uint64_t all = domain.memory.count;
    return round_up(all > modules ? all - modules : all, granularity(shape));
}

void add_memory(Builder& builder, const Domain& domain) {
    const uint64_t memory = initial_memory(builder.shape, domain);
    if (domain.max_memory) {
        builder.add("-m", fmt::format("size={}k,slots={},maxmem={}k", memory, domain.max_memory->slots,
                                      round_up(domain.max_memory->size.count, granularity(builder.shape))));
    } else {
        builder.add("-m", std::to_string(memory / 1024));
    }
    const MachineType* machine = builder.qemu().find_machine(builder.shape.machine);
    if (!has_numa(domain) && machine != nullptr && !machine->default_ram.empty()) {
        Backing backing;
        backing.id = machine->default_ram;
        backing.kibibytes = memory;
        backing.is_system = true;
        builder.add_json("-object", object_of(builder, domain, backing));
    }
    builder.add("-overcommit", fmt::format("mem-lock={}", on_off_word(domain.memory_backing.locked)));
}

void add_numa(Builder& builder, const Domain& domain) {
    if (!has_numa(domain)) return;
    const bool objects = needs_objects(builder, domain);
    // Objects say it themselves.
    const bool now = domain.memory_backing.allocation == model::MemoryAllocation::immediate;
    if (!objects && now) builder.add("-mem-prealloc");
    const auto& cells = domain.cpu->numa.cells;
    bool has_initiators = !domain.cpu->numa.interconnects.empty();
    for (size_t i = 0; i < cells.size(); i++) {
        const model::NumaCell& cell = cells[i];
        const uint64_t size = round_up(cell.memory.count, granularity(builder.shape));
        if (objects && size != 0) {
            Backing backing;
            backing.id = fmt::format("ram-node{}", i);
            backing.kibibytes = size;
            backing.cell = static_cast<int>(i);
            backing.access = cell.access;
            backing.discard = cell.discard;
            builder.add_json("-object", object_of(builder, domain, backing));
        }
        std::string text = fmt::format("node,nodeid={}", i);
        std::string cpus = cell.cpus.to_string();
        for (size_t at = 0; !cpus.empty() && at != std::string::npos;) {
            const size_t end = cpus.find(',', at);
            text += fmt::format(",cpus={}", cpus.substr(at, end == std::string::npos ? end : end - at));
            at = end == std::string::npos ? end : end + 1;
        }
        if (has_initiators) text += fmt::format(",initiator={}", cell.cpus.empty() ? 0 : i);
        if (size != 0) text += objects ? fmt::format(",memdev=ram-node{}", i) : fmt::format(",mem={}", size / 1024);
        builder.add("-numa", text);
    }
    add_distances(builder, cells);
    for (const model::NumaInterconnect& link : domain.cpu->numa.interconnects) {
        const std::string hierarchy = link.cache ? fmt::format("{}-level", *link.cache == 1   ? "first"
                                                                           : *link.cache == 2 ? "second"
                                                                                              : "third")
                                                 : "memory";
        builder.add("-numa",
                    fmt::format("hmat-lb,initiator={},target={},hierarchy={},data-type={}-{},{}", link.initiator,
                                link.target, hierarchy, link.type, link.is_bandwidth ? "bandwidth" : "latency",
                                link.is_bandwidth ? fmt::format("bandwidth={}K", link.value)
                                                  : fmt::format("latency={}", link.value)));
    }
    for (size_t i = 0; i < cells.size(); i++) {
        for (const model::NumaCache& cache : cells[i].caches) {
            auto word = [](const std::string& text) {
                if (text.empty()) return std::string("none");
                if (text == "full") return std::string("complex");
                if (text == "writeback") return std::string("write-back");
                return text == "writethrough" ? std::string("write-through") : text;
            };
            builder.add("-numa",
                        fmt::format("hmat-cache,node-id={},size={}K,level={},associativity={},policy={},line={}", i,
                                    xml::scale(cache.size.count, cache.size.unit).value_or(0) / 1024, cache.level,
                                    word(cache.associativity), word(cache.policy), cache.line));
        }
    }
}

void add_memory_devices(Builder& builder, const Domain& domain) {
    for (const MemoryDevice& device : domain.memory_devices) {
        Backing backing;
        backing.id = "mem" + device.info.alias;
        // The label of a module comes on top of whole pieces.
        const bool labelled = builder.shape.is_ppc64() && device.model == MemoryModel::nvdimm;
        const uint64_t label = labelled ? device.label_size.count : 0;
        backing.kibibytes = round_up(device.size.count - std::min(label, device.size.count),
                                     builder.shape.is_ppc64() ? 256 * 1024 : 2048) +
                            label;
        backing.device = &device;
        backing.cell = device.node;
        builder.add_json("-object", object_of(builder, domain, backing));
        Json json;
        switch (device.model) {
            case MemoryModel::absent:
            case MemoryModel::dimm:
                json = Json::object({{"driver", "pc-dimm"}});
                break;
            case MemoryModel::nvdimm:
                json = Json::object({{"driver", "nvdimm"}});
                break;
            case MemoryModel::virtio_pmem:
                json = Json::object({{"driver", "virtio-pmem-pci"}});
                break;
            case MemoryModel::virtio_mem:
                json = Json::object({{"driver", "virtio-mem-pci"}});
                break;
            case MemoryModel::sgx_epc:
                continue;
        }
        if (device.node >= 0 && device.model != MemoryModel::virtio_pmem) json.set("node", device.node);
        if (device.label_size.count != 0) json.set("label-size", device.label_size.count * 1024);
        if (device.model == MemoryModel::virtio_mem) {
            json.set("block-size", device.block.count * 1024);
            json.set("requested-size", device.requested.count * 1024);
        }
        if (device.uuid) json.set("uuid", device.uuid->to_string());
        if (device.readonly) json.set("unarmed", true);
        json.set("memdev", backing.id);
        const bool huge = huge_page(domain, backing).has_value();
        if (device.model == MemoryModel::virtio_mem && huge) json.set("prealloc", true);
        json.set("id", device.info.alias);
        builder.set_address(json, device.info);
        builder.add_device(std::move(json));
    }
}

}  // namespace virtue::qemu
