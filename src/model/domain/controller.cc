#include "model/domain/controller.h"

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Controller);

namespace {

bool fits(ControllerType type, ControllerModel model) {
    using M = ControllerModel;
    const auto between = [&](M low, M high) { return model >= low && model <= high; };
    switch (type) {
        case ControllerType::pci:
            return between(M::pci_root, M::pcie_expander_bus);
        case ControllerType::scsi:
            return between(M::automatic, M::am53c974) || model == M::virtio_transitional ||
                   model == M::virtio_non_transitional;
        case ControllerType::usb:
            return between(M::piix3_uhci, M::none);
        case ControllerType::virtio_serial:
            return between(M::virtio, M::virtio_non_transitional);
        case ControllerType::ide:
            return between(M::piix3, M::ich6);
        default:
            return false;
    }
}

void map_model(xml::Mapper& m, Controller& c) {
    if (m.writing()) {
        m.attribute("model", c.model);
        return;
    }
    auto text = m.read_attribute<ControllerModel>("model");
    if (!text) return;
    if (c.type == ControllerType::pci && text->empty()) return;
    auto model = xml::from_name<ControllerModel>(*text);
    if (!model || !fits(c.type, *model))
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    fmt::format("{}: Unknown model type '{}' of a {} controller", m.element().path(), *text,
                                xml::to_name(c.type)));
    c.model = *model;
}

void map_optional_int(xml::Mapper& m, const char* name, int& value, const char* format = "{}") {
    if (m.writing()) {
        if (value != -1) m.writer().attribute(name, fmt::format(fmt::runtime(format), value));
        return;
    }
    auto text = m.read_attribute<xml::Hex<uint32_t, 1>>(name);
    if (!text) return;
    auto number = xml::parse_signed(*text, 0, INT32_MAX, 0);
    if (!number) m.fail_value(name, *text, "a non-negative integer");
    value = static_cast<int>(*number);
}

void check_target(xml::Mapper& m, const PciControllerOptions& p) {
    const auto range = [&](int value, int low, int high, const char* what) {
        if (value != -1 && (value < low || value > high))
            m.fail(ErrorCode::config_unsupported,
                   fmt::format("PCI controller {} '{}' out of range - must be {}-{}", what, value, low, high));
    };
    range(p.chassis_nr, 1, 255, "chassisNr");
    range(p.chassis, 0, 255, "chassis");
    range(p.port, 0, 255, "port");
    range(p.bus_nr, 1, 254, "busNr");
}

void map_pci(xml::Mapper& m, PciControllerOptions& p) {
    if (m.writing() && p.model_name == "none") {
        // No model name is known for it, and none is shown.
    } else {
        static constexpr std::string_view names[] = {"none",
                                                     "pci-bridge",
                                                     "i82801b11-bridge",
                                                     "ioh3420",
                                                     "x3130-upstream",
                                                     "xio3130-downstream",
                                                     "pxb",
                                                     "pxb-pcie",
                                                     "pcie-root-port",
                                                     "spapr-pci-host-bridge",
                                                     "pcie-pci-bridge"};
        m.group("model", [&] {
            m.words("name", names);
            m.attribute("name", p.model_name);
        });
    }
    m.group("target", [&] {
        map_optional_int(m, "chassisNr", p.chassis_nr);
        map_optional_int(m, "chassis", p.chassis);
        map_optional_int(m, "port", p.port, "{:#x}");
        map_optional_int(m, "busNr", p.bus_nr);
        map_optional_int(m, "index", p.index);
        m.attribute("hotplug", p.hotplug);
        if (m.reading() || p.numa_node != -1) m.value("node", p.numa_node);
        const xml::Element node = m.reading() ? m.element().child("node") : xml::Element();
        if (node && !node.text().empty() && p.numa_node < 0) m.fail("invalid NUMA node in target");
        if (m.reading()) check_target(m, p);
    });
    if (m.reading()) p.has_pcihole64 = m.has("pcihole64");
    if (p.has_pcihole64) m.child("pcihole64", p.pcihole64);
}

}  // namespace

void map(xml::Mapper& m, Controller& c) {
    m.attribute("type", c.type);
    m.attribute("index", c.index, -1);
    if (m.reading() && m.given("index") && c.index < 0)
        m.fail_value("index", std::to_string(c.index), "a non-negative integer");
    m.single("model");
    m.single("target");
    map_model(m, c);
    if (c.type == ControllerType::virtio_serial || c.type == ControllerType::usb || c.type == ControllerType::xenbus) {
        if (c.type != ControllerType::xenbus) m.attribute("ports", c.ports);
        if (c.type == ControllerType::virtio_serial) m.attribute("vectors", c.vectors);
        if (m.reading() && c.ports && *c.ports < 0)
            m.fail_value("ports", std::to_string(*c.ports), "a non-negative integer");
        if (m.reading() && c.vectors && *c.vectors < 0)
            m.fail_value("vectors", std::to_string(*c.vectors), "a non-negative integer");
    }
    if (c.type == ControllerType::xenbus) {
        m.attribute("maxGrantFrames", c.max_grant_frames, -1);
        m.attribute("maxEventChannels", c.max_event_channels, -1);
    }
    if (c.type == ControllerType::pci) map_pci(m, c.pci);
    m.group("driver", [&] {
        m.attribute("queues", c.driver.queues, 0);
        m.attribute("cmd_per_lun", c.driver.cmd_per_lun, 0);
        m.attribute("max_sectors", c.driver.max_sectors, 0);
        m.attribute("ioeventfd", c.driver.ioeventfd);
        m.attribute("iothread", c.driver.iothread, 0);
        map(m, c.driver.virtio);
    });
    const bool root = c.model == ControllerModel::pci_root || c.model == ControllerModel::pcie_root;
    // Only a root has such a hole.
    if (m.reading() && !root && c.model != ControllerModel::absent) c.pci.has_pcihole64 = false;
    map_info(m, c.info);
}

}  // namespace virtue::model
