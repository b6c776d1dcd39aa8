// The virtual networks of this host: network:///system, and the network calls of qemu:///system. main() makes one for
// a daemon and hands its table and service to the hypervisor drivers. Loop thread only.
#pragma once
#include <memory>

#include "driver/backend.h"
#include "driver/network_service.h"
#include "drivers/network/settings.h"

namespace virtue::network {

struct Core;

/// Owns all networks of one daemon instance.
class NetworkDriver final : public driver::Backend {
public:
    /// Finds running networks again in the background; open() waits for that.
    NetworkDriver(io::Loop& loop, Settings settings);
    ~NetworkDriver() override;
    NetworkDriver(const NetworkDriver&) = delete;
    NetworkDriver& operator=(const NetworkDriver&) = delete;

    bool accepts(const driver::Uri& uri) const override;
    Task<driver::Route> open(driver::Call& call, driver::Uri uri) override;
    bool is_busy() const override;
    Task<void> stop() override;

    /// For connections of hypervisor drivers. It lives as long as the driver.
    const driver::HandlerTable& table() const;
    driver::NetworkService& service();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace virtue::network
