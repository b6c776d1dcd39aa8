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

void map(xml::Mapper& m, VirtualPort& v) {
    static constexpr std::string_view types[] = {"none", "802.1Qbg", "802.1Qbh", "openvswitch", "midonet"};
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
    if (m.writing()) return;
    // A network completes what its guests leave open.
    const xml::Element card = m.element().parent();
    const bool whole = !card || card.attribute("type") != "network";
    const auto lacks = [&](const char* what) {
        m.fail(ErrorCode::xml_error, ErrorDomain::net,
               fmt::format("missing {} in virtualport of type {}", what, v.type));
    };
    if (whole && v.type.empty()) m.fail(ErrorCode::xml_error, ErrorDomain::none, "missing required virtualport type");
    if (v.type == "802.1Qbg") {
        if (whole && !v.manager_id) lacks("managerid");
        if (whole && !v.type_id) lacks("typeid");
        if (whole && !v.type_id_version) lacks("typeidversion");
        if (!v.instance_id) v.instance_id = Uuid::generate();
    }
    if (whole && v.type == "802.1Qbh" && v.profile_id.empty()) lacks("profileid");
    if (v.type == "openvswitch" && !v.interface_id) v.interface_id = Uuid::generate();
    if (whole && v.type == "midonet" && !v.interface_id) lacks("interfaceid");
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
