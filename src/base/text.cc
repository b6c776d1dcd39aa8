#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace virtue {

namespace {
constexpr std::string_view blanks = " \t\r\n\v\f";
}

std::string_view trim(std::string_view text) {
    size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    size_t last = text.find_last_not_of(blanks);
    return text.substr(first, last - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    for (size_t begin = text.find_first_not_of(blanks); begin != std::string_view::npos;) {
        size_t end = text.find_first_of(blanks, begin);
        words.push_back(text.substr(begin, end - begin));
        begin = text.find_first_not_of(blanks, end);
    }
    return words;
}

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
    }
    return lines;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string all;
    for (size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) all += separator;
        all += parts[i];
    }
    return all;
}

std::optional<uint64_t> unit_factor(std::string_view unit) {
    std::string lower(unit);
    for (char& letter : lower) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (lower == "b" || lower == "byte" || lower == "bytes") return 1;
    if (lower.empty()) return std::nullopt;
    size_t power = std::string_view("kmgtpe").find(lower[0]);
    if (power == std::string_view::npos) return std::nullopt;
    std::string_view rest = std::string_view(lower).substr(1);
    uint64_t base = rest == "b" ? 1000 : 1024;
    if (!rest.empty() && rest != "b" && rest != "ib") return std::nullopt;
    uint64_t factor = base;
    for (size_t i = 0; i < power; ++i) factor *= base;
    return factor;
}

std::optional<uint64_t> parse_size(std::string_view text, uint64_t default_unit) {
    text = trim(text);
    size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::optional<uint64_t> number = parse_number<uint64_t>(text.substr(0, digits));
    std::string_view unit = trim(text.substr(digits));
    std::optional<uint64_t> factor = unit.empty() ? default_unit : unit_factor(unit);
    if (!number || !factor) return std::nullopt;
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(*number, *factor, &bytes)) return std::nullopt;
    return bytes;
}

namespace {

/// Edits (insert, remove, replace) that turn one text into the other.
size_t distance(std::string_view from, std::string_view to) {
    std::vector<size_t> row(to.size() + 1);
    for (size_t j = 0; j <= to.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= from.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= to.size(); ++j) {
            size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[to.size()];
}

}  // namespace

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    size_t best_distance = std::max<size_t>(2, text.size() / 3) + 1;
    for (std::string_view candidate : candidates) {
        size_t edits = distance(text, candidate);
        if (edits >= best_distance) continue;
        best = candidate;
        best_distance = edits;
    }
    return best;
}

}  // namespace virtue
