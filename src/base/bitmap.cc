#include "base/bitmap.h"

#include <algorithm>
#include <bit>
#include <charconv>

namespace virtue {

namespace {

bool take_number(std::string_view& text, unsigned& number) {
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || number >= Bitmap::limit) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return true;
}

void skip_blanks(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n'))
        text.remove_prefix(1);
}

}  // namespace

Bitmap Bitmap::first(unsigned count) {
    Bitmap result;
    for (unsigned i = 0; i < count; i++) result.set(i);
    return result;
}

std::optional<Bitmap> Bitmap::parse(std::string_view text) {
    Bitmap result;
    skip_blanks(text);
    if (text.empty()) return std::nullopt;
    while (true) {
        skip_blanks(text);
        const bool negated = !text.empty() && text.front() == '^';
        if (negated) text.remove_prefix(1);
        unsigned from = 0;
        if (!take_number(text, from)) return std::nullopt;
        unsigned to = from;
        skip_blanks(text);
        if (!text.empty() && text.front() == '-') {
            if (negated) return std::nullopt;
            text.remove_prefix(1);
            skip_blanks(text);
            if (!take_number(text, to) || to < from) return std::nullopt;
            skip_blanks(text);
        }
        for (unsigned i = from; i <= to; i++) result.set(i, !negated);
        if (text.empty()) return result;
        if (text.front() != ',') return std::nullopt;
        text.remove_prefix(1);
    }
}

bool Bitmap::test(unsigned number) const {
    return number / 64 < words_.size() && (words_[number / 64] >> (number % 64) & 1) != 0;
}

void Bitmap::set(unsigned number, bool value) {
    if (number / 64 >= words_.size()) {
        if (!value) return;
        words_.resize(number / 64 + 1);
    }
    const uint64_t bit = uint64_t{1} << (number % 64);
    words_[number / 64] = value ? words_[number / 64] | bit : words_[number / 64] & ~bit;
}

bool Bitmap::empty() const {
    return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
}

size_t Bitmap::count() const {
    size_t total = 0;
    for (uint64_t word : words_) total += static_cast<size_t>(std::popcount(word));
    return total;
}

std::optional<unsigned> Bitmap::last() const {
    for (size_t i = words_.size(); i-- > 0;)
        if (words_[i] != 0)
            return static_cast<unsigned>(i * 64 + 63) - static_cast<unsigned>(std::countl_zero(words_[i]));
    return std::nullopt;
}

std::optional<unsigned> Bitmap::next(unsigned from) const {
    for (unsigned i = from; i < words_.size() * 64; i++)
        if (test(i)) return i;
    return std::nullopt;
}

bool Bitmap::intersects(const Bitmap& other) const {
    for (size_t i = 0; i < std::min(words_.size(), other.words_.size()); i++)
        if ((words_[i] & other.words_[i]) != 0) return true;
    return false;
}

void Bitmap::add(const Bitmap& other) {
    if (words_.size() < other.words_.size()) words_.resize(other.words_.size());
    for (size_t i = 0; i < other.words_.size(); i++) words_[i] |= other.words_[i];
}

std::string Bitmap::to_string() const {
    std::string text;
    for (auto from = next(); from;) {
        unsigned to = *from;
        while (test(to + 1)) to++;
        if (!text.empty()) text += ',';
        text += std::to_string(*from);
        if (to > *from) text += '-' + std::to_string(to);
        from = next(to + 1);
    }
    return text;
}

bool Bitmap::operator==(const Bitmap& other) const {
    const size_t common = std::min(words_.size(), other.words_.size());
    if (!std::equal(words_.begin(), words_.begin() + static_cast<ptrdiff_t>(common), other.words_.begin()))
        return false;
    const auto& longer = words_.size() > common ? words_ : other.words_;
    return std::all_of(longer.begin() + static_cast<ptrdiff_t>(common), longer.end(),
                       [](uint64_t w) { return w == 0; });
}

}  // namespace virtue
