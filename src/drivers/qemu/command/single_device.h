// The part of a command line that single devices make. Plain function; any thread.
#pragma once
#include "drivers/qemu/command/command.h"
#include "model/domain/device.h"

namespace virtue::qemu {

/// Options and their values in turn, in the order that QEMU needs. `domain` is the whole guest with the devices in it,
/// `devices` have their aliases and addresses. Descriptors of `context` that the options name by their number go to
/// `descriptors`.
std::vector<std::string> build_device(const model::Domain& domain, std::span<const model::Device> devices,
                                      LaunchContext context, std::vector<PassedFd>* descriptors = nullptr);

}  // namespace virtue::qemu
