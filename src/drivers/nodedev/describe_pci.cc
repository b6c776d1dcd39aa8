#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "drivers/nodedev/describe.h"
#include "io/files.h"

namespace virtue::nodedev {

using host::SystemFiles;
using host::TreeDevice;
using model::PciAddress;

std::optional<PciAddress> parse_pci_address(const std::string& text) {
    // "0000:00:1f.2"
    const std::vector<std::string_view> parts = split(text, ':');
    if (parts.size() != 3) return std::nullopt;
    const std::vector<std::string_view> last = split(parts[2], '.');
    if (last.size() != 2) return std::nullopt;
    const auto domain = parse_number<uint32_t>(parts[0], 16);
    const auto bus = parse_number<uint32_t>(parts[1], 16);
    const auto slot = parse_number<uint32_t>(last[0], 16);
    const auto function = parse_number<uint32_t>(last[1], 16);
    if (!domain || !bus || !slot || !function) return std::nullopt;
    PciAddress address;
    address.domain = *domain;
    address.bus = *bus;
    address.slot = *slot;
    address.function = *function;
    return address;
}

namespace {

constexpr size_t database_max = 16 << 20;

/// The configuration space that a user may read: all of it for root, 64 bytes for others.
class Configuration {
public:
    Configuration(const SystemFiles& files, const std::string& path) {
        try {
            bytes_ = io::read_file(files.root() + path + "/config", 4096);
        } catch (const Error&) {
            bytes_.clear();
        }
    }
    bool is_whole() const { return bytes_.size() > 64; }
    /// Only PCI Express has more than the old 256 bytes.
    bool is_extended() const { return bytes_.size() > 256; }
    uint32_t read(size_t at, unsigned size) const {
        uint32_t value = 0;
        for (unsigned i = size; i-- > 0;) value = value << 8 | (at + i < bytes_.size() ? byte(at + i) : 0);
        return value;
    }
    /// Where the capability is; 0 if the device has none (PCI Local Bus 3.0, section 6.7).
    size_t capability(uint8_t wanted) const {
        constexpr uint32_t has_list = 1 << 4;
        if (!(read(0x06, 2) & has_list)) return 0;
        size_t at = read(0x34, 1) & ~3U;
        for (int i = 0; i < 64 && at >= 0x40 && at + 1 < bytes_.size(); i++) {
            if (byte(at) == wanted) return at;
            at = byte(at + 1) & ~3U;
        }
        return 0;
    }

private:
    uint8_t byte(size_t at) const { return static_cast<uint8_t>(bytes_[at]); }
    std::string bytes_;
};

std::string link_speed(uint32_t code) {
    constexpr const char* names[] = {"", "2.5", "5", "8", "16"};
    return code < std::size(names) ? names[code] : "";
}

/// PCI Express Base 4.0, section 7.5.3.
void describe_express(const Configuration& configuration, model::PciDevice& pci) {
    constexpr uint8_t express_capability = 0x10;
    constexpr uint32_t integrated_endpoint = 9, event_collector = 10;
    const size_t at = configuration.capability(express_capability);
    pci.express = at != 0 || configuration.is_extended();
    if (!at) return;
    const uint32_t type = configuration.read(at + 2, 2) >> 4 & 0xf;
    if (type == integrated_endpoint || type == event_collector) return;
    const uint32_t able = configuration.read(at + 0x0c, 4), now = configuration.read(at + 0x12, 2);
    pci.links.push_back({"cap", able >> 24, link_speed(able & 0xf), (able & 0x3f0) >> 4});
    pci.links.push_back({"sta", std::nullopt, link_speed(now & 0xf), (now & 0x3f0) >> 4});
}

void describe_header(const SystemFiles& files, const TreeDevice& device, model::PciDevice& pci) {
    const Configuration configuration(files, device.path);
    // As libvirt: only who may read all of it tells any of it.
    if (!configuration.is_whole()) return;
    const uint32_t type = configuration.read(0x0e, 1) & 0x7f;
    if (type == 1) pci.header_type = "pci-bridge";
    if (type == 2) pci.header_type = "cardbus-bridge";
    describe_express(configuration, pci);
}

void describe_functions(const SystemFiles& files, const TreeDevice& device, model::PciDevice& pci) {
    const std::string parent = host::last_part(host::resolve_link(files, device.path + "/physfn"));
    pci.physical_function = parse_pci_address(parent);
    model::VirtualFunctions functions;
    functions.most = static_cast<uint32_t>(files.number(device.path + "/sriov_totalvfs").value_or(0));
    for (unsigned number : files.numbered(device.path, "virtfn")) {
        const std::string target = host::resolve_link(files, fmt::format("{}/virtfn{}", device.path, number));
        if (const auto address = parse_pci_address(host::last_part(target))) functions.addresses.push_back(*address);
    }
    if (functions.most > 0 || !functions.addresses.empty()) pci.virtual_functions = std::move(functions);
}

void describe_group(const SystemFiles& files, const TreeDevice& device, model::PciDevice& pci) {
    const std::string name = host::last_part(host::resolve_link(files, device.path + "/iommu_group"));
    const auto number = parse_number<uint32_t>(name);
    if (!number) return;
    model::IommuGroup group;
    group.number = *number;
    for (const std::string& member : files.list("/sys/kernel/iommu_groups/" + name + "/devices"))
        if (const auto address = parse_pci_address(member)) group.addresses.push_back(*address);
    pci.iommu_group = std::move(group);
}

std::vector<model::MdevType> mdev_types(const SystemFiles& files, const std::string& path) {
    std::vector<model::MdevType> types;
    const std::string folder = path + "/mdev_supported_types";
    for (const std::string& id : files.list(folder)) {
        model::MdevType type;
        type.id = id;
        type.name = files.text(folder + "/" + id + "/name").value_or("");
        type.device_api = files.text(folder + "/" + id + "/device_api").value_or("");
        type.available_instances =
            static_cast<uint32_t>(files.number(folder + "/" + id + "/available_instances").value_or(0));
        types.push_back(std::move(type));
    }
    return types;
}

}  // namespace

PciNames find_pci_names(const SystemFiles& files, uint32_t vendor, uint32_t product) {
    PciNames names;
    std::string database;
    for (const char* path : {"/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"}) {
        if (!files.exists(path)) continue;
        database = io::read_file(files.root() + path, database_max);
        break;
    }
    // "8086  Intel Corporation", and below it "\t1572  Ethernet Controller …" until the next vendor.
    const std::string vendor_line = fmt::format("\n{:04x}  ", vendor),
                      product_line = fmt::format("\n\t{:04x}  ", product);
    const auto rest_of_line = [&](size_t at) {
        return std::string(trim(database.substr(at, database.find('\n', at) - at)));
    };
    const size_t found = database.find(vendor_line);
    if (found == std::string::npos) return names;
    names.vendor = rest_of_line(found + vendor_line.size());
    for (size_t line = database.find('\n', found + 1); line != std::string::npos;
         line = database.find('\n', line + 1)) {
        const char first = line + 1 < database.size() ? database[line + 1] : 'x';
        if (first != '\t' && first != '#' && first != '\n') break;
        if (database.compare(line, product_line.size(), product_line) != 0) continue;
        names.product = rest_of_line(line + product_line.size());
        break;
    }
    return names;
}

void describe_pci(const SystemFiles& files, const TreeDevice& device, model::PciDevice& pci) {
    if (const auto number = parse_number<uint32_t>(device.property("PCI_CLASS"), 16))
        pci.pci_class.emplace().value = *number;
    const PciAddress address = parse_pci_address(device.name).value_or(PciAddress{});
    pci.domain = address.domain;
    pci.bus = address.bus;
    pci.slot = address.slot;
    pci.function = address.function;
    pci.vendor.id.value = static_cast<uint32_t>(file_number(files, device.path + "/vendor", 16).value_or(0));
    pci.product.id.value = static_cast<uint32_t>(file_number(files, device.path + "/device", 16).value_or(0));
    PciNames names = find_pci_names(files, pci.vendor.id.value, pci.product.id.value);
    pci.vendor.name = std::move(names.vendor);
    pci.product.name = std::move(names.product);
    const auto node = files.text(device.path + "/numa_node");
    const auto number = node ? parse_number<int>(*node) : std::nullopt;
    if (number && *number >= 0) pci.numa_node = number;
    describe_functions(files, device, pci);
    describe_group(files, device, pci);
    pci.mdev_types = mdev_types(files, device.path);
    describe_header(files, device, pci);
}

}  // namespace virtue::nodedev
