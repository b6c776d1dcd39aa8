// The one place where the daemon's drivers are made. A new driver family is added in wiring.cc, nowhere else.
#pragma once
#include <memory>
#include <vector>

#include "daemon/configuration.h"
#include "driver/backend.h"
#include "driver/paths.h"

namespace virtue::daemon {

/// What the drivers are made from. Outlives them.
struct WiringContext {
    io::Loop& loop;
    const driver::Paths& paths;
    const Configuration& configuration;
};

/// The drivers in the order in which CONNECT_OPEN asks them. A driver finds again what ran before in its constructor
/// or, if that waits, in a task of its own gate. Throws what keeps the daemon from starting.
std::vector<std::unique_ptr<driver::Backend>> make_backends(const WiringContext& context);

}  // namespace virtue::daemon
