#include "xml/raw.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "base/error.h"

namespace virtue::xml {

namespace {

struct DocDeleter {
    void operator()(xmlDoc* doc) const { xmlFreeDoc(doc); }
};
using Doc = std::unique_ptr<xmlDoc, DocDeleter>;

// Text that the façade has parsed once already: it cannot fail but for lack of memory.
Doc reparse(std::string_view text) {
    Doc doc(xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                          XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS));
    if (!doc || xmlDocGetRootElement(doc.get()) == nullptr)
        throw Error(ErrorCode::xml_error, ErrorDomain::xml, "metadata cannot be read back");
    return doc;
}

std::string dump(xmlDoc* doc, xmlNode* node, int level, bool format) {
    xmlBuffer* buffer = xmlBufferCreate();
    if (buffer == nullptr) throw std::bad_alloc();
    xmlNodeDump(buffer, doc, node, level, format ? 1 : 0);
    std::string result(reinterpret_cast<const char*>(xmlBufferContent(buffer)));
    xmlBufferFree(buffer);
    return result;
}

xmlNode* child_in(xmlNode* root, std::string_view uri) {
    for (xmlNode* node = root->children; node != nullptr; node = node->next)
        if (node->type == XML_ELEMENT_NODE && node->ns != nullptr && node->ns->href != nullptr &&
            uri == reinterpret_cast<const char*>(node->ns->href))
            return node;
    return nullptr;
}

const xmlChar* chars(const std::string& text) {
    return reinterpret_cast<const xmlChar*>(text.c_str());
}

template <typename Visit>
void each_element(xmlNode* node, Visit visit) {
    if (node->type != XML_ELEMENT_NODE) return;
    visit(node);
    for (xmlNode* child = node->children; child != nullptr; child = child->next) each_element(child, visit);
}

}  // namespace

RawXml::RawXml(const Element& element) : source_(element.outer_xml(-1)), laid_out_(element.outer_xml(1)), level_(1) {}

RawXml RawXml::parse(std::string_view text) {
    return RawXml(Document::parse(text, "(metadata_xml)", ErrorDomain::xml).root());
}

std::string RawXml::laid_out(int level) const {
    if (source_.empty() || level == level_) return laid_out_;
    Doc doc = reparse(source_);
    return dump(doc.get(), xmlDocGetRootElement(doc.get()), level, true);
}

void RawXml::keep_one_per_namespace() {
    if (source_.empty()) return;
    Doc doc = reparse(source_);
    xmlNode* root = xmlDocGetRootElement(doc.get());
    std::vector<std::string> seen;
    bool changed = false;
    for (xmlNode* node = root->children; node != nullptr;) {
        xmlNode* next = node->next;
        if (node->type == XML_ELEMENT_NODE) {
            const bool has_uri = node->ns != nullptr && node->ns->href != nullptr;
            const std::string uri = has_uri ? reinterpret_cast<const char*>(node->ns->href) : "";
            if (!has_uri || std::find(seen.begin(), seen.end(), uri) != seen.end()) {
                xmlUnlinkNode(node);
                xmlFreeNode(node);
                changed = true;
            } else {
                seen.push_back(uri);
            }
        }
        node = next;
    }
    if (!changed) return;
    source_ = dump(doc.get(), root, 0, false);
    laid_out_ = dump(doc.get(), root, 1, true);
    level_ = 1;
}

std::optional<std::string> RawXml::find(std::string_view uri) const {
    if (source_.empty()) return std::nullopt;
    Doc doc = reparse(source_);
    xmlNode* node = child_in(xmlDocGetRootElement(doc.get()), uri);
    if (node == nullptr) return std::nullopt;
    // The declaration of this one namespace is what the caller gave beside the text; it goes as it came.
    for (xmlNs** link = &node->nsDef; *link != nullptr; link = &(*link)->next) {
        if ((*link)->href == nullptr || uri != reinterpret_cast<const char*>((*link)->href)) continue;
        xmlNs* gone = *link;
        *link = gone->next;
        each_element(node, [&](xmlNode* element) {
            if (element->ns == gone) element->ns = nullptr;
        });
        std::string text = dump(doc.get(), node, 0, true);
        gone->next = nullptr;
        xmlFreeNs(gone);
        return text;
    }
    return dump(doc.get(), node, 0, true);
}

void RawXml::replace(std::string_view wrapper, std::string_view prefix, std::string_view uri,
                     std::optional<std::string_view> content) {
    // As libvirt: whoever sets or removes something leaves at least an empty element.
    if (source_.empty()) source_ = "<" + std::string(wrapper) + "/>";
    Doc doc = reparse(source_);
    xmlNode* root = xmlDocGetRootElement(doc.get());
    while (xmlNode* old = child_in(root, uri)) {
        xmlUnlinkNode(old);
        xmlFreeNode(old);
    }
    if (content) {
        static_cast<void>(Document::parse(*content, "(metadata_xml)", ErrorDomain::xml));
        Doc fresh = reparse(*content);
        xmlNode* node = xmlDocCopyNode(xmlDocGetRootElement(fresh.get()), doc.get(), 1);
        if (node == nullptr) throw std::bad_alloc();
        xmlAddChild(root, node);
        const std::string href(uri);
        const std::string name(prefix);
        if (xmlNs* space = xmlNewNs(node, chars(href), chars(name)))
            each_element(node, [&](xmlNode* element) { xmlSetNs(element, space); });
    }
    source_ = dump(doc.get(), root, 0, false);
    laid_out_ = dump(doc.get(), root, 1, true);
    level_ = 1;
}

}  // namespace virtue::xml
