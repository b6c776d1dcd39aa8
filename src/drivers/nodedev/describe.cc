#include "drivers/nodedev/describe.h"

#include <algorithm>

#include "base/text.h"
#include "host/ethtool.h"

namespace virtue::nodedev {

using host::SystemFiles;
using host::TreeDevice;
using model::NodeDeviceCapability;
using model::NodeDeviceType;

std::optional<uint64_t> file_number(const SystemFiles& files, const std::string& path, int base) {
    const auto text = files.text(path);
    return text ? parse_number<uint64_t>(*text, base) : std::nullopt;
}

std::string device_name(const TreeDevice& device, const std::string& distinction) {
    std::string name = device.subsystem + "_" + device.name;
    if (!distinction.empty()) name += "_" + distinction;
    const auto is_other = [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
    };
    std::replace_if(name.begin(), name.end(), is_other, '_');
    return name;
}

namespace {

struct NamedType {
    const char* name;
    NodeDeviceType type;
};

constexpr NamedType by_devtype[] = {
    {"usb_device", NodeDeviceType::usb_device},
    {"usb_interface", NodeDeviceType::usb},
    {"scsi_host", NodeDeviceType::scsi_host},
    {"scsi_target", NodeDeviceType::scsi_target},
    {"scsi_device", NodeDeviceType::scsi},
    {"disk", NodeDeviceType::storage},
    {"wlan", NodeDeviceType::net},
    {"drm_minor", NodeDeviceType::drm},
};
constexpr NamedType by_subsystem[] = {
    {"scsi_generic", NodeDeviceType::scsi_generic},
    {"mdev", NodeDeviceType::mdev},
    {"vdpa", NodeDeviceType::vdpa},
};

uint32_t property_number(const TreeDevice& device, const char* key, int base) {
    return parse_number<uint32_t>(device.property(key), base).value_or(0);
}

void describe_usb_device(const SystemFiles& files, const TreeDevice& device, model::UsbDeviceNode& usb) {
    usb.bus = property_number(device, "BUSNUM", 10);
    usb.device = property_number(device, "DEVNUM", 10);
    // Without udev's rules the device's own words serve as well.
    const auto fill = [&](model::NamedId& id, const std::string& prefix, const char* number, const char* words) {
        id.id.value = static_cast<uint32_t>(parse_number<uint32_t>(device.property(prefix + "_ID"), 16)
                                                .value_or(file_number(files, device.path + number, 16).value_or(0)));
        id.name = device.property(prefix + "_FROM_DATABASE");
        if (id.name.empty()) id.name = files.text(device.path + words).value_or("");
    };
    fill(usb.vendor, "ID_VENDOR", "/idVendor", "/manufacturer");
    fill(usb.product, "ID_MODEL", "/idProduct", "/product");
}

void describe_usb_interface(const SystemFiles& files, const TreeDevice& device, model::UsbInterface& usb) {
    const auto number = [&](const char* file) {
        return static_cast<uint32_t>(file_number(files, device.path + file, 16).value_or(0));
    };
    usb.number = number("/bInterfaceNumber");
    usb.interface_class = number("/bInterfaceClass");
    usb.subclass = number("/bInterfaceSubClass");
    usb.protocol = number("/bInterfaceProtocol");
}

void describe_net(const SystemFiles& files, const TreeDevice& device, model::NetDevice& net) {
    net.interface = device.property("INTERFACE");
    net.address = files.text(device.path + "/address").value_or("");
    net.kind = device.property("DEVTYPE") == "wlan" ? "80211" : "80203";
    net.features = host::link_features(net.interface);
    net.link = model::read_host_link(files.text(device.path + "/operstate").value_or(""),
                                     files.text(device.path + "/speed").value_or(""));
}

void describe_scsi_target(const SystemFiles& files, const TreeDevice& device, model::ScsiTarget& target) {
    target.target = device.name;
    const std::string port = host::last_part(device.path.substr(0, device.path.rfind('/')));
    if (!port.starts_with("rport-")) return;
    target.rport = port;
    target.wwpn = files.text("/sys/class/fc_remote_ports/" + port + "/port_name").value_or("");
    if (target.wwpn.starts_with("0x")) target.wwpn.erase(0, 2);
}

/// The types of SCSI devices that have a name (SPC-5, table 147).
std::string scsi_type(uint64_t number) {
    constexpr const char* names[] = {"disk",    "tape", "printer", "processor", "worm", "cdrom",     "scanner", "mod",
                                     "changer", "",     "",        "",          "raid", "enclosure", "rbc"};
    return number < std::size(names) ? names[number] : "";
}

bool describe_scsi(const SystemFiles& files, const TreeDevice& device, model::ScsiDevice& scsi) {
    const std::vector<std::string_view> parts = split(device.name, ':');
    uint32_t* const places[] = {&scsi.host, &scsi.bus, &scsi.target, &scsi.lun};
    if (parts.size() != std::size(places)) return false;
    for (size_t i = 0; i < parts.size(); i++) {
        const auto number = parse_number<uint32_t>(parts[i]);
        if (!number) return false;
        *places[i] = *number;
    }
    if (const auto type = file_number(files, device.path + "/type", 0)) scsi.type = scsi_type(*type);
    return true;
}

std::string drm_type(const TreeDevice& device) {
    const uint32_t minor = property_number(device, "MINOR", 10);
    if (minor < 64) return "primary";
    return minor < 128 ? "control" : "render";
}

void describe_mdev(const SystemFiles& files, const TreeDevice& device, model::MediatedDevice& mdev) {
    mdev.uuid = Uuid::parse(device.name);
    mdev.type = host::last_part(host::resolve_link(files, device.path + "/mdev_type"));
    mdev.parent_address = host::last_part(device.path.substr(0, device.path.rfind('/')));
    const std::string group = host::last_part(host::resolve_link(files, device.path + "/iommu_group"));
    mdev.iommu_group = parse_number<uint32_t>(group).value_or(0);
}

std::string vdpa_node(const SystemFiles& files, const TreeDevice& device) {
    for (const std::string& name : files.list(device.path))
        if (name.starts_with("vhost-vdpa")) return "/dev/" + name;
    return "";
}

/// Fills in the capability; nothing if the device is not to be shown, else what tells equal ones apart in its name.
std::optional<std::string> fill(const SystemFiles& files, const TreeDevice& device, NodeDeviceCapability& capability) {
    switch (capability.type) {
        case NodeDeviceType::pci:
            if (!parse_pci_address(device.name)) return std::nullopt;
            describe_pci(files, device, capability.pci);
            return "";
        case NodeDeviceType::usb_device:
            describe_usb_device(files, device, capability.usb_device);
            return "";
        case NodeDeviceType::usb:
            describe_usb_interface(files, device, capability.usb);
            return "";
        case NodeDeviceType::net:
            describe_net(files, device, capability.net);
            return capability.net.address;
        case NodeDeviceType::scsi_host:
            if (!describe_scsi_host(files, device, capability.scsi_host)) return std::nullopt;
            return "";
        case NodeDeviceType::scsi_target:
            describe_scsi_target(files, device, capability.scsi_target);
            return "";
        case NodeDeviceType::scsi:
            if (!describe_scsi(files, device, capability.scsi)) return std::nullopt;
            return "";
        case NodeDeviceType::storage:
            if (!describe_storage(files, device, capability.storage)) return std::nullopt;
            return capability.storage.serial;
        case NodeDeviceType::scsi_generic:
            capability.character_device = device.node();
            return "";
        case NodeDeviceType::drm:
            capability.drm_type = drm_type(device);
            return "";
        case NodeDeviceType::mdev:
            describe_mdev(files, device, capability.mdev);
            return "";
        case NodeDeviceType::vdpa:
            capability.character_device = vdpa_node(files, device);
            return "";
        default:
            return std::nullopt;
    }
}

}  // namespace

std::optional<NodeDeviceType> type_of(const TreeDevice& device) {
    const std::string& devtype = device.property("DEVTYPE");
    if (!devtype.empty()) {
        for (const NamedType& known : by_devtype)
            if (devtype == known.name) return known.type;
        return std::nullopt;
    }
    for (const NamedType& known : by_subsystem)
        if (device.subsystem == known.name) return known.type;
    if (!device.property("INTERFACE").empty()) return NodeDeviceType::net;
    if (!device.property("PCI_CLASS").empty()) return NodeDeviceType::pci;
    return std::nullopt;
}

std::optional<model::NodeDevice> describe(const SystemFiles& files, const TreeDevice& device) {
    const auto type = type_of(device);
    if (!type) return std::nullopt;
    model::NodeDevice result;
    NodeDeviceCapability& capability = result.capabilities.emplace_back();
    capability.type = *type;
    const auto distinction = fill(files, device, capability);
    if (!distinction) return std::nullopt;
    result.name = device_name(device, *distinction);
    if (capability.type == NodeDeviceType::mdev && !capability.mdev.parent_address.empty()) {
        // Two parents may have one of the same UUID, of which only one can run.
        TreeDevice named = device;
        named.subsystem = "mdev";
        result.name = device_name(named, capability.mdev.parent_address);
    }
    result.path = device.path;
    result.devnode = device.node();
    result.devlinks = device.links;
    result.driver = host::last_part(host::resolve_link(files, device.path + "/driver"));
    return result;
}

model::NodeDevice describe_computer(const SystemFiles& files, const std::string& host_uuid) {
    model::NodeDevice result;
    result.name = "computer";
    NodeDeviceCapability& capability = result.capabilities.emplace_back();
    capability.type = NodeDeviceType::system;
    const auto text = [&](const char* file) {
        return files.text(std::string("/sys/devices/virtual/dmi/id/") + file).value_or("");
    };
    model::SystemDevice& system = capability.system;
    system.product = text("product_name");
    system.hardware_vendor = text("sys_vendor");
    system.hardware_version = text("product_version");
    system.hardware_serial = text("product_serial");
    // Without the firmware's tables libvirt tells no identity here.
    const std::string uuid = host_uuid.empty() ? text("product_uuid") : host_uuid;
    // Without the firmware's tables libvirt tells no identity here.
    system.hardware_uuid = Uuid();
    if (files.exists("/sys/devices/virtual/dmi/id")) system.hardware_uuid = Uuid::parse(uuid).value_or(Uuid());
    system.firmware_vendor = text("bios_vendor");
    system.firmware_version = text("bios_version");
    system.firmware_release_date = text("bios_date");
    return result;
}

}  // namespace virtue::nodedev
