// <interface>: a network card of the guest. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/chardev_reconnect.h"
#include "model/domain/device_info.h"

namespace virtue::model {

enum class InterfaceType : uint8_t {
    user,
    ethernet,
    vhostuser,
    server,
    client,
    mcast,
    network,
    bridge,
    internal,
    direct,
    hostdev,
    udp,
    vdpa,
    null,
    vds,
};
VIRTUE_XML_NAMES(InterfaceType, "user", "ethernet", "vhostuser", "server", "client", "mcast", "network", "bridge",
                 "internal", "direct", "hostdev", "udp", "vdpa", "null", "vds")

enum class MacSource : uint8_t { absent, generated, fixed };
VIRTUE_XML_NAMES(MacSource, "", "generated", "static")

enum class LinkState : uint8_t { absent, up, down };
VIRTUE_XML_NAMES(LinkState, "", "up", "down")

enum class MacvtapMode : uint8_t { absent, vepa, priv, bridge, passthrough };
VIRTUE_XML_NAMES(MacvtapMode, "", "vepa", "private", "bridge", "passthrough")

enum class InterfaceBackend : uint8_t { absent, qemu, vhost };
VIRTUE_XML_NAMES(InterfaceBackend, "", "qemu", "vhost")

enum class PciDriverName : uint8_t { absent, kvm, vfio, xen };
VIRTUE_XML_NAMES(PciDriverName, "", "kvm", "vfio", "xen")

enum class TxMode : uint8_t { absent, iothread, timer };
VIRTUE_XML_NAMES(TxMode, "", "iothread", "timer")

enum class NativeVlanMode : uint8_t { absent, tagged, untagged };
VIRTUE_XML_NAMES(NativeVlanMode, "", "tagged", "untagged")

struct VlanTag {
    uint32_t id = 0;
    NativeVlanMode native_mode = NativeVlanMode::absent;
    bool operator==(const VlanTag&) const = default;
};
void map(xml::Mapper& m, VlanTag& tag);

struct Vlan {
    xml::YesNo trunk = xml::YesNo::absent;
    std::vector<VlanTag> tags;
    bool operator==(const Vlan&) const = default;
};
void map(xml::Mapper& m, Vlan& vlan);

/// <virtualport>: how the switch outside knows this card.
struct VirtualPort {
    std::string type;  ///< 802.1Qbg, 802.1Qbh, openvswitch, midonet, or none
    std::optional<uint32_t> manager_id, type_id, type_id_version;
    std::optional<Uuid> instance_id, interface_id;
    std::string profile_id;
    bool operator==(const VirtualPort&) const = default;
};
void map(xml::Mapper& m, VirtualPort& port);

/// KB/s and KB, 0 for none.
struct BandwidthLimit {
    uint64_t average = 0, peak = 0, floor = 0, burst = 0;
    bool operator==(const BandwidthLimit&) const = default;
};
void map(xml::Mapper& m, BandwidthLimit& limit);

struct Bandwidth {
    std::optional<BandwidthLimit> inbound, outbound;
    bool operator==(const Bandwidth&) const = default;
};
void map(xml::Mapper& m, Bandwidth& bandwidth);

struct IpAddress {
    std::string address;
    std::string family;  ///< ipv4, ipv6
    std::optional<uint32_t> prefix;
    std::string peer;
    bool operator==(const IpAddress&) const = default;
};
void map(xml::Mapper& m, IpAddress& ip);

struct Route {
    std::string family, address, netmask;
    std::optional<uint32_t> prefix;
    std::string gateway;
    std::optional<uint32_t> metric;
    bool operator==(const Route&) const = default;
};
void map(xml::Mapper& m, Route& route);

struct FilterParameter {
    std::string name, value;
    bool operator==(const FilterParameter&) const = default;
};
void map(xml::Mapper& m, FilterParameter& parameter);

struct FilterReference {
    std::string filter;
    std::vector<FilterParameter> parameters;
    bool operator==(const FilterReference&) const = default;
};
void map(xml::Mapper& m, FilterReference& filter);

struct Offloads {
    xml::Switch csum = xml::Switch::absent, gso = xml::Switch::absent, tso4 = xml::Switch::absent,
                tso6 = xml::Switch::absent, ecn = xml::Switch::absent, ufo = xml::Switch::absent,
                mrg_rxbuf = xml::Switch::absent;
    bool operator==(const Offloads&) const = default;
};
void map(xml::Mapper& m, Offloads& offloads);

struct InterfaceDriver {
    InterfaceBackend name = InterfaceBackend::absent;
    TxMode txmode = TxMode::absent;
    xml::Switch ioeventfd = xml::Switch::absent;
    xml::Switch event_idx = xml::Switch::absent;
    uint32_t queues = 0;
    uint32_t rx_queue_size = 0;
    uint32_t tx_queue_size = 0;
    xml::Switch rss = xml::Switch::absent;
    xml::Switch rss_hash_report = xml::Switch::absent;
    VirtioOptions virtio;
    Offloads host, guest;
    bool operator==(const InterfaceDriver&) const = default;
};

struct PortForwardRange {
    uint32_t start = 0, end = 0, to = 0;
    xml::YesNo exclude = xml::YesNo::absent;
    bool operator==(const PortForwardRange&) const = default;
};
void map(xml::Mapper& m, PortForwardRange& range);

struct PortForward {
    std::string proto, address, dev;
    std::vector<PortForwardRange> ranges;
    bool operator==(const PortForward&) const = default;
};
void map(xml::Mapper& m, PortForward& forward);

struct InterfaceTeaming {
    std::string type;
    std::string persistent;
    bool operator==(const InterfaceTeaming&) const = default;
};
void map(xml::Mapper& m, InterfaceTeaming& teaming);

/// What a card of type network turned out to be when the guest started. libvirt: virDomainActualNetDef.
struct ActualInterface {
    InterfaceType type = InterfaceType::network;
    std::string bridge;
    std::string dev;
    MacvtapMode mode = MacvtapMode::absent;
    PciAddress pci;
    bool managed = false;
    std::optional<VirtualPort> virtual_port;
    std::optional<Bandwidth> bandwidth;
    std::optional<Vlan> vlan;
    std::string port_id;
    std::string mac_table_manager;
    uint32_t class_id = 0;
    bool operator==(const ActualInterface&) const = default;
};
void map(xml::Mapper& m, ActualInterface& actual);

struct Interface {
    VIRTUE_BIG_VALUE(Interface);
    static constexpr const char* element = "interface";

    InterfaceType type = InterfaceType::user;
    xml::YesNo managed = xml::YesNo::absent;
    xml::YesNo trust_guest_rx_filters = xml::YesNo::absent;
    std::optional<MacAddress> mac;
    MacSource mac_source = MacSource::absent;
    xml::YesNo mac_check = xml::YesNo::absent;

    std::string network, portgroup, port_id;  ///< network
    std::string bridge;                       ///< bridge
    std::string dev;                          ///< direct, vdpa
    MacvtapMode macvtap_mode = MacvtapMode::absent;
    std::string name;     ///< internal
    std::string address;  ///< server, client, mcast, udp
    uint32_t port = 0;
    std::string local_address;  ///< udp
    uint32_t local_port = 0;
    PciAddress host_pci;  ///< hostdev
    PciDriverName pci_driver = PciDriverName::absent;
    bool socket_listen = false;  ///< vhostuser: mode='server'
    std::string socket_path;
    Reconnect reconnect;
    std::string backend_type, backend_log;  ///< user: passt
    std::vector<PortForward> port_forwards;
    std::string source_dev;  ///< user (passt): <source dev=…>

    std::vector<IpAddress> host_ips, guest_ips;
    std::vector<Route> host_routes, guest_routes;
    std::optional<VirtualPort> virtual_port;
    std::optional<Vlan> vlan;
    std::optional<Bandwidth> bandwidth;
    std::string script, downscript;
    std::string target;  ///< the tap's name on the host
    xml::YesNo target_managed = xml::YesNo::absent;
    std::string guest_name;
    std::string model;  ///< "virtio", "e1000", …
    InterfaceDriver driver;
    std::string backend_tap, backend_vhost;
    std::optional<FilterReference> filter;
    std::optional<InterfaceTeaming> teaming;
    LinkState link = LinkState::absent;
    uint32_t mtu = 0;
    std::optional<uint32_t> coalesce_rx_frames_max;
    std::optional<uint64_t> sndbuf;
    xml::YesNo port_isolated = xml::YesNo::absent;
    std::optional<ActualInterface> actual;
    DeviceInfo info;
    bool operator==(const Interface&) const = default;

    bool is_virtio() const { return model.starts_with("virtio"); }
    /// What it is while the guest runs: the actual type for a card of a network.
    InterfaceType actual_type() const { return type == InterfaceType::network && actual ? actual->type : type; }
};
void map(xml::Mapper& m, Interface& interface);

}  // namespace virtue::model
