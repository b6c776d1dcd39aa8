#include "drivers/network/leases.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "io/files.h"

namespace virtue::network {
namespace {

namespace json = boost::json;
constexpr size_t largest_file = 32 << 20;

std::string text_of(const json::object& object, const char* name) {
    const json::value* found = object.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

LeaseRecord lease_of(const std::string& identity, const std::string& ip, const std::string& name) {
    LeaseRecord lease;
    lease.ip = ip;
    lease.iaid = from_environment("DNSMASQ_IAID");
    lease.server_duid = from_environment("DNSMASQ_SERVER_DUID");
    if (lease.is_ipv6()) {
        lease.client_id = identity;
        lease.mac = from_environment("DNSMASQ_MAC");
    } else {
        lease.mac = identity;
        lease.client_id = from_environment("DNSMASQ_CLIENT_ID");
    }
    lease.hostname = name;
    lease.expiry = parse_number<int64_t>(from_environment("DNSMASQ_LEASE_EXPIRES")).value_or(0);
    return lease;
}

/// What dnsmasq asks for at its start, being told to keep no file itself: the lines of its own format.
void print_leases(const std::vector<LeaseRecord>& leases) {
    auto or_star = [](const std::string& text) { return text.empty() ? "*" : text.c_str(); };
    std::string duid;
    for (const LeaseRecord& lease : leases) {
        if (lease.is_ipv6()) {
            if (!lease.server_duid.empty()) duid = lease.server_duid;
            continue;
        }
        std::printf("%lld %s %s %s %s\n", static_cast<long long>(lease.expiry), lease.mac.c_str(), lease.ip.c_str(),
                    or_star(lease.hostname), or_star(lease.client_id));
    }
    if (duid.empty()) return;
    std::printf("duid %s\n", duid.c_str());
    for (const LeaseRecord& lease : leases) {
        if (!lease.is_ipv6()) continue;
        std::printf("%lld %s %s %s %s\n", static_cast<long long>(lease.expiry), or_star(lease.iaid), lease.ip.c_str(),
                    or_star(lease.hostname), or_star(lease.client_id));
    }
}

}  // namespace

std::string json_text(const std::string& text) {
    return json::serialize(json::string(text));
}

std::string leases_path(const std::string& folder, const std::string& bridge) {
    return folder + "/" + bridge + ".status";
}

std::vector<LeaseRecord> parse_leases(const std::string& text) {
    std::vector<LeaseRecord> leases;
    if (trim(text).empty()) return leases;
    boost::system::error_code error;
    const json::value document = json::parse(text, error);
    if (error || !document.is_array())
        fail(ErrorCode::internal_error, ErrorDomain::network, "the file of leases is no JSON array");
    for (const json::value& entry : document.get_array()) {
        if (!entry.is_object()) continue;
        const json::object& object = entry.get_object();
        LeaseRecord lease;
        lease.ip = text_of(object, "ip-address");
        lease.mac = text_of(object, "mac-address");
        lease.hostname = text_of(object, "hostname");
        lease.client_id = text_of(object, "client-id");
        lease.server_duid = text_of(object, "server-duid");
        lease.iaid = text_of(object, "iaid");
        const json::value* expiry = object.if_contains("expiry-time");
        if (expiry && expiry->is_int64()) lease.expiry = expiry->get_int64();
        if (!lease.ip.empty()) leases.push_back(std::move(lease));
    }
    return leases;
}

std::string leases_text(const std::vector<LeaseRecord>& leases) {
    std::string text = "[\n";
    bool first = true;
    for (const LeaseRecord& lease : leases) {
        text += first ? "  {\n" : ",\n  {\n";
        first = false;
        std::string members;
        auto add = [&members](const char* name, const std::string& value) {
            if (!value.empty()) members += fmt::format("    \"{}\": {},\n", name, json_text(value));
        };
        add("iaid", lease.iaid);
        add("ip-address", lease.ip);
        add("mac-address", lease.mac);
        add("hostname", lease.hostname);
        add("client-id", lease.client_id);
        add("server-duid", lease.server_duid);
        text += members + fmt::format("    \"expiry-time\": {}\n  }}", lease.expiry);
    }
    return text + (leases.empty() ? "]\n" : "\n]\n");
}

std::vector<LeaseRecord> load_leases(const std::string& folder, const std::string& bridge) {
    const std::string path = leases_path(folder, bridge);
    if (::access(path.c_str(), F_OK) != 0) return {};
    return parse_leases(io::read_file(path, largest_file));
}

int leases_script(int count, char** arguments) {
    const std::string bridge = from_environment("VIR_BRIDGE_NAME");
    std::string folder = from_environment("VIRTUE_LEASES_FOLDER");
    if (folder.empty()) folder = "/var/lib/libvirt/dnsmasq";
    const std::string action = count > 1 ? arguments[1] : "";
    if (bridge.empty() || action.empty()) {
        std::fprintf(stderr, "%s: dnsmasq's script for the networks of virtued; not to be run by hand\n",
                     count > 0 ? arguments[0] : "virtue-leases");
        return 1;
    }
    const bool changes = action == "add" || action == "old" || action == "del";
    if ((!changes && action != "init") || (changes && count < 4)) return 0;
    // One at a time: several dnsmasq processes may serve bridges of one folder, and each renames a whole file.
    const std::string lock_path = folder + "/.leases.lock";
    const Fd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock || ::flock(lock.get(), LOCK_EX) != 0) return 1;
    std::vector<LeaseRecord> leases = load_leases(folder, bridge);
    const int64_t now = std::time(nullptr);
    std::erase_if(leases, [now](const LeaseRecord& lease) { return lease.expiry != 0 && lease.expiry < now; });
    if (action == "init") {
        print_leases(leases);
        return 0;
    }
    const std::string ip = arguments[3];
    std::string name = count > 4 ? arguments[4] : "";
    for (const LeaseRecord& lease : leases)
        if (lease.ip == ip && name.empty() && action == "old") name = lease.hostname;
    std::erase_if(leases, [&ip](const LeaseRecord& lease) { return lease.ip == ip; });
    if (action != "del") leases.push_back(lease_of(arguments[2], ip, name));
    io::write_file_atomically(leases_path(folder, bridge), leases_text(leases), 0644);
    return 0;
}

}  // namespace virtue::network
