#include "drivers/qemu/command/builder.h"

#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::AddressType;
using model::Controller;
using model::ControllerModel;
using model::ControllerType;

void refuse_config(std::string message) {
    throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, std::move(message));
}

std::string escape_commas(std::string_view text) {
    std::string out;
    for (char c : text) {
        out += c;
        if (c == ',') out += c;
    }
    return out;
}

void set_switch(Json& properties, const char* key, xml::Switch value) {
    if (value != xml::Switch::absent) properties.set(key, value == xml::Switch::on);
}

bool GuestShape::is_q35() const {
    return is_x86() && (machine == "q35" || machine.starts_with("pc-q35"));
}

bool GuestShape::is_i440fx() const {
    return is_x86() && (machine == "pc" || machine.starts_with("pc-0.") || machine.starts_with("pc-1.") ||
                        machine.starts_with("pc-i440") || machine.starts_with("rhel"));
}

bool GuestShape::is_virt() const {
    return (is_arm() || is_riscv()) && (machine == "virt" || machine.starts_with("virt-"));
}

bool GuestShape::has_pcie_root() const {
    const Controller* root = find_controller(ControllerType::pci, 0);
    return root != nullptr && root->model == ControllerModel::pcie_root;
}

const Controller* GuestShape::find_controller(ControllerType type, unsigned index) const {
    for (const Controller& controller : controllers) {
        if (controller.type == type && controller.index == static_cast<int>(index)) return &controller;
    }
    return nullptr;
}

std::string GuestShape::controller_alias(ControllerType type, unsigned index) const {
    const Controller* controller = find_controller(type, index);
    if (controller != nullptr) {
        // What the machine brings along has the machine's names, whatever the document calls it.
        if (is_implicit(*this, *controller)) {
            if (type == ControllerType::ide || type == ControllerType::sata) return "ide";
            if (type == ControllerType::pci)
                return controller->model == ControllerModel::pcie_root ? "pcie.0" : "pci.0";
        }
        if (!controller->info.alias.empty()) return controller->info.alias;
    }
    fail(ErrorCode::internal_error, ErrorDomain::qemu, "Could not find {} controller with index {} required for device",
         xml::to_name(type), index);
}

int Builder::pass(Fd fd) {
    const int number = fd.get();
    plan.descriptors.push_back({std::move(fd), number});
    return number;
}

void Builder::add_device(Json properties) {
    const std::string alias = properties.string_or("id", "");
    for (const auto& [name, changes] : overrides) {
        if (name != alias || alias.empty()) continue;
        for (const Json::Member& change : changes.members()) {
            if (change.value.is_null()) {
                properties.remove(change.key);
            } else {
                properties.set(change.key, change.value);
            }
        }
    }
    add_json("-device", properties);
}

void Builder::set_boot_index(Json& properties, const model::DeviceInfo& info) const {
    auto place = boot_indexes.find(info.alias);
    if (place != boot_indexes.end()) properties.set("bootindex", place->second);
}

namespace {

// The bus of a PCI address: the controller's alias, which for the root differs with the machine.
std::string pci_bus(const GuestShape& shape, const model::PciAddress& address) {
    const Controller* controller = shape.find_controller(ControllerType::pci, address.bus);
    if (controller == nullptr) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu,
             "Could not find PCI controller with index {} required for device at address {}", address.bus,
             address.to_string());
    }
    const bool spapr_bus =
        controller->model == ControllerModel::pci_root && shape.is_pseries() && controller->index > 0;
    return spapr_bus ? controller->info.alias + ".0" : shape.controller_alias(ControllerType::pci, address.bus);
}

std::string usb_bus(const GuestShape& shape, const model::UsbAddress& address) {
    return shape.controller_alias(ControllerType::usb, address.bus) + ".0";
}

}  // namespace

// On s390x a device of its own, before the one on the PCI bus, holds the numbers that the guest knows it by.
void Builder::add_zpci(const model::DeviceInfo& info) const {
    const model::ZpciAddress& zpci = info.address.pci.zpci;
    if (!shape.is_s390() || !zpci.uid) return;
    const Json json = Json::object({{"driver", "zpci"},
                                    {"uid", zpci.uid->value},
                                    {"fid", zpci.fid ? zpci.fid->value : 0},
                                    {"target", info.alias},
                                    {"id", fmt::format("zpci{}", zpci.uid->value)}});
    plan.arguments.emplace_back("-device");
    plan.arguments.push_back(json.to_text());
}

void Builder::set_address(Json& properties, const model::DeviceInfo& info) const {
    const model::Address& address = info.address;
    switch (address.type) {
        case AddressType::pci: {
            const model::PciAddress& pci = address.pci;
            add_zpci(info);
            properties.set("bus", pci_bus(shape, pci));
            set_switch(properties, "multifunction", pci.multifunction);
            if (info.acpi_index != 0) properties.set("acpi-index", info.acpi_index);
            properties.set("addr", pci.function == 0 ? fmt::format("0x{:x}", pci.slot)
                                                     : fmt::format("0x{:x}.0x{:x}", pci.slot, pci.function));
            break;
        }
        case AddressType::usb:
            properties.set("bus", usb_bus(shape, address.usb));
            if (address.usb.has_port()) properties.set("port", address.usb.port_text());
            break;
        case AddressType::spapr_vio:
            if (address.spapr_vio_reg) properties.set("reg", *address.spapr_vio_reg);
            break;
        case AddressType::ccw:
            properties.set("devno",
                           fmt::format("{:x}.{:x}.{:04x}", address.ccw.cssid, address.ccw.ssid, address.ccw.devno));
            break;
        case AddressType::isa:
            if (address.isa.iobase != 0) properties.set("iobase", address.isa.iobase);
            if (address.isa.irq != 0) properties.set("irq", address.isa.irq);
            break;
        case AddressType::dimm:
            properties.set("slot", address.dimm.slot);
            if (address.dimm.base != 0) properties.set("addr", address.dimm.base);
            break;
        case AddressType::virtio_serial:
            properties.set("bus", fmt::format("{}.{}",
                                              shape.controller_alias(ControllerType::virtio_serial,
                                                                     address.virtio_serial.controller),
                                              address.virtio_serial.bus));
            properties.set("nr", address.virtio_serial.port);
            break;
        case AddressType::ccid:
            properties.set("bus",
                           fmt::format("{}.0", shape.controller_alias(ControllerType::ccid, address.ccid.controller)));
            break;
        case AddressType::none:
        case AddressType::drive:
        case AddressType::s390:
        case AddressType::virtio_mmio:
        case AddressType::unassigned:
        case AddressType::mdev:
            break;
    }
}

Json Builder::virtio_device(std::string_view base, const model::DeviceInfo& info, std::string_view model_word,
                            const model::VirtioOptions* options) const {
    const char* bus = "";
    switch (info.address.type) {
        case AddressType::pci:
            bus = "-pci";
            break;
        case AddressType::ccw:
            bus = "-ccw";
            break;
        case AddressType::virtio_mmio:
            bus = "-device";
            break;
        case AddressType::s390:
            bus = "-s390";
            break;
        case AddressType::none:
        case AddressType::unassigned:
            bus = shape.is_s390() ? "-ccw" : "-pci";
            break;
        default:
            fail(ErrorCode::internal_error, ErrorDomain::qemu, "Unexpected address type for '{}'", base);
    }
    std::string driver = fmt::format("{}{}", base, bus);
    if (model_word.ends_with("-non-transitional")) {
        driver += "-non-transitional";
    } else if (model_word.ends_with("-transitional")) {
        driver += "-transitional";
    }
    Json properties = Json::object({{"driver", driver}});
    if (options != nullptr) {
        set_switch(properties, "iommu_platform", options->iommu);
        set_switch(properties, "ats", options->ats);
        set_switch(properties, "packed", options->packed);
        set_switch(properties, "page-per-vq", options->page_per_vq);
    }
    return properties;
}

}  // namespace virtue::qemu
