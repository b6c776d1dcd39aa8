// The types that a field of a message can have besides the plain integers, double, std::string (at most 4 MiB),
// std::optional<T> and Uuid. Value types; each knows its bound, which the codec enforces in both directions.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/uuid.h"

namespace virtue::wire {

/// The longest string of any message, in bytes (REMOTE_STRING_MAX).
constexpr uint32_t string_max = 4194304;

/// No arguments, or no result.
struct Void {
    bool operator==(const Void&) const = default;
};

/// A counted array of at most `Max` items.
template <class T, uint32_t Max>
struct List : std::vector<T> {
    using std::vector<T>::vector;
    List() = default;
    List(std::vector<T> items) : std::vector<T>(std::move(items)) {}
    static constexpr uint32_t max = Max;
};

/// At most `Max` raw bytes, packed.
template <uint32_t Max>
struct Opaque : std::vector<uint8_t> {
    using std::vector<uint8_t>::vector;
    Opaque() = default;
    Opaque(std::vector<uint8_t> bytes) : std::vector<uint8_t>(std::move(bytes)) {}
    explicit Opaque(std::string_view bytes) : std::vector<uint8_t>(bytes.begin(), bytes.end()) {}
    static constexpr uint32_t max = Max;
    std::string_view text() const { return {reinterpret_cast<const char*>(data()), size()}; }
};

/// At most `Max` chars that take four bytes each on the wire: SASL data, security labels. The labels carry their
/// final NUL; `with_nul()` and `text()` add and drop it.
template <uint32_t Max>
struct CharList : std::string {
    using std::string::string;
    CharList() = default;
    CharList(std::string text) : std::string(std::move(text)) {}
    static constexpr uint32_t max = Max;
    static CharList with_nul(std::string_view text) {
        CharList chars{std::string(text)};
        chars.push_back('\0');
        return chars;
    }
    /// The chars before the first NUL.
    std::string_view text() const { return std::string_view(*this).substr(0, find('\0')); }
};

/// Exactly `N` chars that take four bytes each on the wire, filled up with NULs.
template <uint32_t N>
struct CharArray : std::array<char, N> {
    CharArray() : std::array<char, N>{} {}
    /// Keeps the first N - 1 bytes of `text`, as strncpy into the C struct does.
    explicit CharArray(std::string_view text) : CharArray() { text.copy(this->data(), N - 1); }
    std::string_view text() const {
        std::string_view all(this->data(), N);
        return all.substr(0, all.find('\0'));
    }
};

/// A named value of one of seven types (virTypedParameter). The wire numbers the types 1..7 in the variant's order.
struct TypedParameter {
    using Value = std::variant<int32_t, uint32_t, int64_t, uint64_t, double, bool, std::string>;
    std::string field;
    Value value;
    bool operator==(const TypedParameter&) const = default;
};

/// The longest name of a typed parameter, in bytes (VIR_TYPED_PARAM_FIELD_LENGTH less the NUL).
constexpr uint32_t typed_parameter_field_max = 79;

}  // namespace virtue::wire
