#include "model/network/network.h"

namespace virtue::model {

namespace {

template <typename... Arguments>
[[noreturn]] void refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fail(ErrorCode::config_unsupported, ErrorDomain::network, format, std::forward<Arguments>(arguments)...);
}

void check_elements(const Network& n) {
    if (n.owns_bridge()) return;
    const std::string_view mode = xml::to_name(n.mode());
    const auto unsupported = [&](const char* what) {
        refuse("Unsupported {} element in network {} with forward mode='{}'", what, n.name, mode);
    };
    if (n.mac) unsupported("<mac>");
    if (!n.ips.empty()) unsupported("<ip>");
    if (n.dns && !(n.dns->txts.empty() && n.dns->hosts.empty() && n.dns->srvs.empty())) unsupported("<dns>");
    if (!n.domain_name.empty()) unsupported("<domain>");
    // A bridge of somebody else can be limited as a whole.
    const bool has_bridge = n.mode() == ForwardMode::bridge && !n.bridge.empty();
    if (n.bandwidth && !has_bridge) unsupported("network-wide <bandwidth>");
}

void check_dhcp(const Network& n) {
    bool seen[2] = {false, false};
    for (const NetworkIp& ip : n.ips) {
        if (!ip.has_dhcp()) continue;
        bool& before = seen[ip.is_ipv6() ? 1 : 0];
        if (before)
            refuse(
                "Multiple {0} dhcp sections found -- dhcp is supported only for a single {0} address on each "
                "network",
                ip.is_ipv6() ? "IPv6" : "IPv4");
        before = true;
    }
}

void check_port_groups(const Network& n) {
    const bool ovs = n.virtual_port && n.virtual_port->type == "openvswitch";
    bool vlan_allowed = n.mode() == ForwardMode::hostdev || n.mode() == ForwardMode::passthrough ||
                        (n.mode() == ForwardMode::bridge && ovs);
    bool vlan_used = n.vlan && !n.vlan->tags.empty();
    const PortGroup* by_default = nullptr;
    for (const PortGroup& group : n.port_groups) {
        for (const PortGroup& other : n.port_groups)
            if (&other < &group && other.name == group.name)
                refuse("multiple <portgroup> elements with the same name ({}) in network '{}'", group.name, n.name);
        if (group.vlan && !group.vlan->tags.empty()) {
            vlan_used = true;
            // Whoever takes this group gets its tag: then it must be Open vSwitch that it connects to.
            if (group.virtual_port && (n.mode() != ForwardMode::bridge || group.virtual_port->type != "openvswitch"))
                vlan_allowed = false;
        }
        if (!group.is_default) continue;
        if (by_default != nullptr)
            refuse(
                "network '{}' has multiple default <portgroup> elements ({} and {}), but only one default is "
                "allowed",
                n.name, by_default->name, group.name);
        by_default = &group;
    }
    if (vlan_used && !vlan_allowed)
        refuse("<vlan> element specified for network {}, whose type doesn't support vlan configuration", n.name);
}

}  // namespace

void complete(Network& n) {
    // QEMU's own prefix, as libvirt takes it for bridges.
    if (n.owns_bridge() && !n.mac) n.mac = MacAddress::generate({0x52, 0x54, 0x00});
}

void validate(const Network& n) {
    if (n.name.find('/') != std::string::npos) fail(ErrorCode::xml_detail, ErrorDomain::xml, "invalid char in name: /");
    check_elements(n);
    if (n.mode() != ForwardMode::hostdev && n.forward && !n.forward->addresses.empty())
        refuse(
            "network '{}' has forward mode '{}' but lists a device by PCI address in the device pool; this is only "
            "supported for networks with forward mode 'hostdev'",
            n.name, xml::to_name(n.mode()));
    if (n.mode() == ForwardMode::hostdev && !n.forward->interfaces.empty())
        refuse(
            "hostdev network '{}' lists '{}' in the device pool, but hostdev networks require all devices to be "
            "listed by PCI address, not network device name",
            n.name, n.forward->interfaces.front().dev);
    check_dhcp(n);
    check_port_groups(n);
}

}  // namespace virtue::model
