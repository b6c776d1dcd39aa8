// What other drivers want of virtual networks: a port for a guest's interface, and the leases. The network driver
// implements it, main() hands it to the hypervisor drivers. Loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/deadline.h"
#include "io/task.h"
#include "model/network/port.h"

namespace virtue::driver {

/// An address that DHCP gave out.
struct NetworkLease {
    std::string ip;
    std::string mac;  ///< may be empty for IPv6
    std::string hostname;
    std::string client_id;  ///< a DUID for IPv6
    std::string iaid;
    int64_t expiry = 0;  ///< seconds since the epoch, 0 for never
    unsigned prefix = 0;
    bool is_ipv6 = false;
};

/// A port and what its owner must know besides.
struct NetworkPlug {
    model::NetworkPort port;
    uint32_t mtu = 0;      ///< of the network, 0 if it says none
    bool started = false;  ///< the network was started for it
};

class NetworkService {
public:
    virtual ~NetworkService() = default;
    /// Waits until the networks that ran before the daemon did are known. Throws what keeps the driver from working.
    virtual Task<void> ready(io::Deadline deadline) = 0;
    /// Makes a port on a network, which must run or is started if it is marked to be. `wanted` tells owner, MAC and
    /// portgroup; what the network says fills it in. Throws no_network, operation_invalid, internal_error.
    virtual Task<NetworkPlug> plug(std::string network, model::NetworkPort wanted, io::Deadline deadline) = 0;
    /// Gives a port other limits, whose floor its network guarantees. Throws operation_invalid, operation_unsupported
    /// where the network cannot; one that is gone is fine. The port's class, 0 for none.
    virtual Task<uint32_t> limit(std::string network, Uuid port, std::optional<model::Bandwidth> bandwidth) = 0;
    /// Takes a port away; one that is gone is fine.
    virtual Task<void> unplug(std::string network, Uuid port) = 0;
    /// Says again that a port is in use, after its network was stopped and started.
    virtual Task<void> claim(std::string network, model::NetworkPort port) = 0;
    /// Removes the ports of owners that are known not to run: a crash may have cut off their start or end.
    virtual Task<void> drop_ports(std::function<bool(const Uuid& owner)> is_stale) = 0;
    /// The leases of a running network; empty if it does not run.
    virtual Task<std::vector<NetworkLease>> leases(std::string network) = 0;
    /// The host's own address in a network, for servers of a guest that listen there. Throws no_network,
    /// internal_error where it has none.
    virtual std::string address(const std::string& network) const = 0;
    /// Called when a network was started: its bridge is a new one.
    virtual void on_started(std::function<void(const std::string& network, const std::string& bridge)> callback) = 0;
};

}  // namespace virtue::driver
