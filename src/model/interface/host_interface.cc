#include "model/interface/host_interface.h"

#include <fmt/format.h>

#include "base/text.h"

namespace virtue::model {

void map(xml::Mapper& m, HostLink& l) {
    m.attribute("speed", l.speed, 0);
    m.attribute("state", l.state);
}

HostLink read_host_link(std::string_view state, std::string_view speed) {
    HostLink link;
    link.state = xml::from_name<HostLinkState>(state).value_or(HostLinkState::absent);
    if (link.state != HostLinkState::up) return link;
    link.speed = static_cast<uint32_t>(parse_number<int64_t>(speed).value_or(0));
    return link;
}

void map(xml::Mapper& m, HostIp& ip) {
    m.required("address", ip.address);
    m.attribute("prefix", ip.prefix, 0);
}

void map(xml::Mapper& m, HostDhcp& d) {
    m.attribute("peerdns", d.peerdns);
}

void map(xml::Mapper& m, HostProtocol& p) {
    if (m.reading() && !m.read_attribute("family")) m.fail("protocol misses the family attribute");
    m.attribute("family", p.family);
    m.keep_open();
    m.flag("autoconf", p.autoconf);
    m.child("dhcp", p.dhcp);
    m.children("ip", p.ips);
    m.attribute_of("route", "gateway", p.gateway);
    if (m.reading() && p.family != "ipv4" && p.family != "ipv6")
        m.fail(fmt::format("unsupported protocol family '{}'", p.family));
}

namespace {

void check_nested(xml::Mapper& m, const HostInterface& outer) {
    for (const HostInterface& port : outer.ports) {
        const bool fits = outer.type == HostInterfaceType::bond ? port.type == HostInterfaceType::ethernet
                                                                : port.type != HostInterfaceType::bridge;
        if (!fits)
            m.fail(fmt::format("interface of type '{}' cannot be part of one of type '{}'", xml::to_name(port.type),
                               xml::to_name(outer.type)));
    }
}

void map_bridge(xml::Mapper& m, HostInterface& i) {
    const bool found = m.group(
        "bridge",
        [&] {
            if (m.reading()) {
                const auto stp = m.read_attribute("stp");
                if (stp && *stp != "on" && *stp != "off")
                    m.fail(fmt::format("bridge interface stp should be on or off got {}", *stp));
            }
            m.attribute("stp", i.stp);
            m.attribute("delay", i.delay);
            m.keep_open();
            m.children("interface", i.ports);
        },
        true);
    if (!found && m.reading()) m.fail("bridge interface misses the bridge element");
}

void map_bond(xml::Mapper& m, HostInterface& i) {
    const bool found = m.group(
        "bond",
        [&] {
            m.attribute("mode", i.bond_mode);
            m.keep_open();
            if (m.reading() ? m.has("miimon") : i.mii.has_value()) {
                if (m.reading()) i.mii.emplace();
                m.group("miimon", [&] {
                    m.required("freq", i.mii->frequency);
                    m.attribute("downdelay", i.mii->down_delay, 0);
                    m.attribute("updelay", i.mii->up_delay, 0);
                    m.attribute("carrier", i.mii->carrier);
                });
            }
            if (m.reading() ? m.has("arpmon") : i.arp.has_value()) {
                if (m.reading()) i.arp.emplace();
                m.group("arpmon", [&] {
                    m.required("interval", i.arp->interval);
                    m.required("target", i.arp->target);
                    m.attribute("validate", i.arp->validate);
                });
            }
            m.children("interface", i.ports);
            if (m.reading() && i.ports.empty()) m.fail("bond has no interfaces");
        },
        true);
    if (!found && m.reading()) m.fail("bond interface misses the bond element");
}

void map_vlan(xml::Mapper& m, HostInterface& i) {
    const bool found = m.group(
        "vlan",
        [&] {
            if (m.reading() && !m.read_attribute("tag")) m.fail("vlan interface misses the tag attribute");
            m.attribute("tag", i.vlan_tag);
            m.keep_open();
            m.attribute_of("interface", "name", i.vlan_device);
            if (m.reading() && i.vlan_device.empty()) m.fail("vlan interface misses name attribute");
        },
        true);
    if (!found && m.reading()) m.fail("vlan interface misses the vlan element");
}

void read_identity(xml::Mapper& m, HostInterface& i) {
    const auto type = m.read_attribute("type");
    if (!type) m.fail_missing_attribute("type");
    const auto known = xml::from_name<HostInterfaceType>(*type);
    if (!known) m.fail(fmt::format("unknown interface type {}", *type));
    i.type = *known;
    if (!m.read_attribute("name") && i.type != HostInterfaceType::vlan) m.fail("interface has no name");
}

}  // namespace

void map(xml::Mapper& m, HostInterface& i) {
    if (m.reading()) read_identity(m, i);
    if (m.writing()) m.attribute("type", i.type);
    m.attribute("name", i.name);
    m.keep_open();
    m.attribute_of("start", "mode", i.start);
    m.group("mtu", [&] { m.attribute("size", i.mtu, 0); });
    m.children("protocol", i.protocols);
    m.child("link", i.link);
    m.attribute_of("mac", "address", i.mac);
    switch (i.type) {
        case HostInterfaceType::ethernet:
            break;
        case HostInterfaceType::bridge:
            map_bridge(m, i);
            break;
        case HostInterfaceType::bond:
            map_bond(m, i);
            break;
        case HostInterfaceType::vlan:
            map_vlan(m, i);
            break;
    }
    if (m.reading()) check_nested(m, i);
    if (m.reading() && i.name.empty()) i.name = i.vlan_device + "." + i.vlan_tag;
}

HostInterface HostInterface::parse(std::string_view text, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.validate = validate;
    return xml::parse<HostInterface>(text, options);
}

}  // namespace virtue::model
