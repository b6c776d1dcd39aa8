#include <fmt/format.h>

#include "model/nodedev/node_device.h"

namespace virtue::model {

namespace {

// A <capability type='…'> within a capability: `body` maps it where reading finds it, or where it is `wanted`.
template <typename Body>
void inner_capability(xml::Mapper& m, const char* type, bool wanted, Body body) {
    if (m.reading()) {
        m.each("capability", [&] {
            if (m.read_attribute("type") == std::string_view(type)) body();
        });
        return;
    }
    if (!wanted) return;
    std::string text = type;
    m.group("capability", [&] {
        m.attribute("type", text);
        body();
    });
}

void map_mdev_types(xml::Mapper& m, std::vector<MdevType>& types) {
    inner_capability(m, "mdev_types", !types.empty(), [&] { m.children("type", types); });
}

}  // namespace

void map(xml::Mapper& m, SystemDevice& d) {
    m.value("product", d.product);
    m.group(
        "hardware",
        [&] {
            m.keep_open();
            m.value("vendor", d.hardware_vendor);
            m.value("version", d.hardware_version);
            m.value("serial", d.hardware_serial);
            m.value("uuid", d.hardware_uuid);
        },
        true);
    m.group(
        "firmware",
        [&] {
            m.keep_open();
            m.value("vendor", d.firmware_vendor);
            m.value("version", d.firmware_version);
            m.value("release_date", d.firmware_release_date);
        },
        true);
}

void map(xml::Mapper& m, NamedId& i) {
    m.attribute("id", i.id);
    m.text(i.name);
}

void map(xml::Mapper& m, MdevType& t) {
    m.required("id", t.id);
    m.value("name", t.name);
    m.value("deviceAPI", t.device_api);
    m.value("availableInstances", t.available_instances);
}

void map(xml::Mapper& m, PciLink& l) {
    m.attribute("validity", l.validity);
    m.attribute("port", l.port);
    m.attribute("speed", l.speed);
    m.attribute("width", l.width);
}

void map(xml::Mapper& m, IommuGroup& g) {
    m.required("number", g.number);
    m.children("address", g.addresses);
}

namespace {

void map_virtual_functions(xml::Mapper& m, PciDevice& d) {
    inner_capability(m, "virt_functions", d.virtual_functions.has_value(), [&] {
        if (m.reading()) d.virtual_functions.emplace();
        m.attribute("maxCount", d.virtual_functions->most, 0);
        m.children("address", d.virtual_functions->addresses);
    });
}

void map_header_type(xml::Mapper& m, PciDevice& d) {
    for (const char* type : {"pci-bridge", "cardbus-bridge"})
        inner_capability(m, type, d.header_type == type, [&] { d.header_type = type; });
}

}  // namespace

void map(xml::Mapper& m, PciDevice& d) {
    m.value("class", d.pci_class);
    m.value("domain", d.domain);
    m.value("bus", d.bus);
    m.value("slot", d.slot);
    m.value("function", d.function);
    m.child("product", d.product);
    m.child("vendor", d.vendor);
    inner_capability(m, "phys_function", d.physical_function.has_value(),
                     [&] { m.child("address", d.physical_function); });
    map_virtual_functions(m, d);
    map_header_type(m, d);
    map_mdev_types(m, d.mdev_types);
    m.child("iommuGroup", d.iommu_group);
    m.group("numa", [&] { m.attribute("node", d.numa_node); });
    if (m.writing() && !d.express) return;
    const bool found = m.group(
        "pci-express", [&] { m.children("link", d.links); }, true);
    if (m.reading()) d.express = found;
}

void map(xml::Mapper& m, UsbDeviceNode& d) {
    m.value("bus", d.bus);
    m.value("device", d.device);
    m.child("product", d.product);
    m.child("vendor", d.vendor);
}

void map(xml::Mapper& m, UsbInterface& i) {
    m.value("number", i.number);
    m.value("class", i.interface_class);
    m.value("subclass", i.subclass);
    m.value("protocol", i.protocol);
    m.value("description", i.description);
}

void map(xml::Mapper& m, NetDevice& d) {
    m.value("interface", d.interface);
    if (m.reading() && d.interface.empty()) m.fail(ErrorCode::no_name, "no network interface supplied");
    m.value("address", d.address);
    m.child("link", d.link);
    if (m.reading()) {
        m.each("feature", [&] { m.required("name", d.features.emplace_back()); });
    } else {
        for (std::string& feature : d.features) m.attribute_of("feature", "name", feature);
    }
    for (const char* kind : {"80203", "80211"}) inner_capability(m, kind, d.kind == kind, [&] { d.kind = kind; });
}

void map(xml::Mapper& m, ScsiHost& h) {
    m.value("host", h.host);
    m.value("unique_id", h.unique_id);
    inner_capability(m, "fc_host", h.fc_host.has_value(), [&] {
        if (m.reading()) h.fc_host.emplace();
        m.value("wwnn", h.fc_host->wwnn);
        m.value("wwpn", h.fc_host->wwpn);
        m.value("fabric_wwn", h.fc_host->fabric_wwn);
    });
    inner_capability(m, "vport_ops", h.vports.has_value(), [&] {
        if (m.reading()) h.vports.emplace();
        m.value("max_vports", h.vports->most);
        m.value("vports", h.vports->now);
    });
}

void map(xml::Mapper& m, ScsiTarget& t) {
    m.value("target", t.target);
    inner_capability(m, "fc_remote_port", !t.rport.empty(), [&] {
        m.value("rport", t.rport);
        m.value("wwpn", t.wwpn);
    });
}

void map(xml::Mapper& m, ScsiDevice& d) {
    m.value("host", d.host);
    m.value("bus", d.bus);
    m.value("target", d.target);
    m.value("lun", d.lun);
    m.value("type", d.type);
}

namespace {

void map_media(xml::Mapper& m, StorageDevice& d) {
    uint32_t available = d.media_available.value_or(false) ? 1 : 0;
    if (m.reading() ? m.has("media_available") : d.media_available.has_value()) {
        m.value("media_available", available);
        d.media_available = available != 0;
    }
    m.value("media_size", d.media_size);
    m.value("media_label", d.media_label);
    m.value("logical_block_size", d.logical_block_size, 0);
    m.value("num_blocks", d.blocks, 0);
}

}  // namespace

void map(xml::Mapper& m, StorageDevice& d) {
    m.value("block", d.block);
    m.value("bus", d.bus);
    m.value("drive_type", d.drive_type);
    m.value("model", d.model);
    m.value("vendor", d.vendor);
    m.value("serial", d.serial);
    inner_capability(m, "removable", d.removable, [&] {
        d.removable = true;
        map_media(m, d);
    });
    if (!d.removable) {
        m.value("size", d.size);
        m.value("logical_block_size", d.logical_block_size, 0);
        m.value("num_blocks", d.blocks, 0);
    }
    inner_capability(m, "hotpluggable", d.hotpluggable, [&] { d.hotpluggable = true; });
}

void map(xml::Mapper& m, MdevAttribute& a) {
    m.required("name", a.name);
    m.required("value", a.value);
}

void map(xml::Mapper& m, MediatedDevice& d) {
    m.group("type", [&] { m.required("id", d.type); });
    if (m.reading() && d.type.empty()) m.fail("missing type id attribute");
    m.value("uuid", d.uuid);
    m.value("parent_addr", d.parent_address);
    m.group("iommuGroup", [&] { m.attribute("number", d.iommu_group); });
    m.children("attr", d.attributes);
}

void map(xml::Mapper& m, ChannelPlace& p) {
    // Numbers beyond what the channel subsystem has are taken, as by libvirt: no device has them.
    m.value("cssid", p.cssid);
    m.value("ssid", p.ssid);
    m.value("devno", p.devno);
}

void map_s390(xml::Mapper& m, NodeDeviceCapability& c) {
    if (c.type == NodeDeviceType::ccw || c.type == NodeDeviceType::css) map(m, c.channel.place);
    if (c.type == NodeDeviceType::css) {
        m.child("channel_dev_addr", c.channel.device_address);
        map_mdev_types(m, c.channel.mdev_types);
    }
    if (c.type == NodeDeviceType::ap_card || c.type == NodeDeviceType::ap_queue)
        m.value("ap-adapter", c.crypto.adapter);
    if (c.type == NodeDeviceType::ap_queue) m.value("ap-domain", c.crypto.domain);
    if (c.type == NodeDeviceType::ap_matrix) map_mdev_types(m, c.crypto.mdev_types);
}

}  // namespace virtue::model
