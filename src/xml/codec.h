// How single values look in XML: numbers, switches, words of a list, UUIDs. Codec<T> has three parts:
// parse(text) -> optional<T>, format(value) -> text, and absent(value): true when the value is not written at all.
// An enum takes part through VIRTUE_XML_NAMES beside its declaration. Pure functions; usable from any thread.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bitmap.h"
#include "base/mac_address.h"
#include "base/uuid.h"

namespace virtue::xml {

/// The words of an enum, in the order of its values. An empty word is the value for "not there"; "~default" is the
/// same, and is read from the word "default" too.
using Names = std::span<const std::string_view>;

// clang-format off
/// Declares the words of an enum whose values count from 0: VIRTUE_XML_NAMES(RngModel, "virtio", "virtio-transitional").
#define VIRTUE_XML_NAMES(Type, ...)                                                            \
    struct Type##Names { static constexpr std::string_view list[] = {__VA_ARGS__}; };          \
    constexpr ::virtue::xml::Names xml_names(Type) { return Type##Names::list; }
// clang-format on

/// 'yes' or 'no', or nothing said.
enum class YesNo : uint8_t { absent, yes, no };
VIRTUE_XML_NAMES(YesNo, "", "yes", "no")
/// 'on' or 'off', or nothing said.
enum class Switch : uint8_t { absent, on, off };
VIRTUE_XML_NAMES(Switch, "", "on", "off")

inline YesNo yes_no(bool value) {
    return value ? YesNo::yes : YesNo::no;
}
inline Switch on_off(bool value) {
    return value ? Switch::on : Switch::off;
}

template <typename T>
concept Named = std::is_enum_v<T> && requires(T value) { xml_names(value); };

/// The word of an enum value; "?" if it has none.
template <Named E>
constexpr std::string_view to_name(E value) {
    const Names names = xml_names(value);
    const auto index = static_cast<size_t>(value);
    if (index >= names.size()) return "?";
    return names[index].starts_with('~') ? std::string_view() : names[index];
}

/// The enum value of a word.
template <Named E>
constexpr std::optional<E> from_name(std::string_view text) {
    const Names names = xml_names(E{});
    for (size_t i = 0; i < names.size(); i++)
        if (!names[i].empty() && (names[i] == text || (names[i][0] == '~' && names[i].substr(1) == text)))
            return static_cast<E>(i);
    return std::nullopt;
}

/// Decimal, or hex with 0x where `base` is 0 or 16; blanks before it are passed over (as strtol does).
std::optional<int64_t> parse_signed(std::string_view text, int64_t low, int64_t high, int base = 10);
std::optional<uint64_t> parse_unsigned(std::string_view text, uint64_t high, int base = 10);
/// "one of 'a', 'b'"
std::string words_of(Names names);

/// What a single value may look like, for the grammar.
struct ValueType {
    enum class Kind : uint8_t { text, words, integer, natural, number, hex, uuid, mac, set };
    Kind kind = Kind::text;
    Names words;           ///< of Kind::words
    std::string sentence;  ///< as the Codec's wanted()
    bool settled = false;  ///< whatever else is asked of the same name
};

template <typename T>
struct Codec;

template <typename T>
inline constexpr ValueType::Kind value_kind = ValueType::Kind::text;
template <typename T>
    requires std::is_integral_v<T>
inline constexpr ValueType::Kind value_kind<T> =
    std::is_signed_v<T> ? ValueType::Kind::integer : ValueType::Kind::natural;
template <Named E>
inline constexpr ValueType::Kind value_kind<E> = ValueType::Kind::words;
template <>
inline constexpr ValueType::Kind value_kind<bool> = ValueType::Kind::words;
template <>
inline constexpr ValueType::Kind value_kind<double> = ValueType::Kind::number;
template <>
inline constexpr ValueType::Kind value_kind<Uuid> = ValueType::Kind::uuid;
template <>
inline constexpr ValueType::Kind value_kind<MacAddress> = ValueType::Kind::mac;
template <>
inline constexpr ValueType::Kind value_kind<Bitmap> = ValueType::Kind::set;

/// True where the text of a value is an integer that other formats write bare.
template <typename T>
inline constexpr bool is_number = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <>
struct Codec<std::string> {
    static std::optional<std::string> parse(std::string_view text) { return std::string(text); }
    static const std::string& format(const std::string& value) { return value; }
    static bool absent(const std::string& value) { return value.empty(); }
    static std::string wanted() { return "text"; }
};

template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
struct Codec<T> {
    static std::optional<T> parse(std::string_view text) {
        if constexpr (std::is_signed_v<T>) {
            auto v = parse_signed(text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
            return v ? std::optional<T>(static_cast<T>(*v)) : std::nullopt;
        } else {
            auto v = parse_unsigned(text, std::numeric_limits<T>::max());
            return v ? std::optional<T>(static_cast<T>(*v)) : std::nullopt;
        }
    }
    static std::string format(T value) { return std::to_string(value); }
    static bool absent(T) { return false; }
    static std::string wanted() { return std::is_signed_v<T> ? "an integer" : "a non-negative integer"; }
};

template <Named E>
struct Codec<E> {
    static std::optional<E> parse(std::string_view text) { return from_name<E>(text); }
    static std::string_view format(E value) { return to_name(value); }
    static bool absent(E value) { return to_name(value).empty(); }
    static std::string wanted() { return words_of(xml_names(E{})); }
};

/// A plain bool is 'yes' or 'no', always written.
template <>
struct Codec<bool> {
    static std::optional<bool> parse(std::string_view text);
    static std::string_view format(bool value) { return value ? "yes" : "no"; }
    static bool absent(bool) { return false; }
    static std::string wanted() { return "'yes' or 'no'"; }
};

template <>
struct Codec<double> {
    static std::optional<double> parse(std::string_view text);
    static std::string format(double value);
    static bool absent(double) { return false; }
    static std::string wanted() { return "a number"; }
};

template <>
struct Codec<Uuid> {
    static std::optional<Uuid> parse(std::string_view text) { return Uuid::parse(text); }
    static std::string format(const Uuid& value) { return value.to_string(); }
    static bool absent(const Uuid&) { return false; }
    static std::string wanted() { return "a UUID"; }
};

template <>
struct Codec<MacAddress> {
    static std::optional<MacAddress> parse(std::string_view text) { return MacAddress::parse(text); }
    static std::string format(const MacAddress& value) { return value.to_string(); }
    static bool absent(const MacAddress&) { return false; }
    static std::string wanted() { return "a MAC address such as 52:54:00:12:34:56"; }
};

template <>
struct Codec<Bitmap> {
    static std::optional<Bitmap> parse(std::string_view text) { return Bitmap::parse(text); }
    static std::string format(const Bitmap& value) { return value.to_string(); }
    static bool absent(const Bitmap& value) { return value.empty(); }
    static std::string wanted() { return "a set of numbers such as 0-3,^2,8"; }
};

/// A number written as 0x and `Digits` hex digits; decimal is read too.
template <typename T, int Digits>
struct Hex {
    T value{};
    auto operator<=>(const Hex&) const = default;
    operator T() const { return value; }
};

std::string format_hex(uint64_t value, int digits);

template <typename T, int Digits>
inline constexpr ValueType::Kind value_kind<Hex<T, Digits>> = ValueType::Kind::hex;

template <typename T, int Digits>
struct Codec<Hex<T, Digits>> {
    static std::optional<Hex<T, Digits>> parse(std::string_view text) {
        auto v = parse_unsigned(text, std::numeric_limits<T>::max(), 0);
        return v ? std::optional(Hex<T, Digits>{static_cast<T>(*v)}) : std::nullopt;
    }
    static std::string format(Hex<T, Digits> v) { return format_hex(v.value, Digits); }
    static bool absent(Hex<T, Digits>) { return false; }
    static std::string wanted() { return "a non-negative integer, decimal or hex with 0x"; }
};

/// `value` in `unit` ("KiB", "kB", "G", "bytes", …) as bytes; nothing for an unknown unit or overflow.
/// libvirt: virScaleInteger, whose bare letters mean powers of 1024 and whose "…B" mean powers of 1000.
std::optional<uint64_t> scale(uint64_t value, std::string_view unit);

/// What a value of type T may look like.
template <typename T>
ValueType value_type() {
    ValueType type{value_kind<T>, {}, Codec<T>::wanted()};
    if constexpr (Named<T>) type.words = xml_names(T{});
    if constexpr (std::is_same_v<T, bool>) type.words = xml_names(YesNo{});
    return type;
}

}  // namespace virtue::xml
