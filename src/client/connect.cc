#include "client/connect.h"

#include <unistd.h>
#include <cstdlib>

#include "base/error.h"
#include "client/config_file.h"
#include "client/local_connection.h"
#include "client/remote_connection.h"
#include "client/session_daemon.h"
#include "client/ssh.h"
#include "driver/paths.h"
#include "io/socket.h"
#include "io/tcp.h"

namespace virtue::client {
namespace {

constexpr ErrorDomain here = ErrorDomain::rpc;
constexpr int tcp_port = 16509;

bool is_root() {
    return ::geteuid() == 0;
}

// The parts of a URI's query that are for the client; the daemon gets the rest.
bool is_for_client(std::string_view name) {
    constexpr std::string_view names[] = {"name",        "command",           "socket",  "auth",  "sshauth",
                                          "netcat",      "keyfile",           "pkipath", "proxy", "mode",
                                          "no_sanity",   "no_verify",         "no_tty",  "debug", "tls_priority",
                                          "known_hosts", "known_hosts_verify"};
    for (std::string_view known : names) {
        if (name == known) return true;
    }
    return false;
}

std::string uri_for_daemon(const driver::Uri& uri) {
    if (std::optional<std::string> name = uri.parameter("name")) return *name;
    if (uri.scheme == "remote") return {};
    driver::Uri inner{.scheme = uri.scheme, .path = uri.path};
    for (const auto& item : uri.query) {
        if (!is_for_client(item.first)) inner.query.push_back(item);
    }
    return inner.to_string();
}

// The daemon of one driver where the whole libvirtd is not there.
std::string modular_daemon(const std::string& scheme) {
    if (scheme == "qemu") return "virtqemud";
    if (scheme == "network") return "virtnetworkd";
    if (scheme == "storage") return "virtstoraged";
    if (scheme == "secret") return "virtsecretd";
    if (scheme == "nodedev") return "virtnodedevd";
    if (scheme == "interface") return "virtinterfaced";
    if (scheme == "nwfilter") return "virtnwfilterd";
    return "virtproxyd";
}

std::string choose_socket(const driver::Uri& uri, bool session, bool read_only) {
    driver::Paths paths = session ? driver::Paths::session("") : driver::Paths::system("");
    std::string end = read_only && !session ? "-sock-ro" : "-sock";
    std::string whole = paths.state + "/libvirt" + end;
    std::string part = paths.state + "/" + modular_daemon(uri.scheme) + end;
    std::string mode = uri.parameter("mode").value_or("auto");
    if (mode == "direct") return part;
    if (mode != "auto" && mode != "legacy") {
        throw Error(ErrorCode::invalid_arg, here, "Unknown remote mode '" + mode + "'");
    }
    bool only_part = mode == "auto" && ::access(whole.c_str(), F_OK) != 0 && ::access(part.c_str(), F_OK) == 0;
    return only_part ? part : whole;
}

Transport transport_named(const driver::Uri& uri) {
    const std::string& name = uri.transport;
    if (name.empty()) return uri.server.empty() ? Transport::unix_socket : Transport::tls;
    if (name == "unix") return Transport::unix_socket;
    if (name == "tcp") return Transport::tcp;
    if (name == "tls") return Transport::tls;
    if (name == "ssh") return Transport::ssh;
    constexpr const char* works = "unix, tcp and ssh work here";
    if (name == "ext" || name == "libssh2" || name == "libssh") {
        throw Error(ErrorCode::config_unsupported, here, "transport '" + name + "' is not supported", works);
    }
    throw Error(ErrorCode::invalid_arg, here,
                "remote_open: transport in URL not recognised (should be unix|tcp|ssh|tls), not '" + name + "'");
}

driver::Backend* backend_of(const driver::Uri& uri, const ConnectOptions& options) {
    if (!uri.transport.empty() || !uri.server.empty()) return nullptr;
    for (driver::Backend* backend : options.backends) {
        if (backend->accepts(uri)) return backend;
    }
    return nullptr;
}

Task<std::unique_ptr<io::Socket>> connect_unix(io::Loop& loop, Route route, io::Deadline deadline) {
    try {
        std::unique_ptr<io::Socket> socket = co_await io::Socket::connect_unix(loop, route.socket, deadline);
        co_return socket;
    } catch (const Error& error) {
        int number = error.int1();
        if (error.code() != ErrorCode::system_error || number <= 0) throw;
        std::string detail = "Failed to connect socket to '" + route.socket + "'";
        Error plain = Error::from_errno(number, here, detail);
        bool absent = number == ENOENT || number == ECONNREFUSED;
        if (!absent && number != EACCES) throw plain;
        Error hinted(ErrorCode::system_error, here, plain.detail(),
                     absent ? "no daemon listens there: start virtued or libvirtd, or name another socket with "
                              "?socket=PATH"
                            : "ask for membership in the socket's group, connect with --readonly, or use "
                              "qemu:///session");
        hinted.set_int1(number);
        throw hinted;
    }
}

Task<std::unique_ptr<io::Socket>> reach(io::Loop& loop, Route route, bool start_daemon, io::Deadline deadline) {
    std::unique_ptr<io::Socket> socket;
    switch (route.transport) {
        case Transport::tcp:
            socket = co_await io::connect_tcp(loop, route.server, static_cast<uint16_t>(route.port), deadline);
            break;
        case Transport::ssh:
            socket = connect_ssh(loop, route);
            break;
        default:
            if (start_daemon && route.may_start_daemon) {
                co_await ensure_session_daemon(loop, route.socket, deadline);
            }
            socket = co_await connect_unix(loop, std::move(route), deadline);
    }
    co_return socket;
}

}  // namespace

std::string resolve_uri(const std::string& uri) {
    std::string chosen = uri;
    if (chosen.empty()) {
        const char* value = std::getenv("LIBVIRT_DEFAULT_URI");
        if (value) chosen = value;
    }
    if (chosen.find(':') != chosen.npos) return chosen;
    ClientConfig config = ClientConfig::load();
    if (chosen.empty()) chosen = config.uri_default;
    for (const auto& [name, meaning] : config.uri_aliases) {
        if (chosen == name) return meaning;
    }
    if (chosen.empty()) return is_root() ? "qemu:///system" : "qemu:///session";
    return chosen;
}

Route route_of(const driver::Uri& uri, bool read_only, bool is_local) {
    Route route{.open_uri = uri_for_daemon(uri)};
    if (is_local) {
        route.transport = Transport::local;
        route.open_uri = uri.to_string();
        return route;
    }
    route.transport = transport_named(uri);
    route.server = uri.server.empty() ? "localhost" : uri.server;
    route.user = uri.user;
    route.port = uri.port;
    if (route.transport == Transport::tls) {
        throw Error(ErrorCode::config_unsupported, here, "TLS connections are not supported by this client",
                    "reach '" + route.server + "' by " + uri.scheme + "+ssh:// or, on a trusted network, by " +
                        uri.scheme + "+tcp://");
    }
    if (route.transport == Transport::tcp && route.port == 0) route.port = tcp_port;
    if (route.transport == Transport::unix_socket) {
        // Users get their own daemon for what is not named system; root has only one.
        bool session = uri.path == "/session" || (!is_root() && uri.path != "/system");
        std::optional<std::string> named = uri.parameter("socket");
        route.socket = named ? *named : choose_socket(uri, session, read_only);
        route.may_start_daemon = session && !named;
    }
    return route;
}

Task<std::unique_ptr<driver::Connection>> connect(io::Loop& loop, std::string uri, ConnectOptions options,
                                                  io::Deadline deadline) {
    std::string resolved = resolve_uri(uri);
    driver::Uri parsed = driver::Uri::parse(resolved);
    driver::Backend* backend = backend_of(parsed, options);
    Route route = route_of(parsed, options.read_only, backend != nullptr);
    if (backend) {
        auto local = std::make_unique<LocalConnection>(loop, options.read_only);
        co_await local->open(*backend, std::move(parsed), deadline);
        co_return local;
    }
    std::string open_uri = route.open_uri;
    std::unique_ptr<io::Socket> socket = co_await reach(loop, std::move(route), options.start_daemon, deadline);
    auto remote = std::make_unique<RemoteConnection>(loop, std::move(socket));
    co_await remote->open(std::move(open_uri), options.read_only, deadline);
    remote->start_keepalive(options.keepalive_interval, options.keepalive_count);
    co_return remote;
}

}  // namespace virtue::client
