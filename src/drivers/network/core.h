// What all parts of the network driver share: the networks, their files, the events, the firewall. Owned by
// NetworkDriver and referred to by its parts; loop thread only.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "driver/call.h"
#include "driver/event_hub.h"
#include "driver/object_table.h"
#include "drivers/network/firewall.h"
#include "drivers/network/network.h"
#include "drivers/network/settings.h"
#include "drivers/network/store.h"
#include "io/gate.h"

namespace virtue::network {

/// The shared state.
struct Core {
    Core(io::Loop& loop, Settings settings);

    io::Loop& loop;
    const Settings settings;
    const Store store;
    driver::ObjectTable<Network> networks;
    driver::EventHub events;
    Firewall firewall;
    io::Semaphore naming;  ///< held while a definition's name, bridge and subnet are chosen and noted; not for hooks
    io::Semaphore addressing;  ///< held from the check of a subnet until a bridge has its addresses; not for hooks
    std::function<void(const std::string& network, const std::string& bridge)> on_started;
    io::Gate gate;  ///< background work; joined before anything else here goes

    /// The network that a call names, held for its duration. Throws no_network.
    NetworkOwner at(const proc::NetworkRef& reference) const;
    NetworkOwner find(const std::string& name) const;
    /// The turn to change one network, which the caller holds; others change meanwhile.
    Task<io::Semaphore::Permit> turn(const NetworkOwner& network, io::Deadline deadline) {
        return network->turn.acquire(deadline, "another change of the network");
    }
    /// A network and the turn to change it.
    struct Held {
        NetworkOwner network;
        io::Semaphore::Permit turn;
    };
    /// The one that has the name when its turn comes; none if there is none.
    Task<Held> hold(std::string name, io::Deadline deadline);
    /// Where a definition goes: the network that has its UUID, if there is one, and the turn of all names.
    struct Place {
        Held known;
        io::Semaphore::Permit naming;
    };
    Task<Place> place_of(Uuid uuid, io::Deadline deadline);
    void tell(const Network& network, uint32_t event);
    void spawn(Task<void> task) { gate.spawn(std::move(task)); }
};

/// Throws invalid_arg "unsupported flags (0x…) in function …" for flags beyond `known`.
void require_flags(uint32_t flags, uint32_t known, const char* function);
/// The network may be gone after a wait. Throws no_network.
void require_known(const Network& network);

}  // namespace virtue::network
