#include "model/network/network.h"

#include <algorithm>

#include <fmt/format.h>

namespace virtue::model {

namespace {

[[noreturn]] void refuse(xml::Mapper& m, ErrorCode code, const std::string& sentence) {
    // libvirt raises what its common network parts find in no part of its own.
    throw Error(code, ErrorDomain::none, fmt::format("{}: {}", m.element().path(), sentence));
}

void check_port_profile(xml::Mapper& m, const VirtualPort& port, bool needs_type) {
    if (port.type.empty()) {
        if (needs_type) refuse(m, ErrorCode::xml_error, "missing required virtualport type");
        return;
    }
    bool known = false;
    for (std::string_view type : {"none", "802.1Qbg", "802.1Qbh", "openvswitch", "midonet"})
        known = known || port.type == type;
    if (!known) refuse(m, ErrorCode::config_unsupported, fmt::format("unknown virtualport type {}", port.type));
    const auto check_number = [&](const char* name, const std::optional<uint32_t>& number, uint32_t most) {
        if (number && *number > most)
            refuse(m, ErrorCode::xml_error, fmt::format("value of {} out of range: it may be at most {}", name, most));
    };
    check_number("managerid", port.manager_id, 0xff);
    check_number("typeid", port.type_id, 0xffffff);
    check_number("typeidversion", port.type_id_version, 0xff);
}

// A network's port may leave anything to the interface that uses it, so nothing is made up.
void map_port_profile(xml::Mapper& m, std::optional<VirtualPort>& port, bool needs_type) {
    if (m.writing() && !port) return;
    if (m.reading() && !m.has("virtualport")) return;
    if (m.reading()) port.emplace();
    m.group("virtualport", [&] {
        m.attribute("type", port->type);
        m.group("parameters", [&] {
            m.attribute("managerid", port->manager_id);
            m.attribute("typeid", port->type_id);
            m.attribute("typeidversion", port->type_id_version);
            m.attribute("instanceid", port->instance_id);
            m.attribute("interfaceid", port->interface_id);
            m.attribute("profileid", port->profile_id);
        });
        if (m.reading()) check_port_profile(m, *port, needs_type);
    });
    if (m.reading() && *port == VirtualPort{}) port.reset();
}

void map_bandwidth(xml::Mapper& m, std::optional<Bandwidth>& bandwidth) {
    if (m.reading())
        m.group("bandwidth", [&] {
            const auto check = [&] {
                m.accept_anything();
                if (!m.read_attribute("average") && !m.read_attribute("floor"))
                    refuse(m, ErrorCode::xml_detail, "Missing mandatory average or floor attributes");
                if (m.read_attribute("floor"))
                    refuse(m, ErrorCode::config_unsupported, "floor attribute is not supported for this config");
            };
            m.group("inbound", check);
            m.group("outbound", check);
        });
    m.child("bandwidth", bandwidth);
    if (m.reading() && bandwidth && *bandwidth == Bandwidth{}) bandwidth.reset();
}

void map_vlan(xml::Mapper& m, std::optional<Vlan>& vlan) {
    if (m.reading())
        m.group("vlan", [&] {
            m.accept_anything();
            if (!m.has("tag"))
                refuse(m, ErrorCode::xml_error,
                       "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement");
        });
    m.child("vlan", vlan);
}

void map_mtu(xml::Mapper& m, Network& n) {
    m.group("mtu", [&] {
        if (m.writing()) {
            m.attribute("size", n.mtu, 0);
            return;
        }
        const auto text = m.read_attribute("size");
        if (!text) return;
        const auto number = xml::parse_unsigned(*text, UINT32_MAX);
        if (!number) m.fail(fmt::format("Invalid mtu size '{}'", *text));
        n.mtu = static_cast<uint32_t>(*number);
    });
}

bool has_bridge_settings(ForwardMode mode) {
    return mode <= ForwardMode::open;
}

void read_bridge(xml::Mapper& m, Network& n) {
    m.group("bridge", [&] {
        m.attribute("name", n.bridge);
        m.attribute("zone", n.bridge_zone);
        if (const auto stp = m.read_attribute("stp")) {
            n.stp = *stp != "off";
            n.stp_said = true;
        }
        if (const auto delay = m.read_attribute("delay")) {
            const auto number = xml::parse_unsigned(*delay, UINT64_MAX);
            if (!number) m.fail(fmt::format("Invalid delay value '{}'", *delay));
            n.delay = *number;
        }
        if (const auto manager = m.read_attribute("macTableManager")) {
            const auto known = xml::from_name<MacTableManager>(*manager);
            if (!known) m.fail(fmt::format("Invalid macTableManager setting '{}'", *manager));
            n.mac_table_manager = *known;
        }
    });
}

void write_bridge(xml::Mapper& m, Network& n) {
    const bool own = has_bridge_settings(n.mode());
    if (!own && n.bridge.empty() && n.mac_table_manager == MacTableManager::absent) return;
    xml::Switch stp = xml::on_off(n.stp);
    m.group("bridge", [&] {
        m.attribute("name", n.bridge);
        m.attribute("zone", n.bridge_zone);
        if (own) {
            m.attribute("stp", stp);
            m.attribute("delay", n.delay);
        }
        m.attribute("macTableManager", n.mac_table_manager);
    });
}

void map_mac(xml::Mapper& m, Network& n) {
    m.group("mac", [&] {
        if (m.writing()) {
            m.attribute("address", n.mac);
            return;
        }
        const auto text = m.read_attribute("address");
        if (!text) return;
        n.mac = MacAddress::parse(*text);
        if (!n.mac) m.fail(fmt::format("Invalid bridge mac address '{}'", *text));
        if (n.mac->is_multicast()) m.fail(fmt::format("Invalid multicast bridge mac address '{}'", *text));
    });
}

void map_domain(xml::Mapper& m, Network& n) {
    if (m.writing() && n.domain_name.empty()) return;
    m.group("domain", [&] {
        m.attribute("name", n.domain_name);
        m.attribute("localOnly", n.domain_local_only);
    });
}

void map_body(xml::Mapper& m, Network& n) {
    if (m.reading()) read_bridge(m, n);
    if (m.writing()) {
        if (n.mode() != ForwardMode::none) m.child("forward", n.forward);
        write_bridge(m, n);
    }
    map_mtu(m, n);
    map_mac(m, n);
    map_domain(m, n);
    if (m.reading() || (n.dns && *n.dns != NetworkDns{})) m.child("dns", n.dns);
    map_vlan(m, n.vlan);
    map_bandwidth(m, n.bandwidth);
    m.attribute_of("port", "isolated", n.isolated);
    m.children("ip", n.ips);
    m.children("route", n.routes);
    map_port_profile(m, n.virtual_port, true);
    m.children("portgroup", n.port_groups);
    if (m.reading()) m.child("forward", n.forward);
    m.group("dnsmasq:options", [&] {
        if (m.reading()) {
            m.each("dnsmasq:option", [&] {
                std::string value;
                if (!m.read_attribute("value")) m.fail(ErrorCode::internal_error, "No dnsmasq option value specified");
                m.attribute("value", value);
                n.dnsmasq_options.push_back(value);
            });
        } else {
            for (std::string& option : n.dnsmasq_options) m.attribute_of("dnsmasq:option", "value", option);
        }
    });
}

void check_routed(xml::Mapper& m, const Network& n) {
    const std::string_view mode = xml::to_name(n.mode());
    if (n.ips.empty())
        m.disagree(fmt::format("{} forwarding requested, but no IP address provided for network '{}'", mode, n.name));
    if (n.forward->interfaces.size() > 1)
        m.disagree(
            fmt::format("multiple forwarding interfaces specified for network '{}', only one is supported", n.name));
    if (n.mode() == ForwardMode::open && !n.forward->interfaces.empty())
        m.disagree(fmt::format("forward dev not allowed for network '{}' with forward mode='open'", n.name));
}

void check_unrouted(xml::Mapper& m, const Network& n) {
    const std::string_view mode = xml::to_name(n.mode());
    const auto refuse = [&](std::string_view what) {
        m.disagree(fmt::format("{} not allowed in {} mode (network '{}')", what, mode, n.name));
    };
    if (n.mode() != ForwardMode::bridge) {
        if (!n.bridge.empty()) refuse("bridge name");
        if (n.mac_table_manager != MacTableManager::absent) refuse("bridge macTableManager setting");
    }
    if (!n.bridge_zone.empty()) refuse("bridge zone");
    if (n.delay != 0 || n.stp_said) refuse("bridge delay/stp options");
    if (n.mtu != 0) refuse("mtu size");
    if (!n.bridge.empty() && (!n.forward->interfaces.empty() || !n.forward->pf.empty()))
        m.disagree(
            fmt::format("a network with forward mode='{}' can specify a bridge name or a forward dev, but not both "
                        "(network '{}')",
                        mode, n.name));
}

// Every gateway must be a neighbour.
void check_gateways(xml::Mapper& m, const Network& n) {
    for (const NetworkRoute& route : n.routes) {
        bool reachable = false;
        for (const NetworkIp& ip : n.ips)
            reachable =
                reachable || (ip.address.family == route.gateway.family &&
                              route.gateway.masked(ip.effective_prefix()) == ip.address.masked(ip.effective_prefix()));
        if (!reachable)
            m.disagree(ErrorCode::config_unsupported, fmt::format("unreachable static route gateway '{}' specified for "
                                                                  "network '{}'",
                                                                  route.gateway.to_string(), n.name));
    }
}

void check(xml::Mapper& m, const Network& n) {
    check_gateways(m, n);
    if (n.mode() == ForwardMode::none) return;
    if (has_bridge_settings(n.mode())) {
        check_routed(m, n);
    } else {
        check_unrouted(m, n);
    }
}

}  // namespace

void map(xml::Mapper& m, PortGroup& g) {
    m.attribute("name", g.name);
    if (m.reading() && g.name.empty()) m.fail("Missing required name attribute in portgroup");
    xml::YesNo is_default = g.is_default ? xml::YesNo::yes : xml::YesNo::absent;
    if (m.writing()) m.attribute("default", is_default);
    if (m.reading()) g.is_default = m.read_attribute("default") == "yes";
    m.attribute("trustGuestRxFilters", g.trust_guest_rx_filters);
    m.keep_open();
    map_vlan(m, g.vlan);
    map_port_profile(m, g.virtual_port, false);
    map_bandwidth(m, g.bandwidth);
}

void map(xml::Mapper& m, Network& n) {
    m.declare_namespace("dnsmasq", "http://libvirt.org/schemas/network/dnsmasq/1.0", !n.dnsmasq_options.empty());
    if (m.writing()) {
        if (!m.options().inactive) m.attribute("connections", n.connections, 0);
        xml::YesNo ipv6 = n.ipv6_without_gateway ? xml::YesNo::yes : xml::YesNo::absent;
        m.attribute("ipv6", ipv6);
    } else {
        // The number of users is ours to count, whoever writes it.
        static_cast<void>(m.read_attribute("connections"));
        const auto ipv6 = m.read_attribute("ipv6");
        n.ipv6_without_gateway = ipv6 == "yes";
        if (ipv6 && ipv6 != "yes" && ipv6 != "no") m.fail(fmt::format("Invalid ipv6 setting '{}'", *ipv6));
    }
    m.attribute("trustGuestRxFilters", n.trust_guest_rx_filters);
    m.value("name", n.name);
    if (m.reading() && n.name.empty()) m.fail(ErrorCode::no_name, "missing name information");
    if (m.reading() && n.name.find('\n') != std::string::npos)
        m.fail(ErrorCode::xml_detail, ErrorDomain::xml, "invalid char in name: \\n");
    if (m.reading()) {
        std::string uuid;
        m.value("uuid", uuid);
        n.uuid = uuid.empty() ? Uuid::generate() : Uuid::parse(uuid);
        if (!n.uuid) m.fail(ErrorCode::internal_error, fmt::format("malformed uuid element '{}'", uuid));
    } else {
        m.value("uuid", n.uuid);
    }
    m.raw("metadata", n.metadata);
    map_body(m, n);
    if (m.reading()) check(m, n);
}

namespace {

bool is_dotted_quad(std::string_view text) {
    return std::count(text.begin(), text.end(), '.') == 3;
}

/// What libvirt's grammar demands beyond what a definition needs.
void check_form(std::string_view text, const Network& network) {
    const xml::Document document = xml::Document::parse(text, "(network_definition)", Network::error_domain);
    const auto refuse = [](const std::string& sentence) {
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, sentence);
    };
    const xml::Element domain = document.root().child("domain");
    if (domain && network.domain_name.empty()) refuse("/network/domain: attribute 'name' is missing");
    for (xml::Element e = document.root().first_child(); e; e = e.next()) {
        const auto address = e.name() == "ip" ? e.attribute("address") : std::nullopt;
        const bool is_short = address && *address != "auto" && address->find(':') == std::string_view::npos;
        if (is_short && !is_dotted_quad(*address))
            refuse(fmt::format("/network/ip: '{}' is no whole IPv4 address", *address));
    }
}

}  // namespace

Network Network::parse(std::string_view text, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.validate = validate;
    if (!validate) return xml::parse<Network>(text, options);
    try {
        Network network = xml::parse<Network>(text, options);
        check_form(text, network);
        return network;
    } catch (const xml::Disagreement&) {
        throw;
    } catch (const Error& error) {
        // A grammar judges before anybody reads: whatever is wrong in its form is wrong by the grammar.
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, error.detail());
    }
}

}  // namespace virtue::model
