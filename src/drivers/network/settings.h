// What the daemon's configuration tells the network driver, and the folders that follow from it. A value, made by
// main() and never changed afterwards.
#pragma once
#include <fmt/format.h>

#include <string>

#include "driver/paths.h"
#include "io/deadline.h"

namespace virtue::network {

/// Which program keeps the firewall rules.
enum class FirewallBackend : uint8_t { nftables, iptables };

/// The settings of one driver instance.
struct Settings {
    driver::Paths paths;
    FirewallBackend firewall = FirewallBackend::nftables;
    std::string dnsmasq = "/usr/sbin/dnsmasq";
    std::string leases_program;                ///< run by dnsmasq at each change of a lease
    io::Milliseconds command_deadline{60000};  ///< longest wait for dnsmasq's start, tc, nft, a hook

    /// NAME.xml of every definition, and autostart/ with links to them.
    std::string definitions() const { return paths.config + "/qemu/networks"; }
    std::string autostart() const { return definitions() + "/autostart"; }
    /// Live status, pid files and ports.
    std::string state() const { return paths.state + "/network"; }
    /// dnsmasq's configuration, and the leases that its script keeps.
    std::string dnsmasq_folder() const { return paths.data + "/dnsmasq"; }
    /// The nftables table that holds our rules. A daemon with folders of its own has a table of its own, so that two on
    /// one host do not take away each other's.
    std::string nft_table() const {
        if (paths.state == "/run/libvirt") return "virtue_network";
        uint32_t hash = 2166136261;  // FNV-1a: the same name after each start
        for (char letter : paths.state) hash = (hash ^ static_cast<uint8_t>(letter)) * 16777619;
        return fmt::format("virtue_network_{:08x}", hash);
    }
    std::string hooks() const { return paths.config + "/hooks"; }
};

}  // namespace virtue::network
