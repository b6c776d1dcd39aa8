// Calls that read: lists, look-ups, XML, state, leases. They answer at once from what the driver holds; leases are read
// from dnsmasq's file. Owned by NetworkDriver; loop thread only.
#pragma once
#include "drivers/network/core.h"
#include "protocol/remote/network.h"

namespace virtue::network {

class LookupCalls {
public:
    explicit LookupCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    proc::ConnectListAllNetworks::Ret list_all(driver::Call& call, proc::ConnectListAllNetworks::Args args);
    proc::NetworkLookupByName::Ret by_name(driver::Call& call, proc::NetworkLookupByName::Args args);
    proc::NetworkLookupByUuid::Ret by_uuid(driver::Call& call, proc::NetworkLookupByUuid::Args args);
    proc::NetworkIsActive::Ret is_active(driver::Call& call, proc::NetworkIsActive::Args args);
    proc::NetworkIsPersistent::Ret is_persistent(driver::Call& call, proc::NetworkIsPersistent::Args args);
    proc::NetworkGetXmlDesc::Ret xml(driver::Call& call, proc::NetworkGetXmlDesc::Args args);
    proc::NetworkGetBridgeName::Ret bridge_name(driver::Call& call, proc::NetworkGetBridgeName::Args args);
    proc::NetworkGetAutostart::Ret autostart(driver::Call& call, proc::NetworkGetAutostart::Args args);
    proc::NetworkGetMetadata::Ret metadata(driver::Call& call, proc::NetworkGetMetadata::Args args);
    Task<proc::NetworkGetDhcpLeases::Ret> leases(driver::Call& call, proc::NetworkGetDhcpLeases::Args args);

    Core& core_;
};

}  // namespace virtue::network
