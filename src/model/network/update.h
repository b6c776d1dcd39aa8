// One change to a part of a network's definition, as virNetworkUpdate asks for it. Pure: the caller stores the result
// and tells the running network.
#pragma once
#include <cstdint>
#include <string_view>

#include "model/network/network.h"

namespace virtue::model {

/// Numbers of libvirt's virNetworkUpdateCommand.
enum class NetworkUpdateCommand : uint32_t { none, modify, remove, add_last, add_first };
/// Numbers of libvirt's virNetworkUpdateSection.
enum class NetworkSection : uint32_t {
    none,
    bridge,
    domain,
    ip,
    ip_dhcp_host,
    ip_dhcp_range,
    forward,
    forward_interface,
    forward_pf,
    portgroup,
    dns_host,
    dns_txt,
    dns_srv,
};

/// The network with one element added, replaced or removed. `parent_index` says which <ip> is meant, -1 the fitting
/// one. Throws operation_invalid for an element that is there already or not there, operation_unsupported where
/// libvirt cannot modify, no_support for other sections, and what reading the element and the whole result throw.
Network update(const Network& network, NetworkUpdateCommand command, NetworkSection section, int parent_index,
               std::string_view text);

}  // namespace virtue::model
