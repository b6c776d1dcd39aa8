#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::Hostdev;
using model::HostdevType;

namespace {

Json usb(const Hostdev& hostdev) {
    Json json = Json::object({{"driver", "usb-host"}});
    json.set("hostdevice", fmt::format("/dev/bus/usb/{:03}/{:03}", hostdev.usb.bus, hostdev.usb.device));
    json.set("id", hostdev.info.alias);
    return json;
}

Json pci(const Hostdev& hostdev) {
    if (hostdev.driver == model::PciDriverName::kvm || hostdev.driver == model::PciDriverName::xen)
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "invalid PCI passthrough type '{}'",
             xml::to_name(hostdev.driver));
    Json json = Json::object({{"driver", "vfio-pci"}});
    json.set("host", hostdev.pci.to_string());
    json.set("id", hostdev.info.alias);
    return json;
}

Json mediated(const Hostdev& hostdev) {
    // A frame buffer of the firmware's keeps the device where it is.
    const char* driver = hostdev.ramfb == xml::Switch::on ? "vfio-pci-nohotplug" : "vfio-pci";
    if (hostdev.model == model::HostdevModel::vfio_ccw) driver = "vfio-ccw";
    if (hostdev.model == model::HostdevModel::vfio_ap) driver = "vfio-ap";
    Json json = Json::object({{"driver", driver}, {"id", hostdev.info.alias}});
    json.set("sysfsdev", fmt::format("/sys/bus/mdev/devices/{}", hostdev.mdev ? hostdev.mdev->to_string() : ""));
    if (hostdev.display != xml::Switch::absent) json.set("display", xml::to_name(hostdev.display));
    if (hostdev.ramfb == xml::Switch::on) json.set("ramfb", true);
    return json;
}

void set_guest_reset(Json& json, const std::string& mode) {
    if (mode.empty()) return;
    json.set("guest-reset", mode != "off");
    json.set("guest-resets-all", mode == "on");
}

void add_scsi(Builder& builder, const Hostdev& hostdev) {
    const unsigned index = hostdev.iscsi.index;
    Json node;
    if (hostdev.iscsi.protocol == model::StorageProtocol::iscsi) {
        node = storage_protocol(hostdev.iscsi);
        if (hostdev.iscsi.auth) {
            const std::string secret = fmt::format("libvirt-{}-backend-secret0", index);
            add_secret(builder, secret);
            node.set("password-secret", secret);
        }
    } else {
        node = Json::object({{"driver", "host_device"}, {"filename", hostdev.iscsi.path}});
    }
    const std::string name = fmt::format("libvirt-{}-backend", index);
    node.set("node-name", name);
    node.set("read-only", hostdev.readonly);
    builder.add_json("-blockdev", node);
    const model::DriveAddress& drive = hostdev.info.address.drive;
    Json json = Json::object({{"driver", "scsi-generic"}});
    if (hostdev.shareable) json.set("share-rw", true);
    json.set("drive", name);
    json.set("id", hostdev.info.alias);
    builder.set_boot_index(json, hostdev.info);
    json.set("bus", fmt::format("{}.0", builder.shape.controller_alias(model::ControllerType::scsi, drive.controller)));
    const model::Controller* controller = builder.shape.find_controller(model::ControllerType::scsi, drive.controller);
    if (controller != nullptr && controller->model == model::ControllerModel::lsilogic) {
        json.set("scsi-id", drive.unit);
    } else {
        json.set("channel", drive.bus);
        json.set("scsi-id", drive.target);
        json.set("lun", drive.unit);
    }
    builder.add_device(std::move(json));
}

}  // namespace

// The option ROM that the guest sees instead of the device's own.
void set_rom(Json& json, const model::DeviceInfo& info) {
    if (info.rom_enabled == xml::YesNo::no) {
        json.set("romfile", "");
        return;
    }
    if (info.rom_bar != xml::Switch::absent) json.set("rombar", info.rom_bar == xml::Switch::on ? 1 : 0);
    if (info.rom_file && !info.rom_file->empty()) json.set("romfile", *info.rom_file);
}

void add_hostdev(Builder& builder, const Hostdev& hostdev) {
    // Taken from the host, but not shown to the guest.
    if (hostdev.info.address.is(model::AddressType::unassigned)) return;
    if (hostdev.mode != model::HostdevMode::subsystem) {
        refuse_config("QEMU takes no host devices by capability");
    }
    Json json;
    switch (hostdev.type) {
        case HostdevType::usb:
            json = usb(hostdev);
            break;
        case HostdevType::pci:
            json = pci(hostdev);
            break;
        case HostdevType::mdev:
            json = mediated(hostdev);
            break;
        case HostdevType::scsi:
            add_scsi(builder, hostdev);
            return;
        case HostdevType::scsi_host: {
            auto opened = builder.context.device_fds.find(hostdev.info.alias);
            std::string number = "-1";
            if (opened != builder.context.device_fds.end())
                number = std::to_string(builder.pass(std::move(opened->second)));
            json = builder.virtio_device("vhost-scsi", hostdev.info, xml::to_name(hostdev.model), nullptr);
            json.set("wwpn", hostdev.wwpn);
            json.set("vhostfd", number);
            json.set("id", hostdev.info.alias);
            break;
        }
        case HostdevType::storage:
        case HostdevType::misc:
        case HostdevType::net:
            refuse_config(fmt::format("hostdev type '{}' is not supported by QEMU", xml::to_name(hostdev.type)));
    }
    builder.set_boot_index(json, hostdev.info);
    if (hostdev.type == HostdevType::usb) set_guest_reset(json, hostdev.usb.guest_reset);
    builder.set_address(json, hostdev.info);
    if (hostdev.type == HostdevType::pci) set_rom(json, hostdev.info);
    builder.add_device(std::move(json));
}

}  // namespace virtue::qemu
