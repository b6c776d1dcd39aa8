// YAML: written by hand in the block style; read event by event from yaml-cpp, so that anchors and aliases (by which a
// small text grows into a huge one), tags and second documents are refused where they stand.
#include <algorithm>
#include <array>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/error.h"
#include "xml/tree.h"

namespace virtue::xml {

namespace {

// Words that YAML 1.1 readers take for something else than text.
constexpr std::array<std::string_view, 10> special{"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"};

bool plain(std::string_view text) {
    if (text.empty()) return false;
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (std::find(special.begin(), special.end(), lower) != special.end()) return false;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_'; };
    // What begins with a digit, a sign or a dot might be a number, a date or a time.
    if (!letter(text[0])) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '+' || c == ',' || c == '=';
    });
}

void scalar(std::string& out, const Tree& tree) {
    if (tree.kind == Tree::Kind::number || plain(tree.scalar)) {
        out += tree.scalar;
        return;
    }
    out += '"';
    for (const char c : tree.scalar) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

void key(std::string& out, const std::string& name) {
    // "qemu:arg" is a plain key: its colon is not followed by a blank.
    const bool simple =
        plain(name) || (name.find(':') != std::string::npos && name.back() != ':' &&
                        plain(name.substr(0, name.find(':'))) && plain(name.substr(name.find(':') + 1)));
    if (simple) {
        out += name;
    } else {
        scalar(out, Tree(Tree::Kind::text, name));
    }
    out += ':';
}

// Several lines of text stand as they are under a "|", where that keeps every character.
bool literal(const Tree& tree) {
    const std::string& text = tree.scalar;
    if (tree.kind != Tree::Kind::text || text.find('\n') == std::string::npos || text[0] == ' ' || text[0] == '\n' ||
        text.ends_with("\n"))
        return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f);
    });
}

void write_literal(std::string& out, const std::string& text, size_t indent) {
    out += " |-\n";
    size_t at = 0;
    while (at <= text.size()) {
        const size_t end = std::min(text.find('\n', at), text.size());
        if (end > at) out.append(indent, ' ').append(text, at, end - at);
        out += '\n';
        at = end + 1;
    }
}

// `inline_first`: the first entry goes on where the line stands, after a "- ".
void write(std::string& out, const Tree& tree, size_t indent, bool inline_first) {
    for (const Tree::Member& member : tree.members) {
        if (!inline_first) out.append(indent, ' ');
        inline_first = false;
        const Tree& value = member.value;
        const bool list = tree.kind == Tree::Kind::list;
        if (list) {
            out += '-';
        } else {
            key(out, member.name);
        }
        if (literal(value)) {
            write_literal(out, value.scalar, indent + 2);
        } else if (value.is_scalar()) {
            out += ' ';
            scalar(out, value);
            out += '\n';
        } else if (value.members.empty()) {
            out += value.kind == Tree::Kind::map ? " {}\n" : " []\n";
        } else if (list) {
            out += ' ';
            write(out, value, indent + 2, true);
        } else {
            out += '\n';
            write(out, value, value.kind == Tree::Kind::map ? indent + 2 : indent, false);
        }
    }
}

class Reader final : public YAML::EventHandler {
public:
    Reader(std::string_view source, ErrorDomain domain, const Limits& limits)
        : source_(source), domain_(domain), limits_(limits) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (started_) refuse(mark, "only one document may stand in the text");
        started_ = true;
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        check(mark, "", anchor);
        add(mark, Tree(Tree::Kind::text, ""));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases are not accepted"); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check(mark, tag, anchor);
        add(mark, Tree(Tree::Kind::text, value));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        check(mark, tag, anchor);
        open(mark, Tree::Kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        check(mark, tag, anchor);
        open(mark, Tree::Kind::map);
    }
    void OnMapEnd() override { close(); }

    Tree take() {
        if (!started_) throw Error(ErrorCode::xml_detail, domain_, fmt::format("{}: the document is empty", source_));
        return std::move(result_);
    }

private:
    struct Open {
        Tree tree;
        std::string key;
        bool has_key = false;
    };

    [[noreturn]] void refuse(const YAML::Mark& mark, std::string_view sentence) const {
        throw Error(ErrorCode::xml_error, domain_, fmt::format("{}:{}: {}", source_, mark.line + 1, sentence));
    }
    void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor) refuse(mark, "anchors are not accepted");
        if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, fmt::format("the tag '{}' is not accepted", tag));
        if (++nodes_ > limits_.nodes) refuse(mark, fmt::format("there are more than {} values", limits_.nodes));
    }
    void open(const YAML::Mark& mark, Tree::Kind kind) {
        if (open_.size() >= static_cast<size_t>(limits_.depth))
            refuse(mark, fmt::format("values are nested more than {} deep", limits_.depth));
        if (!open_.empty() && open_.back().tree.kind == Tree::Kind::map && !open_.back().has_key)
            refuse(mark, "a key must be text");
        Open fresh;
        fresh.tree.kind = kind;
        fresh.tree.line = mark.line + 1;
        open_.push_back(std::move(fresh));
    }
    void close() {
        Tree done = std::move(open_.back().tree);
        open_.pop_back();
        put(std::move(done));
    }
    void add(const YAML::Mark& mark, Tree scalar) {
        scalar.line = mark.line + 1;
        if (!open_.empty() && open_.back().tree.kind == Tree::Kind::map && !open_.back().has_key) {
            Open& map = open_.back();
            if (map.tree.find(scalar.scalar) != nullptr)
                refuse(mark, fmt::format("the key '{}' stands twice", scalar.scalar));
            // Each key is compared with those before it.
            if (map.tree.members.size() >= 1024) refuse(mark, "a map has more than 1024 keys");
            map.key = std::move(scalar.scalar);
            map.has_key = true;
            return;
        }
        put(std::move(scalar));
    }
    void put(Tree value) {
        if (open_.empty()) {
            result_ = std::move(value);
            return;
        }
        Open& to = open_.back();
        to.tree.members.push_back({to.has_key ? std::move(to.key) : std::string(), std::move(value), false});
        to.key.clear();
        to.has_key = false;
    }

    std::string_view source_;
    ErrorDomain domain_;
    const Limits& limits_;
    std::vector<Open> open_;
    Tree result_;
    size_t nodes_ = 0;
    bool started_ = false;
};

}  // namespace

std::string to_yaml(const Tree& tree) {
    std::string out;
    if (tree.members.empty()) return "{}\n";
    write(out, tree, 0, false);
    return out;
}

Tree parse_yaml(std::string_view text, std::string_view source, ErrorDomain domain, const Limits& limits) {
    // yaml-cpp takes some hundred times longer than a reader of JSON, and keeps tokens of its own.
    const size_t most = std::min(limits.bytes, size_t{4} << 20);
    if (text.size() > most)
        fail(ErrorCode::xml_error, domain, "{}: the document has {} bytes, more than the {} allowed for YAML", source,
             text.size(), most);
    Reader reader(source, domain, limits);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(reader)) {
        }
    } catch (const YAML::Exception& error) {
        throw Error(ErrorCode::xml_detail, domain, fmt::format("{}:{}: {}", source, error.mark.line + 1, error.msg));
    }
    return reader.take();
}

}  // namespace virtue::xml
