// Floors: bandwidth that a network with a limit of its own guarantees to single ports, as classes of its bridge's
// queue. Callers hold the core's turn. Loop thread only.
#pragma once
#include "driver/bandwidth.h"
#include "drivers/network/core.h"

namespace virtue::network {

/// Gives a port with a floor a class; one that has none gets none. Throws operation_unsupported where the network has
/// no limit to take it from, operation_invalid where more would be promised than there is.
void reserve_floor(const Network& network, model::NetworkPort& port);
/// A client may bring a port that it says is there already: its class must be one that a port can have, and nobody
/// else's. Throws invalid_arg.
void require_free_class(const Network& network, const model::NetworkPort& port);
/// Makes the class of a port in the kernel. Throws internal_error with the words of tc, and takes back what it made.
Task<void> set_floor(Core& core, NetworkOwner network, model::NetworkPort port);
/// Takes it away. Never throws: what is missing is fine, the rest is logged.
Task<void> clear_floor(Core& core, NetworkOwner network, model::NetworkPort port);
/// All of them, on a bridge that was made anew and has its limit. Throws.
Task<void> set_floors(Core& core, NetworkOwner network);
/// The classes that ports have, and what they are guaranteed in all.
Store::Shares shares_of(const Network& network);
/// Runs commands of tc. Throws internal_error with its words.
Task<void> run_traffic(Core& core, std::vector<driver::TrafficCommand> commands);

}  // namespace virtue::network
