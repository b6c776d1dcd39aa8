// A JSON value as the QEMU driver uses it: small, with members in the order in which they were written, because a
// command line shows them. The parser behind it is Boost.JSON, which only json.cc sees. A value type; any thread.
#pragma once
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace virtue::qemu {

/// null, a boolean, a number, a text, an array or an object.
class Json {
public:
    struct Member;
    using Array = std::vector<Json>;
    using Object = std::vector<Member>;

    /// The deepest nesting that parse() takes.
    static constexpr size_t max_depth = 64;

    Json() noexcept;
    Json(bool value);
    template <std::signed_integral T>
    Json(T value);
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool>)
    Json(T value);
    Json(double value);
    Json(std::string value);
    Json(std::string_view value);
    Json(const char* value);
    Json(const Json& other);
    Json(Json&& other) noexcept;
    Json& operator=(const Json& other);
    Json& operator=(Json&& other) noexcept;
    ~Json();

    static Json array();
    static Json object();
    /// `Json::object({{"driver", "virtio-blk-pci"}, {"id", alias}})`
    static Json object(std::initializer_list<Member> members);
    /// An object or array of what was gathered before.
    static Json from_members(Object members);
    static Json from_items(Array items);

    /// Appends a member, or replaces the one of that name in its place. A null value becomes an object first.
    Json& set(std::string_view key, Json value);
    /// Takes a member away; nothing happens if it is not there.
    Json& remove(std::string_view key);
    /// Appends to an array. A null value becomes an array first.
    Json& add(Json value);

    bool is_null() const { return value_.index() == 0; }
    bool is_bool() const { return value_.index() == 1; }
    bool is_integer() const { return value_.index() == 2 || value_.index() == 3; }
    bool is_number() const { return is_integer() || value_.index() == 4; }
    bool is_string() const { return value_.index() == 5; }
    bool is_array() const { return value_.index() == 6; }
    bool is_object() const { return value_.index() == 7; }

    /// The value as that type. Throws internal_error saying what was there instead.
    bool as_bool() const;
    int64_t as_int() const;
    uint64_t as_uint() const;
    double as_double() const;
    const std::string& as_string() const;
    /// The items of an array / members of an object. Throw internal_error for anything else.
    std::span<const Json> items() const;
    std::span<const Member> members() const;

    /// A member; nothing if it is not there or this is no object.
    const Json* find(std::string_view key) const;
    /// A member that must be there. Throws internal_error naming it.
    const Json& at(std::string_view key) const;
    /// A member's value, or `otherwise` when it is absent or of another type.
    bool bool_or(std::string_view key, bool otherwise) const;
    int64_t int_or(std::string_view key, int64_t otherwise) const;
    uint64_t uint_or(std::string_view key, uint64_t otherwise) const;
    std::string string_or(std::string_view key, std::string_view otherwise) const;

    /// One value with nothing but blanks around it. Throws internal_error "cannot parse json …" with the place.
    static Json parse(std::string_view text);
    /// Compact text, members in order.
    std::string to_text() const;
    /// The same appended to `out`.
    void append_to(std::string& out) const;

    bool operator==(const Json& other) const;

private:
    void assign(int64_t value);
    void assign(uint64_t value);
    std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object> value_;
};

struct Json::Member {
    std::string key;
    Json value;
    bool operator==(const Member& other) const = default;
};

template <std::signed_integral T>
Json::Json(T value) : Json() {
    assign(static_cast<int64_t>(value));
}
template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
Json::Json(T value) : Json() {
    assign(static_cast<uint64_t>(value));
}

}  // namespace virtue::qemu
