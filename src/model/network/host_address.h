// An IPv4 or IPv6 address as network definitions write it. A value type; usable from any thread.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "xml/codec.h"

namespace virtue::model {

enum class AddressFamily : uint8_t { none, ipv4, ipv6 };

/// Bytes in network order; the first four count for IPv4. Without a family there is no address.
struct HostAddress {
    AddressFamily family = AddressFamily::none;
    std::array<uint8_t, 16> bytes{};

    auto operator<=>(const HostAddress&) const = default;

    /// Numbers only, no names; short IPv4 forms such as "10.1" are read as inet_aton does (libvirt:
    /// virSocketAddrParse).
    static std::optional<HostAddress> parse(std::string_view text);
    /// "192.168.122.1", "fd00::1"; empty without an address.
    std::string to_string() const;

    bool empty() const { return family == AddressFamily::none; }
    bool is_ipv4() const { return family == AddressFamily::ipv4; }
    bool is_ipv6() const { return family == AddressFamily::ipv6; }
    /// 32 or 128.
    unsigned width() const { return is_ipv4() ? 32 : 128; }
    /// With only the first `prefix` bits left.
    HostAddress masked(unsigned prefix) const;
    /// With all bits after `prefix` set: IPv4's broadcast address.
    HostAddress broadcast(unsigned prefix) const;
    /// The number of leading one bits; nothing if ones follow a zero.
    std::optional<unsigned> prefix_of_mask() const;
    /// The mask of `prefix` bits.
    static HostAddress mask(AddressFamily family, unsigned prefix);
};

/// A range of addresses; throws internal_error as libvirt does (virSocketAddrGetRange) for one that is reversed, has
/// more than 65,535 addresses, or (where `network` is given) does not lie within it.
void check_range(const HostAddress& start, const HostAddress& end, const HostAddress& network, unsigned prefix);

}  // namespace virtue::model

template <>
struct virtue::xml::Codec<virtue::model::HostAddress> {
    using Value = virtue::model::HostAddress;
    static std::optional<Value> parse(std::string_view text) { return Value::parse(text); }
    static std::string format(const Value& value) { return value.to_string(); }
    static bool absent(const Value& value) { return value.empty(); }
    static std::string wanted() { return "an IP address"; }
};
