#include "xml/codec.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

namespace virtue::xml {

namespace {

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct Digits {
    std::string_view text;
    bool negative = false;
    int base = 10;
};

// What strtol would take as sign and prefix.
Digits split(std::string_view text, int base) {
    Digits result;
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        result.negative = text.front() == '-';
        text.remove_prefix(1);
    }
    const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (hex && (base == 0 || base == 16)) {
        text.remove_prefix(2);
        base = 16;
    } else if (base == 0) {
        base = text.size() > 1 && text[0] == '0' ? 8 : 10;
    }
    result.text = text;
    result.base = base;
    return result;
}

std::optional<uint64_t> magnitude(const Digits& digits) {
    uint64_t value = 0;
    const char* limit = digits.text.data() + digits.text.size();
    auto [end, fault] = std::from_chars(digits.text.data(), limit, value, digits.base);
    if (fault != std::errc{} || end != limit) return std::nullopt;
    return value;
}

}  // namespace

std::optional<int64_t> parse_signed(std::string_view text, int64_t low, int64_t high, int base) {
    const Digits digits = split(text, base);
    auto value = magnitude(digits);
    if (!value || *value > uint64_t{1} << 63) return std::nullopt;
    if (!digits.negative && *value > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
    const int64_t result = digits.negative ? static_cast<int64_t>(0 - *value) : static_cast<int64_t>(*value);
    if (result < low || result > high) return std::nullopt;
    return result;
}

std::optional<uint64_t> parse_unsigned(std::string_view text, uint64_t high, int base) {
    const Digits digits = split(text, base);
    auto value = magnitude(digits);
    if (!value || *value > high || (digits.negative && *value != 0)) return std::nullopt;
    return value;
}

std::string words_of(Names names) {
    std::string text;
    for (std::string_view name : names) {
        if (name.empty() || name[0] == '~') continue;
        text += fmt::format("{}'{}'", text.empty() ? "one of " : ", ", name);
    }
    return text;
}

std::optional<bool> Codec<bool>::parse(std::string_view text) {
    if (text == "yes") return true;
    if (text == "no") return false;
    return std::nullopt;
}

std::optional<double> Codec<double>::parse(std::string_view text) {
    double value = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string Codec<double>::format(double value) {
    return fmt::format("{}", value);
}

std::string format_hex(uint64_t value, int digits) {
    char text[2 * sizeof value];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, value, 16);
    const auto size = static_cast<size_t>(end.ptr - text);
    std::string result = "0x";
    if (const auto wanted = static_cast<size_t>(std::max(digits, 0)); wanted > size) result.append(wanted - size, '0');
    return result.append(text, size);
}

std::optional<uint64_t> scale(uint64_t value, std::string_view unit) {
    std::string lower(unit);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower.empty() || lower == "b" || lower == "byte" || lower == "bytes") return value;
    uint64_t base = 1024;
    lower.erase(0, 1);
    if (lower == "b") {
        base = 1000;
    } else if (!lower.empty() && lower != "ib") {
        return std::nullopt;
    }
    constexpr std::string_view letters = "kmgtpe";
    const size_t power = letters.find(static_cast<char>(std::tolower(static_cast<unsigned char>(unit[0]))));
    if (power == std::string_view::npos) return std::nullopt;
    for (size_t i = 0; i <= power; i++)
        if (__builtin_mul_overflow(value, base, &value)) return std::nullopt;
    return value;
}

}  // namespace virtue::xml
