// <network>: a virtual network or a pool of host devices. Plain values: the drivers own theirs, copies are independent.
// Reading fills in what libvirt's parser fills in; complete() and validate() do what its network driver does on define.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/interface.h"
#include "model/network/dhcp.h"
#include "model/network/dns.h"

namespace virtue::model {

enum class ForwardMode : uint8_t { none, nat, route, open, bridge, private_mode, vepa, passthrough, hostdev };
VIRTUE_XML_NAMES(ForwardMode, "none", "nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev")

enum class ForwardDriver : uint8_t { absent, kvm, vfio };
VIRTUE_XML_NAMES(ForwardDriver, "", "kvm", "vfio")

enum class MacTableManager : uint8_t { absent, kernel, libvirt };
VIRTUE_XML_NAMES(MacTableManager, "", "kernel", "libvirt")

struct ForwardInterface {
    std::string dev;
    uint32_t connections = 0;  ///< in use; live XML only
    bool operator==(const ForwardInterface&) const = default;
};
void map(xml::Mapper& m, ForwardInterface& interface);

/// How packets leave. Interfaces and PCI addresses exclude each other.
struct NetworkForward {
    ForwardMode mode = ForwardMode::nat;
    bool managed = false;
    ForwardDriver driver = ForwardDriver::absent;
    xml::YesNo nat_ipv6 = xml::YesNo::absent;
    HostAddress nat_start, nat_end;
    uint32_t port_start = 0, port_end = 0;
    std::string pf;  ///< the physical function whose virtual functions make the pool
    std::vector<ForwardInterface> interfaces;
    std::vector<PciAddress> addresses;
    bool operator==(const NetworkForward&) const = default;
};
void map(xml::Mapper& m, NetworkForward& forward);

struct PortGroup {
    static constexpr const char* element = "portgroup";
    std::string name;
    bool is_default = false;
    xml::YesNo trust_guest_rx_filters = xml::YesNo::absent;
    std::optional<VirtualPort> virtual_port;
    std::optional<Vlan> vlan;
    std::optional<Bandwidth> bandwidth;
    bool operator==(const PortGroup&) const = default;
};
void map(xml::Mapper& m, PortGroup& group);

struct Network {
    static constexpr const char* element = "network";
    static constexpr ErrorDomain error_domain = ErrorDomain::network;

    std::string name;
    std::optional<Uuid> uuid;  ///< always there after parse()
    bool ipv6_without_gateway = false;
    xml::YesNo trust_guest_rx_filters = xml::YesNo::absent;
    uint32_t connections = 0;  ///< interfaces that use it; live XML only
    xml::RawXml metadata;
    std::optional<NetworkForward> forward;
    std::string bridge, bridge_zone;
    bool stp = true;
    bool stp_said = false;
    uint64_t delay = 0;  ///< seconds
    MacTableManager mac_table_manager = MacTableManager::absent;
    uint32_t mtu = 0;
    std::optional<MacAddress> mac;
    std::string domain_name;
    xml::YesNo domain_local_only = xml::YesNo::absent;
    std::optional<NetworkDns> dns;
    std::optional<VirtualPort> virtual_port;
    std::optional<Vlan> vlan;
    std::optional<Bandwidth> bandwidth;
    xml::YesNo isolated = xml::YesNo::absent;
    std::vector<NetworkIp> ips;
    std::vector<NetworkRoute> routes;
    std::vector<PortGroup> port_groups;
    std::vector<std::string> dnsmasq_options;
    bool operator==(const Network&) const = default;

    ForwardMode mode() const { return forward ? forward->mode : ForwardMode::none; }
    /// True for isolated, nat, route and open: the network has a bridge of its own.
    bool owns_bridge() const { return mode() <= ForwardMode::open; }

    /// Reads a definition; a missing UUID is made up. `validate`: unknown elements are errors. Throws Error.
    static Network parse(std::string_view text, bool validate = false);
};
void map(xml::Mapper& m, Network& network);

/// What defining adds: a MAC for a bridge of our own. The bridge's name is the driver's to choose.
void complete(Network& network);
/// What libvirt's network driver refuses beyond the form (networkValidate); throws config_unsupported and others.
void validate(const Network& network);

}  // namespace virtue::model
