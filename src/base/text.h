// Small helpers for text: trimming, splitting, joining, and strict numbers. No state; any thread.
#pragma once
#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtue {

/// Without spaces, tabs and line ends on both sides.
std::string_view trim(std::string_view text);
/// The parts between separators, empty ones included: "a,,b" gives three. An empty text gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
/// The parts between runs of spaces, tabs and line ends; never an empty one.
std::vector<std::string_view> split_words(std::string_view text);
/// The parts with `separator` between them.
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// The lines without their ends; a last line without an end counts, an empty rest does not.
std::vector<std::string_view> split_lines(std::string_view text);

/// The whole text as a number: no sign for unsigned types, no spaces, no rest, no overflow; nothing otherwise.
/// Base 16 takes an optional "0x"; base 0 reads "0x1f" as hexadecimal and the rest as decimal.
template <std::integral Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
    bool has_prefix = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (base == 0) base = has_prefix ? 16 : 10;
    if (base == 16 && has_prefix) text.remove_prefix(2);
    Number value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || text.empty() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// A size with libvirt's units, in bytes: "10", "10 KiB", "10k", "10MB"; K, KiB, M, ... are powers of 1024, KB, MB,
/// ... powers of 1000, b and bytes are 1. Without a unit `default_unit` bytes. Nothing for another unit, a sign, a
/// fraction or an overflow.
std::optional<uint64_t> parse_size(std::string_view text, uint64_t default_unit = 1);
/// The factor of a unit as parse_size() knows it; nothing if there is no such unit.
std::optional<uint64_t> unit_factor(std::string_view unit);
/// The entry of `candidates` nearest to `text` by edits, for "did you mean"; empty if none is near.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace virtue
