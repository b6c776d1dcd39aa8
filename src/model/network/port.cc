#include "model/network/port.h"

#include <fmt/format.h>

namespace virtue::model {
namespace {

void map_plug(xml::Mapper& m, NetworkPort& port) {
    if (m.writing() && port.plug == PlugType::none) return;
    m.group("plug", [&] {
        m.attribute("type", port.plug);
        switch (port.plug) {
            case PlugType::none:
                break;
            case PlugType::network:
            case PlugType::bridge:
                m.attribute("bridge", port.bridge);
                if (m.reading() && port.bridge.empty()) m.fail("Missing network port bridge name");
                m.attribute("macTableManager", port.mac_table_manager);
                break;
            case PlugType::direct:
                m.attribute("dev", port.dev);
                if (m.reading() && port.dev.empty()) m.fail("Missing network port link device name");
                m.attribute("mode", port.mode);
                break;
            case PlugType::hostdev_pci: {
                xml::YesNo managed = port.managed ? xml::YesNo::yes : xml::YesNo::absent;
                m.attribute("managed", managed);
                port.managed = managed == xml::YesNo::yes;
                m.attribute_of("driver", "name", port.driver);
                m.child("address", port.pci);
                break;
            }
        }
    });
}

void map_bandwidth(xml::Mapper& m, NetworkPort& port) {
    if (m.reading() && m.has("bandwidth")) port.bandwidth.emplace();
    if (!port.bandwidth) return;
    m.group("bandwidth", [&] {
        m.attribute("classID", port.class_id, 0);
        map(m, *port.bandwidth);
    });
}

}  // namespace

void map(xml::Mapper& m, NetworkPort& port) {
    m.value("uuid", port.uuid);
    if (m.reading() && !port.uuid) m.fail(ErrorCode::internal_error, "network port has no uuid");
    m.group("owner", [&] {
        m.value("name", port.owner_name);
        m.value("uuid", port.owner_uuid);
    });
    if (m.reading() && (port.owner_name.empty() || !port.owner_uuid))
        m.fail(ErrorCode::xml_error, "Missing network port owner name or uuid");
    m.value("group", port.group);
    m.attribute_of("mac", "address", port.mac);
    m.child("virtualport", port.virtual_port);
    m.attribute_of("rxfilters", "trustGuest", port.trust_guest_rx_filters);
    m.attribute_of("port", "isolated", port.isolated);
    m.child("vlan", port.vlan);
    map_bandwidth(m, port);
    map_plug(m, port);
}

NetworkPort NetworkPort::parse(std::string_view text, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.validate = validate;
    options.source = "(networkport)";
    return xml::parse<NetworkPort>(text, options);
}

}  // namespace virtue::model
