// A grammar as a page for people, in Markdown.
#include <algorithm>

#include <fmt/format.h>

#include "xml/grammar.h"
#include "xml/grammar_names.h"

namespace virtue::xml {

namespace {

std::string shown(const Grammar::Value& v) {
    if (v.kind != ValueType::Kind::words) return v.sentence;
    std::string text;
    for (const std::string& word : v.words) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", word);
    return text;
}

// What Markdown readers make of a heading.
std::string anchor(std::string_view heading) {
    std::string text;
    for (const char c : heading) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') text += c;
        if (c >= 'A' && c <= 'Z') text += static_cast<char>(c + ('a' - 'A'));
    }
    return text;
}

// An element that a line in its parent's section tells all about.
bool is_short(const Grammar::Element& e) {
    return e.children.empty() && e.attributes.size() + (e.text ? 1 : 0) <= 1;
}

class Page {
public:
    explicit Page(const Grammar& grammar) : grammar_(grammar), paths_(first_paths(grammar)) {
        written_.resize(grammar.elements.size());
    }

    void section(std::string& out, size_t number) {
        if (written_[number]) return;
        written_[number] = true;
        const Grammar::Element& e = grammar_.elements[number];
        out += fmt::format("\n## {}\n\n", paths_[number]);
        for (const Grammar::Attribute& a : e.attributes)
            out += fmt::format("- `{}=`{}: {}\n", a.name, a.required ? " (required)" : "", shown(a.value));
        if (e.text) out += fmt::format("- its text: {}\n", shown(*e.text));
        for (const Grammar::Child& child : e.children) out += line(child);
        for (const Grammar::Child& child : e.children)
            if (!is_short(grammar_.elements[child.element])) section(out, child.element);
    }

private:
    std::string line(const Grammar::Child& child) const {
        const Grammar::Element& e = grammar_.elements[child.element];
        const char* many = child.many ? ", any number" : "";
        if (e.anything) return fmt::format("- `<{}>`{}: anything\n", child.name, many);
        if (!is_short(e))
            return fmt::format("- `<{}>`{}: [{}](#{})\n", child.name, many, paths_[child.element],
                               anchor(paths_[child.element]));
        if (!e.attributes.empty())
            return fmt::format("- `<{} {}=…/>`{}: {}\n", child.name, e.attributes[0].name, many,
                               shown(e.attributes[0].value));
        if (e.text) return fmt::format("- `<{}>`{}: {}\n", child.name, many, shown(*e.text));
        return fmt::format("- `<{}/>`{}\n", child.name, many);
    }

    const Grammar& grammar_;
    std::vector<std::string> paths_;
    std::vector<bool> written_;
};

}  // namespace

std::string to_reference(const Grammar& grammar, std::string_view title, std::string_view command) {
    size_t attributes = 0;
    for (const Grammar::Element& e : grammar.elements) attributes += e.attributes.size();
    std::string out = fmt::format(
        "# {}\n\nMade by `{}` from the code that reads and writes the document; do not edit. Where the same content "
        "stands "
        "in several\nplaces it is told at the first. Which of the attributes and elements go together depends on the "
        "`type`, `model` or\n`mode` beside them. {} kinds of element, {} attributes.\n",
        title, command, grammar.elements.size(), attributes);
    Page(grammar).section(out, 0);
    return out;
}

}  // namespace virtue::xml
