#include "model/network/dns.h"

#include <fmt/format.h>

namespace virtue::model {

namespace {

constexpr auto detail = ErrorCode::xml_detail;

void srv_number(xml::Mapper& m, const char* name, uint32_t& value, uint32_t low) {
    if (m.writing()) {
        m.attribute(name, value, 0);
        return;
    }
    const auto text = m.read_attribute(name);
    if (!text) return;
    const auto number = xml::parse_unsigned(*text, 65535);
    if (!number || *number < low)
        m.fail(detail, fmt::format("invalid DNS SRV {} attribute '{}': it must be {}-65535", name, *text, low));
    value = static_cast<uint32_t>(*number);
}

void map_fields(xml::Mapper& m, DnsSrv& s) {
    m.attribute("service", s.service);
    m.attribute("protocol", s.protocol);
    m.attribute("domain", s.domain);
    m.attribute("target", s.target);
    srv_number(m, "port", s.port, 1);
    srv_number(m, "priority", s.priority, 0);
    srv_number(m, "weight", s.weight, 0);
    // RFC 6763 section 7.2 leaves 15 letters, libvirt a whole label.
    if (m.reading() && s.service.size() > 63)
        m.fail(detail, fmt::format("Service name '{}' is too long, limit is 63 bytes", s.service));
}

void map_fields(xml::Mapper& m, DnsTxt& t) {
    m.attribute("name", t.name);
    m.attribute("value", t.value);
    if (m.reading() && t.name.find(' ') != std::string::npos)
        m.fail(detail, fmt::format("prohibited space character in DNS TXT record name '{}'", t.name));
}

void read_fields(xml::Mapper& m, DnsHost& h, bool partial) {
    const auto text = m.read_attribute("ip");
    if (!text && !partial) m.fail(detail, "Missing IP address in network DNS HOST record");
    if (text) {
        const auto ip = HostAddress::parse(*text);
        if (!ip) m.fail(detail, fmt::format("Invalid IP address '{}' in network DNS HOST record", *text));
        h.ip = *ip;
    }
    m.values("hostname", h.names);
    for (const std::string& name : h.names)
        if (name.empty()) m.fail(detail, "Missing hostname sub-element in network DNS HOST record");
}

}  // namespace

void map(xml::Mapper& m, DnsForwarder& f) {
    m.attribute("domain", f.domain);
    if (m.writing()) {
        m.attribute("addr", f.address);
        return;
    }
    if (const auto text = m.read_attribute("addr")) {
        const auto address = HostAddress::parse(*text);
        if (!address) m.fail(fmt::format("Invalid forwarder IP address '{}'", *text));
        f.address = *address;
    }
    if (f.address.empty() && f.domain.empty())
        m.fail("Invalid forwarder element, must contain at least one of addr or domain");
}

void map(xml::Mapper& m, DnsTxt& t) {
    map_fields(m, t);
    if (m.writing()) return;
    if (t.name.empty()) m.fail(detail, "missing required name attribute in DNS TXT record");
    if (!t.value) m.fail(detail, fmt::format("missing required value attribute in DNS TXT record '{}'", t.name));
}

void read_partial(xml::Mapper& m, DnsTxt& t) {
    map_fields(m, t);
    if (t.name.empty() && !t.value) m.fail(detail, "Missing required name or value in DNS TXT record");
}

void map(xml::Mapper& m, DnsSrv& s) {
    map_fields(m, s);
    if (m.writing()) return;
    if (s.service.empty()) m.fail(detail, "missing required service attribute in DNS SRV record");
    if (s.protocol.empty())
        m.fail(detail, fmt::format("missing required protocol attribute in DNS SRV record '{}'", s.service));
    if (s.target.empty() && s.port != 0)
        m.fail(detail, fmt::format("DNS SRV port attribute not permitted without target for service '{}'", s.service));
    if (s.target.empty() && (s.priority != 0 || s.weight != 0))
        m.fail(detail,
               fmt::format("DNS SRV priority and weight not permitted without target for service '{}'", s.service));
}

void read_partial(xml::Mapper& m, DnsSrv& s) {
    map_fields(m, s);
}

void map(xml::Mapper& m, DnsHost& h) {
    if (m.writing()) {
        m.attribute("ip", h.ip);
        m.keep_open();
        m.values("hostname", h.names);
        return;
    }
    read_fields(m, h, false);
    if (h.names.empty()) m.fail(detail, "Missing hostname in network DNS HOST record");
}

void read_partial(xml::Mapper& m, DnsHost& h) {
    read_fields(m, h, true);
    if (h.ip.empty() && h.names.empty()) m.fail(detail, "Missing ip and hostname in network DNS HOST record");
}

void map(xml::Mapper& m, NetworkDns& d) {
    m.attribute("enable", d.enable);
    m.attribute("forwardPlainNames", d.forward_plain_names);
    m.children("forwarder", d.forwarders);
    m.children("txt", d.txts);
    m.children("srv", d.srvs);
    m.children("host", d.hosts);
    if (m.writing() || d.enable != xml::YesNo::no) return;
    if (!d.forwarders.empty() || !d.txts.empty() || !d.srvs.empty() || !d.hosts.empty())
        m.disagree("Extra data in a disabled name server: records do not go with enable='no'");
}

}  // namespace virtue::model
