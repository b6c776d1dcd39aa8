#include "xml/tree.h"

#include <algorithm>

namespace virtue::xml {

Tree::Tree() = default;
Tree::Tree(Kind k, std::string s) : kind(k), scalar(std::move(s)) {}
Tree::Tree(const Tree&) = default;
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;
Tree::~Tree() = default;

const Tree* Tree::find(std::string_view name) const {
    for (const Member& member : members)
        if (member.name == name) return &member.value;
    return nullptr;
}

namespace {

Tree scalar(std::string_view value, bool number) {
    return {number ? Tree::Kind::number : Tree::Kind::text, std::string(value)};
}

}  // namespace

void TreeBuilder::begin(std::string_view name, bool repeated) {
    Open& open = open_.emplace_back();
    open.name = name;
    open.repeated = repeated;
}

void TreeBuilder::attribute(std::string_view name, std::string_view value, bool number) {
    open_.back().tree.members.push_back({std::string(name), scalar(value, number), true});
}

void TreeBuilder::text(std::string_view value, bool number) {
    open_.back().tree.members.push_back({std::string(text_key), scalar(value, number), false});
}

void TreeBuilder::raw(std::string_view name, std::string_view xml) {
    open_.back().tree.members.push_back({std::string(name), scalar(xml, false), false});
}

void TreeBuilder::end(bool drop_empty) {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (drop_empty && !done.kept && done.tree.members.empty()) return;
    if (open_.empty()) {
        result_.members.push_back({std::move(done.name), std::move(done.tree), false});
        return;
    }
    auto& members = done.tree.members;
    if (members.size() == 1 && !members[0].attribute && members[0].name == text_key && members[0].value.is_scalar()) {
        Tree only = std::move(members[0].value);
        done.tree = std::move(only);
    }
    add(open_.back().tree, std::move(done));
}

void TreeBuilder::add(Tree& to, Open done) {
    const auto found = std::find_if(to.members.begin(), to.members.end(),
                                    [&](const Tree::Member& member) { return member.name == done.name; });
    if (found != to.members.end() && !found->attribute) {
        Tree& there = found->value;
        if (there.kind != Tree::Kind::list) {
            Tree list(Tree::Kind::list, "");
            list.members.push_back({"", std::move(there), false});
            there = std::move(list);
        }
        there.members.push_back({"", std::move(done.tree), false});
        return;
    }
    if (found != to.members.end()) found->name.insert(0, "@");
    if (!done.repeated) {
        to.members.push_back({std::move(done.name), std::move(done.tree), false});
        return;
    }
    Tree list(Tree::Kind::list, "");
    list.members.push_back({"", std::move(done.tree), false});
    to.members.push_back({std::move(done.name), std::move(list), false});
}

}  // namespace virtue::xml
