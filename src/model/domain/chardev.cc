#include "model/domain/chardev.h"

#include <fmt/format.h>

#include "model/network/host_address.h"

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(ChardevSource);
VIRTUE_BIG_VALUE_CODE(Chardev);

namespace {

void map_type(xml::Mapper& m, ChardevSource& s, bool with_tty = false) {
    if (m.reading()) s.type = ChardevType::pty;
    m.attribute("type", s.type);
    // Of old: <console tty='/dev/pts/3'> beside <source path=…>.
    if (with_tty && s.type == ChardevType::pty && (m.reading() || !m.options().inactive)) {
        std::string tty = s.path;
        m.attribute("tty", tty);
    }
}

void map_serial_target(xml::Mapper& m, Serial& s) {
    m.group("target", [&] {
        // Old versions know these by the machine alone.
        const bool untold = m.writing() && m.options().migratable &&
                            (s.target == SerialTarget::system_serial || s.target == SerialTarget::spapr_vio_serial);
        if (!untold) m.attribute("type", s.target);
        m.attribute("port", s.port, -1);
        if (m.reading() && s.port < -1) m.fail_value("port", std::to_string(s.port), "a non-negative integer");
        if (!untold) m.attribute_of("model", "name", s.model);
    });
}

void map_channel_target(xml::Mapper& m, Channel& c) {
    if (m.reading() && !m.has("target")) m.fail("target type must be specified for channel device");
    m.group("target", [&] {
        m.required("type", c.target);
        if (c.target == ChannelTarget::guestfwd) {
            m.required("address", c.guest_address);
            m.required("port", c.guest_port);
            const auto address = m.reading() ? HostAddress::parse(c.guest_address) : std::nullopt;
            if (address) c.guest_address = address->to_string();
        } else {
            m.attribute("name", c.name);
            if (m.reading() || !m.options().inactive) m.attribute("state", c.state);
        }
    });
}

}  // namespace

void map(xml::Mapper& m, Serial& s) {
    map_type(m, s.source);
    map_chardev_source(m, s.source);
    map_serial_target(m, s);
    map_info(m, s.info);
}

void map(xml::Mapper& m, Parallel& p) {
    map_type(m, p.source);
    map_chardev_source(m, p.source);
    m.group("target", [&] { m.attribute("port", p.port, -1); });
    map_info(m, p.info);
}

void map(xml::Mapper& m, Console& c) {
    map_type(m, c.source, true);
    map_chardev_source(m, c.source);
    m.group("target", [&] {
        m.attribute("type", c.target);
        m.attribute("port", c.port, -1);
    });
    map_info(m, c.info);
}

void map(xml::Mapper& m, Channel& c) {
    map_type(m, c.source);
    map_chardev_source(m, c.source);
    map_channel_target(m, c);
    map_info(m, c.info);
}

void map(xml::Mapper& m, RedirectedDevice& r) {
    m.attribute("bus", r.bus);
    if (m.reading() && r.bus != "usb") m.fail_value("bus", r.bus, "'usb'");
    if (m.reading() && !m.given("type")) m.fail_missing_attribute("type");
    m.attribute("type", r.source.type);
    m.keep_open();
    map_chardev_source(m, r.source);
    map_info(m, r.info, InfoParts::boot);
}

namespace {

// Numbers in a filter are shown as 0x08 and 0x1234; -1 and nothing mean any.
void map_filter_number(xml::Mapper& m, const char* name, std::string& value, int digits) {
    if (m.writing()) return m.attribute(name, value);
    auto text = m.read_attribute(name);
    if (!text || *text == "-1") return;
    auto number = xml::parse_unsigned(*text, digits == 2 ? 0xff : 0xffff, 16);
    if (!number) m.fail_value(name, *text, "a hexadecimal number");
    value = digits == 2 ? fmt::format("0x{:02X}", *number) : fmt::format("0x{:04X}", *number);
}

}  // namespace

void map(xml::Mapper& m, RedirectFilterRule& r) {
    map_filter_number(m, "class", r.usb_class, 2);
    map_filter_number(m, "vendor", r.vendor, 4);
    map_filter_number(m, "product", r.product, 4);
    m.attribute("version", r.version);
    if (m.reading() && !r.version.empty() && r.version != "-1" && r.version.find('.') == std::string::npos)
        m.fail(fmt::format("Cannot parse USB device version {}", r.version));
    if (m.reading() && r.version.empty() && m.given("version")) m.fail("Cannot parse USB device version ");
    if (m.reading() && r.version == "-1") r.version.clear();
    m.required("allow", r.allow);
}

void map(xml::Mapper& m, RedirectFilter& f) {
    m.keep_open();
    m.children("usbdev", f.rules);
}

void map(xml::Mapper& m, Smartcard& s) {
    m.required("mode", s.mode);
    switch (s.mode) {
        case SmartcardMode::host:
            break;
        case SmartcardMode::host_certificates:
            m.values("certificate", s.certificates);
            m.value("database", s.database);
            if (m.reading() && s.certificates.size() != 3)
                m.fail("host-certificates mode needs exactly three certificates");
            break;
        case SmartcardMode::passthrough:
            if (m.reading() && !m.given("type")) m.fail_missing_attribute("type");
            m.attribute("type", s.source.type);
            map_chardev_source(m, s.source);
            break;
    }
    map_info(m, s.info);
}

}  // namespace virtue::model
