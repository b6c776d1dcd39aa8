// The ports API: what of a network is in use, by whom. Owned by NetworkDriver; loop thread only.
#pragma once
#include "drivers/network/service.h"
#include "protocol/remote/network.h"

namespace virtue::network {

class PortCalls {
public:
    PortCalls(Core& core, Service& service) : core_(core), service_(service) {}
    void bind(driver::HandlerTable& on);

private:
    proc::NetworkListAllPorts::Ret list(driver::Call& call, proc::NetworkListAllPorts::Args args);
    proc::NetworkPortLookupByUuid::Ret look_up(driver::Call& call, proc::NetworkPortLookupByUuid::Args args);
    proc::NetworkPortGetXmlDesc::Ret xml(driver::Call& call, proc::NetworkPortGetXmlDesc::Args args);
    proc::NetworkPortGetParameters::Ret parameters(driver::Call& call, proc::NetworkPortGetParameters::Args args);
    Task<wire::Void> set_parameters(driver::Call& call, proc::NetworkPortSetParameters::Args args);
    Task<proc::NetworkPortCreateXml::Ret> create(driver::Call& call, proc::NetworkPortCreateXml::Args args);
    Task<wire::Void> remove(driver::Call& call, proc::NetworkPortDelete::Args args);

    Core& core_;
    Service& service_;
};

}  // namespace virtue::network
