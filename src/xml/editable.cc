#include "xml/editable.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>

#include "base/error.h"

namespace virtue::xml {
namespace {

struct FreeOthers {
    void operator()(xmlXPathContext* context) const { xmlXPathFreeContext(context); }
    void operator()(xmlXPathObject* object) const { xmlXPathFreeObject(object); }
    void operator()(xmlBuffer* buffer) const { xmlBufferFree(buffer); }
    void operator()(xmlChar* text) const { xmlFree(text); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeOthers>;

const xmlChar* in(const char* text) {
    return reinterpret_cast<const xmlChar*>(text);
}
std::string out(const xmlChar* text) {
    return text ? reinterpret_cast<const char*>(text) : "";
}

Owned<xmlXPathObject> evaluate(xmlDoc* document, const std::string& expression, xmlNode* from) {
    Owned<xmlXPathContext> context(xmlXPathNewContext(document));
    context->node = from ? from : xmlDocGetRootElement(document);
    Owned<xmlXPathObject> found(xmlXPathEval(in(expression.c_str()), context.get()));
    if (!found) fail(ErrorCode::internal_error, ErrorDomain::xml, "'{}' is no XPath expression", expression);
    return found;
}

}  // namespace

void EditableXml::Free::operator()(_xmlDoc* document) const {
    xmlFreeDoc(document);
}

EditableXml::EditableXml(std::string_view text)
    : document_(xmlReadMemory(text.data(), static_cast<int>(text.size()), "", nullptr,
                              XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)) {
    if (!document_ || !root()) throw Error(ErrorCode::xml_error, ErrorDomain::xml, "the document cannot be parsed");
}

EditableXml::Node EditableXml::root() const {
    return xmlDocGetRootElement(document_.get());
}

std::vector<EditableXml::Node> EditableXml::find(const std::string& expression, Node from) const {
    Owned<xmlXPathObject> found = evaluate(document_.get(), expression, from);
    std::vector<Node> nodes;
    if (found->type != XPATH_NODESET || !found->nodesetval) return nodes;
    for (int i = 0; i < found->nodesetval->nodeNr; i++) nodes.push_back(found->nodesetval->nodeTab[i]);
    return nodes;
}

EditableXml::Node EditableXml::find_one(const std::string& expression, Node from) const {
    std::vector<Node> nodes = find(expression, from);
    return nodes.empty() ? nullptr : nodes.front();
}

std::string EditableXml::text(const std::string& expression, Node from) const {
    Owned<xmlXPathObject> found = evaluate(document_.get(), expression, from);
    Owned<xmlChar> value(xmlXPathCastToString(found.get()));
    return out(value.get());
}

std::string EditableXml::name(Node node) {
    return out(node->name);
}

std::optional<std::string> EditableXml::attribute(Node node, const char* name) {
    Owned<xmlChar> value(xmlGetProp(node, in(name)));
    if (!value) return std::nullopt;
    return out(value.get());
}

void EditableXml::set_attribute(Node node, const char* name, const std::string& value) {
    xmlSetProp(node, in(name), in(value.c_str()));
}

void EditableXml::set_text(Node node, const std::string& text) {
    Owned<xmlChar> escaped(xmlEncodeSpecialChars(node->doc, in(text.c_str())));
    xmlNodeSetContent(node, escaped.get());
}

EditableXml::Node EditableXml::add_child(Node parent, const char* name) {
    return xmlNewChild(parent, nullptr, in(name), nullptr);
}

EditableXml::Node EditableXml::add_before(Node sibling, const char* name) {
    Node made = xmlAddPrevSibling(sibling, xmlNewNode(nullptr, in(name)));
    Node blank = made->prev;
    if (blank && xmlIsBlankNode(blank)) xmlAddPrevSibling(sibling, xmlCopyNode(blank, 1));
    return made;
}

void EditableXml::clear(Node node) {
    while (node->properties) xmlRemoveProp(node->properties);
    while (node->children) remove(node->children);
}

void EditableXml::remove(Node node) {
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

void EditableXml::move(Node node, Node parent) {
    xmlUnlinkNode(node);
    xmlAddChild(parent, node);
}

std::string EditableXml::to_text(Node node) const {
    Owned<xmlBuffer> buffer(xmlBufferCreate());
    xmlNodeDump(buffer.get(), document_.get(), node, 0, 1);
    return out(xmlBufferContent(buffer.get()));
}

std::string EditableXml::to_text() const {
    xmlChar* bytes = nullptr;
    int size = 0;
    xmlDocDumpMemory(document_.get(), &bytes, &size);
    Owned<xmlChar> owned(bytes);
    return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)};
}

}  // namespace virtue::xml
