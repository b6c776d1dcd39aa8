// Whether the addresses of a network are free on this host. Plain functions; they ask the kernel.
#pragma once
#include "drivers/network/core.h"

namespace virtue::network {

/// Throws internal_error "Network is already in use by interface eth0" when a route of the host covers or lies in a
/// subnet of the network.
void check_subnets(const model::Network& network);

/// Gives each <ip address='auto'> a subnet that no route of the host and no other network has: 192.168.122.0/24 if it
/// is free, else the next. Throws internal_error when none is.
void choose_subnets(const Core& core, model::Network& definition);

}  // namespace virtue::network
