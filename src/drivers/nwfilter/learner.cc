#include "drivers/nwfilter/learner.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.h"

namespace virtue::nwfilter {

namespace {

using Frame = std::span<const uint8_t>;

uint32_t number(Frame frame, size_t at, size_t size) {
    uint32_t value = 0;
    for (size_t i = at; i < at + size && i < frame.size(); i++) value = value << 8U | frame[i];
    return value;
}

/// Nothing for an address that no host has.
std::optional<std::string> host_address(uint32_t address) {
    const uint32_t first = address >> 24U;
    if (first == 0 || first == 127 || first >= 224) return std::nullopt;
    char text[INET_ADDRSTRLEN];
    const uint32_t network_order = htonl(address);
    return ::inet_ntop(AF_INET, &network_order, text, sizeof text) ? std::optional<std::string>(text) : std::nullopt;
}

bool is_mac(Frame frame, size_t at, const MacAddress& mac) {
    return frame.size() >= at + mac.bytes.size() && std::equal(mac.bytes.begin(), mac.bytes.end(), frame.begin() + at);
}

/// The type of a DHCP message (RFC 2132, option 53); 0 if it says none.
uint8_t dhcp_type(Frame options) {
    size_t at = 0;
    while (at + 1 < options.size() && options[at] != 255) {
        if (options[at] == 0) {
            at++;
            continue;
        }
        if (options[at] == 53 && at + 2 < options.size()) return options[at + 2];
        at += 2U + options[at + 1];
    }
    return 0;
}

/// The address that a server acknowledges to the card (RFC 2131, section 2).
std::optional<std::string> acknowledged(Frame packet, const MacAddress& mac) {
    constexpr uint32_t udp = 17, server = 67, client = 68, cookie = 0x63825363;
    constexpr uint8_t acknowledgement = 5;
    const size_t header = (packet.empty() ? 0U : packet[0] & 0xfU) * 4U;
    if (packet.size() < header + 8 + 240 || packet[9] != udp || number(packet, 6, 2) & 0x1fffU) return std::nullopt;
    if (number(packet, header, 2) != server || number(packet, header + 2, 2) != client) return std::nullopt;
    const Frame message = packet.subspan(header + 8);
    if (message[0] != 2 || !is_mac(message, 28, mac) || number(message, 236, 4) != cookie) return std::nullopt;
    if (dhcp_type(message.subspan(240)) != acknowledgement) return std::nullopt;
    return host_address(number(message, 16, 4));
}

}  // namespace

std::optional<std::string> address_in_frame(std::span<const uint8_t> frame, const MacAddress& mac, LearnMode mode) {
    constexpr uint32_t ipv4 = 0x0800, arp = 0x0806;
    constexpr size_t header = 14;
    if (frame.size() < header + 20) return std::nullopt;
    const uint32_t type = number(frame, 12, 2);
    const Frame packet = frame.subspan(header);
    if (type == ipv4) {
        if (auto given = acknowledged(packet, mac)) return given;
    }
    if (mode == LearnMode::dhcp || !is_mac(frame, 6, mac)) return std::nullopt;
    if (type == ipv4) return host_address(number(packet, 12, 4));
    // Ethernet and IPv4 (RFC 826): the sender tells both of its addresses.
    if (type == arp && number(packet, 2, 2) == ipv4 && is_mac(packet, 8, mac))
        return host_address(number(packet, 14, 4));
    return std::nullopt;
}

Fd packet_socket(const std::string& device) {
    Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
    if (!socket || address.sll_ifindex == 0 ||
        ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw Error::from_errno(errno, ErrorDomain::nwfilter, "cannot listen on " + device);
    return socket;
}

AddressLearner::AddressLearner(io::Loop& loop, Fd socket, MacAddress mac, LearnMode mode,
                               std::function<void(const std::string&)> learned)
    : mac_(mac),
      mode_(mode),
      learned_(std::move(learned)),
      loop_(loop),
      socket_(std::move(socket)),
      pause_(loop, [this] { listen(); }) {
    listen();
}

AddressLearner::~AddressLearner() = default;

void AddressLearner::listen() {
    watch_ = std::make_unique<io::FdWatch>(loop_, socket_.get());
    watch_->on_readable([this] { receive(); });
}

void AddressLearner::receive() {
    // A guest may send faster than we read, and never what we look for: everybody else gets a turn in between.
    constexpr int most_at_once = 64;
    constexpr io::Milliseconds rest{20};
    std::array<uint8_t, 2048> buffer;
    for (int i = 0; i < most_at_once; i++) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno != EAGAIN) watch_->close();  // the device is gone
        if (got <= 0) return;
        const auto address = address_in_frame({buffer.data(), static_cast<size_t>(got)}, mac_, mode_);
        if (!address) continue;
        watch_->close();
        const std::function<void(const std::string&)> learned = std::exchange(learned_, {});
        if (learned) learned(*address);
        return;
    }
    watch_->close();
    pause_.start_after(rest);
}

}  // namespace virtue::nwfilter
