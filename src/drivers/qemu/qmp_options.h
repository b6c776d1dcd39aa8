// The options of a command line as commands of the monitor, for devices that are plugged while the guest runs. Pure
// functions; any thread.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "drivers/qemu/monitor/json.h"

namespace virtue::qemu {

/// One command, and the one that takes it back.
struct QmpStep {
    std::string command;
    Json arguments;
    std::string undo;
    Json undo_arguments;

    bool is_device() const { return command == "device_add"; }
};

/// -object, -blockdev, -netdev, -chardev and -device as object-add, blockdev-add, netdev_add, chardev-add, device_add,
/// in their order but devices last. Throws internal_error for an option that has no command.
std::vector<QmpStep> qmp_steps(std::span<const std::string> options);

/// "socket,id=charserial0,path=/x,server=on" as the arguments of chardev-add.
Json chardev_add_arguments(std::string_view option);

}  // namespace virtue::qemu
