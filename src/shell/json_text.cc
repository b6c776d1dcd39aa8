#include "shell/json_text.h"

#include <fmt/core.h>

namespace virtue::shell {
namespace {

constexpr int depth_max = 300;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Walks over one value and writes it down again, laid out; `good` says whether it was one.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool whole() {
        value(0);
        skip();
        return good_ && at_ == text_.size();
    }
    std::string take() { return std::move(out_); }
    // Of the top object: the text of the member of that name, as it came.
    void want(std::string_view name) { wanted_ = name; }
    const std::optional<std::string>& found() const { return found_; }

private:
    void skip() {
        while (at_ < text_.size() && is_space(text_[at_])) at_++;
    }
    char look() {
        skip();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    void fail() { good_ = false; }
    void expect(char c) {
        if (look() != c) return fail();
        at_++;
    }
    void line(int depth) { out_ += "\n" + std::string(static_cast<size_t>(depth) * 2, ' '); }

    void value(int depth) {
        if (depth > depth_max) return fail();
        char c = look();
        if (c == '{' || c == '[') return container(depth, c);
        if (c == '"') return string();
        size_t start = at_;
        while (at_ < text_.size() && !is_space(text_[at_]) && std::string_view(",]}:\"").find(text_[at_]) == text_.npos)
            at_++;
        std::string_view word = text_.substr(start, at_ - start);
        bool number = !word.empty() && word.find_first_not_of("+-0123456789.eE") == word.npos &&
                      (word[0] == '-' || (word[0] >= '0' && word[0] <= '9'));
        if (!number && word != "true" && word != "false" && word != "null") return fail();
        out_ += word;
    }

    void string() {
        size_t start = at_++;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        if (at_ >= text_.size()) return fail();
        at_++;
        out_ += text_.substr(start, at_ - start);
    }

    void container(int depth, char open) {
        char close = open == '{' ? '}' : ']';
        at_++;
        out_ += open;
        bool empty = true;
        while (good_ && look() != close) {
            if (!empty) expect(',');
            if (!empty) out_ += ',';
            line(depth + 1);
            empty = false;
            std::string_view key;
            if (open == '{') {
                if (look() != '"') return fail();
                size_t start = at_;
                string();
                key = text_.substr(start, at_ - start);
                expect(':');
                out_ += ": ";
            }
            look();
            size_t start = at_;
            value(depth + 1);
            if (good_ && depth == 0 && !key.empty() && key.substr(1, key.size() - 2) == wanted_)
                found_ = std::string(text_.substr(start, at_ - start));
        }
        if (!good_) return;
        at_++;
        line(depth);
        if (empty) out_ = out_.substr(0, out_.rfind(open) + 1) + "\n" + out_.substr(out_.rfind(open) + 1);
        out_ += close;
    }

    std::string_view text_;
    size_t at_ = 0;
    bool good_ = true;
    std::string out_;
    std::string_view wanted_;
    std::optional<std::string> found_;
};

}  // namespace

bool is_json(std::string_view text) {
    return Scanner(text).whole();
}

bool is_json_object(std::string_view text) {
    size_t first = 0;
    while (first < text.size() && is_space(text[first])) first++;
    return first < text.size() && text[first] == '{' && is_json(text);
}

std::optional<std::string> json_member(std::string_view text, std::string_view name) {
    Scanner scanner(text);
    scanner.want(name);
    if (!is_json_object(text) || !scanner.whole()) return std::nullopt;
    return scanner.found();
}

std::string lay_out_json(std::string_view text) {
    Scanner scanner(text);
    if (!scanner.whole()) return std::string(text);
    return scanner.take();
}

std::string quote_json(std::string_view text) {
    std::string quoted = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            quoted += c;
        }
    }
    return quoted + '"';
}

}  // namespace virtue::shell
