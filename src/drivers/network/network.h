// A network as the driver knows it: its definition, its live definition while it runs, its ports and its dnsmasq.
// Owned by the core's table and held by calls under way; loop thread only.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "io/condition.h"
#include "io/process.h"
#include "model/network/port.h"
#include "protocol/references.h"

namespace virtue::network {

using Definition = std::shared_ptr<const model::Network>;

class Network {
public:
    Network(io::Loop& loop, Uuid uuid, std::string name) : turn(loop, 1), uuid_(uuid), name_(std::move(name)) {}
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    const Uuid& uuid() const { return uuid_; }
    const std::string& name() const { return name_; }
    proc::NetworkRef reference() const { return {name_, uuid_}; }

    bool is_active() const { return active; }
    bool is_persistent() const { return persistent != nullptr; }
    /// The live definition of a running network, else the persistent one.
    const model::Network& current() const { return live ? *live : *persistent; }

    io::Semaphore turn;     ///< held by whoever changes it; reading never waits for it
    Definition persistent;  ///< null for a transient network
    Definition live;        ///< while it starts and runs
    bool active = false;
    bool autostart = false;
    bool removed = false;  ///< no longer in the table
    std::map<Uuid, model::NetworkPort> ports;
    std::unique_ptr<io::Process> dnsmasq;
    int dnsmasq_restarts = 0;       ///< in a row, for the pause before the next
    io::TimePoint dnsmasq_started;  ///< the last time

private:
    Uuid uuid_;
    std::string name_;
};

using NetworkOwner = std::shared_ptr<Network>;

}  // namespace virtue::network
