// The six bytes of a network card. A value type; usable from any thread.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace virtue {

/// An Ethernet address, printed in lower case with colons.
struct MacAddress {
    std::array<uint8_t, 6> bytes{};

    auto operator<=>(const MacAddress&) const = default;

    /// Reads six hex numbers of one or two digits with colons between (libvirt: virMacAddrParse).
    static std::optional<MacAddress> parse(std::string_view text);
    /// `prefix`, then three random bytes from getrandom(2) (libvirt: virMacAddrGenerate).
    static MacAddress generate(std::array<uint8_t, 3> prefix);
    std::string to_string() const;
    bool is_multicast() const { return (bytes[0] & 1) != 0; }
};

}  // namespace virtue
