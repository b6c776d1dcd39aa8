#include "drivers/interface/interfaces.h"

#include "base/error.h"
#include "base/text.h"
#include "host/device_tree.h"

namespace virtue::interface {

namespace {

constexpr ErrorDomain here = ErrorDomain::interface;
constexpr const char* folder = "/sys/class/net/";

class Attributes {
public:
    Attributes(const host::SystemFiles& files, const std::string& name) : files_(files), path_(folder + name + "/") {}
    std::string text(const std::string& file) const { return files_.text(path_ + file).value_or(""); }
    bool has(const std::string& file) const { return files_.exists(path_ + file); }
    template <typename Number = uint32_t>
    Number number(const std::string& file) const {
        return parse_number<Number>(text(file)).value_or(0);
    }
    /// The number of a choice that the kernel writes as "active-backup 1".
    uint32_t choice(const std::string& file) const {
        const std::string whole = text(file);
        const auto words = split_words(whole);
        return words.size() < 2 ? 0 : parse_number<uint32_t>(words[1]).value_or(0);
    }

private:
    const host::SystemFiles& files_;
    std::string path_;
};

bool is_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

Listed listed(const host::SystemFiles& files, const std::string& name) {
    const Attributes attributes(files, name);
    const std::string state = attributes.text("operstate");
    return {name, attributes.text("address"), state == "up", state == "down"};
}

/// The taps of guests are not the host's business: "vnet" and a number.
bool is_guest_tap(const std::string& name) {
    return name.starts_with("vnet") && name.size() > 4 && name[4] >= '0' && name[4] <= '9';
}

model::HostInterface describe_part(const host::SystemFiles& files, const std::string& name);

void describe_bridge(const host::SystemFiles& files, model::HostInterface& bridge) {
    const Attributes attributes(files, bridge.name);
    bridge.type = model::HostInterfaceType::bridge;
    bridge.delay = attributes.text("bridge/forward_delay");
    bridge.stp = attributes.number("bridge/stp_state") ? xml::Switch::on : xml::Switch::off;
    for (const std::string& port : files.list(folder + bridge.name + "/brif"))
        if (!is_guest_tap(port)) bridge.ports.push_back(describe_part(files, port));
}

void describe_bond(const host::SystemFiles& files, model::HostInterface& bond) {
    const Attributes attributes(files, bond.name);
    bond.type = model::HostInterfaceType::bond;
    // The kernel counts the modes from 0, we from 1.
    bond.bond_mode = static_cast<model::BondMode>(attributes.choice("bonding/mode") + 1);
    if (const uint32_t frequency = attributes.number("bonding/miimon")) {
        model::MiiMonitor& monitor = bond.mii.emplace();
        monitor.frequency = frequency;
        monitor.up_delay = attributes.number("bonding/updelay");
        monitor.down_delay = attributes.number("bonding/downdelay");
        monitor.carrier = attributes.number("bonding/use_carrier") ? model::Carrier::netif : model::Carrier::ioctl;
    } else if (const uint32_t interval = attributes.number("bonding/arp_interval")) {
        model::ArpMonitor& monitor = bond.arp.emplace();
        monitor.interval = interval;
        monitor.validate = static_cast<model::ArpValidate>(attributes.choice("bonding/arp_validate") + 1);
        const std::string targets = attributes.text("bonding/arp_ip_target");
        const auto words = split_words(targets);
        if (!words.empty()) monitor.target = words.front();
    }
    constexpr std::string_view slave = "slave_";
    for (const std::string& entry : files.list(folder + bond.name))
        if (entry.starts_with(slave)) bond.ports.push_back(describe_part(files, entry.substr(slave.size())));
}

/// "VID: 42" and "Device: eth0" in the kernel's file about a VLAN.
void describe_vlan(const host::SystemFiles& files, model::HostInterface& vlan) {
    vlan.type = model::HostInterfaceType::vlan;
    const std::string text = files.text("/proc/net/vlan/" + vlan.name).value_or("");
    const auto word_after = [&](std::string_view label) -> std::string {
        const size_t at = text.find(label);
        if (at == std::string::npos) return "";
        const auto words = split_words(std::string_view(text).substr(at + label.size()));
        return words.empty() ? std::string() : std::string(words.front());
    };
    vlan.vlan_tag = word_after("VID: ");
    vlan.vlan_device = word_after("Device: ");
    if (vlan.vlan_tag.empty())
        fail(ErrorCode::internal_error, here, "failed to find the VID for the VLAN device '{}'", vlan.name);
    if (vlan.vlan_device.empty())
        fail(ErrorCode::internal_error, here, "failed to find the real device for the VLAN device '{}'", vlan.name);
}

/// Everything but the MTU, which only an interface that stands alone shows. MAC and link are shown of cards only.
model::HostInterface describe_part(const host::SystemFiles& files, const std::string& name) {
    const Listed entry = find_interface(files, name);
    model::HostInterface interface;
    interface.name = name;
    const auto device = host::read_tree_device(files, host::resolve_link(files, folder + name));
    const std::string kind = device ? device->property("DEVTYPE") : "";
    if (kind == "vlan") {
        describe_vlan(files, interface);
    } else if (kind == "bridge") {
        describe_bridge(files, interface);
    } else if (kind == "bond") {
        describe_bond(files, interface);
    } else {
        const Attributes attributes(files, name);
        interface.mac = entry.mac;
        interface.link = model::read_host_link(attributes.text("operstate"), attributes.text("speed"));
    }
    return interface;
}

}  // namespace

std::vector<Listed> list_interfaces(const host::SystemFiles& files) {
    std::vector<Listed> found;
    for (const std::string& name : files.list("/sys/class/net")) {
        const Attributes attributes(files, name);
        // The folder may hold files besides ("bonding_masters").
        if (!attributes.has("address") || attributes.has("brport/state") || attributes.has("tun_flags")) continue;
        found.push_back(listed(files, name));
    }
    return found;
}

Listed find_interface(const host::SystemFiles& files, const std::string& name) {
    if (!is_name(name) || !files.exists(folder + name + "/address"))
        fail(ErrorCode::no_interface, here, "couldn't find interface named '{}'", name);
    return listed(files, name);
}

Listed find_interface_by_mac(const host::SystemFiles& files, const std::string& mac) {
    std::vector<std::string> names;
    for (const std::string& name : files.list("/sys/class/net"))
        if (Attributes(files, name).text("address") == mac) names.push_back(name);
    if (names.empty() || mac.empty())
        fail(ErrorCode::no_interface, here, "couldn't find interface with MAC address '{}'", mac);
    if (names.size() > 1)
        fail(ErrorCode::multiple_interfaces, here, "the MAC address '{}' matches multiple interfaces", mac);
    return listed(files, names.front());
}

model::HostInterface describe_interface(const host::SystemFiles& files, const std::string& name) {
    model::HostInterface interface = describe_part(files, name);
    interface.mtu = Attributes(files, name).number("mtu");
    return interface;
}

}  // namespace virtue::interface
