#include "base/base64.h"

#include <algorithm>
#include <cstdint>

namespace virtue {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t group = 0;
        size_t count = std::min<size_t>(3, bytes.size() - i);
        for (size_t k = 0; k < 3; k++) group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0);
        for (size_t k = 0; k < 4; k++) text += k <= count ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string bytes;
    uint32_t group = 0;
    int bits = 0;
    bool padded = false;
    for (char c : text) {
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
        size_t digit = digits.find(c);
        if (c == '=') {
            padded = true;
            continue;
        }
        if (digit == digits.npos || padded) return std::nullopt;
        group = group << 6 | static_cast<uint32_t>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(group >> bits & 255);
        }
    }
    return bytes;
}

}  // namespace virtue
