#include "drivers/qemu/ports.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"

using namespace virtue;
using virtue::qemu::PortRange;

TEST_CASE("a port is given once, and again after it was returned") {
    PortRange range(29510, 29519);  // below those that the kernel gives to anybody
    PortRange::Port first = range.take();
    int number = first.number();
    PortRange::Port second = range.take();
    CHECK(second.number() != number);
    first = PortRange::Port();
    CHECK(range.take().number() == number);
}

TEST_CASE("a port that a stranger listens on is passed over") {
    Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{.sin_family = AF_INET};
    REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    int taken = ntohs(address.sin_port);
    PortRange range(taken, taken);
    CHECK_THROWS_AS((void)range.take(), Error);
}
