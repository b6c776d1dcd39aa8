// JSON and YAML of a Value, by hand: keys keep their order, text stays text ("yes" is quoted in YAML).
#include <cmath>

#include <fmt/core.h>

#include "shell/result.h"

namespace virtue::shell {
namespace {

std::string quoted(std::string_view text) {
    std::string json = "\"";
    for (char c : text) {
        switch (c) {
            case '"':
                json += "\\\"";
                break;
            case '\\':
                json += "\\\\";
                break;
            case '\n':
                json += "\\n";
                break;
            case '\r':
                json += "\\r";
                break;
            case '\t':
                json += "\\t";
                break;
            default:
                if (static_cast<uint8_t>(c) < 0x20) {
                    json += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
                } else {
                    json += c;
                }
        }
    }
    return json + "\"";
}

std::string scalar(const Value& value) {
    if (auto* text = std::get_if<std::string>(&value.data)) return quoted(*text);
    if (auto* truth = std::get_if<bool>(&value.data)) return *truth ? "true" : "false";
    if (auto* number = std::get_if<double>(&value.data))
        return std::isfinite(*number) ? fmt::format("{}", *number) : "null";
    if (auto* number = std::get_if<int64_t>(&value.data)) return fmt::format("{}", *number);
    if (auto* number = std::get_if<uint64_t>(&value.data)) return fmt::format("{}", *number);
    return "null";
}

void write_json(std::string& out, const Value& value, size_t indent) {
    std::string inner(indent + 2, ' ');
    if (auto* list = std::get_if<Values>(&value.data)) {
        if (list->empty()) {
            out += "[]";
            return;
        }
        const char* separator = "[\n";
        for (const Value& item : *list) {
            out += separator + inner;
            write_json(out, item, indent + 2);
            separator = ",\n";
        }
        out += "\n" + std::string(indent, ' ') + "]";
    } else if (auto* record = std::get_if<Record>(&value.data)) {
        if (record->empty()) {
            out += "{}";
            return;
        }
        const char* separator = "{\n";
        for (const auto& [key, item] : *record) {
            out += separator + inner + quoted(key) + ": ";
            write_json(out, item, indent + 2);
            separator = ",\n";
        }
        out += "\n" + std::string(indent, ' ') + "}";
    } else {
        out += scalar(value);
    }
}

// A word that YAML reads as text and as nothing else.
bool is_plain(std::string_view text) {
    if (text.empty() || text.size() > 60) return false;
    bool letter_first = (text[0] | 0x20) >= 'a' && (text[0] | 0x20) <= 'z';
    if (!letter_first || text.back() == ' ') return false;
    for (char c : text) {
        bool fine = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                    c == '.' || c == '/' || c == ' ';
        if (!fine) return false;
    }
    constexpr std::string_view words[] = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf"};
    std::string lower;
    for (char c : text) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    for (std::string_view word : words) {
        if (lower == word) return false;
    }
    return true;
}

std::string yaml_scalar(const Value& value) {
    auto* text = std::get_if<std::string>(&value.data);
    return text && is_plain(*text) ? *text : scalar(value);
}

bool has_block(const Value& value) {
    auto* list = std::get_if<Values>(&value.data);
    auto* record = std::get_if<Record>(&value.data);
    return (list && !list->empty()) || (record && !record->empty());
}

std::string yaml_flow(const Value& value) {
    if (std::holds_alternative<Values>(value.data)) return "[]";
    if (std::holds_alternative<Record>(value.data)) return "{}";
    return yaml_scalar(value);
}

void write_yaml(std::string& out, const Value& value, size_t indent, bool first_in_place) {
    std::string margin(indent, ' ');
    auto lead = [&] {
        if (!first_in_place) out += "\n" + margin;
        first_in_place = false;
    };
    if (auto* list = std::get_if<Values>(&value.data); list && !list->empty()) {
        for (const Value& item : *list) {
            lead();
            out += "- ";
            if (has_block(item)) {
                write_yaml(out, item, indent + 2, true);
            } else {
                out += yaml_flow(item);
            }
        }
    } else if (auto* record = std::get_if<Record>(&value.data); record && !record->empty()) {
        for (const auto& [key, item] : *record) {
            lead();
            out += yaml_scalar(Value(key)) + ":";
            if (has_block(item)) {
                write_yaml(out, item, indent + 2, false);
            } else {
                out += " " + yaml_flow(item);
            }
        }
    } else {
        out += yaml_flow(value);
    }
}

}  // namespace

std::string to_json(const Value& value) {
    std::string out;
    write_json(out, value, 0);
    return out;
}

std::string to_yaml(const Value& value) {
    std::string out;
    write_yaml(out, value, 0, true);
    return out;
}

}  // namespace virtue::shell
