// BRIDGE.macs, the list of guests and their cards on a network of our own: libvirt's NSS module libvirt_guest finds a
// guest's address by its name with it. Made anew of the network's ports whenever they change. Loop thread only.
#pragma once
#include <string>

#include "drivers/network/core.h"

namespace virtue::network {

/// The file of a bridge in the folder that dnsmasq's files are in.
std::string mac_map_path(const std::string& folder, const std::string& bridge);
/// Its text, as libvirt formats it: each guest's name with the addresses of its cards.
std::string mac_map_text(const Network& network);
/// Brings the file up to date; nothing for a network without a bridge of its own. It is no state of ours, so that it is
/// not waited for on the disk, and a file that cannot be written is a warning only.
Task<void> save_mac_map(Core& core, NetworkOwner network);

}  // namespace virtue::network
