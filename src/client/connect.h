// Opens connections by URI: to drivers in this process, or to a daemon over a UNIX socket, TCP or ssh, by libvirt's
// rules. Loop thread only.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "driver/backend.h"
#include "driver/connection.h"
#include "driver/uri.h"

namespace virtue::client {

/// What a caller may choose.
struct ConnectOptions {
    bool read_only = false;
    std::vector<driver::Backend*> backends;  ///< drivers in this process; they outlive the connection
    int keepalive_interval = -1;             ///< seconds between pings; 0 sends none, negative takes the default, 5
    int keepalive_count = -1;                ///< unanswered pings until the connection counts as lost; default 6
    bool start_daemon = true;                ///< starts the user's daemon for qemu:///session where none runs
};

/// Connects. An empty `uri` means LIBVIRT_DEFAULT_URI, then uri_default of libvirt.conf, then qemu:///system for root
/// and qemu:///session for users; aliases of libvirt.conf are followed. The Error says what was tried: system_error
/// for a socket, no_connect for a URI that nothing answers, config_unsupported for a transport we do not speak.
Task<std::unique_ptr<driver::Connection>> connect(io::Loop& loop, std::string uri, ConnectOptions options,
                                                  io::Deadline deadline);

/// The URI that an empty one stands for, and an alias's meaning; other texts come back as they are.
std::string resolve_uri(const std::string& uri);

/// Which way a URI goes.
enum class Transport : uint8_t { local, unix_socket, tcp, ssh, tls };

/// How to reach the driver that a URI names.
struct Route {
    Transport transport = Transport::unix_socket;
    std::string socket;    ///< path of the UNIX socket
    std::string server;    ///< host, for tcp and ssh
    std::string user;      ///< ssh
    int port = 0;          ///< 0: the transport's own
    std::string open_uri;  ///< what the daemon is asked to open
    bool may_start_daemon = false;
};

/// Works out the route by libvirt's rules. `is_local` says that a driver in this process takes the scheme.
Route route_of(const driver::Uri& uri, bool read_only, bool is_local);

}  // namespace virtue::client
