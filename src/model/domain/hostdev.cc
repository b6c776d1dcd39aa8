#include "model/domain/hostdev.h"

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Hostdev);

namespace {

void map_usb(xml::Mapper& m, UsbHostSource& u) {
    m.attribute("startupPolicy", u.startup_policy);
    static constexpr std::string_view resets[] = {"off", "uninitialized", "on"};
    m.words("guestReset", resets);
    m.attribute("guestReset", u.guest_reset);
    m.required_of("vendor", "id", u.vendor);
    m.required_of("product", "id", u.product);
    if (m.reading() && u.vendor && *u.vendor == 0u)
        m.fail(ErrorCode::xml_error, ErrorDomain::xml, "vendor: 'id' must not be 0");
    if (m.reading() ? m.has("address")
                    : u.has_address && (!u.vendor || !m.options().inactive || u.autoaddress != xml::Switch::on)) {
        u.has_address = true;
        m.group("address", [&] {
            const auto number = [&](const char* name, uint32_t& value) {
                if (m.writing()) return m.attribute(name, value);
                const auto text = m.read_attribute<uint32_t>(name);
                if (!text) return m.lack_attribute(name);
                // Hex is taken too.
                const auto read = xml::parse_unsigned(*text, UINT32_MAX, 0);
                if (!read) m.fail_value(name, *text, "a non-negative integer");
                value = static_cast<uint32_t>(*read);
            };
            number("bus", u.bus);
            number("device", u.device);
            m.attribute("autoAddress", u.autoaddress);
        });
    }
    if (m.reading() && u.product && !u.vendor) m.fail(ErrorCode::internal_error, "missing vendor");
    if (m.reading() && u.vendor && !u.product) m.fail(ErrorCode::internal_error, "missing product");
}

void map_scsi(xml::Mapper& m, Hostdev& h) {
    if (h.iscsi.protocol == StorageProtocol::iscsi || (m.reading() && m.given("protocol"))) {
        h.iscsi.type = StorageType::network;
        m.required("protocol", h.iscsi.protocol);
        m.required("name", h.iscsi.name);
        if (m.reading() && h.iscsi.name.find('/') == std::string::npos) h.iscsi.name += "/0";
        m.children("host", h.iscsi.hosts);
        if (m.reading() && h.iscsi.hosts.empty()) m.fail("missing the host address for the iSCSI hostdev");
        m.single("host");
        m.child("auth", h.iscsi.auth);
        m.group("initiator", [&] { m.attribute_of("iqn", "name", h.iscsi.initiator_iqn); });
        return;
    }
    m.attribute_of("adapter", "name", h.scsi.adapter);
    if (m.reading() && h.scsi.adapter.empty()) m.fail("'adapter' must be specified for scsi hostdev source");
    if (m.reading() && !m.has("address")) m.fail("'address' must be specified for scsi hostdev source");
    m.group("address", [&] {
        m.required("bus", h.scsi.bus);
        m.required("target", h.scsi.target);
        m.required("unit", h.scsi.unit);
    });
}

void map_source(xml::Mapper& m, Hostdev& h) {
    if (h.mode == HostdevMode::capabilities) {
        m.value(h.type == HostdevType::storage ? "block"
                : h.type == HostdevType::misc  ? "char"
                                               : "interface",
                h.capability);
        return;
    }
    switch (h.type) {
        case HostdevType::usb:
            map_usb(m, h.usb);
            break;
        case HostdevType::pci: {
            m.attribute("writeFiltering", h.write_filtering);
            m.group(
                "address", [&] { map(m, h.pci); }, true);
            break;
        }
        case HostdevType::scsi:
            map_scsi(m, h);
            break;
        case HostdevType::scsi_host: {
            std::string protocol = "vhost";
            m.required("protocol", protocol);
            m.required("wwpn", h.wwpn);
            if (m.reading() && protocol != "vhost")
                m.fail(ErrorCode::config_unsupported,
                       fmt::format("Unknown scsi_host subsystem protocol '{}'", protocol));
            if (m.reading() && !h.wwpn.starts_with("naa.")) m.fail("malformed 'wwpn' value: it starts with 'naa.'");
            break;
        }
        case HostdevType::mdev:
            m.group("address", [&] { m.attribute("uuid", h.mdev); });
            if (m.reading() && !h.mdev && m.has("address"))
                m.fail(ErrorCode::config_unsupported, "Missing 'uuid' attribute for element <address>");
            if (m.reading() && !h.mdev) m.fail(ErrorCode::config_unsupported, "Missing <address> element");
            break;
        default:
            break;
    }
}

}  // namespace

void map(xml::Mapper& m, Hostdev& h) {
    if (m.reading()) {
        const auto mode = m.read_attribute<HostdevMode>("mode");
        if (mode && !xml::from_name<HostdevMode>(*mode))
            m.fail(ErrorCode::config_unsupported, fmt::format("unknown hostdev mode '{}'", *mode));
        const auto type = m.read_attribute<HostdevType>("type");
        if (type && !xml::from_name<HostdevType>(*type))
            m.fail(ErrorCode::config_unsupported, fmt::format("unknown host device source address type '{}'", *type));
    }
    m.attribute("mode", h.mode);
    m.required("type", h.type);
    if (h.type == HostdevType::scsi && m.writing()) {
        m.writer().attribute("managed", h.managed == xml::YesNo::yes ? "yes" : "no");
    } else if (h.mode == HostdevMode::subsystem) {
        if (m.reading()) {
            m.attribute("managed", h.managed);
        } else {
            m.writer().attribute("managed", h.managed == xml::YesNo::yes ? "yes" : "no");
        }
    }
    m.attribute("model", h.model);
    m.attribute("display", h.display);
    m.attribute("ramfb", h.ramfb);
    m.attribute("sgio", h.sgio);
    m.attribute("rawio", h.rawio);
    m.attribute_of("driver", "name", h.driver);
    bool has_policy = false;
    auto map_all_of_source = [&] {
        map_source(m, h);
        has_policy = m.reading() && m.given("startupPolicy");
    };
    m.group("source", map_all_of_source, true);
    if (m.reading() && !m.has("source")) m.fail("missing element 'source'");
    m.children("ip", h.ips);
    m.children("route", h.routes);
    m.flag("readonly", h.readonly);
    m.flag("shareable", h.shareable);
    // Only disks can be either; elsewhere it is forgotten.
    if (m.reading() && !(h.mode == HostdevMode::subsystem && h.type == HostdevType::scsi))
        h.readonly = h.shareable = false;
    m.child("teaming", h.teaming);
    map_info(m, h.info, InfoParts::boot_and_rom);
    if (has_policy && h.type != HostdevType::usb)
        m.fail(ErrorCode::config_unsupported, "Setting startupPolicy is only allowed for USB devices");
}

}  // namespace virtue::model
