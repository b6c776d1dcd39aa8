// What dnsmasq is told about a network, in libvirt's own words: its configuration, fixed addresses and additional
// hosts. Pure functions over the model; any thread.
#pragma once
#include <string>

#include "model/network/network.h"

namespace virtue::network {

/// Where the files of a network lie.
struct DnsmasqPaths {
    std::string config;
    std::string hosts;       ///< fixed addresses, read by DHCP
    std::string addn_hosts;  ///< additional names, read by DNS
    std::string pid;
};
/// `folder` is that of dnsmasq's files, `state` that of pid files.
DnsmasqPaths dnsmasq_paths(const std::string& folder, const std::string& state, const std::string& network);

/// True if the network is served by dnsmasq: it has addresses, and names, leases or files to give out.
bool wants_dnsmasq(const model::Network& network);
std::string dnsmasq_config(const model::Network& network, const DnsmasqPaths& paths);
std::string dnsmasq_hosts(const model::Network& network);
std::string dnsmasq_addn_hosts(const model::Network& network);

}  // namespace virtue::network
