// The host's side of guests' network cards: ports of virtual networks, taps, macvtaps. Made before QEMU starts and
// passed to it as descriptors, so a tap is gone with its guest. Loop thread only.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "drivers/qemu/command/command.h"
#include "drivers/qemu/core.h"

namespace virtue::qemu {

using InterfaceFds = std::map<std::string, LaunchContext::InterfaceFds>;

/// Plugs the cards of a live definition in and opens their taps; the definition then tells ports, bridges and names.
/// What was made before a failure is undone by close_interfaces(). Throws.
Task<InterfaceFds> open_interfaces(Core& core, std::shared_ptr<model::Domain> live, io::Deadline deadline);

/// Fills in where graphics that listen in a virtual network listen. Throws no_network.
void resolve_listens(const Core& core, model::Domain& live);

/// The same for one card, by its place in the definition; what was made is undone by close_interfaces() of a definition
/// with nothing but this card.
Task<LaunchContext::InterfaceFds> open_interface(Core& core, std::shared_ptr<model::Domain> live, size_t index,
                                                 io::Deadline deadline);

/// Puts a running card on what `fresh` names instead: another bridge, or another network with a bridge. `fresh` gets
/// what it turned out to be. Throws operation_unsupported where its device would have to be another one.
Task<void> move_interface(Core& core, DomainOwner domain, model::Interface& fresh, io::Deadline deadline);

/// Has a running card's network guarantee the floor that the card now has, and notes what came of it in the card.
/// Throws operation_invalid where the network cannot guarantee so much.
Task<void> change_floor(Core& core, model::Interface& card);

/// Sets the limits of a card that is plugged in, or takes them away where it has none. Throws internal_error with the
/// words of tc.
Task<void> limit_interface(Core& core, const model::Interface& card, io::Deadline deadline);

/// Gives ports back and removes devices that do not vanish by themselves. Never throws: problems are logged.
Task<void> close_interfaces(Core& core, std::shared_ptr<model::Domain> live);

/// Makes a running card's filter that of its definition, instead of any that it had. Throws.
Task<void> refilter_interface(Core& core, std::shared_ptr<model::Domain> live, model::Interface interface,
                              io::Deadline deadline);

/// Frees the ports of guests that do not run: a crash of the daemon may have left them.
Task<void> drop_stale_ports(Core& core);

/// Puts taps of running guests into the bridge of a network that was made anew, and claims their ports again.
void rejoin_bridge(Core& core, const std::string& network, const std::string& bridge);
/// The same for every network whose bridge was made anew while no daemon ran.
void rejoin_bridges(Core& core);

/// Addresses of a guest's cards as leases of virtual networks tell them, or the host's neighbour table.
struct KnownAddress {
    std::string device;  ///< "vnet0"
    std::string mac;
    std::string address;
    unsigned prefix = 0;
    bool is_ipv6 = false;
    std::string hostname{};  ///< that it told when it asked for a lease
};
Task<std::vector<KnownAddress>> leased_addresses(Core& core, DomainOwner domain);
Task<std::vector<KnownAddress>> neighbour_addresses(Core& core, DomainOwner domain);

}  // namespace virtue::qemu
