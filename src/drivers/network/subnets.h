// Whether the addresses of a network are free on this host. Plain functions; they ask the kernel.
#pragma once
#include "model/network/network.h"

namespace virtue::network {

/// Throws internal_error "Network is already in use by interface eth0" when a route of the host covers or lies in a
/// subnet of the network.
void check_subnets(const model::Network& network);

}  // namespace virtue::network
