#include "base/mac_address.h"

#include <charconv>

#include <fmt/format.h>
#include <sys/random.h>

namespace virtue {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    MacAddress result;
    for (size_t i = 0; i < result.bytes.size(); i++) {
        const char* begin = text.data();
        const char* limit = begin + (text.size() < 2 ? text.size() : 2);
        auto [end, fault] = std::from_chars(begin, limit, result.bytes[i], 16);
        if (fault != std::errc{}) return std::nullopt;
        text.remove_prefix(static_cast<size_t>(end - begin));
        if (i == 5) break;
        if (text.empty() || text.front() != ':') return std::nullopt;
        text.remove_prefix(1);
    }
    if (!text.empty()) return std::nullopt;
    return result;
}

MacAddress MacAddress::generate(std::array<uint8_t, 3> prefix) {
    MacAddress result{{prefix[0], prefix[1], prefix[2]}};
    while (getrandom(result.bytes.data() + 3, 3, 0) != 3) continue;
    return result;
}

std::string MacAddress::to_string() const {
    return fmt::format("{:02x}", fmt::join(bytes, ":"));
}

}  // namespace virtue
