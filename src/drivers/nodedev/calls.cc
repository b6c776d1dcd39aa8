#include "drivers/nodedev/calls.h"

#include "base/error.h"
#include "driver/constants.h"
#include "xml/mapper.h"

namespace virtue::nodedev {

namespace {

// Only the machine itself is there without having been found: libvirt calls it persistent and started at boot.
bool is_machine(const KnownDevice& device) {
    return device.path.empty();
}

bool has(const KnownDevice& device, const std::optional<std::string>& capability) {
    if (!capability) return true;
    const auto type = xml::from_name<model::NodeDeviceType>(*capability);
    return type && device.capabilities & 1U << static_cast<uint32_t>(*type);
}

bool is_listed(const KnownDevice& device, uint32_t flags) {
    constexpr uint32_t state = api::connect_list_node_devices_active | api::connect_list_node_devices_inactive;
    // All that the kernel shows is active.
    if ((flags & state) == api::connect_list_node_devices_inactive) return false;
    flags &= ~state;
    return flags == 0 || device.capabilities & flags;
}

}  // namespace

void require_flags(uint32_t flags, uint32_t known, const char* function) {
    if ((flags & ~known) == 0) return;
    throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::nodedev,
                              fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

void Calls::bind(driver::HandlerTable& on) {
    on.call<proc::NodeNumOfDevices>(this, &Calls::count);
    on.call<proc::NodeListDevices>(this, &Calls::list);
    on.call<proc::ConnectListAllNodeDevices>(this, &Calls::list_all);
    on.call<proc::NodeDeviceLookupByName>(this, &Calls::look_up);
    on.call<proc::NodeDeviceLookupScsiHostByWwn>(this, &Calls::look_up_wwn);
    on.call<proc::NodeDeviceGetXmlDesc>(this, &Calls::get_xml);
    on.call<proc::NodeDeviceGetParent>(this, &Calls::get_parent);
    on.call<proc::NodeDeviceNumOfCaps>(this, &Calls::count_capabilities);
    on.call<proc::NodeDeviceListCaps>(this, &Calls::list_capabilities);
    on.call<proc::NodeDeviceIsPersistent>(this, &Calls::is_persistent);
    on.call<proc::NodeDeviceIsActive>(this, &Calls::is_active);
    on.call<proc::NodeDeviceGetAutostart>(this, &Calls::get_autostart);
    on.call<proc::NodeDeviceSetAutostart>(this, &Calls::set_autostart);
    on.call<proc::NodeDeviceCreateXml>(this, &Calls::create_xml);
    on.call<proc::NodeDeviceDefineXml>(this, &Calls::define);
    on.call<proc::NodeDeviceDestroy>(this, &Calls::destroy);
    on.call<proc::NodeDeviceUndefine>(this, &Calls::undefine);
    on.call<proc::NodeDeviceCreate>(this, &Calls::create);
    on.call<proc::NodeDeviceDettach>(this, &Calls::detach);
    on.call<proc::NodeDeviceDetachFlags>(this, &Calls::detach_flags);
    on.call<proc::NodeDeviceReAttach>(this, &Calls::reattach);
    on.call<proc::NodeDeviceReset>(this, &Calls::reset);
}

Task<proc::NodeNumOfDevices::Ret> Calls::count(Call& call, proc::NodeNumOfDevices::Args args) {
    require_flags(args.flags, 0, "nodeNumOfDevices");
    co_await devices_.ready(call.deadline);
    proc::NodeNumOfDevices::Ret ret;
    for (const auto& [name, device] : devices_.all()) ret.num += has(device, args.cap);
    co_return ret;
}

Task<proc::NodeListDevices::Ret> Calls::list(Call& call, proc::NodeListDevices::Args args) {
    require_flags(args.flags, 0, "nodeListDevices");
    co_await devices_.ready(call.deadline);
    proc::NodeListDevices::Ret ret;
    for (const auto& [name, device] : devices_.all())
        if (has(device, args.cap) && static_cast<int32_t>(ret.names.size()) < args.maxnames) ret.names.push_back(name);
    co_return ret;
}

Task<proc::ConnectListAllNodeDevices::Ret> Calls::list_all(Call& call, proc::ConnectListAllNodeDevices::Args args) {
    constexpr uint32_t known = (api::connect_list_node_devices_cap_vpd << 1) - 1;
    require_flags(args.flags, known | api::connect_list_node_devices_active | api::connect_list_node_devices_inactive,
                  "nodeConnectListAllNodeDevices");
    co_await devices_.ready(call.deadline);
    proc::ConnectListAllNodeDevices::Ret ret;
    for (const auto& [name, device] : devices_.all()) {
        if (!is_listed(device, args.flags)) continue;
        ret.ret++;
        if (args.need_results) ret.devices.push_back({name});
    }
    co_return ret;
}

Task<proc::NodeDeviceLookupByName::Ret> Calls::look_up(Call& call, proc::NodeDeviceLookupByName::Args args) {
    co_await devices_.ready(call.deadline);
    proc::NodeDeviceLookupByName::Ret ret;
    ret.device = {devices_.at(args.name).name};
    co_return ret;
}

Task<proc::NodeDeviceLookupScsiHostByWwn::Ret> Calls::look_up_wwn(Call& call,
                                                                  proc::NodeDeviceLookupScsiHostByWwn::Args args) {
    require_flags(args.flags, 0, "nodeDeviceLookupSCSIHostByWWN");
    co_await devices_.ready(call.deadline);
    for (const auto& [name, device] : devices_.all()) {
        if (device.wwnn.empty() || device.wwnn != args.wwnn || device.wwpn != args.wwpn) continue;
        proc::NodeDeviceLookupScsiHostByWwn::Ret ret;
        ret.device = {name};
        co_return ret;
    }
    // libvirt answers without a reason; clients match on the code.
    throw Error::with_message(ErrorCode::internal_error, ErrorDomain::none,
                              fmt::format("no SCSI host has the WWNN '{}' and the WWPN '{}'", args.wwnn, args.wwpn));
}

Task<proc::NodeDeviceGetXmlDesc::Ret> Calls::get_xml(Call& call, proc::NodeDeviceGetXmlDesc::Args args) {
    require_flags(args.flags, 0, "nodeDeviceGetXMLDesc");
    co_await devices_.ready(call.deadline);
    model::NodeDevice device = co_await devices_.definition(args.name);
    co_return proc::NodeDeviceGetXmlDesc::Ret{xml::format(device)};
}

Task<proc::NodeDeviceGetParent::Ret> Calls::get_parent(Call& call, proc::NodeDeviceGetParent::Args args) {
    co_await devices_.ready(call.deadline);
    proc::NodeDeviceGetParent::Ret ret;
    std::string parent = devices_.parent_of(devices_.at(args.name));
    if (!parent.empty()) ret.parent_name = std::move(parent);
    co_return ret;
}

namespace {

std::vector<std::string> capability_names(uint32_t bits) {
    std::vector<std::string> names;
    for (uint32_t type = 0; bits >> type; type++)
        if (bits & 1U << type) names.emplace_back(xml::to_name(static_cast<model::NodeDeviceType>(type)));
    return names;
}

}  // namespace

Task<proc::NodeDeviceNumOfCaps::Ret> Calls::count_capabilities(Call& call, proc::NodeDeviceNumOfCaps::Args args) {
    co_await devices_.ready(call.deadline);
    proc::NodeDeviceNumOfCaps::Ret ret;
    ret.num = static_cast<int32_t>(capability_names(devices_.at(args.name).capabilities).size());
    co_return ret;
}

Task<proc::NodeDeviceListCaps::Ret> Calls::list_capabilities(Call& call, proc::NodeDeviceListCaps::Args args) {
    co_await devices_.ready(call.deadline);
    proc::NodeDeviceListCaps::Ret ret;
    for (std::string& name : capability_names(devices_.at(args.name).capabilities))
        if (static_cast<int32_t>(ret.names.size()) < args.maxnames) ret.names.push_back(std::move(name));
    co_return ret;
}

Task<proc::NodeDeviceIsPersistent::Ret> Calls::is_persistent(Call& call, proc::NodeDeviceIsPersistent::Args args) {
    co_await devices_.ready(call.deadline);
    co_return proc::NodeDeviceIsPersistent::Ret{is_machine(devices_.at(args.name))};
}

Task<proc::NodeDeviceIsActive::Ret> Calls::is_active(Call& call, proc::NodeDeviceIsActive::Args args) {
    co_await devices_.ready(call.deadline);
    devices_.at(args.name);
    co_return proc::NodeDeviceIsActive::Ret{1};
}

Task<proc::NodeDeviceGetAutostart::Ret> Calls::get_autostart(Call& call, proc::NodeDeviceGetAutostart::Args args) {
    co_await devices_.ready(call.deadline);
    co_return proc::NodeDeviceGetAutostart::Ret{is_machine(devices_.at(args.name))};
}

}  // namespace virtue::nodedev
