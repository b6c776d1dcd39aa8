#include "daemon/conf_file.h"

#include "base/error.h"
#include "base/text.h"

namespace virtue::daemon {

namespace {

bool is_key_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_';
}

class Parser {
public:
    Parser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    std::vector<ConfEntry> parse() {
        std::vector<ConfEntry> entries;
        for (skip_blank(true); !at_end(); skip_blank(true)) entries.push_back(entry());
        return entries;
    }

private:
    [[noreturn]] void fault(std::string_view what) const {
        fail(ErrorCode::conf_syntax, ErrorDomain::conf, "{}:{}: {}", name_, line_, what);
    }
    bool at_end() const { return at_ >= text_.size(); }
    char look() const { return at_end() ? '\0' : text_[at_]; }
    char take() {
        char letter = text_[at_++];
        if (letter == '\n') line_++;
        return letter;
    }
    /// Passes over spaces and comments, and over line ends if asked.
    void skip_blank(bool lines) {
        while (!at_end()) {
            if (look() == '#') {
                while (!at_end() && look() != '\n') take();
            } else if (look() == ' ' || look() == '\t' || look() == '\r' || (lines && look() == '\n')) {
                take();
            } else {
                return;
            }
        }
    }

    ConfEntry entry() {
        ConfEntry made;
        made.line = line_;
        while (is_key_letter(look())) made.key += take();
        if (made.key.empty()) fault("a setting begins with its name");
        skip_blank(false);
        if (look() != '=') fault(fmt::format("'=' is missing after '{}'", made.key));
        take();
        skip_blank(false);
        made.value = value();
        skip_blank(false);
        if (!at_end() && look() != '\n') fault(fmt::format("something is left over after the value of '{}'", made.key));
        return made;
    }

    ConfValue value() {
        if (look() == '"' || look() == '\'') return string();
        if (look() == '[') return list();
        std::string number;
        while (is_key_letter(look()) || look() == '-' || look() == '+') number += take();
        std::optional<int64_t> parsed = parse_number<int64_t>(number);
        if (!parsed) fault("a value is a number, a string in quotes, or a list in brackets");
        return *parsed;
    }

    std::string string() {
        int opened = line_;
        bool is_long = text_.substr(at_, 3) == "\"\"\"";
        std::string_view end = is_long ? text_.substr(at_, 3) : text_.substr(at_, 1);
        at_ += end.size();
        std::string content;
        while (text_.substr(at_, end.size()) != end) {
            if (at_end() || (!is_long && look() == '\n')) {
                line_ = opened;
                fault("a string does not end");
            }
            if (!is_long && look() == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == end[0]) take();
            content += take();
        }
        at_ += end.size();
        return content;
    }

    std::vector<std::string> list() {
        std::vector<std::string> items;
        take();
        for (skip_blank(true); look() != ']'; skip_blank(true)) {
            if (look() != '"' && look() != '\'') fault("a list holds strings in quotes, with commas between");
            items.push_back(string());
            skip_blank(true);
            if (look() == ',') {
                take();
            } else if (look() != ']') {
                fault("a list holds strings in quotes, with commas between");
            }
        }
        take();
        return items;
    }

    std::string_view text_;
    const std::string& name_;
    size_t at_ = 0;
    int line_ = 1;
};

}  // namespace

std::vector<ConfEntry> parse_conf(std::string_view text, const std::string& name) {
    return Parser(text, name).parse();
}

}  // namespace virtue::daemon
