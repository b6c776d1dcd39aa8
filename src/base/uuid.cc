#include "base/uuid.h"

#include <sys/random.h>
#include <algorithm>

namespace virtue {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    Uuid uuid;
    size_t digits = 0;
    for (char c : text) {
        if (c == '-') continue;
        int value = hex_value(c);
        if (value < 0 || digits == 32) return std::nullopt;
        uuid.bytes[digits / 2] = static_cast<uint8_t>(uuid.bytes[digits / 2] << 4 | value);
        digits++;
    }
    if (digits != 32) return std::nullopt;
    return uuid;
}

Uuid Uuid::generate() {
    Uuid uuid;
    while (::getrandom(uuid.bytes.data(), uuid.bytes.size(), 0) != static_cast<ssize_t>(uuid.bytes.size())) {
    }
    uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

std::string Uuid::to_string() const {
    std::string text;
    text.reserve(36);
    for (size_t i = 0; i < bytes.size(); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += hex_digits[bytes[i] >> 4];
        text += hex_digits[bytes[i] & 15];
    }
    return text;
}

bool Uuid::is_plausible() const {
    return std::any_of(bytes.begin(), bytes.end(), [this](uint8_t byte) { return byte != bytes[0]; });
}

}  // namespace virtue
