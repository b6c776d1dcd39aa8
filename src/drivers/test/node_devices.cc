#include "drivers/test/node_devices.h"

#include <algorithm>

#include "base/text.h"
#include "drivers/test/instance.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/event_object.h"
#include "protocol/remote/node_device.h"
#include "xml/mapper.h"

namespace virtue::test {
namespace {

const model::NodeDevice& device_of(const Instance& in, const std::string& name) {
    auto found = in.node_devices.find(name);
    if (found != in.node_devices.end()) return found->second;
    refuse(ErrorCode::no_node_device, "no node device with matching name '{}'", name);
}

void tell(Instance& in, const std::string& name, uint32_t event) {
    proc::NodeDeviceEventLifecycle::Msg message;
    message.device = {name};
    message.event = static_cast<int32_t>(event);
    in.events.publish<proc::NodeDeviceEventLifecycle>(name, message);
}

model::ScsiHost* scsi_host(model::NodeDevice& device) {
    for (model::NodeDeviceCapability& capability : device.capabilities)
        if (capability.type == model::NodeDeviceType::scsi_host) return &capability.scsi_host;
    return nullptr;
}

const model::ScsiHost* scsi_host(const model::NodeDevice& device) {
    return scsi_host(const_cast<model::NodeDevice&>(device));
}

/// The port of the mock host that new ones look like.
constexpr const char* pattern_port = "scsi_host11";
constexpr const char* pattern_parent = "scsi_host1";

}  // namespace

const model::NodeDevice* find_vport_parent(const Instance& in, const std::string& name) {
    for (const auto& [key, device] : in.node_devices) {
        const model::ScsiHost* host = scsi_host(device);
        if (host && host->vports && (name.empty() || key == name)) return &device;
    }
    return nullptr;
}

const model::NodeDevice* find_device_by_wwn(const Instance& in, const std::string& wwnn, const std::string& wwpn) {
    for (const auto& [key, device] : in.node_devices) {
        const model::ScsiHost* host = scsi_host(device);
        if (host && host->fc_host && host->fc_host->wwnn == wwnn && host->fc_host->wwpn == wwpn) return &device;
    }
    return nullptr;
}

const model::NodeDevice& create_vport(Instance& in, const std::string& wwnn, const std::string& wwpn) {
    // As libvirt's mock: its own port is copied under the next number; the host number inside stays the pattern's.
    model::NodeDevice device = device_of(in, pattern_port);
    unsigned number = 12;
    while (in.node_devices.contains(fmt::format("scsi_host{}", number))) number++;
    device.name = fmt::format("scsi_host{}", number);
    device.parent = pattern_parent;
    if (model::ScsiHost* host = scsi_host(device); host && host->fc_host) {
        host->fc_host->wwnn = wwnn;
        host->fc_host->wwpn = wwpn;
    }
    std::string name = device.name;
    const model::NodeDevice& added = in.node_devices[name] = std::move(device);
    tell(in, name, api::node_device_event_created);
    return added;
}

void remove_device(Instance& in, const std::string& name) {
    std::string removed = name;
    in.node_devices.erase(removed);
    tell(in, removed, api::node_device_event_deleted);
}

namespace {

/// The flag of each capability in a list filter, by the capability's number.
bool is_listed(const model::NodeDevice& device, uint32_t flags) {
    constexpr uint32_t state = api::connect_list_node_devices_active | api::connect_list_node_devices_inactive;
    constexpr uint32_t last = static_cast<uint32_t>(model::NodeDeviceType::vpd);
    if ((flags & state) == api::connect_list_node_devices_inactive) return false;
    flags &= ~state;
    if (flags == 0) return true;
    for (uint32_t type = 0; type <= last; type++)
        if (flags & 1u << type && device.has_capability(static_cast<model::NodeDeviceType>(type))) return true;
    return false;
}

proc::ConnectListAllNodeDevices::Ret list_all(Instance& in, proc::ConnectListAllNodeDevices::Args args) {
    constexpr uint32_t known = (api::connect_list_node_devices_cap_vpd << 1) - 1;
    check_flags(args.flags, known | api::connect_list_node_devices_active | api::connect_list_node_devices_inactive,
                "testConnectListAllNodeDevices");
    proc::ConnectListAllNodeDevices::Ret ret;
    for (const auto& [name, device] : in.node_devices) {
        if (!is_listed(device, args.flags)) continue;
        ret.ret++;
        if (args.need_results) ret.devices.push_back({name});
    }
    return ret;
}

bool has(const model::NodeDevice& device, const std::optional<std::string>& capability) {
    if (!capability) return true;
    std::optional<model::NodeDeviceType> type = xml::from_name<model::NodeDeviceType>(*capability);
    return type && device.has_capability(*type);
}

proc::NodeNumOfDevices::Ret count(Instance& in, proc::NodeNumOfDevices::Args args) {
    check_flags(args.flags, 0, "testNodeNumOfDevices");
    proc::NodeNumOfDevices::Ret ret;
    for (const auto& [name, device] : in.node_devices) ret.num += has(device, args.cap);
    return ret;
}

proc::NodeListDevices::Ret list(Instance& in, proc::NodeListDevices::Args args) {
    check_flags(args.flags, 0, "testNodeListDevices");
    proc::NodeListDevices::Ret ret;
    for (const auto& [name, device] : in.node_devices)
        if (has(device, args.cap) && static_cast<int32_t>(ret.names.size()) < args.maxnames) ret.names.push_back(name);
    return ret;
}

proc::NodeDeviceLookupByName::Ret look_up(Instance& in, proc::NodeDeviceLookupByName::Args args) {
    return {{device_of(in, args.name).name}};
}

proc::NodeDeviceGetXmlDesc::Ret get_xml(Instance& in, proc::NodeDeviceGetXmlDesc::Args args) {
    check_flags(args.flags, 0, "testNodeDeviceGetXMLDesc");
    return {xml::format(device_of(in, args.name))};
}

proc::NodeDeviceGetParent::Ret get_parent(Instance& in, proc::NodeDeviceGetParent::Args args) {
    const model::NodeDevice& device = device_of(in, args.name);
    if (device.parent.empty()) return {};
    return {device.parent};
}

std::vector<std::string> capability_names(const model::NodeDevice& device) {
    std::vector<std::string> names;
    for (const model::NodeDeviceCapability& capability : device.capabilities)
        names.emplace_back(xml::to_name(capability.type));
    return names;
}

proc::NodeDeviceNumOfCaps::Ret count_capabilities(Instance& in, proc::NodeDeviceNumOfCaps::Args args) {
    return {static_cast<int32_t>(capability_names(device_of(in, args.name)).size())};
}

proc::NodeDeviceListCaps::Ret list_capabilities(Instance& in, proc::NodeDeviceListCaps::Args args) {
    proc::NodeDeviceListCaps::Ret ret;
    for (std::string& name : capability_names(device_of(in, args.name)))
        if (static_cast<int32_t>(ret.names.size()) < args.maxnames) ret.names.push_back(std::move(name));
    return ret;
}

proc::NodeDeviceCreateXml::Ret create(Instance& in, proc::NodeDeviceCreateXml::Args args) {
    constexpr ErrorDomain part = ErrorDomain::nodedev;
    constexpr uint32_t create_validate = 1;  // VIR_NODE_DEVICE_CREATE_XML_VALIDATE
    check_flags(args.flags, create_validate, "testNodeDeviceCreateXML");
    model::NodeDevice wanted = model::NodeDevice::parse(args.xml_desc, true, args.flags & create_validate);
    const model::ScsiHost* host = scsi_host(wanted);
    if (!host || !host->fc_host) fail(ErrorCode::internal_error, part, "Device is not a fibre channel HBA");
    if (!find_vport_parent(in, wanted.parent))
        fail(ErrorCode::internal_error, part, "Could not find parent device for '{}'",
             wanted.name.empty() ? "new device" : wanted.name);
    return {{create_vport(in, host->fc_host->wwnn, host->fc_host->wwpn).name}};
}

proc::NodeDeviceDestroy::Ret destroy(Instance& in, proc::NodeDeviceDestroy::Args args) {
    const model::NodeDevice& device = device_of(in, args.name);
    const model::ScsiHost* host = scsi_host(device);
    // A device that is no port is left alone without a word, as libvirt's mock does.
    if (!host || !host->fc_host) return {};
    device_of(in, device.parent);
    remove_device(in, device.name);
    return {};
}

}  // namespace

void bind_node_devices(Instance& in) {
    driver::HandlerTable& on = in.node_device;
    bind<proc::ConnectListAllNodeDevices>(on, in, list_all);
    bind<proc::NodeNumOfDevices>(on, in, count);
    bind<proc::NodeListDevices>(on, in, list);
    bind<proc::NodeDeviceLookupByName>(on, in, look_up);
    bind<proc::NodeDeviceGetXmlDesc>(on, in, get_xml);
    bind<proc::NodeDeviceGetParent>(on, in, get_parent);
    bind<proc::NodeDeviceNumOfCaps>(on, in, count_capabilities);
    bind<proc::NodeDeviceListCaps>(on, in, list_capabilities);
    bind<proc::NodeDeviceCreateXml>(on, in, create);
    bind<proc::NodeDeviceDestroy>(on, in, destroy);
}

}  // namespace virtue::test
