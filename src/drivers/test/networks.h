// The mock networks of an instance. Owned by it; loop thread only.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "driver/object_table.h"
#include "model/network/network.h"
#include "protocol/remote/domain_guest.h"

namespace virtue::test {

class Instance;

/// A mock network.
struct Network {
    explicit Network(model::Network new_definition) : definition(std::move(new_definition)) {}

    const Uuid& uuid() const { return *definition.uuid; }
    const std::string& name() const { return definition.name; }
    proc::NetworkRef reference() const { return {name(), uuid()}; }

    model::Network definition;           ///< the running one, or the only one
    std::optional<model::Network> next;  ///< the definition beside a running persistent network
    bool active = false;
    bool persistent = true;
    bool autostart = false;
};

using Networks = driver::ObjectTable<Network>;

/// Puts a definition in. Errors: as for domains.
Network& assign_network(Instance& in, model::Network definition, bool live);
/// The `offset`th address of a network's range. Errors: no_network.
proc::DomainIpAddress address_in_network(Instance& in, const std::string& name, size_t offset);

}  // namespace virtue::test
