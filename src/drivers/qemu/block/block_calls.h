// Calls about single disks and the memory of a guest: size, content, throttling, the notice of a full image. Owned by
// QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_block.h"
#include "protocol/remote/domain_stats.h"

namespace virtue::qemu {

class BlockCalls {
public:
    explicit BlockCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<wire::Void> resize(driver::Call& call, proc::DomainBlockResize::Args args);
    Task<proc::DomainBlockPeek::Ret> peek(driver::Call& call, proc::DomainBlockPeek::Args args);
    Task<proc::DomainMemoryPeek::Ret> memory_peek(driver::Call& call, proc::DomainMemoryPeek::Args args);
    Task<wire::Void> set_threshold(driver::Call& call, proc::DomainSetBlockThreshold::Args args);
    Task<wire::Void> set_io_tune(driver::Call& call, proc::DomainSetBlockIoTune::Args args);
    Task<proc::DomainGetBlockIoTune::Ret> io_tune(driver::Call& call, proc::DomainGetBlockIoTune::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
