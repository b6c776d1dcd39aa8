// The calls that make, change and take devices: virtual Fibre Channel ports, and PCI devices that go to a guest.
#include "base/error.h"
#include "base/text.h"
#include "driver/constants.h"
#include "drivers/nodedev/calls.h"
#include "drivers/nodedev/describe.h"
#include "io/offload.h"

namespace virtue::nodedev {

namespace {

constexpr ErrorDomain here = ErrorDomain::nodedev;
constexpr const char* guest_driver = "vfio-pci";

uint32_t bit(model::NodeDeviceType type) {
    return 1U << static_cast<uint32_t>(type);
}

[[noreturn]] void refuse_type() {
    throw Error(ErrorCode::config_unsupported, here, "Unsupported device type");
}

/// Mediated devices are made by the program mdevctl; these are the reasons why one cannot be.
[[noreturn]] void refuse_mediated(const Devices& devices, const model::NodeDevice& wanted) {
    if (wanted.parent.empty()) throw Error(ErrorCode::config_unsupported, here, "missing parent device");
    auto parent = devices.all().find(wanted.parent);
    if (parent == devices.all().end())
        fail(ErrorCode::config_unsupported, here, "invalid parent device '{}'", wanted.parent);
    if (!(parent->second.capabilities & bit(model::NodeDeviceType::pci)))
        fail(ErrorCode::parse_failed, here, "Unable to find address for parent device '{}'", wanted.parent);
    throw Error::with_message(ErrorCode::system_error, ErrorDomain::none,
                              "Cannot find 'mdevctl' in path: No such file or directory");
}

/// The host on which a virtual port is to be made. Throws internal_error.
const KnownDevice& vport_parent(const Devices& devices, const model::NodeDevice& wanted) {
    const uint32_t vports = bit(model::NodeDeviceType::vports);
    if (!wanted.parent.empty()) {
        auto found = devices.all().find(wanted.parent);
        if (found == devices.all().end())
            throw Error(ErrorCode::internal_error, here, "Could not find parent device for 'new device'");
        if (!(found->second.capabilities & vports))
            fail(ErrorCode::internal_error, here, "Parent device {} is not capable of vport operations", wanted.parent);
        return found->second;
    }
    for (const auto& [name, device] : devices.all()) {
        const bool fits =
            wanted.parent_wwnn.empty() || (device.wwnn == wanted.parent_wwnn && device.wwpn == wanted.parent_wwpn);
        if (fits && device.capabilities & vports) return device;
    }
    throw Error(ErrorCode::internal_error, here, "Could not find any vport capable device");
}

/// Writes to the file of a Fibre Channel host that makes or removes a port.
void write_port(const host::SystemFiles& files, const std::string& host, const char* file, const model::FcHost& port) {
    std::string folder = "/sys/class/fc_host/" + host;
    if (!files.exists(folder + "/" + file)) folder = "/sys/class/scsi_host/" + host;
    files.write(folder + "/" + file, port.wwpn + ":" + port.wwnn);
}

}  // namespace

Task<proc::NodeDeviceCreateXml::Ret> Calls::create_xml(Call& call, proc::NodeDeviceCreateXml::Args args) {
    require_flags(args.flags, api::node_device_create_xml_validate, "nodeDeviceCreateXML");
    const model::NodeDevice wanted = model::NodeDevice::parse(args.xml_desc, true, args.flags != 0);
    co_await devices_.ready(call.deadline);
    const model::NodeDeviceCapability& capability = wanted.capabilities.front();
    if (capability.type == model::NodeDeviceType::mdev) refuse_mediated(devices_, wanted);
    if (capability.type != model::NodeDeviceType::scsi_host) refuse_type();
    if (!capability.scsi_host.fc_host)
        throw Error(ErrorCode::internal_error, here, "Device is not a fibre channel HBA");
    const model::FcHost port = *capability.scsi_host.fc_host;
    auto work = [files = devices_.files(), host = host::last_part(vport_parent(devices_, wanted).path), port] {
        write_port(files, host, "vport_create", port);
    };
    co_await io::offload(loop_, std::move(work), call.deadline);
    // The kernel tells of the new port when it is set up.
    io::Deadline patience = call.deadline.within(io::Milliseconds(60000));
    while (true) {
        for (const auto& [name, device] : devices_.all()) {
            if (device.wwnn != port.wwnn || device.wwpn != port.wwpn) continue;
            proc::NodeDeviceCreateXml::Ret ret;
            ret.device = {name};
            co_return ret;
        }
        if (io::Clock::now() >= patience.at) break;
        co_await loop_.sleep(io::Milliseconds(100));
    }
    fail(ErrorCode::no_node_device, here, "no node device for '{}' with matching wwnn '{}' and wwpn '{}'", "new device",
         port.wwnn, port.wwpn);
}

Task<proc::NodeDeviceDefineXml::Ret> Calls::define(Call& call, proc::NodeDeviceDefineXml::Args args) {
    require_flags(args.flags, api::node_device_define_xml_validate, "nodeDeviceDefineXML");
    const model::NodeDevice wanted = model::NodeDevice::parse(args.xml_desc, true, args.flags != 0);
    co_await devices_.ready(call.deadline);
    if (wanted.capabilities.front().type != model::NodeDeviceType::mdev) refuse_type();
    refuse_mediated(devices_, wanted);
}

Task<proc::NodeDeviceDestroy::Ret> Calls::destroy(Call& call, proc::NodeDeviceDestroy::Args args) {
    co_await devices_.ready(call.deadline);
    const KnownDevice device = devices_.at(args.name);
    if (device.wwnn.empty()) refuse_type();
    const KnownDevice& parent = devices_.at(devices_.parent_of(device));
    auto work = [files = devices_.files(), host = host::last_part(parent.path), device] {
        write_port(files, host, "vport_delete", {device.wwnn, device.wwpn, ""});
    };
    co_await io::offload(loop_, std::move(work), call.deadline);
    co_return proc::NodeDeviceDestroy::Ret{};
}

Task<proc::NodeDeviceUndefine::Ret> Calls::undefine(Call& call, proc::NodeDeviceUndefine::Args args) {
    require_flags(args.flags, 0, "nodeDeviceUndefine");
    co_await devices_.ready(call.deadline);
    if (devices_.at(args.name).path.empty()) refuse_type();
    fail(ErrorCode::operation_invalid, here, "Node device '{}' is not defined", args.name);
}

Task<proc::NodeDeviceCreate::Ret> Calls::create(Call& call, proc::NodeDeviceCreate::Args args) {
    require_flags(args.flags, 0, "nodeDeviceCreate");
    co_await devices_.ready(call.deadline);
    devices_.at(args.name);
    throw Error(ErrorCode::operation_invalid, here, "Device is already active");
}

Task<proc::NodeDeviceSetAutostart::Ret> Calls::set_autostart(Call& call, proc::NodeDeviceSetAutostart::Args args) {
    co_await devices_.ready(call.deadline);
    devices_.at(args.name);
    throw Error(ErrorCode::operation_unsupported, here, "Unsupported device type");
}

namespace {

/// True if devices can be given to guests here: the kernel isolates them, and the driver for it is there.
bool has_vfio(const host::SystemFiles& files) {
    return files.exists("/dev/vfio/vfio") && !files.list("/sys/kernel/iommu_groups").empty();
}

/// The path of a device that must be a PCI device. Throws no_node_device, invalid_arg.
std::string pci_path(const Devices& devices, const std::string& name) {
    const KnownDevice& device = devices.at(name);
    if (device.capabilities & bit(model::NodeDeviceType::pci)) return device.path;
    fail(ErrorCode::invalid_arg, ErrorDomain::domain, "device {} is not a PCI device", name);
}

/// Takes the device from its driver and gives it to `driver`, or to that which the kernel chooses if it is empty.
void rebind(const host::SystemFiles& files, const std::string& path, const std::string& driver) {
    const std::string address = host::last_part(path);
    const std::string now = host::last_part(host::resolve_link(files, path + "/driver"));
    if (now == driver && !driver.empty()) return;
    files.write(path + "/driver_override", driver + "\n");
    if (!now.empty()) files.write(path + "/driver/unbind", address);
    files.write("/sys/bus/pci/drivers_probe", address);
}

}  // namespace

std::string Calls::idle_pci_path(const std::string& name) const {
    std::string path = pci_path(devices_, name);
    const std::string address = host::last_part(path);
    const std::optional<std::string> guest = users_ ? users_->guest_with_pci(address) : std::nullopt;
    if (!guest) return path;
    throw Error(ErrorCode::operation_invalid, ErrorDomain::none,
                fmt::format("PCI device {} is in use by driver QEMU, domain {}", address, *guest));
}

Task<proc::NodeDeviceDettach::Ret> Calls::detach(Call& call, proc::NodeDeviceDettach::Args args) {
    proc::NodeDeviceDetachFlags::Args same;
    same.name = std::move(args.name);
    co_await detach_flags(call, std::move(same));
    co_return proc::NodeDeviceDettach::Ret{};
}

Task<proc::NodeDeviceDetachFlags::Ret> Calls::detach_flags(Call& call, proc::NodeDeviceDetachFlags::Args args) {
    constexpr ErrorDomain part = ErrorDomain::qemu;
    if (args.flags)
        throw Error::with_message(
            ErrorCode::invalid_arg, part,
            fmt::format("unsupported flags ({:#x}) in function qemuNodeDeviceDetachFlags", args.flags));
    const std::string driver = args.driver_name.value_or("vfio");
    if (driver == "kvm")
        throw Error(ErrorCode::argument_unsupported, part,
                    "KVM device assignment is no longer supported on this system");
    if (driver != "vfio") fail(ErrorCode::invalid_arg, part, "unknown driver name '{}'", driver);
    if (!has_vfio(devices_.files()))
        throw Error(ErrorCode::argument_unsupported, part,
                    "VFIO device assignment is currently not supported on this system");
    co_await devices_.ready(call.deadline);
    auto work = [files = devices_.files(), path = idle_pci_path(args.name)] { rebind(files, path, guest_driver); };
    co_await io::offload(loop_, std::move(work), call.deadline);
    co_return proc::NodeDeviceDetachFlags::Ret{};
}

Task<proc::NodeDeviceReAttach::Ret> Calls::reattach(Call& call, proc::NodeDeviceReAttach::Args args) {
    co_await devices_.ready(call.deadline);
    auto work = [files = devices_.files(), path = idle_pci_path(args.name)] {
        // Only what was taken is given back.
        if (files.text(path + "/driver_override") == guest_driver) rebind(files, path, "");
    };
    co_await io::offload(loop_, std::move(work), call.deadline);
    co_return proc::NodeDeviceReAttach::Ret{};
}

Task<proc::NodeDeviceReset::Ret> Calls::reset(Call& call, proc::NodeDeviceReset::Args args) {
    co_await devices_.ready(call.deadline);
    auto work = [files = devices_.files(), path = idle_pci_path(args.name)] {
        if (!files.exists(path + "/reset"))
            fail(ErrorCode::internal_error, ErrorDomain::none,
                 "Unable to reset PCI device {}: no FLR, PM reset or bus reset available", host::last_part(path));
        files.write(path + "/reset", "1");
    };
    co_await io::offload(loop_, std::move(work), call.deadline);
    co_return proc::NodeDeviceReset::Ret{};
}

}  // namespace virtue::nodedev
