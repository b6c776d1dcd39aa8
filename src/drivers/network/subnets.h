// Whether the addresses of a network are free on this host. Plain functions; they ask the kernel.
#pragma once
#include "drivers/network/core.h"

namespace virtue::network {

/// The device whose route covers or lies in a subnet of the network, or nothing.
std::optional<std::string> find_clash(const model::Network& network);
/// Throws internal_error "Network is already in use by interface eth0" when there is one.
void check_subnets(const model::Network& network);

/// Gives each <ip address='auto'> a subnet that no route of the host and no other network has: 192.168.122.0/24 if it
/// is free, else the next. Throws internal_error when none is.
void choose_subnets(const Core& core, model::Network& definition);
/// Gives up the addresses of an IPv4 subnet, so that choose_subnets() finds others of the same width.
void release_subnet(model::NetworkIp& ip);

}  // namespace virtue::network
