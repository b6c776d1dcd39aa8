#include "io/tcp.h"

#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "io/offload.h"

namespace virtue::io {

namespace {

constexpr int backlog = 128;

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::vector<Address> look_up(const std::string& host, uint16_t port, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const char* name = host.empty() ? nullptr : host.c_str();
    int result = ::getaddrinfo(name, std::to_string(port).c_str(), &hints, &found);
    if (result != 0) {
        const char* reason = result == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(result);
        fail(ErrorCode::system_error, ErrorDomain::none, "cannot find the address of host '{}': {}", host, reason);
    }
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    std::vector<Address> all;
    for (addrinfo* entry = found; entry; entry = entry->ai_next) {
        Address address;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.size = entry->ai_addrlen;
        all.push_back(address);
    }
    return all;
}

void set_option(const Fd& fd, int level, int option) {
    int on = 1;
    ::setsockopt(fd.get(), level, option, &on, sizeof on);
}

uint16_t bound_port(const Fd& fd) {
    Address address;
    address.size = sizeof address.storage;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size);
    if (address.storage.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
    }
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

void set_port(Address& address, uint16_t port) {
    if (address.storage.ss_family == AF_INET6) {
        reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port = htons(port);
    } else {
        reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = htons(port);
    }
}

/// Tries one address. Gives 0 and the socket, or the errno of the failure.
Task<int> try_address(Loop& loop, Address address, Deadline deadline, std::unique_ptr<Socket>& connected) {
    Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) co_return errno;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY);
    int error = ::connect(fd.get(), address.get(), address.size) < 0 ? errno : 0;
    if (error != 0 && error != EINPROGRESS) co_return error;
    auto socket = std::make_unique<Socket>(loop, std::move(fd));
    if (error == EINPROGRESS) {
        WakeReason reason = co_await socket->wait_writable(deadline);
        require_notified(reason, "a connection");
        socklen_t size = sizeof error;
        ::getsockopt(socket->fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) connected = std::move(socket);
    co_return error;
}

}  // namespace

Task<std::unique_ptr<Socket>> connect_tcp(Loop& loop, std::string host, uint16_t port, Deadline deadline) {
    auto find = [host, port] { return look_up(host, port, 0); };
    Task<std::vector<Address>> look = offload(loop, std::move(find), deadline);
    std::vector<Address> addresses = co_await look;
    std::unique_ptr<Socket> connected;
    int error = EADDRNOTAVAIL;
    for (const Address& address : addresses) {
        error = co_await try_address(loop, address, deadline, connected);
        if (error == 0) co_return connected;
    }
    throw Error::from_errno(error, ErrorDomain::none, fmt::format("cannot connect to {} port {}", host, port));
}

TcpListener::TcpListener(Loop& loop, const std::string& host, uint16_t port, std::function<void(Fd)> on_connection)
    : port_(port) {
    int error = 0;
    for (Address& address : look_up(host, port, AI_PASSIVE)) {
        set_port(address, port_);  // the kernel's choice for the first holds for all
        Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd) {
            error = errno;  // a kernel without IPv6
            continue;
        }
        set_option(fd, SOL_SOCKET, SO_REUSEADDR);
        if (address.storage.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
        bool listens = ::bind(fd.get(), address.get(), address.size) == 0 && ::listen(fd.get(), backlog) == 0;
        if (!listens) {
            error = errno;
            if (error == EADDRNOTAVAIL) continue;  // IPv6 switched off
            break;
        }
        error = 0;
        port_ = bound_port(fd);
        acceptors_.push_back(std::make_unique<Acceptor>(loop, std::move(fd), on_connection));
    }
    if (acceptors_.empty() || (error != 0 && error != EADDRNOTAVAIL && error != EAFNOSUPPORT)) {
        throw Error::from_errno(error, ErrorDomain::none, fmt::format("cannot listen on {} port {}", host, port));
    }
}

TcpListener::~TcpListener() = default;

void TcpListener::set_accepting(bool accepting) {
    for (auto& acceptor : acceptors_) acceptor->set_accepting(accepting);
}

}  // namespace virtue::io
