// The sockets that clients find: made by us under libvirt's names, or handed over by systemd. Owned by main(); loop
// thread only.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "daemon/configuration.h"
#include "driver/paths.h"
#include "io/socket.h"
#include "rpc/server.h"

namespace virtue::daemon {

/// What a socket gives access to.
enum class Access : uint8_t { full, read_only, admin };

/// All listening sockets.
class Listeners {
public:
    /// `clients` serves the full and read-only sockets, `admin` the others; both must outlive this.
    Listeners(io::Loop& loop, const Configuration& configuration, const driver::Paths& paths, rpc::Server& clients,
              rpc::Server& admin);
    ~Listeners();

    /// Uses the sockets that systemd passed (LISTEN_FDS), if any, and only those; otherwise makes them all.
    /// Throws system_error naming the socket.
    void open();

private:
    struct Socket {
        std::string path;
        Access access;
        uint32_t mode;
    };
    std::vector<Socket> wanted() const;
    rpc::Authenticator& authenticator(Access access);
    std::unique_ptr<io::UnixListener> listen(const Socket& socket, const io::UnixListener::Options& options);
    void add(Access access, std::unique_ptr<io::UnixListener> listener);
    std::function<void(Fd)> taker(Access access);
    bool take_passed();

    io::Loop& loop_;
    const Configuration& configuration_;
    const driver::Paths& paths_;
    rpc::Server& clients_;
    rpc::Server& admin_;
    std::unique_ptr<rpc::Authenticator> full_;
    std::unique_ptr<rpc::Authenticator> read_only_;
    rpc::NoAuthentication open_;
    std::vector<std::unique_ptr<io::UnixListener>> listeners_;
};

/// Tells the service manager, if there is one, about our state: "READY=1", "STOPPING=1".
void notify_service_manager(std::string_view state);

}  // namespace virtue::daemon
