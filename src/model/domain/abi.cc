// The comparison works on what map() writes of both definitions, so that it knows no member of any struct: a rule names
// the place, as it is called in the document, and libvirt's sentence about it.
#include "model/domain/abi.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace virtue::model {

namespace {

using xml::Tree;

struct Rule {
    const char* path;  ///< below the element
    const char* text;  ///< {0}: in the target, {1}: in the source
};

struct Devices {
    const char* list;
    const char* count;
    std::span<const Rule> rules;
};

constexpr Rule domain_rules[] = {
    {"type", "Target domain virt type {} does not match source {}"},
    {"uuid", "Target domain uuid {} does not match source {}"},
    {"genid", "Target domain genid {} does not match source {}"},
    {"name", "Target domain name '{}' does not match source '{}'"},
    {"memory", "Target domain max memory {} does not match source {}"},
    {"currentMemory", "Target domain current memory {} does not match source {}"},
    {"maxMemory", "Target maximum memory size '{}' doesn't match source '{}'"},
    {"maxMemory/slots", "Target domain memory slots count '{}' doesn't match source '{}'"},
    {"vcpu", "Target domain vCPU max {} does not match source {}"},
    {"os/type", "Target domain OS type {} does not match source {}"},
    {"os/type/arch", "Target domain architecture {} does not match source {}"},
    {"os/type/machine", "Target domain machine type {} does not match source {}"},
    {"os/smbios/mode", "Target domain SMBIOS mode {} does not match source {}"},
};

constexpr Rule cpu_rules[] = {
    {"mode", "Target CPU mode {} does not match source {}"},
    {"check", "Target CPU check {} does not match source {}"},
    {"model", "Target CPU model {} does not match source {}"},
    {"vendor", "Target CPU vendor {} does not match source {}"},
    {"model/vendor_id", "Target CPU vendor id {} does not match source {}"},
    {"topology/sockets", "Target CPU sockets {} does not match source {}"},
    {"topology/dies", "Target CPU dies {} does not match source {}"},
    {"topology/cores", "Target CPU cores {} does not match source {}"},
    {"topology/threads", "Target CPU threads {} does not match source {}"},
};
constexpr Rule cpu_feature_rules[] = {
    {"name", "Target CPU feature {} does not match source {}"},
    {"policy", "Target CPU feature policy {} does not match source {}"},
};
constexpr Rule cell_rules[] = {
    {"memory", "Size of target NUMA node ({}) doesn't match source ({})"},
    {"cpus", "Processor mask of target NUMA node doesn't match source: {} instead of {}"},
};
constexpr Rule timer_rules[] = {
    {"name", "Target timer {} does not match source {}"},
    {"present", "Target timer presence '{}' does not match source '{}'"},
    {"frequency", "Target TSC frequency {} does not match source {}"},
    {"mode", "Target TSC mode {} does not match source {}"},
};

constexpr Rule disk_rules[] = {
    {"device", "Target disk device {} does not match source {}"},
    {"target/bus", "Target disk bus {} does not match source {}"},
    {"target/dev", "Target disk {} does not match source {}"},
    {"serial", "Target disk serial {} does not match source {}"},
    {"wwn", "Target disk wwn '{}' does not match source '{}'"},
    {"readonly", "Target disk access mode does not match source"},
    {"model", "Target disk model {} does not match source {}"},
    {"target/rotation_rate", "Target disk rotation rate {} RPM does not match source {} RPM"},
    {"driver/queues", "Target disk queue count {} does not match source {}"},
    {"driver/queue_size", "Target disk queue size {} does not match source {}"},
};
constexpr Rule controller_rules[] = {
    {"type", "Target controller type {} does not match source {}"},
    {"index", "Target controller index {} does not match source {}"},
    {"model", "Target controller model {} does not match source {}"},
    {"ports", "Target controller ports {} does not match source {}"},
    {"vectors", "Target controller vectors {} does not match source {}"},
};
constexpr Rule filesystem_rules[] = {
    {"target/dir", "Target filesystem guest target {} does not match source {}"},
    {"readonly", "Target filesystem access mode does not match source"},
    {"model", "Target filesystem model does not match source"},
};
constexpr Rule interface_rules[] = {
    {"mac/address", "Target network card mac {} does not match source {}"},
    {"model/type", "Target network card model {} does not match source {}"},
    {"mtu/size", "Target network card MTU {} does not match source {}"},
};
constexpr Rule input_rules[] = {
    {"type", "Target input device type {} does not match source {}"},
    {"bus", "Target input device bus {} does not match source {}"},
    {"model", "Target input model {} does not match source {}"},
};
constexpr Rule sound_rules[] = {{"model", "Target sound card model {} does not match source {}"}};
constexpr Rule video_rules[] = {
    {"model/type", "Target video card model {} does not match source {}"},
    {"model/ram", "Target video card ram {} does not match source {}"},
    {"model/vram", "Target video card vram {} does not match source {}"},
    {"model/vram64", "Target video card vram64 {} does not match source {}"},
    {"model/vgamem", "Target video card vgamem {} does not match source {}"},
    {"model/heads", "Target video card heads {} does not match source {}"},
    {"model/acceleration/accel2d", "Target video card 2d accel {} does not match source {}"},
    {"model/acceleration/accel3d", "Target video card 3d accel {} does not match source {}"},
};
constexpr Rule hostdev_rules[] = {
    {"mode", "Target host device mode {} does not match source {}"},
    {"type", "Target host device subsystem {} does not match source {}"},
};
constexpr Rule serial_rules[] = {
    {"target/type", "Target serial type {} does not match source {}"},
    {"target/model/name", "Target serial model {} does not match source {}"},
    {"target/port", "Target serial port {} does not match source {}"},
};
constexpr Rule parallel_rules[] = {{"target/port", "Target parallel port {} does not match source {}"}};
constexpr Rule channel_rules[] = {
    {"target/type", "Target channel type {} does not match source {}"},
    {"target/name", "Target channel name {} does not match source {}"},
    {"target/address", "Target channel addr {} does not match source {}"},
};
constexpr Rule console_rules[] = {{"target/type", "Target console type {} does not match source {}"}};
constexpr Rule hub_rules[] = {{"type", "Target hub device type {} does not match source {}"}};
constexpr Rule redirdev_rules[] = {
    {"bus", "Target redirected device bus {} does not match source {}"},
    {"type", "Target redirected device source type {} does not match source device source type {}"},
};
constexpr Rule watchdog_rules[] = {{"model", "Target watchdog model {} does not match source {}"}};
constexpr Rule balloon_rules[] = {
    {"model", "Target balloon model {} does not match source {}"},
    {"autodeflate", "Target balloon autodeflate attribute value '{}' does not match source '{}'"},
    {"freePageReporting", "Target balloon freePageReporting attribute value '{}' does not match source '{}'"},
};
constexpr Rule rng_rules[] = {{"model", "Target RNG model '{}' does not match source '{}'"}};
constexpr Rule panic_rules[] = {{"model", "Target panic model '{}' does not match source '{}'"}};
constexpr Rule shmem_rules[] = {
    {"role", "Target shared memory role '{}' does not match source role '{}'"},
    {"model/type", "Target shared memory model '{}' does not match source model '{}'"},
    {"size", "Target shared memory size '{}' does not match source size '{}'"},
};
constexpr Rule tpm_rules[] = {
    {"backend/type", "Target TPM device type doesn't match source"},
    {"model", "Target TPM device model doesn't match source"},
    {"backend/version", "Target TPM version doesn't match source"},
};
constexpr Rule memory_rules[] = {
    {"model", "Target memory device model '{}' doesn't match source model '{}'"},
    {"target/node", "Target memory device targetNode '{}' doesn't match source targetNode '{}'"},
    {"target/size", "Target memory device size '{}' doesn't match source memory device size '{}'"},
    {"target/block", "Target memory device block size '{}' doesn't match source memory device block size '{}'"},
    {"target/label/size", "Target NVDIMM label size '{}' doesn't match source NVDIMM label size '{}'"},
    {"uuid", "Target NVDIMM UUID doesn't match source NVDIMM"},
};
constexpr Rule iommu_rules[] = {
    {"model", "Target domain IOMMU device model '{}' does not match source '{}'"},
    {"driver/intremap", "Target domain IOMMU device intremap value '{}' does not match source '{}'"},
    {"driver/caching_mode", "Target domain IOMMU device caching mode '{}' does not match source '{}'"},
    {"driver/eim", "Target domain IOMMU device eim value '{}' does not match source '{}'"},
    {"driver/iotlb", "Target domain IOMMU device iotlb value '{}' does not match source '{}'"},
    {"driver/aw_bits", "Target domain IOMMU device aw_bits value '{}' does not match source '{}'"},
};
constexpr Rule vsock_rules[] = {{"model", "Target domain vsock device model '{}' does not match source '{}'"}};

// In libvirt's order.
constexpr Devices device_rules[] = {
    {"disk", "Target domain disk count {} does not match source {}", disk_rules},
    {"controller", "Target domain controller count {} does not match source {}", controller_rules},
    {"filesystem", "Target domain filesystem count {} does not match source {}", filesystem_rules},
    {"interface", "Target domain net card count {} does not match source {}", interface_rules},
    {"input", "Target domain input device count {} does not match source {}", input_rules},
    {"sound", "Target domain sound card count {} does not match source {}", sound_rules},
    {"video", "Target domain video card count {} does not match source {}", video_rules},
    {"hostdev", "Target domain host device count {} does not match source {}", hostdev_rules},
    {"smartcard", "Target domain smartcard count {} does not match source {}", {}},
    {"serial", "Target domain serial port count {} does not match source {}", serial_rules},
    {"parallel", "Target domain parallel port count {} does not match source {}", parallel_rules},
    {"channel", "Target domain channel count {} does not match source {}", channel_rules},
    {"console", "Target domain console count {} does not match source {}", console_rules},
    {"hub", "Target domain hub device count {} does not match source {}", hub_rules},
    {"redirdev", "Target domain redirected devices count {} does not match source {}", redirdev_rules},
    {"redirfilter", "Target domain USB redirection filter count {} does not match source {}", {}},
    {"watchdog", "Target domain watchdog count {} does not match source {}", watchdog_rules},
    {"memballoon", "Target domain memory balloon count {} does not match source {}", balloon_rules},
    {"rng", "Target domain RNG device count {} does not match source {}", rng_rules},
    {"panic", "Target domain panic device count {} does not match source {}", panic_rules},
    {"shmem", "Target domain shared memory device count {} does not match source {}", shmem_rules},
    {"tpm", "Target domain TPM device count {} does not match source {}", tpm_rules},
    {"memory", "Target domain memory device count {} does not match source {}", memory_rules},
    {"iommu", "Target domain IOMMU device count does not match source", iommu_rules},
    {"vsock", "Target domain vsock device count does not match source", vsock_rules},
};

// What a virtio device's driver negotiates, and where a device sits: the same of each kind of device.
constexpr Rule common_rules[] = {
    {"driver/iommu", "Target device iommu option '{}' does not match source '{}'"},
    {"driver/ats", "Target device ats option '{}' does not match source '{}'"},
    {"driver/packed", "Target device packed option '{}' does not match source '{}'"},
    {"driver/page_per_vq", "Target device page_per_vq option '{}' does not match source '{}'"},
    {"address/type", "Target device address type {} does not match source {}"},
    {"acpi/index", "Target ACPI index '{}' does not match source '{}'"},
};

// Of each type of address: the sentence's name for it, and its parts as libvirt writes them.
struct AddressRule {
    const char* type;
    const char* name;
    std::array<const char*, 4> parts;
};
constexpr AddressRule address_rules[] = {
    {"pci", "PCI", {"domain", "bus", "slot", "function"}},
    {"drive", "drive", {"controller", "bus", "target", "unit"}},
    {"virtio-serial", "virtio serial", {"controller", "bus", "port", nullptr}},
    {"ccid", "ccid", {"controller", "slot", nullptr, nullptr}},
    {"isa", "isa", {"iobase", "irq", nullptr, nullptr}},
    {"dimm", "dimm", {"slot", "base", nullptr, nullptr}},
};

const Tree* at(const Tree* tree, std::string_view path) {
    while (tree != nullptr && !path.empty()) {
        const size_t slash = path.find('/');
        const std::string_view key = path.substr(0, slash);
        // Where an element has a child of that name too, the attribute has another.
        const Tree* found = tree->find(key);
        tree = found != nullptr && found->kind == Tree::Kind::list ? nullptr : found;
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return tree;
}

// What stands there, for the sentence; an element without text is "present", nothing is "none".
std::string shown(const Tree* tree) {
    if (tree == nullptr) return "none";
    if (tree->is_scalar()) return tree->scalar;
    const Tree* text = tree->find(xml::text_key);
    return text != nullptr ? text->scalar : "present";
}

std::vector<const Tree*> list_of(const Tree* parent, const char* name) {
    std::vector<const Tree*> items;
    const Tree* found = parent != nullptr ? parent->find(name) : nullptr;
    if (found == nullptr) return items;
    if (found->kind != Tree::Kind::list) return {found};
    for (const Tree::Member& member : found->members) items.push_back(&member.value);
    return items;
}

using Found = std::optional<AbiDifference>;

Found compare(const std::string& path, const Tree* source, const Tree* target, std::span<const Rule> rules) {
    for (const Rule& rule : rules) {
        const std::string was = shown(at(source, rule.path));
        const std::string is = shown(at(target, rule.path));
        if (was != is)
            return AbiDifference{fmt::format("{}/{}", path, rule.path), fmt::format(fmt::runtime(rule.text), is, was)};
    }
    return std::nullopt;
}

Found compare_address(const std::string& path, const Tree* source, const Tree* target) {
    const Tree* was = at(source, "address");
    const Tree* is = at(target, "address");
    for (const AddressRule& rule : address_rules) {
        if (shown(at(was, "type")) != rule.type) continue;
        const auto text = [&](const Tree* address) {
            std::string result;
            for (const char* part : rule.parts) {
                if (part == nullptr) break;
                std::string one = shown(at(address, part));
                if (one.starts_with("0x")) one.erase(0, 2);
                const bool function = std::string_view(part) == "function";
                result += fmt::format("{}{}", result.empty() ? "" : function ? "." : ":", one);
            }
            return result;
        };
        if (text(was) == text(is)) continue;
        return AbiDifference{path + "/address", fmt::format("Target device {} address {} does not match source {}",
                                                            rule.name, text(is), text(was))};
    }
    return std::nullopt;
}

Found compare_list(const std::string& path, const Tree* source, const Tree* target, const Devices& kind, bool devices) {
    const auto was = list_of(source, kind.list);
    const auto is = list_of(target, kind.list);
    const std::string place = fmt::format("{}/{}", path, kind.list);
    if (was.size() != is.size())
        return AbiDifference{place, fmt::format(fmt::runtime(kind.count), is.size(), was.size())};
    for (size_t i = 0; i < was.size(); i++) {
        const std::string one = was.size() > 1 ? fmt::format("{}[{}]", place, i + 1) : place;
        if (auto found = compare(one, was[i], is[i], kind.rules)) return found;
        if (!devices) continue;
        if (auto found = compare(one, was[i], is[i], common_rules)) return found;
        if (auto found = compare_address(one, was[i], is[i])) return found;
    }
    return std::nullopt;
}

// <acpi/> is on; <vmport state='off'/> says it.
std::string state_of(const Tree* feature) {
    if (feature == nullptr) return "default";
    if (feature->is_scalar()) return feature->scalar;
    const Tree* state = feature->find("state");
    return state != nullptr ? state->scalar : "on";
}

Found compare_features(const std::string& path, const Tree* source, const Tree* target, const char* sentence) {
    std::vector<std::string> names;
    for (const Tree* side : {source, target})
        for (size_t i = 0; side != nullptr && i < side->members.size(); i++)
            if (std::find(names.begin(), names.end(), side->members[i].name) == names.end())
                names.push_back(side->members[i].name);
    for (const std::string& name : names) {
        const Tree* was = source != nullptr ? source->find(name) : nullptr;
        const Tree* is = target != nullptr ? target->find(name) : nullptr;
        const std::string place = fmt::format("{}/{}", path, name);
        if (state_of(was) != state_of(is))
            return AbiDifference{place, fmt::format(fmt::runtime(sentence), name, state_of(was), state_of(is))};
        const char* inner = name == "hyperv"
                                ? "State of HyperV enlightenment feature '{}' differs: source: '{}', destination: '{}'"
                            : name == "kvm" ? "State of KVM feature '{}' differs: source: '{}', destination: '{}'"
                            : name == "xen" ? "State of Xen feature '{}' differs: source: '{}', destination: '{}'"
                                            : nullptr;
        if (inner == nullptr) continue;
        if (auto found = compare_features(place, was, is, inner)) return found;
    }
    return std::nullopt;
}

Found compare_cpu(const Tree* source, const Tree* target) {
    const Tree* was = at(source, "cpu");
    const Tree* is = at(target, "cpu");
    if ((was == nullptr) != (is == nullptr)) return AbiDifference{"/domain/cpu", "Target CPU does not match source"};
    if (auto found = compare("/domain/cpu", was, is, cpu_rules)) return found;
    const Devices features{"feature", "Target CPU feature count {} does not match source {}", cpu_feature_rules};
    if (auto found = compare_list("/domain/cpu", was, is, features, false)) return found;
    const Devices cells{"cell", "Target NUMA node count '{}' doesn't match source '{}'", cell_rules};
    return compare_list("/domain/cpu/numa", at(was, "numa"), at(is, "numa"), cells, false);
}

}  // namespace

std::optional<AbiDifference> abi_difference(const Domain& source, const Domain& target) {
    const Tree was_document = xml::to_tree(source);
    const Tree is_document = xml::to_tree(target);
    const Tree* was = was_document.find("domain");
    const Tree* is = is_document.find("domain");
    if (auto found = compare("/domain", was, is, domain_rules)) return found;
    const char* state = "State of feature '{}' differs: source: '{}', destination: '{}'";
    if (auto found = compare_features("/domain/features", at(was, "features"), at(is, "features"), state)) return found;
    const Devices timers{"timer", "Target timer count {} does not match source {}", timer_rules};
    if (auto found = compare_list("/domain/clock", at(was, "clock"), at(is, "clock"), timers, false)) return found;
    if (auto found = compare_cpu(was, is)) return found;
    if (source.sysinfo.size() != target.sysinfo.size())
        return AbiDifference{"/domain/sysinfo", "Target domain count of sysinfo does not match source"};
    if (!(source.sysinfo == target.sysinfo))
        return AbiDifference{"/domain/sysinfo", "Target sysinfo does not match source"};
    for (const Devices& kind : device_rules)
        if (auto found = compare_list("/domain/devices", at(was, "devices"), at(is, "devices"), kind, true))
            return found;
    return std::nullopt;
}

void check_abi(const Domain& source, const Domain& target) {
    if (const auto found = abi_difference(source, target))
        fail(ErrorCode::config_unsupported, ErrorDomain::domain, "{}: {}", found->path, found->sentence);
}

}  // namespace virtue::model
