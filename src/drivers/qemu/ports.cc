#include "drivers/qemu/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"

namespace virtue::qemu {
namespace {

bool can_bind(int family, int port) {
    Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return true;  // no such family here: nothing can listen on it
    int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        sockaddr_in6 address{.sin6_family = AF_INET6, .sin6_port = htons(static_cast<uint16_t>(port))};
        return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno == EADDRNOTAVAIL;
    }
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port))};
    return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

PortRange::Port PortRange::take() {
    for (int port = first_; port <= last_; port++) {
        if (taken_->contains(port) || !can_bind(AF_INET6, port) || !can_bind(AF_INET, port)) continue;
        return claim(port);
    }
    fail(ErrorCode::internal_error, ErrorDomain::none, "Unable to find an unused port in range 'display' ({}-{})",
         first_, last_);
}

PortRange::Port PortRange::claim(int number) {
    bool ours = taken_->insert(number).second;
    return Port(ours ? taken_ : nullptr, number);
}

PortRange::Port& PortRange::Port::operator=(Port&& other) noexcept {
    if (this != &other) {
        release();
        taken_ = std::move(other.taken_);
        number_ = std::exchange(other.number_, 0);
    }
    return *this;
}

void PortRange::Port::release() {
    if (taken_) taken_->erase(number_);
    taken_.reset();
}

}  // namespace virtue::qemu
