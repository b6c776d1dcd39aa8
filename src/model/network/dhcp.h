// <ip> of a network, with its <dhcp> and <tftp>. Value types.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/network/host_address.h"
#include "xml/mapper.h"

namespace virtue::model {

enum class LeaseUnit : uint8_t { seconds, minutes, hours };
VIRTUE_XML_NAMES(LeaseUnit, "seconds", "minutes", "hours")

/// How long an address is lent; 0 for ever.
struct DhcpLease {
    uint64_t expiry = 0;
    LeaseUnit unit = LeaseUnit::minutes;
    bool operator==(const DhcpLease&) const = default;
};
void map(xml::Mapper& m, DhcpLease& lease);

struct DhcpRange {
    HostAddress start, end;
    std::optional<DhcpLease> lease;
    bool operator==(const DhcpRange&) const = default;
};
void map(xml::Mapper& m, DhcpRange& range);

/// A fixed address. IPv4 hosts are known by MAC or name, IPv6 hosts by DUID (`id`) or name.
struct DhcpHost {
    std::string mac;
    std::string id;
    std::string name;
    HostAddress ip;
    std::optional<DhcpLease> lease;
    bool operator==(const DhcpHost&) const = default;
};
void map(xml::Mapper& m, DhcpHost& host);
/// Reads a host that only names what to look for: any one member is enough.
void read_partial(xml::Mapper& m, DhcpHost& host);
/// Throws xml_error if the host lacks what its family asks for. `where` leads the sentence.
void check_complete(const DhcpHost& host, AddressFamily family, const std::string& where);

struct NetworkIp {
    std::string family;  ///< ipv4, ipv6, or empty for IPv4
    HostAddress address;
    HostAddress netmask;  ///< IPv4 only, instead of `prefix`
    uint32_t prefix = 0;
    xml::YesNo local_ptr = xml::YesNo::absent;
    std::string tftp_root;
    std::vector<DhcpRange> ranges;
    std::vector<DhcpHost> hosts;
    std::string boot_file;
    HostAddress boot_server;
    /// address='auto': whoever takes the definition chooses a free subnet, with a range if there is a <dhcp>.
    bool wants_address = false, wants_range = false;
    bool operator==(const NetworkIp&) const = default;

    bool has_dhcp() const { return !ranges.empty() || !hosts.empty(); }
    bool is_ipv6() const { return family == "ipv6"; }
    /// Said as prefix or netmask, or by the address class (IPv6: 64).
    unsigned effective_prefix() const;
};
void map(xml::Mapper& m, NetworkIp& ip);

struct NetworkRoute {
    std::string family;
    HostAddress address;
    HostAddress netmask;
    std::optional<uint32_t> prefix;
    HostAddress gateway;
    std::optional<uint32_t> metric;
    bool operator==(const NetworkRoute&) const = default;

    /// Said as prefix or netmask; 0 otherwise.
    unsigned effective_prefix() const;
};
void map(xml::Mapper& m, NetworkRoute& route);

}  // namespace virtue::model
