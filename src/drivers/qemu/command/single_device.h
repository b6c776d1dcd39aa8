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

/// The same for the layers of `source` alone, whose top can be written to; `disk` tells cache mode and the like.
std::vector<std::string> build_storage(const model::Domain& domain, const model::Disk& disk,
                                       const model::StorageSource& source, LaunchContext context);

}  // namespace virtue::qemu
