// Calls that open a way into the guest: consoles, channels, displays, keys, screenshots. Owned by QemuDriver; loop
// thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "drivers/qemu/live_definition.h"
#include "protocol/remote/domain_device.h"

namespace virtue::qemu {

class ConsoleCalls {
public:
    explicit ConsoleCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<wire::Void> open_console(driver::Call& call, proc::DomainOpenConsole::Args args);
    Task<wire::Void> open_channel(driver::Call& call, proc::DomainOpenChannel::Args args);
    Task<wire::Void> open_graphics(driver::Call& call, proc::DomainOpenGraphics::Args args);
    Task<wire::Void> open_graphics_fd(driver::Call& call, proc::DomainOpenGraphicsFd::Args args);
    Task<proc::DomainScreenshot::Ret> screenshot(driver::Call& call, proc::DomainScreenshot::Args args);
    Task<wire::Void> send_key(driver::Call& call, proc::DomainSendKey::Args args);

    Task<void> open_terminal(driver::Call& call, DomainOwner domain, Terminal terminal, bool force, const char* busy);
    Task<void> add_display_client(driver::Call& call, DomainOwner domain, uint32_t index, bool skip_auth, Fd fd);

    Core& core_;
};

}  // namespace virtue::qemu
