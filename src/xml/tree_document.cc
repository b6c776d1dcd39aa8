// A Tree as a Document, so that every map() reads it as it reads XML. What is `key: scalar` becomes a child element
// with a mark, and turns into an attribute the moment somebody asks for one of that name.
#include <fmt/format.h>
#include <libxml/tree.h>
#include <libxml/xmlstring.h>

#include "base/error.h"
#include "base/excerpt.h"
#include "xml/document_tree.h"
#include "xml/tree.h"

namespace virtue::xml {

namespace {

const xmlChar* chars(const std::string& text) {
    return reinterpret_cast<const xmlChar*>(text.c_str());
}

class Builder {
public:
    Builder(xmlDoc* doc, std::string_view source, ErrorDomain domain, const Limits& limits)
        : doc_(doc), source_(source), domain_(domain), limits_(limits) {}

    xmlNode* element(const std::string& name, const Tree& from, int depth) {
        if (depth > limits_.depth) refuse(from, fmt::format("elements are nested more than {} deep", limits_.depth));
        if (xmlValidateQName(chars(name), 0) != 0)
            refuse(from, fmt::format("'{}' cannot be the name of an element", excerpt(name, 100)));
        xmlNode* node = xmlNewDocRawNode(doc_, nullptr, chars(name), nullptr);
        if (node == nullptr) throw std::bad_alloc();
        node->line = static_cast<unsigned short>(std::min(from.line, 65535));
        if (from.is_scalar()) {
            text(node, from);
            return node;
        }
        if (from.kind == Tree::Kind::list) {
            xmlFreeNode(node);
            refuse(from, fmt::format("a list in a list makes no sense under '{}'", excerpt(name, 100)));
        }
        // The node is linked before it is filled: what throws leaves it to the document.
        return node;
    }

    void fill(xmlNode* node, const Tree& from, int depth) {
        for (const Tree::Member& member : from.members) {
            if (member.name == text_key && member.value.is_scalar()) {
                text(node, member.value);
            } else if (member.name.starts_with('@')) {
                attribute(node, member.name.substr(1), member.value);
            } else if (member.value.kind == Tree::Kind::list) {
                for (const Tree::Member& item : member.value.members) child(node, member.name, item.value, depth);
            } else {
                xmlNode* made = child(node, member.name, member.value, depth);
                if (member.value.is_scalar()) made->_private = made;
            }
        }
    }

private:
    [[noreturn]] void refuse(const Tree& at, std::string_view sentence) const {
        const std::string line = at.line != 0 ? fmt::format(":{}", at.line) : std::string();
        throw Error(ErrorCode::xml_error, domain_, fmt::format("{}{}: {}", source_, line, sentence));
    }
    void check_text(const Tree& from) const {
        for (const char c : from.scalar)
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r')
                refuse(from, "a text has a control character");
        if (xmlCheckUTF8(chars(from.scalar)) == 0) refuse(from, "a text is not UTF-8");
    }
    void text(xmlNode* node, const Tree& from) {
        check_text(from);
        if (!from.scalar.empty()) xmlAddChild(node, xmlNewDocText(doc_, chars(from.scalar)));
    }
    void attribute(xmlNode* node, const std::string& name, const Tree& from) {
        if (!from.is_scalar()) refuse(from, fmt::format("the attribute '{}' must be a text", excerpt(name, 100)));
        if (xmlValidateNCName(chars(name), 0) != 0)
            refuse(from, fmt::format("'{}' cannot be the name of an attribute", excerpt(name, 100)));
        check_text(from);
        xmlNewProp(node, chars(name), chars(from.scalar));
    }
    xmlNode* child(xmlNode* parent, const std::string& name, const Tree& from, int depth) {
        xmlNode* made = element(name, from, depth + 1);
        // xmlAddChild would look for the last one; this is what it does.
        xmlAddChild(parent, made);
        if (!from.is_scalar()) fill(made, from, depth + 1);
        return made;
    }

    xmlDoc* doc_;
    std::string_view source_;
    ErrorDomain domain_;
    const Limits& limits_;
};

}  // namespace

Document Document::from_tree(const Tree& from, std::string_view source, ErrorDomain domain, const Limits& limits) {
    if (from.kind != Tree::Kind::map || from.members.size() != 1 || from.members[0].value.kind != Tree::Kind::map)
        fail(ErrorCode::xml_error, domain, "{}: the document must be a map with one key, such as 'domain', over a map",
             source);
    auto tree = std::make_unique<Owned>(xmlNewDoc(chars("1.0")));
    if (tree->doc == nullptr) throw std::bad_alloc();
    tree->doc->_private = tree->doc;
    Builder builder(tree->doc, source, domain, limits);
    xmlNode* root = builder.element(from.members[0].name, from.members[0].value, 1);
    xmlDocSetRootElement(tree->doc, root);
    builder.fill(root, from.members[0].value, 1);
    return Document(std::move(tree));
}

bool Element::of_tree() const {
    return node_ != nullptr && static_cast<xmlNode*>(node_)->doc->_private != nullptr;
}

bool Element::is_scalar() const {
    return of_tree() && static_cast<xmlNode*>(node_)->_private != nullptr;
}

std::optional<std::string_view> Element::settle_attribute(std::string_view name) const {
    for (Element e = first_child(); e; e = e.next()) {
        if (e.name() != name || !e.is_scalar()) continue;
        auto* node = static_cast<xmlNode*>(e.node_);
        xmlChar* content = xmlNodeGetContent(node);
        xmlNewProp(static_cast<xmlNode*>(node_), node->name, content);
        xmlFree(content);
        xmlUnlinkNode(node);
        xmlFreeNode(node);
        return attribute(name);
    }
    return std::nullopt;
}

}  // namespace virtue::xml
