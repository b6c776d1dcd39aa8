#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::Controller;
using model::ControllerModel;
using model::ControllerType;

bool is_implicit(const GuestShape& shape, const Controller& controller) {
    switch (controller.type) {
        case ControllerType::pci:
            if (controller.model == ControllerModel::pcie_root) return true;
            return controller.model == ControllerModel::pci_root && (!shape.is_pseries() || controller.index == 0);
        case ControllerType::ide:
            return controller.index == 0 && (shape.is_i440fx() || shape.machine == "isapc");
        case ControllerType::sata:
            return controller.index == 0 && shape.is_q35();
        case ControllerType::fdc:
            return true;
        case ControllerType::usb:
            return controller.model == ControllerModel::none;
        case ControllerType::isa:
        case ControllerType::xenbus:
            return true;
        case ControllerType::scsi:
        case ControllerType::virtio_serial:
        case ControllerType::ccid:
            return false;
    }
    return false;
}

namespace {

const char* scsi_driver(ControllerModel model) {
    switch (model) {
        case ControllerModel::absent:
        case ControllerModel::automatic:
        case ControllerModel::lsilogic:
            return "lsi";
        case ControllerModel::lsisas1068:
            return "mptsas1068";
        case ControllerModel::lsisas1078:
            return "megasas";
        case ControllerModel::vmpvscsi:
            return "pvscsi";
        case ControllerModel::ibmvscsi:
            return "spapr-vscsi";
        case ControllerModel::am53c974:
            return "am53c974";
        case ControllerModel::dc390:
            return "dc-390";
        default:
            return nullptr;
    }
}

bool is_virtio_scsi(ControllerModel model) {
    return model == ControllerModel::virtio_scsi || model == ControllerModel::virtio_transitional ||
           model == ControllerModel::virtio_non_transitional;
}

Json scsi(Builder& builder, const Controller& controller) {
    if (is_virtio_scsi(controller.model)) {
        const std::string_view word =
            controller.model == ControllerModel::virtio_scsi ? "virtio" : xml::to_name(controller.model);
        Json json = builder.virtio_device("virtio-scsi", controller.info, word, &controller.driver.virtio);
        if (controller.driver.iothread != 0)
            json.set("iothread", fmt::format("iothread{}", controller.driver.iothread));
        json.set("id", controller.info.alias);
        if (controller.driver.queues != 0) json.set("num_queues", controller.driver.queues);
        if (controller.driver.cmd_per_lun != 0) json.set("cmd_per_lun", controller.driver.cmd_per_lun);
        if (controller.driver.max_sectors != 0) json.set("max_sectors", controller.driver.max_sectors);
        set_switch(json, "ioeventfd", controller.driver.ioeventfd);
        return json;
    }
    const char* driver = scsi_driver(controller.model);
    if (driver == nullptr) {
        refuse_config(fmt::format("Unsupported controller model: {}", xml::to_name(controller.model)));
    }
    Json json = Json::object({{"driver", driver}});
    json.set("id", controller.info.alias);
    return json;
}

const char* usb_driver(ControllerModel model) {
    switch (model) {
        case ControllerModel::piix3_uhci:
            return "piix3-usb-uhci";
        case ControllerModel::piix4_uhci:
            return "piix4-usb-uhci";
        case ControllerModel::ehci:
            return "usb-ehci";
        case ControllerModel::ich9_ehci1:
            return "ich9-usb-ehci1";
        case ControllerModel::ich9_uhci1:
            return "ich9-usb-uhci1";
        case ControllerModel::ich9_uhci2:
            return "ich9-usb-uhci2";
        case ControllerModel::ich9_uhci3:
            return "ich9-usb-uhci3";
        case ControllerModel::vt82c686b_uhci:
            return "vt82c686b-usb-uhci";
        case ControllerModel::pci_ohci:
            return "pci-ohci";
        case ControllerModel::nec_xhci:
            return "nec-usb-xhci";
        case ControllerModel::qemu_xhci:
            return "qemu-xhci";
        default:
            return nullptr;
    }
}

Json usb(const GuestShape& shape, const Controller& controller) {
    ControllerModel model = controller.model;
    if (model == ControllerModel::absent)
        model = shape.is_ppc64() ? ControllerModel::pci_ohci : ControllerModel::piix3_uhci;
    const char* driver = usb_driver(model);
    if (driver == nullptr)
        refuse_config(fmt::format("USB controller model '{}' is unknown to QEMU", xml::to_name(model)));
    Json json = Json::object({{"driver", driver}});
    const bool xhci = model == ControllerModel::nec_xhci || model == ControllerModel::qemu_xhci;
    if (controller.ports && xhci) {
        json.set("p2", *controller.ports);
        json.set("p3", *controller.ports);
    }
    if (controller.info.master_startport) {
        json.set("masterbus",
                 shape.controller_alias(ControllerType::usb, static_cast<unsigned>(controller.index)) + ".0");
        json.set("firstport", *controller.info.master_startport);
    } else {
        json.set("id", controller.info.alias);
    }
    return json;
}

Json virtio_serial(Builder& builder, const Controller& controller) {
    Json json = builder.virtio_device("virtio-serial", controller.info, xml::to_name(controller.model),
                                      &controller.driver.virtio);
    json.set("id", controller.info.alias);
    if (controller.ports) json.set("max_ports", *controller.ports);
    if (controller.vectors) json.set("vectors", *controller.vectors);
    return json;
}

Json pci(const Controller& controller) {
    const model::PciControllerOptions& options = controller.pci;
    Json json = Json::object({{"driver", options.model_name}});
    auto set = [&json](const char* key, int value) {
        if (value >= 0) json.set(key, value);
    };
    switch (controller.model) {
        case ControllerModel::pci_bridge:
            set("chassis_nr", options.chassis_nr);
            break;
        case ControllerModel::pci_expander_bus:
        case ControllerModel::pcie_expander_bus:
            set("bus_nr", options.bus_nr);
            break;
        case ControllerModel::pcie_root_port:
        case ControllerModel::pcie_switch_downstream_port:
            set("port", options.port);
            set("chassis", options.chassis);
            break;
        case ControllerModel::pci_root:
            set("index", options.index);
            break;
        default:
            break;
    }
    json.set("id", controller.info.alias);
    if (controller.model == ControllerModel::pci_expander_bus ||
        controller.model == ControllerModel::pcie_expander_bus || controller.model == ControllerModel::pci_root) {
        set("numa_node", options.numa_node);
    }
    set_switch(json, "hotplug", options.hotplug);
    return json;
}

}  // namespace

void add_controller(Builder& builder, const Controller& controller) {
    Json json;
    switch (controller.type) {
        case ControllerType::scsi:
            json = scsi(builder, controller);
            break;
        case ControllerType::usb:
            json = usb(builder.shape, controller);
            break;
        case ControllerType::virtio_serial:
            json = virtio_serial(builder, controller);
            break;
        case ControllerType::pci:
            json = pci(controller);
            break;
        case ControllerType::sata:
            json = Json::object({{"driver", "ahci"}, {"id", controller.info.alias}});
            break;
        case ControllerType::ccid:
            json = Json::object({{"driver", "usb-ccid"}, {"id", controller.info.alias}});
            break;
        case ControllerType::ide:
            // A second IDE controller does not exist on any of these machines.
            refuse_config("Only a single IDE controller is supported for this machine type");
        case ControllerType::fdc:
        case ControllerType::isa:
        case ControllerType::xenbus:
            refuse_config(fmt::format("Unsupported controller type: {}", xml::to_name(controller.type)));
    }
    builder.set_address(json, controller.info);
    builder.add_device(std::move(json));
}

}  // namespace virtue::qemu
