// <interface> of the host: a network card, bridge, bond or VLAN and how it is set up at boot. Plain values.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/mapper.h"

namespace virtue::model {

enum class HostInterfaceType : uint8_t { ethernet, bridge, bond, vlan };
VIRTUE_XML_NAMES(HostInterfaceType, "ethernet", "bridge", "bond", "vlan")

enum class StartMode : uint8_t { absent, none, onboot, hotplug };
VIRTUE_XML_NAMES(StartMode, "", "none", "onboot", "hotplug")

enum class BondMode : uint8_t {
    absent,
    balance_rr,
    active_backup,
    balance_xor,
    broadcast,
    lacp,
    balance_tlb,
    balance_alb,
};
VIRTUE_XML_NAMES(BondMode, "", "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb",
                 "balance-alb")

enum class Carrier : uint8_t { absent, ioctl, netif };
VIRTUE_XML_NAMES(Carrier, "", "ioctl", "netif")

enum class ArpValidate : uint8_t { absent, none, active, backup, all };
VIRTUE_XML_NAMES(ArpValidate, "", "none", "active", "backup", "all")

enum class HostLinkState : uint8_t {
    absent,
    unknown,
    notpresent,
    down,
    lowerlayerdown,
    testing,
    dormant,
    up,
};
VIRTUE_XML_NAMES(HostLinkState, "", "unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")

/// The state of a link, and its speed in Mb/s (0: unknown).
struct HostLink {
    uint32_t speed = 0;
    HostLinkState state = HostLinkState::absent;
    bool operator==(const HostLink&) const = default;
};
void map(xml::Mapper& m, HostLink& link);
/// From the kernel's files "operstate" and "speed" of a device. A link that is not up has no speed; a speed that the
/// driver does not know (-1) is 4294967295, as libvirt has it.
HostLink read_host_link(std::string_view state, std::string_view speed);

struct HostIp {
    std::string address;
    uint32_t prefix = 0;
    bool operator==(const HostIp&) const = default;
};
void map(xml::Mapper& m, HostIp& ip);

struct HostDhcp {
    xml::YesNo peerdns = xml::YesNo::absent;
    bool operator==(const HostDhcp&) const = default;
};
void map(xml::Mapper& m, HostDhcp& dhcp);

struct HostProtocol {
    std::string family;  ///< ipv4, ipv6
    bool autoconf = false;
    std::optional<HostDhcp> dhcp;
    std::vector<HostIp> ips;
    std::string gateway;
    bool operator==(const HostProtocol&) const = default;
};
void map(xml::Mapper& m, HostProtocol& protocol);

struct MiiMonitor {
    uint32_t frequency = 0, up_delay = 0, down_delay = 0;  ///< milliseconds
    Carrier carrier = Carrier::absent;
    bool operator==(const MiiMonitor&) const = default;
};
struct ArpMonitor {
    uint32_t interval = 0;  ///< milliseconds
    std::string target;
    ArpValidate validate = ArpValidate::absent;
    bool operator==(const ArpMonitor&) const = default;
};

struct HostInterface {
    static constexpr const char* element = "interface";
    static constexpr ErrorDomain error_domain = ErrorDomain::interface;

    HostInterfaceType type = HostInterfaceType::ethernet;
    std::string name;
    StartMode start = StartMode::absent;
    uint32_t mtu = 0;
    std::vector<HostProtocol> protocols;
    HostLink link;
    std::string mac;

    // bridge and bond
    std::vector<HostInterface> ports;
    xml::Switch stp = xml::Switch::absent;
    std::string delay;  ///< seconds, "0.01"
    BondMode bond_mode = BondMode::absent;
    std::optional<MiiMonitor> mii;
    std::optional<ArpMonitor> arp;

    // vlan
    std::string vlan_tag;
    std::string vlan_device;
    bool operator==(const HostInterface&) const = default;

    /// Reads a definition. `validate`: unknown elements are errors. Throws Error.
    static HostInterface parse(std::string_view text, bool validate = false);
};
void map(xml::Mapper& m, HostInterface& interface);

}  // namespace virtue::model
