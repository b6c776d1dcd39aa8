// The 16 bytes that name a libvirt object for ever. A value type; usable from any thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace virtue {

/// A UUID as libvirt stores it: 16 raw bytes, printed in lower case with dashes.
struct Uuid {
    std::array<uint8_t, 16> bytes{};

    auto operator<=>(const Uuid&) const = default;

    /// Reads 32 hex digits; dashes and white space at the ends are passed over (libvirt: virUUIDParse).
    static std::optional<Uuid> parse(std::string_view text);
    /// A fresh version 4 UUID from getrandom(2).
    static Uuid generate();
    /// "c7a5fdbd-edaf-9455-926a-d65c16db1809" (libvirt: virUUIDFormat).
    std::string to_string() const;
    /// False for all bytes equal, which libvirt refuses as a host UUID (virUUIDIsValid).
    bool is_plausible() const;
};

}  // namespace virtue

template <>
struct std::hash<virtue::Uuid> {
    size_t operator()(const virtue::Uuid& uuid) const noexcept {
        uint64_t low = 0;
        uint64_t high = 0;
        for (size_t i = 0; i < 8; i++) {
            low = low << 8 | uuid.bytes[i];
            high = high << 8 | uuid.bytes[i + 8];
        }
        return low * 0x9e3779b97f4a7c15ull ^ high;
    }
};
