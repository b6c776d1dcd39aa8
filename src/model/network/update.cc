#include "model/network/update.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace virtue::model {

namespace {

using Command = NetworkUpdateCommand;

struct Change {
    Network& network;
    Command command;
    int parent_index;
    std::string_view text;

    bool adds() const { return command == Command::add_last || command == Command::add_first; }
    bool removes() const { return command == Command::remove; }
};

template <typename... Arguments>
[[noreturn]] void invalid(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fail(ErrorCode::operation_invalid, ErrorDomain::network, format, std::forward<Arguments>(arguments)...);
}

void refuse_modify(const Change& change, std::string_view what) {
    if (change.command == Command::modify)
        fail(ErrorCode::operation_unsupported, ErrorDomain::network, "{} cannot be modified, only added or deleted",
             what);
}

// Reads the element of the change; what only looks for something need not be complete.
template <typename T, typename Read>
T read(const Change& change, std::string_view name, Read reader) {
    xml::Options options;
    options.domain = ErrorDomain::network;
    options.source = "(network_update)";
    const xml::Document document = xml::Document::parse(change.text, options.source, options.domain);
    const xml::Element root = document.root();
    if (root.name() != name)
        fail(ErrorCode::xml_error, ErrorDomain::network,
             "unexpected element <{}>, expecting <{}>, while updating network '{}'", root.name(), name,
             change.network.name);
    xml::Mapper m(root, options);
    T value;
    reader(m, value);
    if (change.command == Command::none || change.command > Command::add_first) {
        fail(ErrorCode::operation_unsupported, ErrorDomain::network, "unrecognized network update command code {}",
             static_cast<uint32_t>(change.command));
    }
    return value;
}

template <typename T>
T read_record(const Change& change, std::string_view name) {
    return read<T>(change, name, [&](xml::Mapper& m, T& value) {
        if (change.removes()) {
            read_partial(m, value);
        } else {
            map(m, value);
        }
    });
}

template <typename T>
void insert(std::vector<T>& list, const Change& change, T value) {
    list.insert(change.command == Command::add_first ? list.begin() : list.end(), std::move(value));
}

template <typename T, typename Match>
std::vector<size_t> matches(const std::vector<T>& list, Match match) {
    std::vector<size_t> found;
    for (size_t i = 0; i < list.size(); i++)
        if (match(list[i])) found.push_back(i);
    return found;
}

template <typename T>
void erase(std::vector<T>& list, size_t index) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
}

NetworkIp& ip_of(const Change& change) {
    auto& ips = change.network.ips;
    if (change.parent_index >= 0) {
        if (static_cast<size_t>(change.parent_index) < ips.size()) return ips[static_cast<size_t>(change.parent_index)];
        invalid("couldn't update dhcp host entry - no <ip> element found at index {} in network '{}'",
                change.parent_index, change.network.name);
    }
    for (NetworkIp& ip : ips)
        if (ip.has_dhcp()) return ip;
    for (NetworkIp& ip : ips)
        if (!ip.is_ipv6()) return ip;
    if (!ips.empty()) return ips.front();
    invalid("couldn't update dhcp host entry - no <ip> element found in network '{}'", change.network.name);
}

bool same_mac(const std::string& a, const std::string& b) {
    return !a.empty() && !b.empty() && MacAddress::parse(a) == MacAddress::parse(b);
}

bool any_in_common(const DhcpHost& a, const DhcpHost& b) {
    return same_mac(a.mac, b.mac) || (!a.name.empty() && a.name == b.name) || (!a.ip.empty() && a.ip == b.ip);
}

bool all_as_said(const DhcpHost& said, const DhcpHost& host) {
    return (said.mac.empty() || same_mac(said.mac, host.mac)) && (said.name.empty() || said.name == host.name) &&
           (said.ip.empty() || said.ip == host.ip);
}

void update_dhcp_host(const Change& change) {
    const std::string& name = change.network.name;
    NetworkIp& ip = ip_of(change);
    const auto host = read_record<DhcpHost>(change, "host");
    if (change.removes()) {
        const auto found = matches(ip.hosts, [&](const DhcpHost& other) { return all_as_said(host, other); });
        if (found.empty()) invalid("couldn't locate a matching dhcp host entry in network '{}'", name);
        erase(ip.hosts, found.front());
        return;
    }
    check_complete(host, ip.address.family, "/host: ");
    const auto found = matches(ip.hosts, [&](const DhcpHost& other) { return any_in_common(host, other); });
    const std::string address = host.ip.to_string();
    if (change.adds()) {
        if (!found.empty())
            invalid(
                "there is an existing dhcp host entry in network '{}' that matches \"<host mac='{}' name='{}' "
                "ip='{}'/>\"",
                name, host.mac, host.name, address);
        insert(ip.hosts, change, host);
        return;
    }
    if (found.empty())
        invalid(
            "couldn't locate an existing dhcp host entry with \"mac='{}'\" \"name='{}'\" \"ip='{}'\" in network "
            "'{}'",
            host.mac, host.name, address, name);
    ip.hosts[found.front()] = host;
}

void update_dhcp_range(const Change& change) {
    const std::string& name = change.network.name;
    NetworkIp& ip = ip_of(change);
    const auto range = read<DhcpRange>(change, "range", [](xml::Mapper& m, DhcpRange& r) { map(m, r); });
    refuse_modify(change, "dhcp ranges");
    check_range(range.start, range.end, ip.address, ip.effective_prefix());
    const auto found = matches(
        ip.ranges, [&](const DhcpRange& other) { return other.start == range.start && other.end == range.end; });
    if (change.removes()) {
        if (found.empty()) invalid("couldn't locate a matching dhcp range entry in network '{}'", name);
        erase(ip.ranges, found.front());
        return;
    }
    if (!found.empty())
        invalid("there is an existing dhcp range entry in network '{}' that matches \"<range start='{}' end='{}'/>\"",
                name, range.start.to_string(), range.end.to_string());
    insert(ip.ranges, change, range);
}

void update_interface(const Change& change) {
    const std::string& name = change.network.name;
    refuse_modify(change, "forward interface entries");
    const auto wanted =
        read<ForwardInterface>(change, "interface", [](xml::Mapper& m, ForwardInterface& i) { map(m, i); });
    if (!change.network.forward) change.network.forward.emplace().mode = ForwardMode::none;
    auto& list = change.network.forward->interfaces;
    const auto found = matches(list, [&](const ForwardInterface& other) { return other.dev == wanted.dev; });
    if (change.removes()) {
        if (found.empty())
            invalid("couldn't find an interface entry in network '{}' matching <interface dev='{}'>", name, wanted.dev);
        if (list[found.front()].connections > 0)
            invalid("unable to delete interface '{}' in network '{}'. It is currently being used by {} domains.",
                    wanted.dev, name, list[found.front()].connections);
        erase(list, found.front());
        return;
    }
    if (!found.empty())
        invalid("there is an existing interface entry in network '{}' that matches \"<interface dev='{}'>\"", name,
                wanted.dev);
    insert(list, change, wanted);
}

void update_port_group(const Change& change) {
    const std::string& name = change.network.name;
    const auto group = read<PortGroup>(change, "portgroup", [](xml::Mapper& m, PortGroup& g) { map(m, g); });
    auto& list = change.network.port_groups;
    const auto found = matches(list, [&](const PortGroup& other) { return other.name == group.name; });
    if (found.empty() && !change.adds())
        invalid("couldn't find a portgroup entry in network '{}' matching <portgroup name='{}'>", name, group.name);
    if (!found.empty() && change.adds())
        invalid("there is an existing portgroup entry in network '{}' that matches \"<portgroup name='{}'>\"", name,
                group.name);
    if (change.removes()) {
        erase(list, found.front());
        return;
    }
    for (const PortGroup& other : list)
        if (group.is_default && other.is_default && other.name != group.name)
            invalid(
                "a different portgroup entry in network '{}' is already set as the default. Only one default is "
                "allowed.",
                name);
    if (change.adds()) {
        insert(list, change, group);
    } else {
        list[found.front()] = group;
    }
}

bool meets(const DnsHost& said, const DnsHost& host) {
    if (!said.ip.empty() && said.ip == host.ip) return true;
    return std::any_of(said.names.begin(), said.names.end(), [&](const std::string& name) {
        return std::find(host.names.begin(), host.names.end(), name) != host.names.end();
    });
}

bool meets(const DnsTxt& said, const DnsTxt& txt) {
    return said.name == txt.name;
}

bool meets(const DnsSrv& said, const DnsSrv& srv) {
    const auto text = [](const std::string& wanted, const std::string& has) { return wanted.empty() || wanted == has; };
    const auto number = [](uint32_t wanted, uint32_t has) { return wanted == 0 || wanted == has; };
    return text(said.domain, srv.domain) && text(said.service, srv.service) && text(said.protocol, srv.protocol) &&
           text(said.target, srv.target) && number(said.port, srv.port) && number(said.priority, srv.priority) &&
           number(said.weight, srv.weight);
}

struct RecordWords {
    const char* element;
    const char* kind;
    const char* already;
    const char* several;
};

template <typename T>
void update_dns(const Change& change, std::vector<T> NetworkDns::*member, const RecordWords& words) {
    const std::string& name = change.network.name;
    refuse_modify(change, fmt::format("{} records", words.kind));
    const auto record = read_record<T>(change, words.element);
    NetworkDns dns = change.network.dns.value_or(NetworkDns{});
    auto& list = dns.*member;
    const auto found = matches(list, [&](const T& other) { return meets(record, other); });
    if (change.adds()) {
        if (!found.empty()) {
            std::string what = words.already;
            if constexpr (std::is_same_v<T, DnsTxt>) what += fmt::format(" with name '{}'", record.name);
            invalid("there is already {} in network {}", what, name);
        }
        insert(list, change, record);
    } else {
        if (found.empty()) invalid("couldn't locate a matching {} record in network {}", words.kind, name);
        if (found.size() > 1) invalid("multiple {} were found in network {}", words.several, name);
        erase(list, found.front());
    }
    change.network.dns = std::move(dns);
}

void apply(const Change& change, NetworkSection section) {
    constexpr const char* names[] = {"none",         "bridge",        "domain",   "ip",
                                     "ip-dhcp-host", "ip-dhcp-range", "forward",  "forward interface",
                                     "forward pf",   "portgroup",     "dns-host", "dns-txt",
                                     "dns-srv"};
    switch (section) {
        case NetworkSection::ip_dhcp_host:
            return update_dhcp_host(change);
        case NetworkSection::ip_dhcp_range:
            return update_dhcp_range(change);
        case NetworkSection::forward_interface:
            return update_interface(change);
        case NetworkSection::portgroup:
            return update_port_group(change);
        case NetworkSection::dns_host:
            return update_dns(change, &NetworkDns::hosts,
                              {"host", "DNS HOST", "at least one DNS HOST record with a matching field",
                               "matching DNS HOST records"});
        case NetworkSection::dns_txt:
            return update_dns(change, &NetworkDns::txts,
                              {"txt", "DNS TXT", "a DNS TXT record", "matching DNS TXT records"});
        case NetworkSection::dns_srv:
            return update_dns(change, &NetworkDns::srvs,
                              {"srv", "DNS SRV", "at least one DNS SRV record matching all specified fields",
                               "DNS SRV records matching all specified fields"});
        default:
            break;
    }
    const auto number = static_cast<size_t>(section);
    fail(ErrorCode::operation_unsupported, ErrorDomain::network, "can't update '{}' section of network '{}'",
         number < std::size(names) ? names[number] : "unrecognized", change.network.name);
}

}  // namespace

Network update(const Network& network, NetworkUpdateCommand command, NetworkSection section, int parent_index,
               std::string_view text) {
    Network result = network;
    apply({result, command, parent_index, text}, section);
    // Reading the result again finds what the change made contradictory.
    static_cast<void>(Network::parse(xml::format(result)));
    return result;
}

}  // namespace virtue::model
