#include "model/network/dhcp.h"

#include <cctype>

#include <fmt/format.h>

namespace virtue::model {

void map(xml::Mapper& m, DhcpLease& l) {
    m.required("expiry", l.expiry);
    if (m.writing() && l.expiry == 0) return;
    m.attribute("unit", l.unit);
    if (m.writing() || l.expiry == 0) return;
    const uint64_t factor = l.unit == LeaseUnit::seconds ? 1 : l.unit == LeaseUnit::minutes ? 60 : 3600;
    // dnsmasq takes no shorter one.
    if (l.expiry < 120 / factor)
        m.fail(ErrorCode::config_unsupported, "The minimum lease time should be greater than 2 minutes");
    if (l.expiry > UINT32_MAX / factor)
        m.fail(ErrorCode::config_unsupported, "the lease time is more than dnsmasq can count");
}

void map(xml::Mapper& m, DhcpRange& r) {
    const auto address = [&](const char* name, HostAddress& value) {
        if (m.reading()) {
            const auto text = m.read_attribute(name);
            if (!text) m.fail(fmt::format("missing '{}' attribute in dhcp range", name));
            const auto parsed = HostAddress::parse(*text);
            if (!parsed)
                throw Error(ErrorCode::system_error, ErrorDomain::none,
                            fmt::format("{}: Cannot parse socket address '{}'", m.element().path(), *text));
            value = *parsed;
        } else {
            m.attribute(name, value);
        }
    };
    address("start", r.start);
    address("end", r.end);
    m.child("lease", r.lease);
}

namespace {

void map_fields(xml::Mapper& m, DhcpHost& h) {
    m.attribute("mac", h.mac);
    m.attribute("id", h.id);
    m.attribute("name", h.name);
    if (m.writing()) {
        m.attribute("ip", h.ip);
    } else if (const auto text = m.read_attribute("ip")) {
        const auto ip = HostAddress::parse(*text);
        if (!ip) m.fail(fmt::format("Invalid IP address in static host definition: '{}'", *text));
        h.ip = *ip;
    }
    m.child("lease", h.lease);
    if (m.writing()) return;
    if (!h.mac.empty()) {
        const auto mac = MacAddress::parse(h.mac);
        if (!mac) m.fail(fmt::format("Cannot parse MAC address '{}'", h.mac));
        if (mac->is_multicast()) m.fail(fmt::format("expected unicast mac address, found multicast '{}'", h.mac));
    }
    if (h.id.find_first_not_of("0123456789abcdefABCDEF:") != std::string::npos)
        m.fail(fmt::format("Invalid character in id '{}': only hex digits and colons may stand there", h.id));
    if (!h.name.empty() && std::isalnum(static_cast<unsigned char>(h.name[0])) == 0)
        m.fail(fmt::format("Cannot use host name '{}': it must start with a letter or digit", h.name));
}

}  // namespace

void map(xml::Mapper& m, DhcpHost& h) {
    map_fields(m, h);
}

void read_partial(xml::Mapper& m, DhcpHost& h) {
    map_fields(m, h);
    if (h.mac.empty() && h.name.empty() && h.ip.empty())
        m.fail("at least one of name, mac, or ip attribute must be specified for a static host definition");
}

void check_complete(const DhcpHost& h, AddressFamily family, const std::string& where) {
    const auto refuse = [&](std::string_view sentence) {
        fail(ErrorCode::xml_error, ErrorDomain::network, "{}{}", where, sentence);
    };
    if (h.ip.empty()) refuse("Missing IP address in static host definition");
    if (family == AddressFamily::ipv6 && h.id.empty() && h.name.empty())
        refuse("a static host definition in an IPv6 network must have id or name attribute");
    if (family != AddressFamily::ipv6 && h.mac.empty() && h.name.empty())
        refuse("a static host definition in an IPv4 network must have mac or name attribute");
}

unsigned NetworkIp::effective_prefix() const {
    if (prefix > 0) return prefix;
    if (!netmask.empty()) return netmask.prefix_of_mask().value_or(0);
    if (address.is_ipv6()) return 64;
    if (!address.is_ipv4()) return 0;
    const uint8_t first = address.bytes[0];
    return first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 0;
}

namespace {

void check_family(xml::Mapper& m, const NetworkIp& ip) {
    constexpr auto unsupported = ErrorCode::config_unsupported;
    const std::string address = ip.address.to_string();
    if (!ip.family.empty() && ip.family != "ipv4" && ip.family != "ipv6")
        m.fail(fmt::format("Unrecognized family '{}'", ip.family));
    if (ip.family.empty() && ip.address.is_ipv6())
        m.fail(unsupported, fmt::format("no family specified for non-IPv4 address '{}'", address));
    if (!ip.family.empty() && ip.is_ipv6() != ip.address.is_ipv6())
        m.fail(unsupported, fmt::format("{0} family specified for non-{0} address '{1}'", ip.family, address));
}

/// What may stand beside address='auto'.
void check_wish(xml::Mapper& m, const NetworkIp& ip) {
    constexpr auto unsupported = ErrorCode::config_unsupported;
    constexpr uint32_t widest = 16, narrowest = 28;
    if (!ip.family.empty() && ip.family != "ipv4")
        m.fail(unsupported, fmt::format("only an IPv4 address can be chosen, not one of family '{}'", ip.family));
    if (!ip.netmask.empty()) m.fail(unsupported, "a chosen address takes a prefix, no netmask");
    if (ip.prefix != 0 && (ip.prefix < widest || ip.prefix > narrowest))
        m.fail(unsupported, fmt::format("the prefix of a chosen address must be between {} and {}, got {}", widest,
                                        narrowest, ip.prefix));
}

void read_address(xml::Mapper& m, NetworkIp& ip) {
    constexpr auto unsupported = ErrorCode::config_unsupported;
    const auto parse = [&](const char* name, HostAddress& value) {
        const auto text = m.read_attribute(name);
        if (!text) return;
        const auto parsed = HostAddress::parse(*text);
        if (!parsed) m.fail(fmt::format("Invalid {} '{}'", name, *text));
        value = *parsed;
    };
    m.attribute("family", ip.family);
    ip.wants_address = m.read_attribute("address") == "auto";
    if (!ip.wants_address) parse("address", ip.address);
    parse("netmask", ip.netmask);
    m.attribute("prefix", ip.prefix);
    m.attribute("localPtr", ip.local_ptr);
    if (ip.wants_address) return check_wish(m, ip);
    if (ip.address.empty()) m.fail("Missing required address attribute");
    check_family(m, ip);
    const std::string address = ip.address.to_string();
    if (!ip.netmask.empty()) {
        if (ip.address.is_ipv6())
            m.fail(unsupported, fmt::format("netmask not allowed for IPv6 address '{}'", address));
        if (!ip.netmask.is_ipv4())
            m.fail(unsupported, fmt::format("Invalid netmask '{}' for address '{}' (both must be IPv4)",
                                            ip.netmask.to_string(), address));
        if (ip.prefix > 0) m.fail(unsupported, "an IP address cannot have both a prefix and a netmask");
    }
    if (ip.prefix > ip.address.width())
        m.disagree(unsupported,
                   fmt::format("Invalid {} prefix '{}'", ip.address.is_ipv6() ? "IPv6" : "IPv4", ip.prefix));
}

HostAddress read_socket_address(xml::Mapper& m, std::string_view text) {
    const auto parsed = HostAddress::parse(text);
    if (!parsed)
        throw Error(ErrorCode::system_error, ErrorDomain::none,
                    fmt::format("{}: Cannot parse socket address '{}'", m.element().path(), text));
    return *parsed;
}

void read_dhcp(xml::Mapper& m, NetworkIp& ip) {
    m.children("range", ip.ranges);
    m.children("host", ip.hosts);
    ip.wants_range = ip.wants_address;
    if (ip.wants_address && ip.has_dhcp())
        m.fail(ErrorCode::config_unsupported, "ranges and hosts cannot be said of an address that is yet to be chosen");
    for (const DhcpRange& range : ip.ranges) check_range(range.start, range.end, ip.address, ip.effective_prefix());
    for (const DhcpHost& host : ip.hosts) check_complete(host, ip.address.family, m.element().path() + "/host: ");
    m.group("bootp", [&] {
        m.attribute("file", ip.boot_file);
        if (const auto server = m.read_attribute("server")) ip.boot_server = read_socket_address(m, *server);
    });
}

}  // namespace

void map(xml::Mapper& m, NetworkIp& ip) {
    if (m.reading()) {
        read_address(m, ip);
        m.attribute_of("tftp", "root", ip.tftp_root);
        m.group("dhcp", [&] { read_dhcp(m, ip); });
        return;
    }
    m.attribute("family", ip.family);
    m.attribute("address", ip.address);
    m.attribute("netmask", ip.netmask);
    m.attribute("prefix", ip.prefix, 0);
    m.attribute("localPtr", ip.local_ptr);
    m.keep_open();
    m.attribute_of("tftp", "root", ip.tftp_root);
    if (!ip.has_dhcp()) return;
    m.group("dhcp", [&] {
        m.children("range", ip.ranges);
        m.children("host", ip.hosts);
        if (ip.boot_file.empty()) return;
        m.group("bootp", [&] {
            m.attribute("file", ip.boot_file);
            m.attribute("server", ip.boot_server);
        });
    });
}

unsigned NetworkRoute::effective_prefix() const {
    if (prefix) return *prefix;
    if (!netmask.empty()) return netmask.prefix_of_mask().value_or(0);
    // No mask makes it the default route, whose address has no bits.
    return 0;
}

namespace {

// Routes of cards are checked here too, and answered alike.
[[noreturn]] void wrong(xml::Mapper& m, std::string_view sentence) {
    m.fail(ErrorCode::xml_error, ErrorDomain::network, sentence);
}

void read_addresses(xml::Mapper& m, NetworkRoute& r) {
    const auto parse = [&](const char* name, const char* what, HostAddress& value) {
        const auto text = m.read_attribute(name);
        if (!text) return;
        const auto parsed = HostAddress::parse(*text);
        if (!parsed) wrong(m, fmt::format("Bad {} '{}' in route definition", what, *text));
        value = *parsed;
    };
    parse("address", "network address", r.address);
    parse("netmask", "netmask", r.netmask);
    parse("gateway", "gateway address", r.gateway);
}

void check_route(xml::Mapper& m, const NetworkRoute& r) {
    if (r.address.empty()) wrong(m, "Missing required address attribute in route definition");
    if (r.gateway.empty()) wrong(m, "Missing required gateway attribute in route definition");
    if (!r.family.empty() && r.family != "ipv4" && r.family != "ipv6")
        wrong(m, fmt::format("Unrecognized family '{}' in route definition", r.family));
    const std::string family = r.family.empty() ? "ipv4" : r.family;
    const AddressFamily wanted = family == "ipv6" ? AddressFamily::ipv6 : AddressFamily::ipv4;
    for (const HostAddress& address : {r.address, r.gateway})
        if (address.family != wanted)
            wrong(m, fmt::format("{0} family specified for non-{0} address '{1}' in route definition", family,
                                 address.to_string()));
    if (!r.netmask.empty() && !(r.netmask.is_ipv4() && wanted == AddressFamily::ipv4))
        wrong(m,
              fmt::format("Invalid netmask '{}' in route definition: only IPv4 has netmasks", r.netmask.to_string()));
    if (r.prefix && !r.netmask.empty()) wrong(m, "Route definition cannot have both a prefix and a netmask");
    if (r.prefix && *r.prefix > r.address.width())
        wrong(m, fmt::format("Invalid prefix {} specified in route definition, must be 0 - {}", *r.prefix,
                             r.address.width()));
    if (r.address.masked(r.effective_prefix()) != r.address)
        wrong(m, fmt::format("Address '{}' in route definition is not a network address", r.address.to_string()));
}

}  // namespace

void map(xml::Mapper& m, NetworkRoute& r) {
    m.attribute("family", r.family);
    if (m.reading()) read_addresses(m, r);
    if (m.writing()) m.attribute("address", r.address);
    if (m.writing()) m.attribute("netmask", r.netmask);
    m.attribute("prefix", r.prefix);
    if (m.writing()) m.attribute("gateway", r.gateway);
    m.attribute("metric", r.metric);
    if (m.writing()) return;
    if (r.metric && *r.metric == 0) m.fail_value("metric", "0", "greater than 0");
    check_route(m, r);
}

}  // namespace virtue::model
