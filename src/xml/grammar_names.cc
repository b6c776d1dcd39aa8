#include "xml/grammar_names.h"

#include <map>

#include <fmt/format.h>

namespace virtue::xml {

std::vector<std::string> unique_names(const Grammar& grammar) {
    std::vector<std::string> names(grammar.elements.size());
    names[0] = grammar.root;
    for (const Grammar::Element& element : grammar.elements)
        for (const Grammar::Child& child : element.children)
            if (names[child.element].empty()) names[child.element] = child.name;
    std::map<std::string, int> seen;
    for (std::string& name : names) {
        for (char& c : name)
            if (c == ':') c = '-';
        const int number = ++seen[name];
        if (number > 1) name = fmt::format("{}.{}", name, number);
    }
    return names;
}

std::vector<std::string> first_paths(const Grammar& grammar) {
    // Elements are numbered level by level, so that a parent's path is known before its children's.
    std::vector<std::string> paths(grammar.elements.size());
    paths[0] = "/" + grammar.root;
    for (size_t i = 0; i < grammar.elements.size(); i++)
        for (const Grammar::Child& child : grammar.elements[i].children)
            if (paths[child.element].empty()) paths[child.element] = fmt::format("{}/{}", paths[i], child.name);
    return paths;
}

}  // namespace virtue::xml
