#include "model/nodedev/node_device.h"

#include <fmt/format.h>

namespace virtue::model {

void map(xml::Mapper& m, NodeDeviceCapability& c) {
    if (m.reading()) {
        const auto type = m.read_attribute("type");
        if (!type) m.fail("missing capability type");
        const auto known = xml::from_name<NodeDeviceType>(*type);
        if (!known) m.fail(ErrorCode::internal_error, fmt::format("unknown capability type '{}'", *type));
        c.type = *known;
    } else {
        m.attribute("type", c.type);
    }
    switch (c.type) {
        case NodeDeviceType::system:
            return map(m, c.system);
        case NodeDeviceType::pci:
            return map(m, c.pci);
        case NodeDeviceType::usb_device:
            return map(m, c.usb_device);
        case NodeDeviceType::usb:
            return map(m, c.usb);
        case NodeDeviceType::net:
            return map(m, c.net);
        case NodeDeviceType::scsi_host:
            return map(m, c.scsi_host);
        case NodeDeviceType::scsi_target:
            return map(m, c.scsi_target);
        case NodeDeviceType::scsi:
            return map(m, c.scsi);
        case NodeDeviceType::storage:
            return map(m, c.storage);
        case NodeDeviceType::scsi_generic:
            return m.value("char", c.character_device);
        case NodeDeviceType::vdpa:
            return m.value("chardev", c.character_device);
        case NodeDeviceType::drm:
            return m.value("type", c.drm_type);
        case NodeDeviceType::mdev:
            return map(m, c.mdev);
        case NodeDeviceType::ccw:
        case NodeDeviceType::css:
        case NodeDeviceType::ap_card:
        case NodeDeviceType::ap_queue:
        case NodeDeviceType::ap_matrix:
            break;
        case NodeDeviceType::fc_host:
        case NodeDeviceType::vports:
        case NodeDeviceType::mdev_types:
        case NodeDeviceType::vpd:
            m.fail(ErrorCode::internal_error,
                   fmt::format("a device cannot be of capability type '{}' alone", xml::to_name(c.type)));
    }
    map_s390(m, c);
}

namespace {

void map_devnodes(xml::Mapper& m, NodeDevice& d) {
    if (m.reading()) {
        m.each("devnode", [&] {
            const auto type = m.read_attribute("type");
            if (!type) m.fail("missing devnode type");
            const std::string path = m.element().text();
            if (*type == "dev") {
                d.devnode = path;
            } else if (*type == "link") {
                d.devlinks.push_back(path);
            } else {
                m.fail(fmt::format("unknown devnode type '{}'", *type));
            }
        });
        return;
    }
    const auto write = [&](std::string type, std::string& path) {
        m.group("devnode", [&] {
            m.attribute("type", type);
            m.text(path);
        });
    };
    if (!d.devnode.empty()) write("dev", d.devnode);
    for (std::string& link : d.devlinks) write("link", link);
}

void map_parent(xml::Mapper& m, NodeDevice& d) {
    // The world wide names only help to find the parent when a device is made.
    if (m.writing()) return m.value("parent", d.parent);
    m.group("parent", [&] {
        m.attribute("wwnn", d.parent_wwnn);
        m.attribute("wwpn", d.parent_wwpn);
        m.attribute("fabric_wwn", d.parent_fabric_wwn);
        m.text(d.parent);
        if (d.parent_wwnn.empty() != d.parent_wwpn.empty())
            m.fail("when providing parent wwnn or wwpn, the other must be given too");
    });
}

}  // namespace

void map(xml::Mapper& m, NodeDevice& d) {
    m.value("name", d.name);
    m.value("path", d.path);
    map_devnodes(m, d);
    map_parent(m, d);
    m.group("driver", [&] { m.value("name", d.driver); });
    m.children("capability", d.capabilities);
    if (m.reading() && d.capabilities.empty())
        m.fail(ErrorCode::internal_error,
               fmt::format("no device capabilities for '{}'", d.name.empty() ? "new device" : d.name));
}

NodeDevice NodeDevice::parse(std::string_view text, bool create, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.source = "(node_device_definition)";
    options.validate = validate;
    NodeDevice result = xml::parse<NodeDevice>(text, options);
    if (create) {
        result.name = "new device";
    } else if (result.name.empty()) {
        fail(ErrorCode::xml_error, error_domain, "/device: element 'name' is missing");
    }
    return result;
}

bool NodeDevice::has_capability(NodeDeviceType type) const {
    for (const NodeDeviceCapability& c : capabilities) {
        if (c.type == type) return true;
        const bool mdev_types =
            !c.pci.mdev_types.empty() || !c.channel.mdev_types.empty() || !c.crypto.mdev_types.empty();
        if (type == NodeDeviceType::mdev_types && mdev_types) return true;
        if (type == NodeDeviceType::fc_host && c.scsi_host.fc_host) return true;
        if (type == NodeDeviceType::vports && c.scsi_host.vports) return true;
    }
    return false;
}

}  // namespace virtue::model
