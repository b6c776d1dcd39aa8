#include "drivers/network/subnets.h"

#include "base/error.h"
#include "host/links.h"

namespace virtue::network {
namespace {

model::HostAddress of_bytes(const std::array<uint8_t, 4>& bytes) {
    model::HostAddress address;
    address.family = model::AddressFamily::ipv4;
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    return address;
}

}  // namespace

void check_subnets(const model::Network& network) {
    const std::vector<host::RouteEntry> routes = host::ipv4_routes();
    for (const host::RouteEntry& route : routes) {
        const unsigned width = of_bytes(route.mask).prefix_of_mask().value_or(32);
        // A default route is no claim to an address.
        if (width == 0) continue;
        const model::HostAddress target = of_bytes(route.target);
        for (const model::NetworkIp& ip : network.ips) {
            if (!ip.address.is_ipv4()) continue;
            const unsigned narrower = std::min(width, ip.effective_prefix());
            if (target.masked(narrower) != ip.address.masked(narrower)) continue;
            // One that we want to add ourselves is no clash.
            bool own = false;
            for (const model::NetworkRoute& wanted : network.routes)
                own = own || (wanted.address == target && wanted.effective_prefix() == width);
            if (own) continue;
            fail(ErrorCode::internal_error, ErrorDomain::network, "Network is already in use by interface {}",
                 route.device);
        }
    }
}

}  // namespace virtue::network
