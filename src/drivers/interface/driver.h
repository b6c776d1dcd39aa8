// The network interfaces of this host, as the kernel has them: interface:///system, and the interface calls of
// qemu:///system. It reads only: how interfaces are set up at boot belongs to the host's own tools, as with libvirt
// where it is built for udev. main() makes one and hands its table to the hypervisor drivers. Loop thread only.
#pragma once
#include <memory>

#include "driver/backend.h"
#include "driver/handler_table.h"
#include "driver/paths.h"

namespace virtue::interface {

class InterfaceDriver final : public driver::Backend {
public:
    InterfaceDriver(io::Loop& loop, const driver::Paths& paths);
    ~InterfaceDriver() override;
    InterfaceDriver(const InterfaceDriver&) = delete;
    InterfaceDriver& operator=(const InterfaceDriver&) = delete;

    bool accepts(const driver::Uri& uri) const override;
    Task<driver::Route> open(driver::Call& call, driver::Uri uri) override;

    /// For the connections of other drivers.
    const driver::HandlerTable& table() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace virtue::interface
