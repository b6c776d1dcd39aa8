// Network devices of this host: bridges, taps, addresses, routes, neighbours. Plain functions over netlink; they do
// not wait for anybody but the kernel. Any thread. All throw system_error naming the device.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/mac_address.h"

namespace virtue::host {

/// An IPv4 or IPv6 address as bytes: 4 or 16.
using AddressBytes = std::vector<uint8_t>;

struct BridgeOptions {
    std::optional<MacAddress> mac;
    bool stp = true;
    uint64_t forward_delay = 0;  ///< seconds
    bool vlan_filtering = false;
};

/// The index of a device, 0 if there is none.
unsigned link_index(const std::string& name);
/// Makes a bridge, down.
void create_bridge(const std::string& name, const BridgeOptions& options);
/// Removes a device; one that is not there is fine.
void delete_link(const std::string& name);
void set_link_up(const std::string& name, bool up);
void set_link_mtu(const std::string& name, uint32_t mtu);
void set_link_mac(const std::string& name, const MacAddress& mac);
/// Puts a device into a bridge; an empty bridge takes it out.
void set_link_master(const std::string& name, const std::string& bridge);
/// Ports that are isolated reach only those that are not.
void set_port_isolated(const std::string& name, bool isolated);
void set_bridge_vlan_filtering(const std::string& name, bool on);
/// A port of a bridge whose MAC table the manager keeps: it neither learns nor floods unknown unicast.
void set_port_learning(const std::string& name, bool on);
/// The MTU, 0 if there is no such device.
uint32_t link_mtu(const std::string& name);
/// The bridge that a device is a port of, empty if none.
std::string link_master(const std::string& name);

/// IPv4 gets `broadcast` (may be empty).
void add_address(const std::string& name, const AddressBytes& address, unsigned prefix, const AddressBytes& broadcast);
void add_route(const std::string& name, const AddressBytes& target, unsigned prefix, const AddressBytes& gateway,
               std::optional<uint32_t> metric);
/// False while an IPv6 address of the device is still being checked for duplicates.
bool addresses_settled(const std::string& name);

/// An entry of the kernel's neighbour table.
struct Neighbour {
    std::string device;
    MacAddress mac;
    std::string address;
    bool is_ipv6 = false;
};
std::vector<Neighbour> neighbours();

/// An IPv4 route with its device.
struct RouteEntry {
    std::string device;
    std::array<uint8_t, 4> target{};
    std::array<uint8_t, 4> mask{};
};
std::vector<RouteEntry> ipv4_routes();

/// A tap device and the descriptors of its queues.
struct Tap {
    std::string name;
    std::vector<Fd> queues;
};
struct TapOptions {
    std::string name;  ///< may hold "%d", then the first free number is taken
    unsigned queues = 1;
    bool virtio_header = true;
    std::optional<uint32_t> owner;  ///< user who may open it too
};
/// Makes a tap; it vanishes when the last of its descriptors closes.
Tap create_tap(const TapOptions& options);

enum class MacvtapMode : uint8_t { vepa, private_mode, bridge, passthrough };
/// Makes a macvtap on `lower` and opens its character device. The device stays until delete_link().
Tap create_macvtap(const std::string& lower, MacvtapMode mode, const MacAddress& mac, unsigned queues);

/// What a device has carried.
struct LinkFigures {
    uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
    uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
};
std::optional<LinkFigures> link_figures(const std::string& name);

}  // namespace virtue::host
