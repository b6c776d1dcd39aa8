// The daemon's settings and the file that they are read from. Each key is declared once, with its default and what it
// means; reading, checking and the commented example file follow from that. A value, made by main().
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace virtue::daemon {

/// Everything that virtued.conf can say. The defaults stand here; `--print-config` shows them with their meaning.
struct Configuration {
    uint32_t log_level = 3;
    std::string log_filters;
    std::string host_uuid;
    std::string log_outputs;

    std::vector<std::string> sockets{"libvirt",      "virtqemud",      "virtnetworkd",  "virtstoraged", "virtsecretd",
                                     "virtnodedevd", "virtinterfaced", "virtnwfilterd", "virtproxyd"};
    std::string unix_sock_dir;
    std::string unix_sock_group;
    std::string unix_sock_ro_perms = "0777";
    std::string unix_sock_rw_perms;
    std::string unix_sock_admin_perms = "0700";
    std::string auth_unix_ro = "none";
    std::string auth_unix_rw = "polkit";
    std::string pkcheck = "/usr/bin/pkcheck";

    uint32_t max_clients = 5000;
    uint32_t max_anonymous_clients = 20;
    uint32_t max_client_requests = 64;
    uint32_t max_client_streams = 256;
    uint32_t max_queued_megabytes = 128;
    int32_t keepalive_interval = 5;
    uint32_t keepalive_count = 5;
    uint32_t admin_max_clients = 5000;
    uint32_t admin_max_client_requests = 5;
    int32_t admin_keepalive_interval = 5;
    uint32_t admin_keepalive_count = 5;

    uint32_t call_timeout = 21600;
    uint32_t idle_timeout = 0;

    std::string user = "libvirt-qemu";
    std::string group = "libvirt-qemu";
    uint32_t dynamic_ownership = 1;
    uint32_t remember_owner = 1;
    uint32_t open_images = 0;
    uint32_t monitor_timeout = 10;
    uint32_t start_timeout = 60;
    uint32_t agent_timeout = 5;
    uint32_t remote_display_port_min = 5900;
    uint32_t remote_display_port_max = 65535;
    std::string vnc_listen = "127.0.0.1";
    std::string spice_listen = "127.0.0.1";
    uint32_t max_files = 0;
    std::vector<std::string> cgroup_controllers;

    std::string firewall_backend = "nftables";
    std::string dnsmasq = "/usr/sbin/dnsmasq";
    std::string leases_program;
};

/// Reads a file's text into the defaults. `name` stands in errors, which are conf_syntax with the line, or
/// config_unsupported for an unknown key (with the nearest known one), a wrong type or a value out of range.
Configuration parse_configuration(std::string_view text, const std::string& name);

/// The commented file with every key and its default.
std::string print_configuration();

/// An octal mode as in unix_sock_rw_perms. Throws config_unsupported.
uint32_t parse_mode(const std::string& key, const std::string& text);

}  // namespace virtue::daemon
