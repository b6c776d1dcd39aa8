#include "model/domain/address.h"

#include <fmt/format.h>

namespace virtue::model {

namespace {

void map_hex(xml::Mapper& m, const char* name, uint32_t& value, int digits, bool optional = true) {
    if (m.writing()) {
        m.writer().attribute(name, xml::format_hex(value, digits));
        return;
    }
    auto text = m.read_attribute(name);
    if (!text) {
        if (!optional) m.fail_missing_attribute(name);
        return;
    }
    auto number = xml::parse_unsigned(*text, UINT32_MAX, 0);
    if (!number) m.fail_value(name, *text, "a non-negative integer, decimal or hex with 0x");
    value = static_cast<uint32_t>(*number);
}

void map_usb(xml::Mapper& m, UsbAddress& usb) {
    m.attribute("bus", usb.bus);
    if (m.writing()) {
        if (usb.has_port()) m.writer().attribute("port", usb.port_text());
        return;
    }
    if (auto text = m.read_attribute("port")) {
        auto port = parse_usb_port(*text);
        if (!port)
            m.fail(ErrorCode::internal_error, ErrorDomain::device,
                   fmt::format("cannot parse the USB port '{}'", *text));
        usb.port = *port;
    }
}

void map_ccw(xml::Mapper& m, CcwAddress& ccw) {
    if (m.writing() && !ccw.assigned) return;
    const bool any = m.writing() || m.given("cssid") || m.given("ssid") || m.given("devno");
    if (m.reading() && any && !(m.given("cssid") && m.given("ssid") && m.given("devno")))
        m.fail(ErrorCode::internal_error, ErrorDomain::device,
               "a CCW address needs cssid, ssid and devno, or none of them");
    map_hex(m, "cssid", ccw.cssid, 0);
    map_hex(m, "ssid", ccw.ssid, 0);
    map_hex(m, "devno", ccw.devno, 4);
    if (m.writing()) return;
    ccw.assigned = any;
    if (ccw.cssid > 0xfe || ccw.ssid > 3 || ccw.devno > 0xffff)
        m.fail(ErrorCode::config_unsupported,
               fmt::format("invalid CCW address {:#x}.{:#x}.{:04x}", ccw.cssid, ccw.ssid, ccw.devno));
}

void map_isa(xml::Mapper& m, IsaAddress& isa) {
    if (m.reading() || isa.iobase != 0) map_hex(m, "iobase", isa.iobase, 0);
    if (m.reading() || isa.irq != 0) map_hex(m, "irq", isa.irq, 0);
}

void map_spapr(xml::Mapper& m, std::optional<uint64_t>& reg) {
    if (m.writing()) {
        if (reg) m.writer().attribute("reg", xml::format_hex(*reg, 8));
    } else if (auto text = m.read_attribute("reg")) {
        reg = xml::parse_unsigned(*text, UINT64_MAX, 16);
        if (!reg) m.fail_value("reg", *text, "a hexadecimal number");
    }
}

void map_dimm(xml::Mapper& m, DimmAddress& dimm) {
    m.required("slot", dimm.slot);
    if (m.writing()) {
        if (dimm.base != 0) m.writer().attribute("base", fmt::format("{:#x}", dimm.base));
    } else if (auto text = m.read_attribute("base")) {
        auto base = xml::parse_unsigned(*text, UINT64_MAX, 16);
        if (!base) m.fail_value("base", *text, "a hexadecimal number");
        dimm.base = *base;
    }
}

void map_drive(xml::Mapper& m, DriveAddress& drive) {
    m.attribute("controller", drive.controller);
    m.attribute("bus", drive.bus);
    m.attribute("target", drive.target);
    m.attribute("unit", drive.unit);
}

}  // namespace

std::string PciAddress::to_string() const {
    return fmt::format("{:04x}:{:02x}:{:02x}.{:d}", domain, bus, slot, function);
}

std::string UsbAddress::port_text() const {
    std::string text;
    for (uint32_t step : port)
        if (step != 0) text += (text.empty() ? "" : ".") + std::to_string(step);
    return text;
}

std::optional<std::array<uint32_t, 4>> parse_usb_port(std::string_view text) {
    std::array<uint32_t, 4> port{};
    for (uint32_t& step : port) {
        const size_t dot = text.find('.');
        auto number = xml::parse_unsigned(text.substr(0, dot), UINT32_MAX);
        if (!number) return std::nullopt;
        step = static_cast<uint32_t>(*number);
        if (dot == std::string_view::npos) return port;
        text.remove_prefix(dot + 1);
    }
    return std::nullopt;
}

void map(xml::Mapper& m, PciAddress& a) {
    map_hex(m, "domain", a.domain, 4);
    map_hex(m, "bus", a.bus, 2);
    map_hex(m, "slot", a.slot, 2);
    map_hex(m, "function", a.function, 1);
    m.attribute("multifunction", a.multifunction);
    if (m.writing() && !a.zpci.uid && !a.zpci.fid) return;
    m.group("zpci", [&] {
        m.attribute("uid", a.zpci.uid);
        m.attribute("fid", a.zpci.fid);
    });
    if (m.writing()) return;
    if (a.zpci.uid && (*a.zpci.uid == 0u || *a.zpci.uid > 0xffffu))
        throw xml::Disagreement(
            ErrorCode::xml_error, ErrorDomain::qemu,
            fmt::format("Invalid PCI address uid='0x{:04x}', must be > 0x0000 and <= 0xffff", a.zpci.uid->value));
}

namespace {

void check_pci(xml::Mapper& m, const PciAddress& a) {
    const auto refuse = [&](const char* name, uint32_t value, uint32_t most) {
        if (value > most)
            throw Error(ErrorCode::xml_error, ErrorDomain::none,
                        fmt::format("{}: Invalid PCI address {}='{:#x}', must be <= {:#x}", m.element().path(), name,
                                    value, most));
    };
    refuse("domain", a.domain, 0xffff);
    refuse("bus", a.bus, 0xff);
    refuse("slot", a.slot, 0x1f);
    refuse("function", a.function, 7);
}

}  // namespace

void map(xml::Mapper& m, Address& a) {
    if (m.reading() && !m.given("type")) m.fail_missing_attribute("type");
    m.attribute("type", a.type);
    switch (a.type) {
        case AddressType::none:
        case AddressType::unassigned:
        case AddressType::s390:
            break;
        case AddressType::pci:
            if (m.writing() && a.pci.empty()) return;
            map(m, a.pci);
            if (m.reading()) check_pci(m, a.pci);
            break;
        case AddressType::drive:
            map_drive(m, a.drive);
            break;
        case AddressType::virtio_serial:
            m.attribute("controller", a.virtio_serial.controller);
            m.attribute("bus", a.virtio_serial.bus);
            m.attribute("port", a.virtio_serial.port);
            break;
        case AddressType::ccid:
            m.attribute("controller", a.ccid.controller);
            m.attribute("slot", a.ccid.slot);
            break;
        case AddressType::usb:
            map_usb(m, a.usb);
            break;
        case AddressType::spapr_vio:
            map_spapr(m, a.spapr_vio_reg);
            break;
        case AddressType::ccw:
            map_ccw(m, a.ccw);
            break;
        case AddressType::virtio_mmio:
            break;
        case AddressType::isa:
            map_isa(m, a.isa);
            break;
        case AddressType::dimm:
            map_dimm(m, a.dimm);
            break;
        case AddressType::mdev:
            m.attribute("uuid", a.mdev_uuid);
            break;
    }
}

}  // namespace virtue::model
