#include "xml/scratch.h"

#include <new>

#include <libxml/tree.h>

#include "xml/document_tree.h"

namespace virtue::xml {

namespace {

const xmlChar* chars(const std::string& text) {
    return reinterpret_cast<const xmlChar*>(text.c_str());
}

}  // namespace

Scratch::Scratch(const std::string& root)
    : document_(std::make_unique<Document::Owned>(xmlNewDoc(reinterpret_cast<const xmlChar*>("1.0")))) {
    xmlDoc* doc = document_.tree_->doc;
    doc->_private = doc;
    xmlDocSetRootElement(doc, xmlNewDocRawNode(doc, nullptr, chars(root), nullptr));
}

void Scratch::set_attribute(Element element, const std::string& name, const std::string& value) {
    xmlSetProp(static_cast<xmlNode*>(element.node_), chars(name), chars(value));
}

void Scratch::put_child(Element element, const std::string& name) {
    auto* node = static_cast<xmlNode*>(element.node_);
    xmlAddChild(node, xmlNewDocRawNode(node->doc, nullptr, chars(name), nullptr));
}

void Scratch::put_text(Element element, const std::string& text) {
    auto* node = static_cast<xmlNode*>(element.node_);
    xmlAddChild(node, xmlNewDocText(node->doc, chars(text)));
}

void Scratch::replace(Element element, const std::string& text) {
    auto* node = static_cast<xmlNode*>(element.node_);
    const Document parsed = Document::parse(text, "(text)", ErrorDomain::xml);
    xmlNode* copy = xmlDocCopyNode(static_cast<xmlNode*>(parsed.root().node_), node->doc, 1);
    if (copy == nullptr) throw std::bad_alloc();
    xmlReplaceNode(node, copy);
    xmlFreeNode(node);
}

void Scratch::declare(Element element, const std::string& prefix, const std::string& uri) {
    xmlNewNs(static_cast<xmlNode*>(element.node_), chars(uri), chars(prefix));
}

}  // namespace virtue::xml
