#include "drivers/network/dnsmasq_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "drivers/network/plain_words.h"

namespace virtue::network {
namespace {

using model::DhcpHost;
using model::NetworkIp;

bool wants_names(const model::Network& network) {
    return !network.dns || network.dns->enable != xml::YesNo::no;
}

/// The address of a family that gives out leases or boot files; one of each is all that is allowed.
const NetworkIp* serving(const model::Network& network, bool ipv6) {
    for (const NetworkIp& ip : network.ips) {
        if (ip.address.is_ipv6() != ipv6) continue;
        if (ip.has_dhcp() || (!ipv6 && !ip.tftp_root.empty())) return &ip;
    }
    return nullptr;
}

std::string lease_time(const std::optional<model::DhcpLease>& lease) {
    if (!lease) return {};
    if (lease->expiry == 0) return ",infinite";
    return fmt::format(",{}{}", lease->expiry, xml::to_name(lease->unit).substr(0, 1));
}

uint64_t addresses_between(const model::HostAddress& start, const model::HostAddress& end) {
    // Ranges have at most 65,535 addresses, which the model checked: the last bytes tell.
    const size_t width = start.width() / 8;
    int64_t count = 0;
    for (size_t i = width - 4; i < width; i++) count = count * 256 + end.bytes[i] - start.bytes[i];
    return static_cast<uint64_t>(count + 1);
}

void add_forwarders(std::string& text, const model::NetworkDns& dns) {
    bool whole = false;
    for (const model::DnsForwarder& forwarder : dns.forwarders) {
        text += "server=";
        if (!forwarder.domain.empty()) text += '/' + forwarder.domain + '/';
        if (forwarder.domain.empty()) whole = true;
        text += forwarder.address.empty() ? "#" : forwarder.address.to_string();
        text += '\n';
    }
    if (whole) text += "no-resolv\n";
}

void add_names(std::string& text, const model::Network& network) {
    if (!wants_names(network)) text += "port=0\n";
    if (wants_names(network) && network.dns) add_forwarders(text, *network.dns);
    if (!network.domain_name.empty()) {
        if (network.domain_local_only == xml::YesNo::yes) text += fmt::format("local=/{}/\n", network.domain_name);
        text += fmt::format("domain={}\nexpand-hosts\n", network.domain_name);
    }
    if (wants_names(network) && network.dns && network.dns->forward_plain_names == xml::YesNo::no)
        text += "domain-needed\nlocal=//\n";
}

void add_reverse_zones(std::string& text, const model::Network& network) {
    for (const NetworkIp& ip : network.ips) {
        if (ip.local_ptr != xml::YesNo::yes) continue;
        const unsigned step = ip.address.is_ipv6() ? 4 : 8;
        const unsigned prefix = ip.effective_prefix();
        std::string zone = ip.address.is_ipv6() ? "ip6.arpa" : "in-addr.arpa";
        for (unsigned bit = 0; bit + step <= prefix; bit += step) {
            const unsigned byte = ip.address.bytes[bit / 8];
            if (step == 8) {
                zone = fmt::format("{}.{}", byte, zone);
            } else {
                zone = fmt::format("{:x}.{}", bit % 8 == 0 ? byte >> 4U : byte & 15U, zone);
            }
        }
        text += fmt::format("local=/{}/\n", zone);
    }
}

void add_records(std::string& text, const model::NetworkDns& dns) {
    for (const model::DnsTxt& txt : dns.txts)
        text += fmt::format("txt-record={},{}\n", txt.name, txt.value.value_or(""));
    for (const model::DnsSrv& srv : dns.srvs) {
        text += fmt::format("srv-host=_{}._{}", srv.service, srv.protocol);
        if (!srv.domain.empty()) text += '.' + srv.domain;
        // A lone dot says that the service is not there.
        if (!srv.target.empty() && srv.target != ".") {
            text += ',' + srv.target;
            if (srv.port != 0) {
                text += fmt::format(",{}", srv.port);
            } else if (srv.priority != 0 || srv.weight != 0) {
                text += ",1";
            }
            if (srv.priority != 0 || srv.weight != 0) text += fmt::format(",{}", srv.priority);
            if (srv.weight != 0) text += fmt::format(",{}", srv.weight);
        }
        text += '\n';
    }
}

void add_serving(std::string& text, const NetworkIp& ip, uint64_t& leases) {
    for (const model::DhcpRange& range : ip.ranges) {
        text += fmt::format("dhcp-range={},{}", range.start.to_string(), range.end.to_string());
        if (ip.address.is_ipv6()) {
            text += fmt::format(",{}", ip.effective_prefix());
        } else {
            text += ',' + model::HostAddress::mask(model::AddressFamily::ipv4, ip.effective_prefix()).to_string();
        }
        text += lease_time(range.lease) + '\n';
        leases += addresses_between(range.start, range.end);
    }
    if (ip.ranges.empty() && !ip.hosts.empty()) {
        text += fmt::format("dhcp-range={},static", ip.address.to_string());
        if (ip.address.is_ipv6()) text += fmt::format(",{}", ip.effective_prefix());
        text += '\n';
    }
    if (ip.address.is_ipv6()) return;
    if (ip.has_dhcp()) text += "dhcp-no-override\ndhcp-authoritative\n";
    if (!ip.tftp_root.empty()) text += fmt::format("enable-tftp\ntftp-root={}\n", ip.tftp_root);
    if (ip.boot_file.empty()) return;
    text += "dhcp-boot=" + ip.boot_file;
    if (!ip.boot_server.empty()) text += ",," + ip.boot_server.to_string();
    text += '\n';
}

/// Router advertisements: with DHCPv6 from it, else for each IPv6 address by itself.
void add_advertisements(std::string& text, const model::Network& network, bool has_dhcp6) {
    if (has_dhcp6) {
        text += "enable-ra\n";
        return;
    }
    for (const NetworkIp& ip : network.ips)
        if (ip.address.is_ipv6()) text += fmt::format("dhcp-range={},ra-only\n", ip.address.to_string());
}

}  // namespace

DnsmasqPaths dnsmasq_paths(const std::string& folder, const std::string& state, const std::string& network) {
    const std::string stem = folder + "/" + network;
    return {stem + ".conf", stem + ".hostsfile", stem + ".addnhosts", state + "/" + network + ".pid"};
}

bool wants_dnsmasq(const model::Network& network) {
    if (!network.owns_bridge() || network.ips.empty()) return false;
    if (wants_names(network)) return true;
    return std::any_of(network.ips.begin(), network.ips.end(), [](const NetworkIp& ip) {
        return ip.has_dhcp() || (!ip.address.is_ipv6() && !ip.tftp_root.empty());
    });
}

std::string dnsmasq_config(const model::Network& network, const DnsmasqPaths& paths) {
    std::string text = fmt::format(
        "##WARNING:  THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE\n"
        "##OVERWRITTEN AND LOST.  Changes to this configuration should be made using:\n"
        "##    virsh net-edit {}\n## or other application using the libvirt API.\n##\n"
        "## dnsmasq conf file created by libvirt\nstrict-order\n",
        network.name);
    add_names(text, network);
    add_reverse_zones(text, network);
    text += fmt::format("pid-file={}\nexcept-interface=lo\nbind-dynamic\ninterface={}\n", dnsmasq_path(paths.pid),
                        network.bridge);
    if (network.mode() == model::ForwardMode::none) text += "dhcp-option=3\nno-resolv\nra-param=*,0,0\n";
    if (wants_names(network) && network.dns) add_records(text, *network.dns);
    const NetworkIp* serving4 = serving(network, false);
    const NetworkIp* serving6 = serving(network, true);
    uint64_t leases = 0;
    if (serving4) add_serving(text, *serving4, leases);
    if (serving6) add_serving(text, *serving6, leases);
    if (leases > 0) text += fmt::format("dhcp-lease-max={}\n", leases);
    if (serving4 || serving6) text += fmt::format("dhcp-hostsfile={}\n", dnsmasq_path(paths.hosts));
    if (wants_names(network)) text += fmt::format("addn-hosts={}\n", dnsmasq_path(paths.addn_hosts));
    if (network.mtu > 0) text += fmt::format("dhcp-option=option:mtu,{}\n", network.mtu);
    add_advertisements(text, network, serving6 != nullptr);
    for (const std::string& option : network.dnsmasq_options) text += option + '\n';
    return text;
}

std::string dnsmasq_hosts(const model::Network& network) {
    std::string text;
    for (bool ipv6 : {false, true}) {
        const NetworkIp* ip = serving(network, ipv6);
        if (!ip) continue;
        for (const DhcpHost& host : ip->hosts) {
            std::string line;
            auto add = [&line](const std::string& part) { line += (line.empty() ? "" : ",") + part; };
            if (ipv6) {
                if (!host.id.empty()) add("id:" + host.id);
                if (!host.name.empty()) add(host.name);
                if (!host.ip.empty()) add('[' + host.ip.to_string() + ']');
            } else {
                if (!host.mac.empty()) add(host.mac);
                if (host.mac.empty() && !host.name.empty()) add(host.name);
                if (!host.ip.empty()) add(host.ip.to_string());
                if (!host.mac.empty() && !host.name.empty()) add(host.name);
            }
            text += line + lease_time(host.lease) + '\n';
        }
    }
    return text;
}

std::string dnsmasq_addn_hosts(const model::Network& network) {
    std::string text;
    if (!network.dns) return text;
    for (const model::DnsHost& host : network.dns->hosts) {
        text += host.ip.to_string() + '\t';
        for (const std::string& name : host.names) text += name + '\t';
        text += '\n';
    }
    return text;
}

}  // namespace virtue::network
