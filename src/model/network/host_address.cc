#include "model/network/host_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/error.h"
#include "xml/mapper.h"

namespace virtue::model {

std::optional<HostAddress> HostAddress::parse(std::string_view text) {
    const std::string copy(text);
    HostAddress result;
    in_addr four{};
    if (!copy.empty() && copy.find_first_of(" \t\r\n") == std::string::npos && inet_aton(copy.c_str(), &four) != 0) {
        result.family = AddressFamily::ipv4;
        const auto* raw = reinterpret_cast<const uint8_t*>(&four);
        std::copy(raw, raw + 4, result.bytes.begin());
        return result;
    }
    if (inet_pton(AF_INET6, copy.c_str(), result.bytes.data()) != 1) return std::nullopt;
    result.family = AddressFamily::ipv6;
    return result;
}

std::string HostAddress::to_string() const {
    if (empty()) return {};
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(is_ipv4() ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
}

HostAddress HostAddress::mask(AddressFamily family, unsigned prefix) {
    HostAddress result;
    result.family = family;
    for (unsigned bit = 0; bit < prefix && bit < result.width(); bit++)
        result.bytes[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
    return result;
}

HostAddress HostAddress::masked(unsigned prefix) const {
    HostAddress result = mask(family, prefix);
    for (size_t i = 0; i < bytes.size(); i++) result.bytes[i] &= bytes[i];
    return result;
}

HostAddress HostAddress::broadcast(unsigned prefix) const {
    const HostAddress ones = mask(family, prefix);
    HostAddress result = *this;
    for (size_t i = 0; i < width() / 8; i++) result.bytes[i] |= static_cast<uint8_t>(~ones.bytes[i]);
    return result;
}

std::optional<unsigned> HostAddress::prefix_of_mask() const {
    unsigned ones = 0;
    while (ones < width() && (bytes[ones / 8] & 0x80 >> ones % 8) != 0) ones++;
    if (mask(family, ones) != *this) return std::nullopt;
    return ones;
}

namespace {

// How many steps lie between two addresses of one family; more than 16 bits' worth gives UINT32_MAX.
uint32_t gap(const HostAddress& start, const HostAddress& end) {
    const size_t length = start.width() / 8;
    for (size_t i = 0; i + 4 < length; i++)
        if (start.bytes[i] != end.bytes[i]) return UINT32_MAX;
    uint32_t low = 0;
    uint32_t high = 0;
    for (size_t i = length - 4; i < length; i++) {
        low = low << 8 | start.bytes[i];
        high = high << 8 | end.bytes[i];
    }
    return high - low;
}

}  // namespace

void check_range(const HostAddress& start, const HostAddress& end, const HostAddress& network, unsigned prefix) {
    constexpr uint32_t most = 65535;
    const std::string range = "range " + start.to_string() + " - " + end.to_string();
    // libvirt raises these in no part of its own.
    const auto refuse = [](std::string sentence) {
        throw xml::Disagreement(ErrorCode::internal_error, ErrorDomain::none, std::move(sentence));
    };
    if (start.family != end.family) refuse(fmt::format("mismatch of address family in {}", range));
    if (!network.empty()) {
        if (start.family != network.family)
            refuse(fmt::format("mismatch of address family in {} for network {}", range, network.to_string()));
        if (prefix > network.width())
            refuse(fmt::format("bad prefix {} for network {} when checking {}", prefix, network.to_string(), range));
        const std::string where = network.to_string() + "/" + std::to_string(prefix);
        const HostAddress base = network.masked(prefix);
        if (start.masked(prefix) != base || end.masked(prefix) != base)
            refuse(fmt::format("{} is not entirely within network {}", range, where));
        if (start.is_ipv4() && start == base)
            refuse(fmt::format("start of {} in network {} is the network address", range, where));
        if (start.is_ipv4() && end == network.broadcast(prefix))
            refuse(fmt::format("end of {} in network {} is the broadcast address", range, where));
    }
    if (end.bytes < start.bytes) refuse(fmt::format("{} is reversed", range));
    if (gap(start, end) > most) refuse(fmt::format("{} is too large (> {})", range, most));
}

}  // namespace virtue::model
