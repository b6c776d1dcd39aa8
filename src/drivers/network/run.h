// Starts and stops networks, changes running ones and puts back what others removed of them. Callers hold the
// network's turn. Loop thread only.
#pragma once
#include "drivers/network/core.h"

namespace virtue::network {

/// Starts a network: from its definition, or from `definition` for a transient one. Publishes started. On failure all
/// is as it was. Throws operation_invalid "network is already active" and what its parts throw.
Task<void> start_network(Core& core, NetworkOwner network, Definition definition);
/// Stops it; a transient one leaves the table. Publishes stopped. Throws operation_invalid.
Task<void> stop_network(Core& core, NetworkOwner network);
/// Gives a running network a new live definition and makes it so: dnsmasq, firewall. On failure the old one stays.
Task<void> change_live(Core& core, NetworkOwner network, Definition definition);
/// Saves what a restart needs to know.
Task<void> save_status(Core& core, NetworkOwner network);

/// Takes away what starting made: dnsmasq, rules, bridge, limits, status; what is missing already is fine.
Task<void> take_down(Core& core, NetworkOwner network);
/// Puts a bridge back that somebody removed; the rest of the network is made anew with it.
Task<void> repair_bridge(Core& core, NetworkOwner network);

}  // namespace virtue::network
