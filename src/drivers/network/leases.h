// The leases of a network as dnsmasq's script keeps them: a JSON file for each bridge, in libvirt's format, so that its
// name-service module reads it too. Used by the daemon and by the script. The functions block.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace virtue::network {

/// One lease; texts that dnsmasq did not tell are empty.
struct LeaseRecord {
    std::string ip;
    std::string mac;
    std::string hostname;
    std::string client_id;
    std::string server_duid;  ///< IPv6
    std::string iaid;         ///< IPv6
    int64_t expiry = 0;
    bool is_ipv6() const { return ip.find(':') != ip.npos; }
};

/// A text as JSON has it, for the files that libvirt's name-service modules read.
std::string json_text(const std::string& text);

std::string leases_path(const std::string& folder, const std::string& bridge);
/// Reads what leases_text() wrote; throws internal_error for anything else. An empty text has none.
std::vector<LeaseRecord> parse_leases(const std::string& text);
std::string leases_text(const std::vector<LeaseRecord>& leases);
/// Those of a bridge; a missing file has none. Throws.
std::vector<LeaseRecord> load_leases(const std::string& folder, const std::string& bridge);

/// Runs as dnsmasq's script: arguments and environment as dnsmasq gives them. Returns the exit status.
int leases_script(int count, char** arguments);

}  // namespace virtue::network
