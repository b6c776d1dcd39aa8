#include "daemon/configuration.h"

#include <algorithm>
#include <limits>
#include <variant>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "daemon/conf_file.h"

namespace virtue::daemon {

namespace {

using Text = std::string Configuration::*;
using Unsigned = uint32_t Configuration::*;
using Signed = int32_t Configuration::*;
using List = std::vector<std::string> Configuration::*;

/// One key: where it goes, what is allowed, what it means.
struct Key {
    std::string_view name;
    std::variant<Text, Unsigned, Signed, List> member;
    std::vector<std::string_view> choices;  ///< empty: any string
    int64_t least = 0;
    std::string_view meaning;
};

std::vector<Key> guest_keys() {
    using C = Configuration;
    return {
        {"user", &C::user, {}, 0, "The user that guests of the system daemon run as; \"+N\" for a number."},
        {"group", &C::group, {}, 0, "The group that they run as."},
        {"dynamic_ownership",
         &C::dynamic_ownership,
         {},
         0,
         "1: a guest's images belong to that user while it runs. 0: their owner is left alone."},
        {"remember_owner",
         &C::remember_owner,
         {},
         0,
         "1: the former owner of an image is noted in extended attributes and restored."},
        {"open_images",
         &C::open_images,
         {},
         0,
         "1: the daemon opens guests' images and passes descriptors on, so that an image may lie where that user "
         "cannot "
         "go (a home directory), and keeps its owner. QEMU gets the images below another one for reading only."},
        {"monitor_timeout", &C::monitor_timeout, {}, 1, "Seconds until a guest's monitor counts as not answering."},
        {"start_timeout", &C::start_timeout, {}, 1, "Seconds until a starting QEMU is given up."},
        {"agent_timeout", &C::agent_timeout, {}, 1, "Seconds that a call waits for the agent in a guest."},
        {"remote_display_port_min",
         &C::remote_display_port_min,
         {},
         1024,
         "The ports that displays get by autoport, from"},
        {"remote_display_port_max", &C::remote_display_port_max, {}, 1024, "to."},
        {"vnc_listen", &C::vnc_listen, {}, 0, "Where VNC displays listen that name no address."},
        {"spice_listen", &C::spice_listen, {}, 0, "Where SPICE displays listen that name no address."},
        {"max_files", &C::max_files, {}, 0, "Open files that a guest's QEMU may have; 0 leaves the system's limit."},
        {"cgroup_controllers",
         &C::cgroup_controllers,
         {"cpu", "cpuacct", "cpuset", "memory", "blkio", "devices", "none"},
         0,
         "Controllers of the control groups that guests of the system daemon run in. Empty: all that the host has, "
         "but\n"
         "none for a daemon that is started with --root."},
    };
}

std::vector<Key> network_keys() {
    using C = Configuration;
    return {
        {"firewall_backend",
         &C::firewall_backend,
         {"nftables", "iptables"},
         0,
         "What keeps the rules of virtual networks: \"nftables\" in a table of its own, \"iptables\" in libvirt's\n"
         "chains, for hosts and tools that expect them there."},
        {"dnsmasq", &C::dnsmasq, {}, 0, "The program that gives addresses and names to guests of virtual networks."},
        {"leases_program",
         &C::leases_program,
         {},
         0,
         "What dnsmasq runs when a lease changes. Empty: virtue-leases beside the daemon's own program."},
    };
}

std::vector<Key> daemon_keys() {
    using C = Configuration;
    static const std::vector<std::string_view> authentication{"none", "polkit"};
    static const std::vector<std::string_view> families{"libvirt",        "virtqemud",     "virtnetworkd",
                                                        "virtstoraged",   "virtsecretd",   "virtnodedevd",
                                                        "virtinterfaced", "virtnwfilterd", "virtproxyd"};
    return {
        {"log_level", &C::log_level, {}, 1, "What is logged: 1 debug, 2 information, 3 warnings, 4 errors."},
        {"log_filters", &C::log_filters, {}, 0, "Other levels for single modules: \"1:qemu 3:rpc\"."},
        {"host_uuid", &C::host_uuid, {}, 0, "The host's UUID for clients. Empty: the firmware's, else the machine id."},
        {"log_outputs",
         &C::log_outputs,
         {},
         0,
         "Where to: \"LEVEL:stderr\", \"LEVEL:file:/absolute/path\", \"LEVEL:journald\", separated by spaces.\n"
         "Empty: standard error, or a file among the logs when in the background."},
        {"sockets", &C::sockets, families, 0,
         "Which of libvirt's daemons to stand in for: each name gives NAME-sock, NAME-sock-ro and an admin socket."},
        {"unix_sock_dir", &C::unix_sock_dir, {}, 0, "The folder of the sockets. Empty: libvirt's own."},
        {"unix_sock_group", &C::unix_sock_group, {}, 0, "The group that owns the sockets. Empty: root's."},
        {"unix_sock_ro_perms", &C::unix_sock_ro_perms, {}, 0, "Mode of the read-only sockets, in octal."},
        {"unix_sock_rw_perms",
         &C::unix_sock_rw_perms,
         {},
         0,
         "Mode of the sockets that allow everything. Empty: 0777 with polkit, else 0770 with a group, else 0700."},
        {"unix_sock_admin_perms", &C::unix_sock_admin_perms, {}, 0, "Mode of the admin sockets."},
        {"auth_unix_ro", &C::auth_unix_ro, authentication, 0,
         "How clients of the read-only sockets prove who they are: \"none\" trusts the socket's mode,\n"
         "\"polkit\" trusts root and asks polkit about others. A user's own daemon always uses \"none\"."},
        {"auth_unix_rw", &C::auth_unix_rw, authentication, 0, "The same for the sockets that allow everything."},
        {"pkcheck", &C::pkcheck, {}, 0, "The program that asks polkit."},
        {"max_clients", &C::max_clients, {}, 1, "Connected clients; more wait until one leaves."},
        {"max_anonymous_clients",
         &C::max_anonymous_clients,
         {},
         0,
         "Clients that have not yet authenticated; more wait. 0 sets no limit."},
        {"max_client_requests",
         &C::max_client_requests,
         {},
         1,
         "Calls of one client that run at the same time; further ones wait."},
        {"max_client_streams", &C::max_client_streams, {}, 1, "Open streams (consoles, transfers) of one client."},
        {"max_queued_megabytes",
         &C::max_queued_megabytes,
         {},
         33,
         "A client that leaves so much unread is disconnected."},
        {"keepalive_interval",
         &C::keepalive_interval,
         {},
         -1,
         "Seconds of silence until a client that takes part is asked for a sign of life; -1 never."},
        {"keepalive_count", &C::keepalive_count, {}, 1, "Unanswered questions until it counts as gone."},
        {"admin_max_clients", &C::admin_max_clients, {}, 1, "The same limits for the admin sockets."},
        {"admin_max_client_requests", &C::admin_max_client_requests, {}, 1, ""},
        {"admin_keepalive_interval", &C::admin_keepalive_interval, {}, -1, ""},
        {"admin_keepalive_count", &C::admin_keepalive_count, {}, 1, ""},
        {"call_timeout",
         &C::call_timeout,
         {},
         0,
         "Seconds until a call that waits for something is given up; 0 never. Waits for a guest's monitor end "
         "earlier."},
        {"idle_timeout",
         &C::idle_timeout,
         {},
         0,
         "Seconds without clients and running guests until the daemon leaves; 0 never. --timeout overrides it."},
    };
}

const std::vector<Key>& keys() {
    static const std::vector<Key> all = [] {
        std::vector<Key> joined = daemon_keys();
        for (Key& key : guest_keys()) joined.push_back(std::move(key));
        for (Key& key : network_keys()) joined.push_back(std::move(key));
        return joined;
    }();
    return all;
}

[[noreturn]] void refuse(const std::string& file, const ConfEntry& entry, std::string_view what) {
    fail(ErrorCode::config_unsupported, ErrorDomain::conf, "{}:{}: {}", file, entry.line, what);
}

const Key& find_key(const ConfEntry& entry, const std::string& file) {
    std::vector<std::string_view> names;
    for (const Key& key : keys()) {
        if (key.name == entry.key) return key;
        names.push_back(key.name);
    }
    std::string_view near = nearest(entry.key, names);
    refuse(file, entry,
           near.empty() ? fmt::format("there is no setting '{}'", entry.key)
                        : fmt::format("there is no setting '{}'; did you mean '{}'?", entry.key, near));
}

void require_choice(const Key& key, const std::string& text, const ConfEntry& entry, const std::string& file) {
    if (key.choices.empty() || std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end()) return;
    refuse(file, entry, fmt::format("'{}' is not a choice for '{}': {}", text, key.name, fmt::join(key.choices, ", ")));
}

template <typename Number>
Number to_number(const Key& key, const ConfEntry& entry, const std::string& file) {
    const int64_t* number = std::get_if<int64_t>(&entry.value);
    if (!number) refuse(file, entry, fmt::format("'{}' takes a number", key.name));
    int64_t most = std::numeric_limits<int32_t>::max();
    if (*number < key.least || *number > most) {
        refuse(file, entry,
               fmt::format("'{}' takes a number from {} to {}, not {}", key.name, key.least, most, *number));
    }
    return static_cast<Number>(*number);
}

struct Assign {
    Configuration& to;
    const Key& key;
    const ConfEntry& entry;
    const std::string& file;

    void operator()(Text member) const {
        const std::string* text = std::get_if<std::string>(&entry.value);
        if (!text) refuse(file, entry, fmt::format("'{}' takes a string in quotes", key.name));
        require_choice(key, *text, entry, file);
        to.*member = *text;
    }
    void operator()(Unsigned member) const { to.*member = to_number<uint32_t>(key, entry, file); }
    void operator()(Signed member) const { to.*member = to_number<int32_t>(key, entry, file); }
    void operator()(List member) const {
        const auto* items = std::get_if<std::vector<std::string>>(&entry.value);
        if (!items) refuse(file, entry, fmt::format("'{}' takes a list in brackets", key.name));
        for (const std::string& item : *items) require_choice(key, item, entry, file);
        to.*member = *items;
    }
};

struct Print {
    const Configuration& defaults;

    std::string operator()(Text member) const { return fmt::format("\"{}\"", defaults.*member); }
    std::string operator()(Unsigned member) const { return std::to_string(defaults.*member); }
    std::string operator()(Signed member) const { return std::to_string(defaults.*member); }
    std::string operator()(List member) const {
        return (defaults.*member).empty() ? "[]" : fmt::format("[\"{}\"]", fmt::join(defaults.*member, "\", \""));
    }
};

void check(const Configuration& made, const std::string& file) {
    if (made.max_anonymous_clients > made.max_clients) {
        fail(ErrorCode::config_unsupported, ErrorDomain::conf, "{}: max_anonymous_clients is larger than max_clients",
             file);
    }
    if (made.log_level > 4) {
        fail(ErrorCode::config_unsupported, ErrorDomain::conf, "{}: log_level takes 1 to 4", file);
    }
    parse_mode("unix_sock_ro_perms", made.unix_sock_ro_perms);
    if (!made.unix_sock_rw_perms.empty()) parse_mode("unix_sock_rw_perms", made.unix_sock_rw_perms);
    parse_mode("unix_sock_admin_perms", made.unix_sock_admin_perms);
}

}  // namespace

Configuration parse_configuration(std::string_view text, const std::string& name) {
    Configuration made;
    for (const ConfEntry& entry : parse_conf(text, name)) {
        const Key& key = find_key(entry, name);
        std::visit(Assign{made, key, entry, name}, key.member);
    }
    check(made, name);
    return made;
}

std::string print_configuration() {
    const Configuration defaults;
    std::string text = "# Settings of virtued. Every setting is shown with its default; remove the # to change one.\n";
    for (const Key& key : keys()) {
        text += '\n';
        for (std::string_view line : split_lines(key.meaning)) text += fmt::format("# {}\n", line);
        if (!key.choices.empty()) text += fmt::format("# One of: {}.\n", fmt::join(key.choices, ", "));
        text += fmt::format("#{} = {}\n", key.name, std::visit(Print{defaults}, key.member));
    }
    return text;
}

uint32_t parse_mode(const std::string& key, const std::string& text) {
    std::optional<uint32_t> mode = parse_number<uint32_t>(text, 8);
    if (!mode || *mode > 0777) {
        fail(ErrorCode::config_unsupported, ErrorDomain::conf, "{} takes an octal mode such as 0770, not '{}'", key,
             text);
    }
    return *mode;
}

}  // namespace virtue::daemon
