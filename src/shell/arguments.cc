#include <charconv>

#include "base/error.h"
#include "shell/command.h"

namespace virtue::shell {
namespace {

[[noreturn]] void malformed(std::string_view text, std::string_view option, bool scaled = false) {
    if (scaled)
        throw UsageError{
            fmt::format("Scaled numeric value '{}' for <{}> option is malformed or out of range", text, option)};
    throw UsageError{fmt::format("Numeric value '{}' for <{}> option is malformed or out of range", text, option)};
}

template <typename Number>
std::optional<Number> parse_number(std::optional<std::string> text, std::string_view option) {
    if (!text) return std::nullopt;
    Number number{};
    std::string_view digits = *text;
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        digits.remove_prefix(2);
        base = 16;
    }
    if (digits.starts_with('+')) digits.remove_prefix(1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    if (error != std::errc() || end != digits.data() + digits.size()) malformed(*text, option);
    return number;
}

// libvirt's suffixes: powers of 1024 for K, KiB…; of 1000 for KB, MB….
std::optional<uint64_t> unit_bytes(std::string_view suffix, uint64_t otherwise) {
    if (suffix.empty()) return otherwise;
    std::string lower;
    for (char c : suffix) lower += static_cast<char>(c | 0x20);
    if (lower == "b" || lower == "byte" || lower == "bytes") return 1;
    constexpr std::string_view letters = "kmgtpe";
    size_t power = letters.find(lower[0]);
    if (power == letters.npos) return std::nullopt;
    std::string_view tail = std::string_view(lower).substr(1);
    if (!tail.empty() && tail != "b" && tail != "ib") return std::nullopt;
    uint64_t unit = 1;
    for (size_t i = 0; i <= power; i++) unit *= tail == "b" ? 1000 : 1024;
    return unit;
}

// The options that take values in their places, in order; the next one without a value.
const Option* next_positional(const Command& command, const Arguments& arguments) {
    for (const Option& option : command.options) {
        bool takes_place =
            option.kind == OptionKind::text || option.kind == OptionKind::number || option.kind == OptionKind::rest;
        if (takes_place && (option.kind == OptionKind::rest || !arguments.has(option.name))) return &option;
    }
    return nullptr;
}

const Option* option_named(const Command& command, std::string_view name) {
    for (const Option& option : command.options) {
        if (option.name == name) return &option;
    }
    return nullptr;
}

void give(Arguments& arguments, const Option& option, std::string value) {
    if (option.kind == OptionKind::rest) {
        arguments.add_rest(value);
        arguments.set(option.name, std::move(value));
        return;
    }
    if (arguments.has(option.name)) throw UsageError{fmt::format("option --{} already seen", option.name)};
    arguments.set(option.name, std::move(value));
}

void require_all(const Command& command, const Arguments& arguments) {
    std::string missing;
    for (const Option& option : command.options) {
        if (!option.required || arguments.has(option.name)) continue;
        bool placed = option.kind != OptionKind::named_text && option.kind != OptionKind::named_number;
        std::string shown = placed ? "<" + option.name + ">" : "--" + option.name;
        if (!missing.empty()) missing += "\nerror: ";
        missing += fmt::format("command '{}' requires {} option", command.name, shown);
    }
    if (!missing.empty()) throw UsageError{std::move(missing)};
}

}  // namespace

const std::string& Arguments::text(std::string_view option) const {
    auto found = values_.find(option);
    if (found == values_.end()) throw UsageError{fmt::format("option --{} is missing", option)};
    return found->second;
}

std::optional<std::string> Arguments::find(std::string_view option) const {
    auto found = values_.find(option);
    if (found == values_.end()) return std::nullopt;
    return found->second;
}

std::optional<int64_t> Arguments::find_number(std::string_view option) const {
    return parse_number<int64_t>(find(option), option);
}

std::optional<uint64_t> Arguments::find_unsigned(std::string_view option, uint64_t most) const {
    std::optional<uint64_t> number = parse_number<uint64_t>(find(option), option);
    if (number && *number > most) malformed(*find(option), option);
    return number;
}

std::optional<uint64_t> Arguments::find_size(std::string_view option, uint64_t unit) const {
    std::optional<std::string> text = find(option);
    if (!text) return std::nullopt;
    uint64_t number = 0;
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    std::string_view suffix(end, text->data() + text->size() - end);
    std::optional<uint64_t> bytes = unit_bytes(suffix, unit);
    uint64_t product = 0;
    if (error != std::errc() || !bytes || __builtin_mul_overflow(number, *bytes, &product))
        malformed(*text, option, true);
    return product;
}

Arguments parse_arguments(const Command& command, std::span<const std::string> words) {
    Arguments arguments;
    bool only_values = false;
    for (size_t i = 0; i < words.size(); i++) {
        const std::string& word = words[i];
        if (!only_values && word == "--") {
            only_values = true;
            continue;
        }
        if (only_values || !word.starts_with("--")) {
            const Option* option = next_positional(command, arguments);
            if (!option) throw UsageError{fmt::format("unexpected data '{}'", word)};
            give(arguments, *option, word);
            continue;
        }
        size_t equals = word.find('=');
        std::string name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
        const Option* option = option_named(command, name);
        if (!option) throw UsageError{fmt::format("command '{}' doesn't support option --{}", command.name, name)};
        if (option->kind == OptionKind::flag) {
            if (equals != word.npos) throw UsageError{fmt::format("invalid '=' after option --{}", name)};
            give(arguments, *option, "");
            continue;
        }
        if (equals == word.npos && i + 1 == words.size()) {
            bool number = option->kind == OptionKind::number || option->kind == OptionKind::named_number;
            throw UsageError{fmt::format("expected syntax: --{} <{}>", name, number ? "number" : "string")};
        }
        give(arguments, *option, equals == word.npos ? words[++i] : word.substr(equals + 1));
    }
    require_all(command, arguments);
    return arguments;
}

std::vector<std::vector<std::string>> split_line(std::string_view line) {
    std::vector<std::vector<std::string>> commands(1);
    std::string word;
    bool in_word = false;
    char quote = 0;
    auto end_word = [&] {
        if (in_word) commands.back().push_back(std::move(word));
        word.clear();
        in_word = false;
    };
    for (size_t i = 0; i < line.size(); i++) {
        char c = line[i];
        if (quote) {
            if (c == quote) {
                quote = 0;
            } else if (c == '\\' && quote == '"' && i + 1 < line.size()) {
                word += line[++i];
            } else {
                word += c;
            }
        } else if (c == '\'' || c == '"') {
            quote = c;
            in_word = true;
        } else if (c == '\\' && i + 1 < line.size()) {
            word += line[++i];
            in_word = true;
        } else if (c == ' ' || c == '\t') {
            end_word();
        } else if (c == ';' || c == '\n') {
            end_word();
            if (!commands.back().empty()) commands.emplace_back();
        } else if (c == '#' && !in_word) {
            break;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quote) throw UsageError{fmt::format("missing {}", quote)};
    end_word();
    if (commands.back().empty()) commands.pop_back();
    return commands;
}

const Command* find_command(std::span<const CommandGroup> groups, std::string_view name) {
    for (const CommandGroup& group : groups) {
        for (const Command& command : group.commands) {
            if (command.name == name) return &command;
        }
    }
    return nullptr;
}

}  // namespace virtue::shell
