// What network cards can do for their packets, as the kernel's ethtool interface tells. Plain function; any thread.
#pragma once
#include <string>
#include <vector>

namespace virtue::host {

/// The offloads that are switched on, under libvirt's names and in its order: "rx", "tx", "sg", "tso", "gso", "gro",
/// "lro", "rxvlan", "txvlan", "ntuple", "rxhash", "rdma", "txudptnl". Empty for a device that is not there.
std::vector<std::string> link_features(const std::string& name);

}  // namespace virtue::host
