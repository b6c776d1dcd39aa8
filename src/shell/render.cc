#include <algorithm>

#include <fmt/core.h>

#include "shell/result.h"

namespace virtue::shell {
namespace {

template <typename... Cases>
struct Match : Cases... {
    using Cases::operator()...;
};
template <typename... Cases>
Match(Cases...) -> Match<Cases...>;

std::string pad(const std::string& text, size_t width) {
    size_t used = display_width(text);
    return used < width ? text + std::string(width - used, ' ') : text;
}

std::string trimmed(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string render_table(const Table& table, bool quiet) {
    std::vector<size_t> widths;
    for (const Column& column : table.columns) widths.push_back(quiet ? 0 : display_width(column.title));
    for (const auto& row : table.rows) {
        for (size_t i = 0; i < row.size(); i++) widths[i] = std::max(widths[i], display_width(row[i].to_cell()));
    }
    // Each cell stands between two blanks, and the rule spans all: libvirt's shell does it so.
    std::string head;
    size_t total = 0;
    for (size_t i = 0; i < table.columns.size(); i++) {
        head += " " + pad(table.columns[i].title, widths[i]) + "  ";
        total += widths[i] + 3;
    }
    std::string text = quiet ? "" : trimmed(head) + "\n" + std::string(total, '-') + "\n";
    for (const auto& row : table.rows) {
        std::string line;
        for (size_t i = 0; i + 1 < row.size(); i++) line += " " + pad(row[i].to_cell(), widths[i]) + "  ";
        text += line + " " + (row.empty() ? "" : row.back().to_cell()) + "\n";
    }
    return text;
}

std::string render_fields(const Fields& fields) {
    std::string text;
    for (const Field& field : fields.fields) {
        std::string title = field.title + (fields.colons ? ":" : "");
        std::string shown = field.shown.empty() ? field.value.to_cell() : field.shown;
        text += pad(title, fields.width) + " " + shown + "\n";
    }
    return text;
}

Value data_of(const Result& result) {
    return std::visit(Match{
                          [](std::monostate) { return Value(Record{}); },
                          [](const Sentence& sentence) {
                              Record record = sentence.record;
                              record.emplace_back("message", sentence.text);
                              return Value(std::move(record));
                          },
                          [](const Text& text) {
                              return Value(Record{{text.key, text.text}});
                          },
                          [](const Lines& lines) {
                              Values values(lines.lines.begin(), lines.lines.end());
                              return Value(Record{{lines.key, std::move(values)}});
                          },
                          [](const Fields& fields) {
                              Record record;
                              for (const Field& field : fields.fields) record.emplace_back(field.key, field.value);
                              return Value(std::move(record));
                          },
                          [](const Table& table) {
                              Values rows;
                              for (const auto& row : table.rows) {
                                  Record record;
                                  for (size_t i = 0; i < row.size(); i++)
                                      record.emplace_back(table.columns[i].key, row[i]);
                                  rows.emplace_back(std::move(record));
                              }
                              return Value(std::move(rows));
                          },
                          [](const Custom& custom) { return custom.data; },
                      },
                      result);
}

std::string text_of(const Result& result, bool quiet) {
    return std::visit(Match{
                          [](std::monostate) { return std::string(); },
                          [&](const Sentence& sentence) {
                              return quiet ? std::string() : sentence.text + (sentence.ends_line ? "\n" : "");
                          },
                          [](const Text& text) {
                              bool ended = text.text.ends_with('\n') && !text.blank_line;
                              return ended ? text.text : text.text + "\n";
                          },
                          [](const Lines& lines) {
                              std::string text;
                              for (const std::string& line : lines.lines) text += line + "\n";
                              return text;
                          },
                          [](const Fields& fields) { return render_fields(fields); },
                          [&](const Table& table) { return render_table(table, quiet); },
                          [](const Custom& custom) { return custom.text; },
                      },
                      result);
}

}  // namespace

std::string render(const Result& result, OutputFormat format, bool quiet) {
    switch (format) {
        case OutputFormat::table:
            return text_of(result, quiet);
        case OutputFormat::json:
            return to_json(data_of(result)) + "\n";
        case OutputFormat::yaml:
            return to_yaml(data_of(result)) + "\n";
    }
    return {};
}

std::optional<OutputFormat> output_format(std::string_view name) {
    if (name == "json") return OutputFormat::json;
    if (name == "yaml") return OutputFormat::yaml;
    if (name == "table") return OutputFormat::table;
    return std::nullopt;
}

std::string Value::to_cell() const {
    return std::visit(Match{
                          [](std::monostate) { return std::string("-"); },
                          [](bool value) { return std::string(value ? "yes" : "no"); },
                          [](const std::string& value) { return value; },
                          [](const Values& value) { return to_json(Value(value)); },
                          [](const Record& value) { return to_json(Value(value)); },
                          [](auto number) { return fmt::format("{}", number); },
                      },
                      data);
}

size_t display_width(std::string_view text) {
    size_t width = 0;
    for (char c : text) {
        if ((static_cast<uint8_t>(c) & 0xc0) != 0x80) width++;
    }
    return width;
}

}  // namespace virtue::shell
