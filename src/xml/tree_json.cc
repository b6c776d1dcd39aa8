// JSON: written by hand, so that keys keep their order and numbers their digits; read by Boost.JSON.
#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/error.h"
#include "xml/tree.h"

namespace virtue::xml {

namespace {

void quote(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

void write(std::string& out, const Tree& tree, size_t indent) {
    if (tree.kind == Tree::Kind::number) {
        out += tree.scalar;
        return;
    }
    if (tree.kind == Tree::Kind::text) return quote(out, tree.scalar);
    const bool map = tree.kind == Tree::Kind::map;
    if (tree.members.empty()) {
        out += map ? "{}" : "[]";
        return;
    }
    out += map ? '{' : '[';
    const char* separator = "\n";
    for (const Tree::Member& member : tree.members) {
        out += separator;
        out.append(indent + 2, ' ');
        if (map) {
            quote(out, member.name);
            out += ": ";
        }
        write(out, member.value, indent + 2);
        separator = ",\n";
    }
    out += '\n';
    out.append(indent, ' ');
    out += map ? '}' : ']';
}

struct Counter {
    std::string_view source;
    ErrorDomain domain;
    size_t left;
};

Tree read(const boost::json::value& value, Counter& counter) {
    if (counter.left-- == 0)
        fail(ErrorCode::xml_error, counter.domain, "{}: the document has too many values", counter.source);
    Tree tree;
    switch (value.kind()) {
        case boost::json::kind::object:
            for (const auto& member : value.get_object())
                tree.members.push_back({std::string(member.key()), read(member.value(), counter), false});
            return tree;
        case boost::json::kind::array:
            tree.kind = Tree::Kind::list;
            for (const auto& item : value.get_array()) tree.members.push_back({"", read(item, counter), false});
            return tree;
        case boost::json::kind::string:
            return {Tree::Kind::text, std::string(value.get_string())};
        case boost::json::kind::int64:
            return {Tree::Kind::number, std::to_string(value.get_int64())};
        case boost::json::kind::uint64:
            return {Tree::Kind::number, std::to_string(value.get_uint64())};
        case boost::json::kind::bool_:
            return {Tree::Kind::text, value.get_bool() ? "yes" : "no"};
        case boost::json::kind::double_:
        case boost::json::kind::null:
            break;
    }
    fail(ErrorCode::xml_error, counter.domain,
         "{}: values are text, integers, true and false, lists and objects; null and fractions mean nothing here "
         "(write a fraction as text)",
         counter.source);
}

// Boost.JSON keeps the last of two equal keys without a word; here that is a mistake of whoever wrote it. The text is
// known to be good JSON: a key is a text that a colon follows.
class DuplicateKeys {
public:
    DuplicateKeys(std::string_view text, std::string_view source, ErrorDomain domain)
        : text_(text), source_(source), domain_(domain) {}

    size_t count() {
        size_t keys = 0;
        for (size_t at = 0; at < text_.size(); at++) {
            if (text_[at] != '"') continue;
            at = end_of_text(at);
            size_t next = at + 1;
            while (next < text_.size() &&
                   (text_[next] == ' ' || text_[next] == '\t' || text_[next] == '\n' || text_[next] == '\r'))
                next++;
            if (next < text_.size() && text_[next] == ':') keys++;
        }
        return keys;
    }

    void check(const Tree& tree) {
        if (count() != kept(tree))
            fail(ErrorCode::xml_error, domain_, "{}: a key stands twice in the same object", source_);
    }

private:
    size_t end_of_text(size_t at) const {
        for (at++; at < text_.size() && text_[at] != '"'; at++)
            if (text_[at] == '\\') at++;
        return at;
    }
    static size_t kept(const Tree& tree) {
        size_t keys = tree.kind == Tree::Kind::map ? tree.members.size() : 0;
        for (const Tree::Member& member : tree.members) keys += kept(member.value);
        return keys;
    }

    std::string_view text_;
    std::string_view source_;
    ErrorDomain domain_;
};

}  // namespace

std::string to_json(const Tree& tree) {
    std::string out;
    write(out, tree, 0);
    return out + "\n";
}

Tree parse_json(std::string_view text, std::string_view source, ErrorDomain domain, const Limits& limits) {
    if (text.size() > limits.bytes)
        fail(ErrorCode::xml_error, domain, "{}: the document has {} bytes, more than the {} allowed", source,
             text.size(), limits.bytes);
    boost::json::parse_options options;
    options.max_depth = static_cast<size_t>(limits.depth);
    boost::json::error_code error;
    boost::json::monotonic_resource memory;
    boost::json::stream_parser parser(&memory, options);
    const size_t read_bytes = parser.write_some(text.data(), text.size(), error);
    if (!error) parser.finish(error);
    if (!error && text.substr(read_bytes).find_first_not_of(" \t\r\n") != std::string_view::npos)
        error = boost::json::error::extra_data;
    if (error == boost::json::error::too_deep)
        fail(ErrorCode::xml_error, domain, "{}: values are nested more than {} deep", source, limits.depth);
    if (error) {
        const auto line = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(read_bytes), '\n') + 1;
        throw Error(ErrorCode::xml_detail, domain, fmt::format("{}:{}: {}", source, line, error.message()));
    }
    Counter counter{source, domain, limits.nodes};
    Tree tree = read(parser.release(), counter);
    DuplicateKeys(text, source, domain).check(tree);
    return tree;
}

}  // namespace virtue::xml
