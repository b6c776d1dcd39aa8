#include <algorithm>

#include <fmt/format.h>

#include "model/network/network.h"

namespace virtue::model {

void map(xml::Mapper& m, ForwardInterface& i) {
    if (m.reading() && !m.read_attribute("dev"))
        m.fail("Missing required dev attribute in <forward> <interface> element");
    m.attribute("dev", i.dev);
    if (m.writing() && !m.options().inactive) m.attribute("connections", i.connections, 0);
}

namespace {

void map_nat_address(xml::Mapper& m, NetworkForward& f) {
    if (m.writing()) {
        m.attribute("start", f.nat_start);
        m.attribute("end", f.nat_end);
        return;
    }
    const auto read = [&](const char* name, HostAddress& value) {
        const auto text = m.read_attribute(name);
        if (!text) return;
        const auto address = HostAddress::parse(*text);
        if (!address || !address->is_ipv4()) m.fail(fmt::format("Bad ipv4 {} address '{}' in <nat>", name, *text));
        value = *address;
    };
    read("start", f.nat_start);
    read("end", f.nat_end);
    if (f.nat_start.empty()) m.fail("missing 'start' attribute in <address> element in <nat>");
    if (f.nat_end.empty()) m.fail("missing 'end' attribute in <address> element in <nat>");
    check_range(f.nat_start, f.nat_end, {}, 0);
}

void map_nat_port(xml::Mapper& m, NetworkForward& f) {
    m.attribute("start", f.port_start);
    m.attribute("end", f.port_end);
    if (m.writing()) return;
    if (f.port_start == 0 || f.port_start > 65535)
        m.fail(ErrorCode::xml_detail,
               "Missing or invalid 'start' attribute in <port> element in <nat>: it must be 1-65535");
    if (f.port_end == 0 || f.port_end > 65535)
        m.fail(ErrorCode::xml_detail,
               "Missing or invalid 'end' attribute in <port> element in <nat>: it must be 1-65535");
    if (f.port_end < f.port_start)
        m.fail(ErrorCode::xml_detail,
               fmt::format("start port '{}' must not be above end port '{}' in <nat>", f.port_start, f.port_end));
}

void map_nat(xml::Mapper& m, NetworkForward& f) {
    m.group("nat", [&] {
        m.attribute("ipv6", f.nat_ipv6);
        if (m.reading() && m.element().count("address") > 1) m.fail("Only one <address> element is allowed in <nat>");
        if (m.reading() && m.element().count("port") > 1) m.fail("Only one <port> element is allowed in <nat>");
        m.group("address", [&] { map_nat_address(m, f); });
        if (m.reading() || f.port_start != 0) m.group("port", [&] { map_nat_port(m, f); });
    });
}

void read_interfaces(xml::Mapper& m, NetworkForward& f, const std::string& dev) {
    std::vector<ForwardInterface> listed;
    m.children("interface", listed);
    if (!dev.empty()) f.interfaces.push_back({dev});
    for (size_t i = 0; i < listed.size(); i++) {
        if (i == 0 && !dev.empty()) {
            if (listed[0].dev == dev) continue;
            m.fail(fmt::format("forward dev '{}' must match first interface element dev '{}'", dev, listed[0].dev));
        }
        if (std::find(f.interfaces.begin(), f.interfaces.end(), listed[i]) != f.interfaces.end())
            m.disagree(fmt::format("interface '{}' can only be listed once in a network", listed[i].dev));
        f.interfaces.push_back(listed[i]);
    }
}

void read_addresses(xml::Mapper& m, NetworkForward& f) {
    m.each("address", [&] {
        const auto type = m.read_attribute("type");
        if (!type) m.fail("missing address type");
        if (*type != "pci")
            m.fail(ErrorCode::config_unsupported,
                   fmt::format("unsupported address type '{}': only 'pci' can be in a pool", *type));
        PciAddress address;
        map(m, address);
        for (const PciAddress& other : f.addresses)
            if (other.same_place(address))
                m.disagree(fmt::format("PCI device '{}' can only be listed once in a network", address.to_string()));
        f.addresses.push_back(address);
    });
}

void read(xml::Mapper& m, NetworkForward& f) {
    if (const auto mode = m.read_attribute("mode")) {
        const auto known = xml::from_name<ForwardMode>(*mode);
        if (!known) m.fail(ErrorCode::config_unsupported, fmt::format("unknown forwarding type '{}'", *mode));
        f.mode = *known;
    }
    f.managed = m.read_attribute("managed") == "yes";
    m.group("driver", [&] {
        const auto name = m.read_attribute("name");
        if (!name) return;
        const auto known = xml::from_name<ForwardDriver>(*name);
        if (!known) m.fail(ErrorCode::config_unsupported, fmt::format("Unknown forward <driver name='{}'/>", *name));
        f.driver = *known;
    });
    const std::string dev(m.read_attribute("dev").value_or(""));
    const xml::Element at = m.element();
    const size_t nats = at.count("nat");
    const size_t pfs = at.count("pf");
    const size_t interfaces = at.count("interface");
    const size_t addresses = at.count("address");
    if (nats > 0 && f.mode != ForwardMode::nat)
        m.fail("The <nat> element can only be used when <forward> 'mode' is 'nat'");
    if (nats > 1) m.fail("Only one <nat> element is allowed in <forward>");
    map_nat(m, f);
    // What is known of a running network holds the functions that its physical one was found to have.
    const bool found = !m.options().inactive && interfaces == 0;
    if (addresses > 0 && interfaces + pfs > 0 && !found)
        m.fail("<address> elements of <forward> go neither with <interface> nor with <pf>");
    if ((pfs > 0 || addresses > 0) && !dev.empty())
        m.fail("the <forward> 'dev' attribute cannot be used when <address> or <pf> sub-elements are present");
    if (pfs > 1) m.fail("Only one <pf> element is allowed in <forward>");
    m.group("pf", [&] {
        m.attribute("dev", f.pf);
        if (f.pf.empty()) m.fail("Missing required dev attribute in <pf> element");
    });
    read_interfaces(m, f, dev);
    read_addresses(m, f);
}

void write_address(xml::Mapper& m, PciAddress& address) {
    std::string type = "pci";
    m.group("address", [&] {
        m.attribute("type", type);
        map(m, address);
    });
}

}  // namespace

void map(xml::Mapper& m, NetworkForward& f) {
    if (m.reading()) {
        read(m, f);
        return;
    }
    if (f.pf.empty() && !f.interfaces.empty()) m.attribute("dev", f.interfaces[0].dev);
    m.attribute("mode", f.mode);
    if (f.mode == ForwardMode::hostdev) m.attribute("managed", f.managed);
    m.attribute_of("driver", "name", f.driver);
    map_nat(m, f);
    m.attribute_of("pf", "dev", f.pf);
    // What a physical function's pool held at the start is no part of the definition.
    if (!f.pf.empty() && m.options().inactive) return;
    m.children("interface", f.interfaces);
    for (PciAddress& address : f.addresses) write_address(m, address);
}

}  // namespace virtue::model
