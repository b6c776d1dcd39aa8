// The devices of this host: nodedev:///system, and the node device calls of qemu:///system. main() makes one for a
// daemon and hands its table to the hypervisor drivers. Loop thread only.
#pragma once
#include <memory>
#include <string>

#include "driver/backend.h"
#include "driver/handler_table.h"
#include "driver/paths.h"
#include "driver/siblings.h"

namespace virtue::nodedev {

class NodeDeviceDriver final : public driver::Backend {
public:
    /// `host_uuid` is what clients learn of the machine's identity. Nothing is looked at before somebody asks.
    NodeDeviceDriver(io::Loop& loop, const driver::Paths& paths, std::string host_uuid);
    ~NodeDeviceDriver() override;
    NodeDeviceDriver(const NodeDeviceDriver&) = delete;
    NodeDeviceDriver& operator=(const NodeDeviceDriver&) = delete;

    bool accepts(const driver::Uri& uri) const override;
    Task<driver::Route> open(driver::Call& call, driver::Uri uri) override;
    Task<void> stop() override;

    /// Who is asked whether a guest uses a device, before it is taken or reset; null where nobody can tell. It must be
    /// there whenever calls come.
    void meet(const driver::DeviceUsers* users);

    /// For the connections of other drivers.
    const driver::HandlerTable& table() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace virtue::nodedev
