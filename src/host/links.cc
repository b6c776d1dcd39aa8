#include "host/links.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>

#include "base/error.h"
#include "host/netlink.h"

namespace virtue::host {
namespace {

[[noreturn]] void refuse(int number, const std::string& what) {
    throw Error::from_errno(number, ErrorDomain::none, what);
}

unsigned require_link(const std::string& name) {
    const unsigned index = link_index(name);
    if (index == 0) refuse(ENODEV, "Unable to find the network device '" + name + "'");
    return index;
}

void send(NetlinkRequest& request, const std::string& what) {
    Netlink netlink;
    if (const int error = netlink.send(request)) refuse(error, what);
}

ifinfomsg about(unsigned index) {
    ifinfomsg info{};
    info.ifi_family = AF_UNSPEC;
    info.ifi_index = static_cast<int>(index);
    return info;
}

/// A change of one attribute of a device.
template <typename Fill>
void change_link(const std::string& name, const std::string& what, Fill fill) {
    NetlinkRequest request(RTM_NEWLINK, 0);
    request.body(about(require_link(name)));
    fill(request);
    send(request, what);
}

void add_mac(NetlinkRequest& request, const MacAddress& mac) {
    request.attribute(IFLA_ADDRESS, mac.bytes.data(), mac.bytes.size());
}

/// A change of a bridge port's own flags.
void change_port(const std::string& name, const std::string& what, uint16_t attribute, bool value) {
    NetlinkRequest request(RTM_SETLINK, 0);
    ifinfomsg info = about(require_link(name));
    info.ifi_family = AF_BRIDGE;
    request.body(info);
    const size_t port = request.begin(IFLA_PROTINFO | NLA_F_NESTED);
    request.attribute_u8(attribute, value ? 1 : 0);
    request.end(port);
    send(request, what);
}

/// Calls `visit` with each attribute of a device.
void look_at(const std::string& name, const std::function<void(uint16_t, const uint8_t*, size_t)>& visit) {
    const unsigned wanted = link_index(name);
    if (wanted == 0) return;
    Netlink netlink;
    NetlinkRequest request(RTM_GETLINK, 0);
    request.body(about(0));
    netlink.dump(request, [&](uint16_t type, const uint8_t* data, size_t size) {
        ifinfomsg info{};
        if (type != RTM_NEWLINK || size < sizeof info) return;
        std::memcpy(&info, data, sizeof info);
        if (static_cast<unsigned>(info.ifi_index) != wanted) return;
        each_netlink_attribute(data + sizeof info, size - sizeof info, visit);
    });
}

}  // namespace

unsigned link_index(const std::string& name) {
    return name.empty() || name.size() >= IFNAMSIZ ? 0 : ::if_nametoindex(name.c_str());
}

void create_bridge(const std::string& name, const BridgeOptions& options) {
    if (name.size() >= IFNAMSIZ) refuse(ENAMETOOLONG, "error creating bridge interface " + name);
    NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    request.body(about(0));
    request.attribute(IFLA_IFNAME, name);
    if (options.mac) add_mac(request, *options.mac);
    const size_t info = request.begin(IFLA_LINKINFO);
    request.attribute(IFLA_INFO_KIND, "bridge");
    request.end(info);
    send(request, "error creating bridge interface " + name);
    // The delay before STP, which raises one that is too short for it.
    struct Setting {
        uint16_t attribute;
        uint32_t value;
        bool is_byte;
    };
    const Setting settings[] = {{IFLA_BR_FORWARD_DELAY, static_cast<uint32_t>(options.forward_delay * 100), false},
                                {IFLA_BR_STP_STATE, options.stp ? 1U : 0U, false},
                                {IFLA_BR_VLAN_FILTERING, 1, true}};
    try {
        for (const Setting& setting : settings) {
            if (setting.attribute == IFLA_BR_VLAN_FILTERING && !options.vlan_filtering) continue;
            change_link(name, "Unable to set up bridge " + name, [&](NetlinkRequest& change) {
                const size_t link = change.begin(IFLA_LINKINFO);
                change.attribute(IFLA_INFO_KIND, "bridge");
                const size_t data = change.begin(IFLA_INFO_DATA);
                if (setting.is_byte) {
                    change.attribute_u8(setting.attribute, static_cast<uint8_t>(setting.value));
                } else {
                    change.attribute_u32(setting.attribute, setting.value);
                }
                change.end(data);
                change.end(link);
            });
        }
    } catch (...) {
        delete_link(name);
        throw;
    }
}

void delete_link(const std::string& name) {
    const unsigned index = link_index(name);
    if (index == 0) return;
    NetlinkRequest request(RTM_DELLINK, 0);
    request.body(about(index));
    Netlink netlink;
    const int error = netlink.send(request);
    if (error != 0 && error != ENODEV) refuse(error, "Unable to delete the network device " + name);
}

void set_link_up(const std::string& name, bool up) {
    NetlinkRequest request(RTM_NEWLINK, 0);
    ifinfomsg info = about(require_link(name));
    info.ifi_change = IFF_UP;
    info.ifi_flags = up ? IFF_UP : 0;
    request.body(info);
    send(request, "Cannot set interface flags on '" + name + "'");
}

void set_link_mtu(const std::string& name, uint32_t mtu) {
    change_link(name, "Cannot set interface MTU on '" + name + "'",
                [&](NetlinkRequest& change) { change.attribute_u32(IFLA_MTU, mtu); });
}

void set_link_mac(const std::string& name, const MacAddress& mac) {
    change_link(name, "Cannot set interface MAC on '" + name + "'",
                [&](NetlinkRequest& change) { add_mac(change, mac); });
}

void set_link_master(const std::string& name, const std::string& bridge) {
    const unsigned master = bridge.empty() ? 0 : link_index(bridge);
    if (!bridge.empty() && master == 0) refuse(ENODEV, "Cannot get interface MTU on '" + bridge + "'");
    change_link(name, "Unable to add bridge " + bridge + " port " + name,
                [&](NetlinkRequest& change) { change.attribute_u32(IFLA_MASTER, master); });
}

void set_port_isolated(const std::string& name, bool isolated) {
    change_port(name, "Unable to isolate port " + name, IFLA_BRPORT_ISOLATED, isolated);
}

void set_port_learning(const std::string& name, bool on) {
    change_port(name, "Unable to set learning of port " + name, IFLA_BRPORT_LEARNING, on);
    change_port(name, "Unable to set flooding of port " + name, IFLA_BRPORT_UNICAST_FLOOD, on);
}

void set_bridge_vlan_filtering(const std::string& name, bool on) {
    change_link(name, "Unable to set bridge " + name + " vlan_filtering", [&](NetlinkRequest& change) {
        const size_t link = change.begin(IFLA_LINKINFO);
        change.attribute(IFLA_INFO_KIND, "bridge");
        const size_t data = change.begin(IFLA_INFO_DATA);
        change.attribute_u8(IFLA_BR_VLAN_FILTERING, on ? 1 : 0);
        change.end(data);
        change.end(link);
    });
}

uint32_t link_mtu(const std::string& name) {
    uint32_t mtu = 0;
    look_at(name, [&](uint16_t type, const uint8_t* value, size_t size) {
        if (type == IFLA_MTU && size >= sizeof mtu) std::memcpy(&mtu, value, sizeof mtu);
    });
    return mtu;
}

std::string link_master(const std::string& name) {
    uint32_t master = 0;
    look_at(name, [&](uint16_t type, const uint8_t* value, size_t size) {
        if (type == IFLA_MASTER && size >= sizeof master) std::memcpy(&master, value, sizeof master);
    });
    char text[IFNAMSIZ] = {};
    return master != 0 && ::if_indextoname(master, text) ? text : "";
}

void add_address(const std::string& name, const AddressBytes& address, unsigned prefix, const AddressBytes& broadcast) {
    NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    ifaddrmsg info{};
    info.ifa_family = address.size() == 4 ? AF_INET : AF_INET6;
    info.ifa_prefixlen = static_cast<uint8_t>(prefix);
    info.ifa_index = require_link(name);
    request.body(info);
    request.attribute(IFA_LOCAL, address.data(), address.size());
    request.attribute(IFA_ADDRESS, address.data(), address.size());
    if (!broadcast.empty()) request.attribute(IFA_BROADCAST, broadcast.data(), broadcast.size());
    send(request, "Failed to add IP address to " + name);
}

void add_route(const std::string& name, const AddressBytes& target, unsigned prefix, const AddressBytes& gateway,
               std::optional<uint32_t> metric) {
    NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    rtmsg info{};
    info.rtm_family = target.size() == 4 ? AF_INET : AF_INET6;
    info.rtm_dst_len = static_cast<uint8_t>(prefix);
    info.rtm_table = RT_TABLE_MAIN;
    info.rtm_protocol = RTPROT_BOOT;
    info.rtm_scope = RT_SCOPE_UNIVERSE;
    info.rtm_type = RTN_UNICAST;
    request.body(info);
    request.attribute(RTA_DST, target.data(), target.size());
    request.attribute(RTA_GATEWAY, gateway.data(), gateway.size());
    request.attribute_u32(RTA_OIF, require_link(name));
    request.attribute_u32(RTA_PRIORITY, metric.value_or(1));
    send(request, "Failed to add a route by " + name);
}

bool addresses_settled(const std::string& name) {
    const unsigned wanted = link_index(name);
    bool settled = true;
    Netlink netlink;
    NetlinkRequest request(RTM_GETADDR, 0);
    ifaddrmsg all{};
    all.ifa_family = AF_INET6;
    request.body(all);
    netlink.dump(request, [&](uint16_t type, const uint8_t* data, size_t size) {
        ifaddrmsg info{};
        if (type != RTM_NEWADDR || size < sizeof info) return;
        std::memcpy(&info, data, sizeof info);
        if (info.ifa_index == wanted && (info.ifa_flags & IFA_F_TENTATIVE) && !(info.ifa_flags & IFA_F_DADFAILED))
            settled = false;
    });
    return settled;
}

std::vector<Neighbour> neighbours() {
    std::vector<Neighbour> all;
    Netlink netlink;
    NetlinkRequest request(RTM_GETNEIGH, 0);
    request.body(ndmsg{});
    netlink.dump(request, [&](uint16_t type, const uint8_t* data, size_t size) {
        ndmsg info{};
        if (type != RTM_NEWNEIGH || size < sizeof info) return;
        std::memcpy(&info, data, sizeof info);
        if (info.ndm_state & (NUD_FAILED | NUD_INCOMPLETE | NUD_NOARP)) return;
        Neighbour one;
        one.is_ipv6 = info.ndm_family == AF_INET6;
        bool has_mac = false;
        each_netlink_attribute(data + sizeof info, size - sizeof info,
                               [&](uint16_t kind, const uint8_t* value, size_t length) {
                                   if (kind == NDA_LLADDR && length == one.mac.bytes.size()) {
                                       std::memcpy(one.mac.bytes.data(), value, length);
                                       has_mac = true;
                                   }
                                   char text[INET6_ADDRSTRLEN] = {};
                                   if (kind == NDA_DST && ::inet_ntop(info.ndm_family, value, text, sizeof text))
                                       one.address = text;
                               });
        char device[IFNAMSIZ] = {};
        if (::if_indextoname(static_cast<unsigned>(info.ndm_ifindex), device)) one.device = device;
        if (has_mac && !one.address.empty()) all.push_back(std::move(one));
    });
    return all;
}

std::vector<RouteEntry> ipv4_routes() {
    std::vector<RouteEntry> all;
    Netlink netlink;
    NetlinkRequest request(RTM_GETROUTE, 0);
    rtmsg wanted{};
    wanted.rtm_family = AF_INET;
    request.body(wanted);
    netlink.dump(request, [&](uint16_t type, const uint8_t* data, size_t size) {
        rtmsg info{};
        if (type != RTM_NEWROUTE || size < sizeof info) return;
        std::memcpy(&info, data, sizeof info);
        if (info.rtm_table != RT_TABLE_MAIN || info.rtm_type != RTN_UNICAST) return;
        RouteEntry one;
        const uint32_t mask = info.rtm_dst_len == 0 ? 0 : htonl(~uint32_t{0} << (32 - info.rtm_dst_len));
        std::memcpy(one.mask.data(), &mask, sizeof mask);
        each_netlink_attribute(data + sizeof info, size - sizeof info,
                               [&](uint16_t kind, const uint8_t* value, size_t length) {
                                   if (kind == RTA_DST && length == one.target.size())
                                       std::memcpy(one.target.data(), value, length);
                                   uint32_t index = 0;
                                   char device[IFNAMSIZ] = {};
                                   if (kind != RTA_OIF || length < sizeof index) return;
                                   std::memcpy(&index, value, sizeof index);
                                   if (::if_indextoname(index, device)) one.device = device;
                               });
        if (!one.device.empty()) all.push_back(std::move(one));
    });
    return all;
}

std::optional<LinkFigures> link_figures(const std::string& name) {
    std::optional<LinkFigures> figures;
    look_at(name, [&](uint16_t type, const uint8_t* value, size_t size) {
        rtnl_link_stats64 raw{};
        if (type != IFLA_STATS64) return;
        std::memcpy(&raw, value, std::min(size, sizeof raw));
        figures = LinkFigures{raw.rx_bytes, raw.rx_packets, raw.rx_errors, raw.rx_dropped,
                              raw.tx_bytes, raw.tx_packets, raw.tx_errors, raw.tx_dropped};
    });
    return figures;
}

}  // namespace virtue::host
