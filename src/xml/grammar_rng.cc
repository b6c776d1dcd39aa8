// RELAX NG of a grammar.
#include <algorithm>

#include "xml/grammar.h"
#include "xml/grammar_names.h"

namespace virtue::xml {

namespace {

void pattern(Writer& w, std::string_view text) {
    w.begin("data");
    w.attribute("type", "string");
    w.begin("param");
    w.attribute("name", "pattern");
    w.text(text);
    w.end();
    w.end();
}

void data(Writer& w, std::string_view type) {
    w.begin("data");
    w.attribute("type", type);
    w.end();
}

void value(Writer& w, const Grammar::Value& v) {
    switch (v.kind) {
        case ValueType::Kind::text:
            w.begin("text");
            return w.end();
        case ValueType::Kind::words:
            w.begin("choice");
            for (const std::string& word : v.words) {
                w.begin("value");
                w.attribute("type", "string");
                w.text(word);
                w.end();
            }
            return w.end();
        case ValueType::Kind::integer:
            return data(w, "integer");
        case ValueType::Kind::natural:
            // Blanks before a number are passed over, as everywhere.
            return data(w, "integer");
        case ValueType::Kind::number:
            return data(w, "double");
        case ValueType::Kind::hex:
            return pattern(w, "\\s*(0[xX][0-9a-fA-F]+|[0-9]+)");
        case ValueType::Kind::uuid:
            return pattern(w, "[0-9a-fA-F\\-\\s]{32,}");
        case ValueType::Kind::mac:
            return pattern(w, "([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}");
        case ValueType::Kind::set:
            return pattern(w, "[0-9,\\-\\^\\s]*");
    }
}

void element(Writer& w, const Grammar::Child& child, const std::string& define) {
    w.begin(child.many ? "zeroOrMore" : "optional");
    w.begin("element");
    w.attribute("name", child.name);
    w.begin("ref");
    w.attribute("name", define);
    w.end();
    w.end();
    w.end();
}

void content(Writer& w, const Grammar::Element& e, const std::vector<std::string>& names) {
    for (const Grammar::Attribute& a : e.attributes) {
        if (!a.required) w.begin("optional");
        w.begin("attribute");
        w.attribute("name", a.name);
        value(w, a.value);
        w.end();
        if (!a.required) w.end();
    }
    if (e.children.empty()) {
        if (e.text) return value(w, *e.text);
        w.begin("empty");
        return w.end();
    }
    w.begin("interleave");
    for (const Grammar::Child& child : e.children) element(w, child, names[child.element]);
    if (e.text) {
        w.begin("text");
        w.end();
    }
    w.end();
}

void anything(Writer& w) {
    w.begin("define");
    w.attribute("name", "anything");
    w.begin("zeroOrMore");
    w.begin("choice");
    w.begin("attribute");
    w.begin("anyName");
    w.end();
    w.end();
    w.begin("text");
    w.end();
    w.begin("element");
    w.begin("anyName");
    w.end();
    w.begin("ref");
    w.attribute("name", "anything");
    w.end();
    w.end();
    w.end();
    w.end();
    w.end();
}

}  // namespace

std::string to_relax_ng(const Grammar& grammar) {
    const std::vector<std::string> names = unique_names(grammar);
    std::vector<std::string> defines = names;
    for (size_t i = 0; i < defines.size(); i++)
        if (grammar.elements[i].anything) defines[i] = "anything";
    Writer w;
    w.begin("grammar");
    w.attribute("xmlns", "http://relaxng.org/ns/structure/1.0");
    for (const Grammar::Namespace& space : grammar.namespaces) w.attribute("xmlns:" + space.prefix, space.uri);
    w.attribute("datatypeLibrary", "http://www.w3.org/2001/XMLSchema-datatypes");
    w.begin("start");
    w.begin("element");
    w.attribute("name", grammar.root);
    w.begin("ref");
    w.attribute("name", defines[0]);
    w.end();
    w.end();
    w.end();
    for (size_t i = 0; i < grammar.elements.size(); i++) {
        if (grammar.elements[i].anything) continue;
        w.begin("define");
        w.attribute("name", defines[i]);
        content(w, grammar.elements[i], defines);
        w.end();
    }
    if (std::any_of(grammar.elements.begin(), grammar.elements.end(), [](const auto& e) { return e.anything; }))
        anything(w);
    w.end();
    return w.take();
}

}  // namespace virtue::xml
