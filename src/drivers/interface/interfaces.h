// What the kernel tells of the host's network interfaces, and which of them clients see. Functions that read small
// files; any thread.
#pragma once
#include <string>
#include <vector>

#include "host/system_files.h"
#include "model/interface/host_interface.h"

namespace virtue::interface {

/// An interface as lists show it.
struct Listed {
    std::string name, mac;
    bool up = false;    ///< works
    bool down = false;  ///< does not; an interface may be neither ("unknown": the loopback)
};

/// All but the ports of bridges and the taps, by name.
std::vector<Listed> list_interfaces(const host::SystemFiles& files);
/// One, whether it is listed or not. Throws no_interface.
Listed find_interface(const host::SystemFiles& files, const std::string& name);
/// The one with that MAC, whether it is listed or not. Throws no_interface, multiple_interfaces.
Listed find_interface_by_mac(const host::SystemFiles& files, const std::string& mac);
/// What it is and what it consists of. Throws no_interface.
model::HostInterface describe_interface(const host::SystemFiles& files, const std::string& name);

}  // namespace virtue::interface
