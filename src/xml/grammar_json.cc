// JSON Schema of a grammar: what its documents look like as JSON and YAML (tree.h).
#include <algorithm>

#include "xml/grammar.h"
#include "xml/grammar_names.h"

namespace virtue::xml {

namespace {

Tree text(std::string value) {
    return {Tree::Kind::text, std::move(value)};
}
Tree bare(std::string value) {
    return {Tree::Kind::number, std::move(value)};
}
Tree list() {
    return {Tree::Kind::list, ""};
}
void put(Tree& map, std::string name, Tree value) {
    map.members.push_back({std::move(name), std::move(value), false});
}

Tree value(const Grammar::Value& v) {
    Tree tree;
    if (v.kind == ValueType::Kind::words) {
        Tree words = list();
        for (const std::string& word : v.words) put(words, "", text(word));
        put(tree, "enum", std::move(words));
        return tree;
    }
    const bool number = v.kind == ValueType::Kind::integer || v.kind == ValueType::Kind::natural;
    if (v.kind == ValueType::Kind::text) {
        // A number or a switch stands for its text.
        Tree types = list();
        for (const char* type : {"string", "integer", "boolean"}) put(types, "", text(type));
        put(tree, "type", std::move(types));
    } else {
        Tree types = list();
        put(types, "", text("string"));
        put(types, "", text("integer"));
        put(tree, "type", std::move(types));
        put(tree, "description", text(v.sentence));
        if (number) put(tree, "pattern", text("^\\s*[-+]?[0-9]+$"));
    }
    return tree;
}

Tree reference(const std::string& name) {
    Tree tree;
    put(tree, "$ref", text("#/$defs/" + name));
    return tree;
}

Tree element(const Grammar::Element& e, const std::vector<std::string>& names) {
    Tree tree;
    if (e.anything) {
        put(tree, "type", text("string"));
        put(tree, "description", text("XML, as it is kept"));
        return tree;
    }
    if (e.text && e.attributes.empty() && e.children.empty()) return value(*e.text);
    Tree properties;
    Tree required = list();
    const auto is_child = [&](const std::string& name) {
        return std::any_of(e.children.begin(), e.children.end(), [&](const auto& c) { return c.name == name; });
    };
    for (const Grammar::Attribute& a : e.attributes) {
        const bool both = is_child(a.name);
        put(properties, both ? "@" + a.name : a.name, value(a.value));
        if (a.required && !both) put(required, "", text(a.name));
    }
    for (const Grammar::Child& child : e.children) {
        const Tree one = reference(names[child.element]);
        if (!child.many) {
            put(properties, child.name, one);
            continue;
        }
        Tree many;
        put(many, "type", text("array"));
        put(many, "items", one);
        Tree choice = list();
        put(choice, "", std::move(many));
        put(choice, "", one);
        Tree any;
        put(any, "anyOf", std::move(choice));
        put(properties, child.name, std::move(any));
    }
    if (e.text) put(properties, std::string(text_key), value(*e.text));
    put(tree, "type", text("object"));
    put(tree, "properties", std::move(properties));
    if (!required.members.empty()) put(tree, "required", required);
    put(tree, "additionalProperties", bare("false"));
    if (!e.text || !required.members.empty()) return tree;
    Tree choice = list();
    put(choice, "", value(*e.text));
    put(choice, "", std::move(tree));
    Tree any;
    put(any, "anyOf", std::move(choice));
    return any;
}

}  // namespace

Tree json_schema(const Grammar& grammar) {
    const std::vector<std::string> names = unique_names(grammar);
    Tree tree;
    put(tree, "$schema", text("https://json-schema.org/draft/2020-12/schema"));
    put(tree, "title", text(grammar.root));
    put(tree, "type", text("object"));
    Tree properties;
    put(properties, grammar.root, reference(names[0]));
    put(tree, "properties", std::move(properties));
    Tree required = list();
    put(required, "", text(grammar.root));
    put(tree, "required", std::move(required));
    put(tree, "additionalProperties", bare("false"));
    Tree defs;
    for (size_t i = 0; i < names.size(); i++) put(defs, names[i], element(grammar.elements[i], names));
    put(tree, "$defs", std::move(defs));
    return tree;
}

}  // namespace virtue::xml
