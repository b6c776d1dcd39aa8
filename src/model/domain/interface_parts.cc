#include <algorithm>

#include <fmt/format.h>

#include "model/domain/interface.h"
#include "model/network/dhcp.h"

namespace virtue::model {

void map(xml::Mapper& m, VlanTag& t) {
    m.required("id", t.id);
    m.attribute("nativeMode", t.native_mode);
    if (m.reading() && t.id > 4095) m.fail(fmt::format("vlan tag id {} too large (maximum 4095)", t.id));
}

void map(xml::Mapper& m, Vlan& v) {
    // A trunk is what several tags make; one tag may be called a trunk too.
    m.attribute("trunk", v.trunk);
    m.children("tag", v.tags);
    if (m.writing()) return;
    if (std::count_if(v.tags.begin(), v.tags.end(),
                      [](const VlanTag& tag) { return tag.native_mode != NativeVlanMode::absent; }) > 1)
        m.fail(ErrorCode::xml_error, ErrorDomain::none, "duplicate native vlan setting");
    if (v.tags.empty()) m.fail("missing tag id - each <vlan> must have at least one <tag id='n'/> subelement");
    if (v.trunk == xml::YesNo::no && v.tags.size() > 1)
        m.fail("attribute 'trunk' must be 'yes' where there are several tags");
    if (v.trunk == xml::YesNo::no && v.tags[0].native_mode != NativeVlanMode::absent)
        m.fail(ErrorCode::xml_error, ErrorDomain::none, "trunk='no' is not allowed with a native vlan id");
    if (v.trunk == xml::YesNo::absent && v.tags.size() > 1) v.trunk = xml::YesNo::yes;
}

namespace {

/// What a type of port does not have, of what is said.
const char* extra_of(const VirtualPort& v) {
    const bool switched = v.type == "802.1Qbg", named = v.type == "802.1Qbh", open = v.type == "openvswitch";
    if (!switched && v.manager_id) return "managerid";
    if (!switched && v.type_id) return "typeid";
    if (!switched && v.type_id_version) return "typeidversion";
    if (!switched && v.instance_id) return "instanceid";
    if (!named && !open && !v.profile_id.empty()) return "profileid";
    if ((switched || named) && v.interface_id) return "interfaceid";
    return nullptr;
}

void check_port(xml::Mapper& m, VirtualPort& v) {
    // A network completes what its guests leave open.
    const xml::Element card = m.element().parent();
    const bool whole = !card || card.attribute("type") != "network";
    const auto lacks = [&](bool said, const char* what) {
        if (whole && !said)
            throw xml::Disagreement(ErrorCode::xml_error, ErrorDomain::net,
                                    fmt::format("missing {} in virtualport of type {}", what, v.type));
    };
    const auto at_most = [&](const std::optional<uint32_t>& number, uint32_t most, const char* what) {
        if (number && *number > most)
            throw xml::Disagreement(ErrorCode::xml_error, ErrorDomain::none,
                                    fmt::format("value of {} out of range", what));
    };
    if (whole && v.type.empty())
        throw xml::Disagreement(ErrorCode::xml_error, ErrorDomain::none, "missing required virtualport type");
    at_most(v.manager_id, 0xff, "managerid");
    at_most(v.type_id, 0xffffff, "typeid");
    at_most(v.type_id_version, 0xff, "typeidversion");
    if (v.type.empty()) return;
    if (v.type == "802.1Qbg") {
        if (!v.instance_id) v.instance_id = Uuid::generate();
        lacks(v.manager_id.has_value(), "managerid");
        lacks(v.type_id.has_value(), "typeid");
        lacks(v.type_id_version.has_value(), "typeidversion");
    }
    if (v.type == "802.1Qbh") lacks(!v.profile_id.empty(), "profileid");
    if (v.type == "openvswitch" && !v.interface_id) v.interface_id = Uuid::generate();
    if (v.type == "midonet") lacks(v.interface_id.has_value(), "interfaceid");
    if (const char* extra = extra_of(v))
        throw xml::Disagreement(ErrorCode::xml_error, ErrorDomain::net,
                                fmt::format("extra {} unsupported in virtualport of type {}", extra, v.type));
}

}  // namespace

void map(xml::Mapper& m, VirtualPort& v) {
    static constexpr std::string_view types[] = {"802.1Qbg", "802.1Qbh", "openvswitch", "midonet"};
    m.words("type", types);
    m.attribute("type", v.type);
    m.group("parameters", [&] {
        m.attribute("managerid", v.manager_id);
        m.attribute("typeid", v.type_id);
        m.attribute("typeidversion", v.type_id_version);
        m.attribute("instanceid", v.instance_id);
        m.attribute("interfaceid", v.interface_id);
        m.attribute("profileid", v.profile_id);
    });
    if (m.reading()) check_port(m, v);
}

void map(xml::Mapper& m, BandwidthLimit& b) {
    m.attribute("average", b.average, 0);
    m.attribute("peak", b.peak, 0);
    m.attribute("floor", b.floor, 0);
    m.attribute("burst", b.burst, 0);
    if (m.reading() && !m.given("average") && !m.given("floor"))
        m.fail(ErrorCode::xml_detail, ErrorDomain::none, "bandwidth limits need 'average' or 'floor'");
}

void map(xml::Mapper& m, Bandwidth& b) {
    for (const char* way : {"inbound", "outbound"})
        if (m.reading() && m.element().count(way) > 1)
            m.fail(ErrorCode::xml_detail, ErrorDomain::none, fmt::format("Only one child <{}> element allowed", way));
    m.child("inbound", b.inbound);
    m.child("outbound", b.outbound);
    if (m.reading() && b.outbound && b.outbound->floor != 0)
        m.fail("'floor' attribute allowed only in <inbound> element");
}

void map(xml::Mapper& m, IpAddress& ip) {
    m.required("address", ip.address);
    m.attribute("family", ip.family);
    m.attribute("prefix", ip.prefix);
    m.attribute("peer", ip.peer);
    if (!m.reading()) return;
    const auto address = HostAddress::parse(ip.address);
    if (ip.family != "ipv4" && ip.family != "ipv6") {
        if (!ip.family.empty() && m.options().validate) m.fail_value("family", ip.family, "'ipv4' or 'ipv6'");
        ip.family = address && address->is_ipv6() ? "ipv6" : "ipv4";
    }
    const auto of_family = [&](const std::optional<HostAddress>& a) {
        return a && a->is_ipv6() == (ip.family == "ipv6");
    };
    if (!of_family(address)) m.fail(fmt::format("Invalid address '{}' in <ip>", ip.address));
    if (ip.prefix && *ip.prefix > address->width())
        m.fail(fmt::format("Invalid prefix value '{}' in <ip>", *ip.prefix));
    if (ip.prefix == 0u) ip.prefix.reset();
    if (!ip.peer.empty() && !of_family(HostAddress::parse(ip.peer)))
        m.fail(ErrorCode::invalid_arg, fmt::format("Invalid peer '{}' in <ip>", ip.peer));
    // Short forms are stored in full, as libvirt stores them.
    ip.address = address->to_string();
    if (!ip.peer.empty()) ip.peer = HostAddress::parse(ip.peer)->to_string();
}

void map(xml::Mapper& m, Route& r) {
    m.attribute("family", r.family);
    m.attribute("address", r.address);
    m.attribute("netmask", r.netmask);
    m.attribute("prefix", r.prefix);
    m.attribute("gateway", r.gateway);
    m.attribute("metric", r.metric);
    if (!m.reading()) return;
    // What a network asks of its routes.
    NetworkRoute checked;
    map(m, checked);
    r.address = checked.address.to_string();
    r.netmask = checked.netmask.to_string();
    r.gateway = checked.gateway.to_string();
}

void map(xml::Mapper& m, FilterParameter& p) {
    m.attribute("name", p.name);
    m.attribute("value", p.value);
}

void map(xml::Mapper& m, FilterReference& f) {
    m.required("filter", f.filter);
    m.children("parameter", f.parameters);
    if (m.writing()) return;
    // libvirt keeps parameters in a table and prints them by name, each with its values in the order given.
    std::stable_sort(f.parameters.begin(), f.parameters.end(),
                     [](const FilterParameter& a, const FilterParameter& b) { return a.name < b.name; });
}

void map(xml::Mapper& m, Offloads& o) {
    m.attribute("csum", o.csum);
    m.attribute("gso", o.gso);
    m.attribute("tso4", o.tso4);
    m.attribute("tso6", o.tso6);
    m.attribute("ecn", o.ecn);
    m.attribute("ufo", o.ufo);
    m.attribute("mrg_rxbuf", o.mrg_rxbuf);
}

void map(xml::Mapper& m, PortForwardRange& r) {
    m.positive("start", r.start);
    m.positive("end", r.end);
    m.positive("to", r.to);
    m.attribute("exclude", r.exclude);
}

void map(xml::Mapper& m, PortForward& f) {
    static constexpr std::string_view protocols[] = {"tcp", "udp"};
    m.words("proto", protocols);
    m.required("proto", f.proto);
    m.attribute("address", f.address);
    if (m.reading() && !f.address.empty() && !HostAddress::parse(f.address))
        m.fail(fmt::format("Invalid address '{}' in <portForward>", f.address));
    m.attribute("dev", f.dev);
    m.children("range", f.ranges);
}

void map(xml::Mapper& m, InterfaceTeaming& t) {
    m.required("type", t.type);
    m.attribute("persistent", t.persistent);
    if (m.writing()) return;
    // A card without a word has no partner; a device of the host must say what it is.
    const xml::Element device = m.element().parent();
    if (t.type.empty() && device && device.name() == "interface") return;
    if (t.type != "persistent" && t.type != "transient") m.fail_value("type", t.type, "'persistent' or 'transient'");
    if (t.type == "transient" && t.persistent.empty()) m.fail_missing_attribute("persistent");
}

void map(xml::Mapper& m, ActualInterface& a) {
    m.attribute("type", a.type);
    bool managed = a.managed;
    if (a.type == InterfaceType::hostdev) m.attribute("managed", managed);
    a.managed = managed;
    m.group("source", [&] {
        if (a.type == InterfaceType::bridge || a.type == InterfaceType::network) m.attribute("bridge", a.bridge);
        if (a.type == InterfaceType::direct) {
            m.attribute("dev", a.dev);
            m.attribute("mode", a.mode);
        }
        if (a.type == InterfaceType::hostdev) m.child("address", a.pci);
    });
    m.group("class", [&] { m.attribute("id", a.class_id, 0); });
    m.value("portid", a.port_id);
    m.child("vlan", a.vlan);
    m.child("virtualport", a.virtual_port);
    m.child("bandwidth", a.bandwidth);
}

}  // namespace virtue::model
