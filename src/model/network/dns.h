// <dns> of a network: what its name server answers and whom it asks. Value types.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/network/host_address.h"
#include "xml/mapper.h"

namespace virtue::model {

struct DnsForwarder {
    std::string domain;
    HostAddress address;
    bool operator==(const DnsForwarder&) const = default;
};
void map(xml::Mapper& m, DnsForwarder& forwarder);

struct DnsTxt {
    std::string name;
    std::optional<std::string> value;
    bool operator==(const DnsTxt&) const = default;
};
void map(xml::Mapper& m, DnsTxt& txt);

struct DnsSrv {
    std::string service, protocol, domain, target;
    uint32_t port = 0, priority = 0, weight = 0;
    bool operator==(const DnsSrv&) const = default;
};
void map(xml::Mapper& m, DnsSrv& srv);

struct DnsHost {
    HostAddress ip;
    std::vector<std::string> names;
    bool operator==(const DnsHost&) const = default;
};
void map(xml::Mapper& m, DnsHost& host);

/// These read records that only say what to look for.
void read_partial(xml::Mapper& m, DnsTxt& txt);
void read_partial(xml::Mapper& m, DnsSrv& srv);
void read_partial(xml::Mapper& m, DnsHost& host);

struct NetworkDns {
    xml::YesNo enable = xml::YesNo::absent;
    xml::YesNo forward_plain_names = xml::YesNo::absent;
    std::vector<DnsForwarder> forwarders;
    std::vector<DnsTxt> txts;
    std::vector<DnsSrv> srvs;
    std::vector<DnsHost> hosts;
    bool operator==(const NetworkDns&) const = default;
};
void map(xml::Mapper& m, NetworkDns& dns);

}  // namespace virtue::model
