// Ports: what guests' interfaces plug into. Makes and removes them for clients of the ports API and, as the
// NetworkService, for hypervisor drivers. Owned by NetworkDriver; loop thread only.
#pragma once
#include "driver/network_service.h"
#include "drivers/network/core.h"

namespace virtue::network {

/// The unexpired leases of a running network.
Task<std::vector<driver::NetworkLease>> read_leases(Core& core, Definition live);

/// The definition that VIR_NETWORK_UPDATE_AFFECT_* mean. Throws operation_invalid.
const model::Network& definition_for(const Network& network, uint32_t flags);
constexpr int32_t metadata_element = 2;  ///< virNetworkMetadataType
[[noreturn]] void refuse_metadata_type(int32_t type);
/// What asked for is not among a network's metadata: VIR_ERR_NO_NETWORK_METADATA, which came with the call itself.
[[noreturn]] void refuse_missing_metadata();

/// The live definition with the numbers of its users, which live XML shows.
Definition with_users(const Network& network);

/// Fills in what the network decides about a port: how it plugs in, and what the portgroup says. Throws.
model::NetworkPort complete_port(const Network& network, model::NetworkPort wanted);

class Service final : public driver::NetworkService {
public:
    explicit Service(Core& core);

    Task<void> ready(io::Deadline deadline) override;
    Task<driver::NetworkPlug> plug(std::string network, model::NetworkPort wanted, io::Deadline deadline) override;
    Task<uint32_t> limit(std::string network, Uuid port, std::optional<model::Bandwidth> bandwidth) override;
    Task<void> unplug(std::string network, Uuid port) override;
    Task<void> claim(std::string network, model::NetworkPort port) override;
    Task<void> drop_ports(std::function<bool(const Uuid&)> is_stale) override;
    Task<std::vector<driver::NetworkLease>> leases(std::string network) override;
    std::string address(const std::string& network) const override;
    void on_started(std::function<void(const std::string&, const std::string&)> callback) override;

    /// Ends the waits of ready(), which throw `problem` if there is one.
    void set_ready(std::exception_ptr problem);
    /// Adds a completed port to a running network; the caller holds the turn.
    Task<void> add_port(NetworkOwner network, model::NetworkPort port);
    /// Gives a known port other limits; the caller holds the turn. Throws as reserve_floor() and tc.
    Task<void> change_limits(NetworkOwner network, Uuid uuid, std::optional<model::Bandwidth> bandwidth);
    /// Removes one; the caller holds the turn.
    Task<void> remove_port(NetworkOwner network, Uuid port);

private:
    Task<void> count_users(NetworkOwner network);
    Core& core_;
    io::Completion<bool> ready_;
};

}  // namespace virtue::network
