// What a command has to say, described once: shown as a table for people, as JSON or YAML for programs. A value.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace virtue::shell {

struct Value;
using Record = std::vector<std::pair<std::string, Value>>;
using Values = std::vector<Value>;

/// A JSON-like value: nothing, truth, number, text, list, or record (in the order of its keys).
struct Value {
    std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Values, Record> data;

    Value() = default;
    Value(bool value) : data(value) {}
    Value(int value) : data(static_cast<int64_t>(value)) {}
    Value(unsigned value) : data(static_cast<uint64_t>(value)) {}
    Value(int64_t value) : data(value) {}
    Value(uint64_t value) : data(value) {}
    Value(double value) : data(value) {}
    Value(const char* value) : data(std::string(value)) {}
    Value(std::string value) : data(std::move(value)) {}
    Value(Values value) : data(std::move(value)) {}
    Value(Record value) : data(std::move(value)) {}
    /// As a table cell shows it: "-" for nothing, "yes" and "no".
    std::string to_cell() const;
};

/// A column: what people read above it, and the key that programs get.
struct Column {
    std::string title;
    std::string key;
};

/// Rows under columns, as `virsh list` prints them.
struct Table {
    std::vector<Column> columns;
    std::vector<std::vector<Value>> rows;
};

/// Lines of "Title:   value", as `virsh dominfo` prints them.
struct Field {
    std::string title;
    std::string key;
    Value value;
    std::string shown = {};  ///< text for people where it differs from the value: "8388608 KiB"
};
struct Fields {
    std::vector<Field> fields;
    bool colons = true;  ///< "Title:" or "Title"
    size_t width = 15;   ///< of the title with its colon
};

/// A sentence for people, with what programs get in its place: "Domain 'x' started".
struct Sentence {
    std::string text;
    Record record;
    bool ends_line = true;  ///< false where virsh leaves out the line's end
};

/// Text as it is: XML, a name, a path. Programs get it under `key`.
struct Text {
    std::string text;
    std::string key;
    bool blank_line = false;  ///< one more line end after the text's own, where virsh adds one
};

/// One line a value: names, UUIDs.
struct Lines {
    std::vector<std::string> lines;
    std::string key;
};

/// Text for people beside data for programs, where neither follows from the other.
struct Custom {
    std::string text;
    Value data;
};

/// The outcome of a command that did not fail.
using Result = std::variant<std::monostate, Sentence, Text, Lines, Fields, Table, Custom>;

/// The three ways to show a result.
enum class OutputFormat : uint8_t { table, json, yaml };

/// "json", "yaml", "table"; nothing for other words.
std::optional<OutputFormat> output_format(std::string_view name);
/// Everything to be printed for `result`, with its final newline. `quiet` leaves out sentences and table heads.
std::string render(const Result& result, OutputFormat format, bool quiet);
/// The value as JSON (indented) or YAML, without a final newline.
std::string to_json(const Value& value);
std::string to_yaml(const Value& value);
/// Cells that show on a terminal: UTF-8 aware width.
size_t display_width(std::string_view text);

}  // namespace virtue::shell
