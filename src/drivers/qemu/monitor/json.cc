#include "drivers/qemu/monitor/json.h"

#include <fmt/format.h>
#include <cmath>

#include <boost/json/basic_parser_impl.hpp>

#include "base/error.h"

namespace virtue::qemu {

Json::Json() noexcept = default;
Json::Json(bool value) : value_(value) {}
Json::Json(double value) : value_(value) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(std::string_view value) : value_(std::string(value)) {}
Json::Json(const char* value) : value_(std::string(value)) {}
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

void Json::assign(int64_t value) {
    value_ = value;
}

void Json::assign(uint64_t value) {
    value_ = value;
}

Json Json::array() {
    Json json;
    json.value_ = Array();
    return json;
}

Json Json::object() {
    Json json;
    json.value_ = Object();
    return json;
}

Json Json::object(std::initializer_list<Member> members) {
    Json json;
    json.value_ = Object(members);
    return json;
}

namespace {

const char* kind_of(const Json& json) {
    if (json.is_null()) return "null";
    if (json.is_bool()) return "a boolean";
    if (json.is_number()) return "a number";
    if (json.is_string()) return "a text";
    return json.is_array() ? "an array" : "an object";
}

[[noreturn]] void refuse(const Json& json, const char* wanted) {
    fail(ErrorCode::internal_error, ErrorDomain::qemu, "a JSON reply holds {} where {} was expected", kind_of(json),
         wanted);
}

}  // namespace

Json& Json::set(std::string_view key, Json value) {
    if (is_null()) value_ = Object();
    auto* object = std::get_if<Object>(&value_);
    if (object == nullptr) refuse(*this, "an object");
    for (Member& member : *object) {
        if (member.key == key) {
            member.value = std::move(value);
            return *this;
        }
    }
    object->push_back({std::string(key), std::move(value)});
    return *this;
}

Json& Json::remove(std::string_view key) {
    if (auto* object = std::get_if<Object>(&value_)) {
        std::erase_if(*object, [key](const Member& member) { return member.key == key; });
    }
    return *this;
}

Json& Json::add(Json value) {
    if (is_null()) value_ = Array();
    auto* array = std::get_if<Array>(&value_);
    if (array == nullptr) refuse(*this, "an array");
    array->push_back(std::move(value));
    return *this;
}

bool Json::as_bool() const {
    const auto* value = std::get_if<bool>(&value_);
    if (value == nullptr) refuse(*this, "a boolean");
    return *value;
}

int64_t Json::as_int() const {
    if (const auto* value = std::get_if<int64_t>(&value_)) return *value;
    const auto* value = std::get_if<uint64_t>(&value_);
    if (value == nullptr || *value > INT64_MAX) refuse(*this, "an integer");
    return static_cast<int64_t>(*value);
}

uint64_t Json::as_uint() const {
    if (const auto* value = std::get_if<uint64_t>(&value_)) return *value;
    const auto* value = std::get_if<int64_t>(&value_);
    if (value == nullptr || *value < 0) refuse(*this, "a non-negative integer");
    return static_cast<uint64_t>(*value);
}

double Json::as_double() const {
    if (const auto* value = std::get_if<double>(&value_)) return *value;
    if (const auto* value = std::get_if<uint64_t>(&value_)) return static_cast<double>(*value);
    const auto* value = std::get_if<int64_t>(&value_);
    if (value == nullptr) refuse(*this, "a number");
    return static_cast<double>(*value);
}

const std::string& Json::as_string() const {
    const auto* value = std::get_if<std::string>(&value_);
    if (value == nullptr) refuse(*this, "a text");
    return *value;
}

std::span<const Json> Json::items() const {
    const auto* value = std::get_if<Array>(&value_);
    if (value == nullptr) refuse(*this, "an array");
    return *value;
}

std::span<const Json::Member> Json::members() const {
    const auto* value = std::get_if<Object>(&value_);
    if (value == nullptr) refuse(*this, "an object");
    return *value;
}

const Json* Json::find(std::string_view key) const {
    const auto* object = std::get_if<Object>(&value_);
    if (object == nullptr) return nullptr;
    for (const Member& member : *object) {
        if (member.key == key) return &member.value;
    }
    return nullptr;
}

const Json& Json::at(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) fail(ErrorCode::internal_error, ErrorDomain::qemu, "a JSON reply lacks '{}'", key);
    return *value;
}

bool Json::bool_or(std::string_view key, bool otherwise) const {
    const Json* value = find(key);
    return value != nullptr && value->is_bool() ? value->as_bool() : otherwise;
}

int64_t Json::int_or(std::string_view key, int64_t otherwise) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_integer()) return otherwise;
    if (const auto* large = std::get_if<uint64_t>(&value->value_); large != nullptr && *large > INT64_MAX) {
        return otherwise;
    }
    return value->as_int();
}

uint64_t Json::uint_or(std::string_view key, uint64_t otherwise) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_integer()) return otherwise;
    if (const auto* small = std::get_if<int64_t>(&value->value_); small != nullptr && *small < 0) return otherwise;
    return value->as_uint();
}

std::string Json::string_or(std::string_view key, std::string_view otherwise) const {
    const Json* value = find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string(otherwise);
}

bool Json::operator==(const Json& other) const {
    if (is_integer() && other.is_integer() && value_.index() != other.value_.index()) {
        const Json& is_signed = value_.index() == 2 ? *this : other;
        const Json& is_unsigned = value_.index() == 2 ? other : *this;
        const int64_t value = std::get<int64_t>(is_signed.value_);
        return value >= 0 && static_cast<uint64_t>(value) == std::get<uint64_t>(is_unsigned.value_);
    }
    return value_ == other.value_;
}

namespace {

void append_text(std::string& out, std::string_view text) {
    out += '"';
    for (char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\b':
                out += "\\b";
                break;
            case '\f':
                out += "\\f";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
                } else {
                    out += c;
                }
        }
    }
    out += '"';
}

}  // namespace

void Json::append_to(std::string& out) const {
    if (is_null()) {
        out += "null";
    } else if (is_bool()) {
        out += as_bool() ? "true" : "false";
    } else if (is_string()) {
        append_text(out, as_string());
    } else if (const auto* value = std::get_if<int64_t>(&value_)) {
        fmt::format_to(std::back_inserter(out), "{}", *value);
    } else if (const auto* large = std::get_if<uint64_t>(&value_)) {
        fmt::format_to(std::back_inserter(out), "{}", *large);
    } else if (const auto* real = std::get_if<double>(&value_)) {
        fmt::format_to(std::back_inserter(out), "{}", *real);
    } else if (is_array()) {
        out += '[';
        const char* between = "";
        for (const Json& item : items()) {
            out += std::exchange(between, ",");
            item.append_to(out);
        }
        out += ']';
    } else {
        out += '{';
        const char* between = "";
        for (const Member& member : members()) {
            out += std::exchange(between, ",");
            append_text(out, member.key);
            out += ':';
            member.value.append_to(out);
        }
        out += '}';
    }
}

std::string Json::to_text() const {
    std::string out;
    append_to(out);
    return out;
}

namespace {

namespace bj = boost::json;

// Builds a Json from the parser's calls. A stack of open containers; depth is bounded by the parser's own limit.
struct Builder {
    static constexpr size_t max_array_size = SIZE_MAX;
    static constexpr size_t max_object_size = SIZE_MAX;
    static constexpr size_t max_string_size = SIZE_MAX;
    static constexpr size_t max_key_size = SIZE_MAX;

    struct Open {
        bool is_object;
        Json::Array items;
        Json::Object members;
        std::string key;
    };
    std::vector<Open> open;
    std::string text;
    Json result;

    bool put(Json value) {
        if (open.empty()) {
            result = std::move(value);
        } else if (open.back().is_object) {
            open.back().members.push_back({std::move(open.back().key), std::move(value)});
        } else {
            open.back().items.push_back(std::move(value));
        }
        return true;
    }
    bool on_document_begin(bj::error_code&) { return true; }
    bool on_document_end(bj::error_code&) { return true; }
    bool on_object_begin(bj::error_code&) {
        open.push_back({true, {}, {}, {}});
        return true;
    }
    bool on_object_end(size_t, bj::error_code&) {
        Json value = Json::from_members(std::move(open.back().members));
        open.pop_back();
        return put(std::move(value));
    }
    bool on_array_begin(bj::error_code&) {
        open.push_back({false, {}, {}, {}});
        return true;
    }
    bool on_array_end(size_t, bj::error_code&) {
        Json value = Json::from_items(std::move(open.back().items));
        open.pop_back();
        return put(std::move(value));
    }
    bool on_key_part(bj::string_view part, size_t, bj::error_code&) {
        text.append(part.data(), part.size());
        return true;
    }
    bool on_key(bj::string_view part, size_t, bj::error_code&) {
        text.append(part.data(), part.size());
        open.back().key = std::exchange(text, {});
        return true;
    }
    bool on_string_part(bj::string_view part, size_t, bj::error_code&) {
        text.append(part.data(), part.size());
        return true;
    }
    bool on_string(bj::string_view part, size_t, bj::error_code&) {
        text.append(part.data(), part.size());
        return put(Json(std::exchange(text, {})));
    }
    bool on_number_part(bj::string_view, bj::error_code&) { return true; }
    bool on_int64(int64_t value, bj::string_view, bj::error_code&) { return put(Json(value)); }
    bool on_uint64(uint64_t value, bj::string_view, bj::error_code&) { return put(Json(value)); }
    bool on_double(double value, bj::string_view, bj::error_code& fault) {
        // 1e999 is infinite here, and JSON has no word for that.
        if (!std::isfinite(value)) fault = bj::error::exponent_overflow;
        return !fault && put(Json(value));
    }
    bool on_bool(bool value, bj::error_code&) { return put(Json(value)); }
    bool on_null(bj::error_code&) { return put(Json()); }
    bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
    bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

}  // namespace

Json Json::from_members(Object members) {
    Json json;
    json.value_ = std::move(members);
    return json;
}

Json Json::from_items(Array items) {
    Json json;
    json.value_ = std::move(items);
    return json;
}

Json Json::parse(std::string_view text) {
    bj::parse_options options;
    options.max_depth = max_depth;
    bj::basic_parser<Builder> parser(options);
    bj::error_code fault;
    const size_t used = parser.write_some(false, text.data(), text.size(), fault);
    if (!fault && used < text.size()) fault = bj::error::extra_data;
    if (fault) {
        const size_t from = used > 20 ? used - 20 : 0;
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "cannot parse json {}: {} at byte {}", text.substr(from, 60),
             fault.message(), used);
    }
    return std::move(parser.handler().result);
}

}  // namespace virtue::qemu
