#include "drivers/network/plain_words.h"

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/error.h"
#include "base/excerpt.h"
#include "base/text.h"

namespace virtue::network {
namespace {

/// dnsmasq's buffer for a line, less its end (MAXDNAME).
constexpr size_t longest_line = 1023;

[[noreturn]] void refuse(const model::Network& network, const char* what, const std::string& value, const char* why) {
    fail(ErrorCode::config_unsupported, ErrorDomain::network, "the {} '{}' of network '{}' {}", what, value,
         network.name, why);
}

/// Letters and digits of any language, and what other programs take for nothing but itself.
bool is_device_name(const std::string& name) {
    if (name.empty() || name.front() == '-' || name == "." || name == "..") return false;
    return std::all_of(name.begin(), name.end(), [](unsigned char letter) {
        return letter >= 0x80 || std::isalnum(letter) ||
               std::string_view("._-+:@=~").find(static_cast<char>(letter)) != std::string_view::npos;
    });
}

bool has_control(const std::string& text) {
    return std::any_of(text.begin(), text.end(),
                       [](unsigned char letter) { return (letter < 0x20 && letter != '\t') || letter == 0x7f; });
}

class Checker {
public:
    explicit Checker(const model::Network& network) : network_(network) {}

    void device(const char* what, const std::string& name) const {
        if (!name.empty() && !is_device_name(name)) refuse(network_, what, name, "is no name of a network device");
    }
    void text(const char* what, const std::string& value) const {
        if (has_control(value)) refuse(network_, what, value, "has a line break or another control character");
    }
    void names(const model::NetworkDns& dns) const {
        for (const model::DnsForwarder& forwarder : dns.forwarders) text("forwarder's domain", forwarder.domain);
        for (const model::DnsTxt& txt : dns.txts) {
            text("TXT record", txt.name);
            text("value of a TXT record", txt.value.value_or(""));
        }
        for (const model::DnsSrv& srv : dns.srvs)
            for (const std::string& part : {srv.service, srv.protocol, srv.domain, srv.target})
                text("SRV record", part);
        for (const model::DnsHost& host : dns.hosts)
            for (const std::string& name : host.names) text("host name", name);
    }
    void serving(const model::NetworkIp& ip) const {
        text("TFTP folder", ip.tftp_root);
        text("boot file", ip.boot_file);
        for (const model::DhcpHost& host : ip.hosts)
            for (const std::string& part : {host.mac, host.id, host.name}) text("DHCP host", part);
    }

private:
    const model::Network& network_;
};

}  // namespace

void require_plain_words(const model::Network& network) {
    const Checker check(network);
    // As the kernel says it of most of them, too.
    if (network.owns_bridge() && !is_device_name(network.bridge))
        throw Error::from_errno(EINVAL, ErrorDomain::none, "error creating bridge interface " + network.bridge);
    check.device("bridge", network.bridge);
    if (network.forward) {
        check.device("physical function", network.forward->pf);
        for (const model::ForwardInterface& one : network.forward->interfaces) check.device("forward device", one.dev);
    }
    check.text("domain", network.domain_name);
    if (network.dns) check.names(*network.dns);
    for (const model::NetworkIp& ip : network.ips) check.serving(ip);
}

void require_short_lines(const std::string& network, const std::string& text) {
    for (std::string_view line : split_lines(text)) {
        if (line.size() <= longest_line) continue;
        fail(ErrorCode::config_unsupported, ErrorDomain::network,
             "network '{}' needs a line of {} bytes in dnsmasq's configuration, which reads {} at most: '{}…'", network,
             line.size(), longest_line, excerpt(line, 60));
    }
}

std::string dnsmasq_path(const std::string& path) {
    if (path.find_first_of("\"#") == path.npos) return path;
    std::string quoted = "\"";
    for (char letter : path) {
        if (letter == '"' || letter == '\\') quoted += '\\';
        quoted += letter;
    }
    return quoted + '"';
}

}  // namespace virtue::network
