#include "daemon/listeners.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/error.h"
#include "base/text.h"

namespace virtue::daemon {

namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START

std::unique_ptr<rpc::Authenticator> make_authenticator(const std::string& kind, const std::string& pkcheck) {
    if (kind == "polkit") return std::make_unique<rpc::PolkitAuthentication>(pkcheck);
    return std::make_unique<rpc::NoAuthentication>();
}

int group_number(const std::string& name) {
    if (name.empty()) return -1;
    const group* found = ::getgrnam(name.c_str());
    if (!found) fail(ErrorCode::config_unsupported, ErrorDomain::conf, "unix_sock_group: there is no group '{}'", name);
    return static_cast<int>(found->gr_gid);
}

/// libvirt's units and ours name their sockets the same way: NAME-sock, NAME-sock-ro, NAME-admin-sock.
Access access_of(std::string_view path) {
    if (path.ends_with("-sock-ro")) return Access::read_only;
    return path.ends_with("-admin-sock") ? Access::admin : Access::full;
}

std::string path_of(int fd) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) < 0 || address.sun_family != AF_UNIX) {
        fail(ErrorCode::config_unsupported, ErrorDomain::rpc,
             "the service manager passed descriptor {}, which is no UNIX socket: virtued listens on those only", fd);
    }
    return {address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path)};
}

}  // namespace

Listeners::Listeners(io::Loop& loop, const Configuration& configuration, const driver::Paths& paths,
                     rpc::Server& clients, rpc::Server& admin)
    : loop_(loop),
      configuration_(configuration),
      paths_(paths),
      clients_(clients),
      admin_(admin),
      full_(make_authenticator(paths.privileged ? configuration.auth_unix_rw : "none", configuration.pkcheck)),
      read_only_(make_authenticator(paths.privileged ? configuration.auth_unix_ro : "none", configuration.pkcheck)) {}

Listeners::~Listeners() = default;

rpc::Authenticator& Listeners::authenticator(Access access) {
    switch (access) {
        case Access::full:
            return *full_;
        case Access::read_only:
            return *read_only_;
        case Access::admin:
            break;
    }
    return open_;
}

std::vector<Listeners::Socket> Listeners::wanted() const {
    const Configuration& c = configuration_;
    std::string folder = c.unix_sock_dir.empty() ? paths_.state : c.unix_sock_dir;
    uint32_t full_mode = 0700;
    if (!c.unix_sock_rw_perms.empty()) {
        full_mode = parse_mode("unix_sock_rw_perms", c.unix_sock_rw_perms);
    } else if (!paths_.privileged) {
        full_mode = 0700;
    } else if (c.auth_unix_rw == "polkit") {
        full_mode = 0777;
    } else if (!c.unix_sock_group.empty()) {
        full_mode = 0770;
    }
    std::vector<Socket> sockets;
    for (const std::string& name : c.sockets) {
        std::string stem = folder + "/" + name;
        sockets.push_back({stem + "-sock", Access::full, full_mode});
        if (paths_.privileged) {
            sockets.push_back({stem + "-sock-ro", Access::read_only, parse_mode("", c.unix_sock_ro_perms)});
        }
        sockets.push_back({stem + "-admin-sock", Access::admin, parse_mode("", c.unix_sock_admin_perms)});
    }
    return sockets;
}

std::function<void(Fd)> Listeners::taker(Access access) {
    rpc::Server& server = access == Access::admin ? admin_ : clients_;
    rpc::Entrance entrance{access == Access::read_only, &authenticator(access)};
    return [&server, entrance](Fd connection) { server.add_client(std::move(connection), entrance); };
}

void Listeners::add(Access access, std::unique_ptr<io::UnixListener> listener) {
    io::UnixListener* raw = listener.get();
    listeners_.push_back(std::move(listener));
    rpc::Server& server = access == Access::admin ? admin_ : clients_;
    server.on_accepting([raw](bool accepting) { raw->set_accepting(accepting); });
}

bool Listeners::take_passed() {
    const char* for_whom = std::getenv("LISTEN_PID");
    const char* how_many = std::getenv("LISTEN_FDS");
    if (!for_whom || !how_many || parse_number<int>(for_whom) != ::getpid()) return false;
    int count = parse_number<int>(how_many).value_or(0);
    for (int fd = first_passed; fd < first_passed + count; fd++) {
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        Access access = access_of(path_of(fd));
        add(access, std::make_unique<io::UnixListener>(loop_, Fd(fd), taker(access)));
    }
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    return count > 0;
}

std::unique_ptr<io::UnixListener> Listeners::listen(const Socket& socket, const io::UnixListener::Options& options) {
    // The locks are ours, so no daemon runs. A child that one was just making when it was killed holds its sockets
    // until it becomes another program, moments later.
    constexpr int tries = 100;
    constexpr timespec pause{0, 20000000};
    for (int i = 1;; i++) {
        try {
            return std::make_unique<io::UnixListener>(loop_, options, taker(socket.access));
        } catch (const Error& error) {
            if (error.int1() != EADDRINUSE || i == tries) throw;
        }
        ::nanosleep(&pause, nullptr);
    }
}

void Listeners::open() {
    if (take_passed()) return;
    int group = group_number(configuration_.unix_sock_group);
    for (const Socket& socket : wanted()) {
        io::UnixListener::Options options;
        options.path = socket.path;
        options.mode = socket.mode;
        options.group = group;
        add(socket.access, listen(socket, options));
    }
}

void notify_service_manager(std::string_view state) {
    const char* where = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (!where || !*where || std::strlen(where) >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, where, std::strlen(where));
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return;
    socklen_t size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(where));
    // A manager that does not listen is no reason not to serve.
    [[maybe_unused]] ssize_t sent = ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                                             reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace virtue::daemon
