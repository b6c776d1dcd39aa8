// The node device calls. Owned by the driver; loop thread only.
#pragma once
#include "driver/event_hub.h"
#include "driver/siblings.h"
#include "drivers/nodedev/devices.h"
#include "protocol/remote/node_device.h"

namespace virtue::nodedev {

class Calls {
public:
    Calls(io::Loop& loop, Devices& devices) : loop_(loop), devices_(devices) {}
    void bind(driver::HandlerTable& on);
    /// Who tells which guest uses a device; may be null.
    void meet(const driver::DeviceUsers* users) { users_ = users; }

private:
    using Call = driver::Call;
    Task<proc::NodeNumOfDevices::Ret> count(Call& call, proc::NodeNumOfDevices::Args args);
    Task<proc::NodeListDevices::Ret> list(Call& call, proc::NodeListDevices::Args args);
    Task<proc::ConnectListAllNodeDevices::Ret> list_all(Call& call, proc::ConnectListAllNodeDevices::Args args);
    Task<proc::NodeDeviceLookupByName::Ret> look_up(Call& call, proc::NodeDeviceLookupByName::Args args);
    Task<proc::NodeDeviceLookupScsiHostByWwn::Ret> look_up_wwn(Call& call,
                                                               proc::NodeDeviceLookupScsiHostByWwn::Args args);
    Task<proc::NodeDeviceGetXmlDesc::Ret> get_xml(Call& call, proc::NodeDeviceGetXmlDesc::Args args);
    Task<proc::NodeDeviceGetParent::Ret> get_parent(Call& call, proc::NodeDeviceGetParent::Args args);
    Task<proc::NodeDeviceNumOfCaps::Ret> count_capabilities(Call& call, proc::NodeDeviceNumOfCaps::Args args);
    Task<proc::NodeDeviceListCaps::Ret> list_capabilities(Call& call, proc::NodeDeviceListCaps::Args args);
    Task<proc::NodeDeviceIsPersistent::Ret> is_persistent(Call& call, proc::NodeDeviceIsPersistent::Args args);
    Task<proc::NodeDeviceIsActive::Ret> is_active(Call& call, proc::NodeDeviceIsActive::Args args);
    Task<proc::NodeDeviceGetAutostart::Ret> get_autostart(Call& call, proc::NodeDeviceGetAutostart::Args args);
    Task<proc::NodeDeviceSetAutostart::Ret> set_autostart(Call& call, proc::NodeDeviceSetAutostart::Args args);

    Task<proc::NodeDeviceCreateXml::Ret> create_xml(Call& call, proc::NodeDeviceCreateXml::Args args);
    Task<proc::NodeDeviceDefineXml::Ret> define(Call& call, proc::NodeDeviceDefineXml::Args args);
    Task<proc::NodeDeviceDestroy::Ret> destroy(Call& call, proc::NodeDeviceDestroy::Args args);
    Task<proc::NodeDeviceUndefine::Ret> undefine(Call& call, proc::NodeDeviceUndefine::Args args);
    Task<proc::NodeDeviceCreate::Ret> create(Call& call, proc::NodeDeviceCreate::Args args);
    Task<proc::NodeDeviceDettach::Ret> detach(Call& call, proc::NodeDeviceDettach::Args args);
    Task<proc::NodeDeviceDetachFlags::Ret> detach_flags(Call& call, proc::NodeDeviceDetachFlags::Args args);
    Task<proc::NodeDeviceReAttach::Ret> reattach(Call& call, proc::NodeDeviceReAttach::Args args);
    Task<proc::NodeDeviceReset::Ret> reset(Call& call, proc::NodeDeviceReset::Args args);

    /// The path of a PCI device that no guest has. Throws no_node_device, invalid_arg, operation_invalid.
    std::string idle_pci_path(const std::string& name) const;

    io::Loop& loop_;
    Devices& devices_;
    const driver::DeviceUsers* users_ = nullptr;
};

/// Throws invalid_arg "unsupported flags (0x…) in function …" for flags beyond `known`.
void require_flags(uint32_t flags, uint32_t known, const char* function);

}  // namespace virtue::nodedev
