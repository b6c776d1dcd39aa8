#include "xml/xpath.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <memory>

#include "base/error.h"

namespace virtue::xml {
namespace {

struct Free {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
    void operator()(xmlXPathContext* context) const { xmlXPathFreeContext(context); }
    void operator()(xmlXPathObject* object) const { xmlXPathFreeObject(object); }
    void operator()(xmlBuffer* buffer) const { xmlBufferFree(buffer); }
    void operator()(xmlChar* text) const { xmlFree(text); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::string to_text(const xmlChar* text) {
    return text ? reinterpret_cast<const char*>(text) : "";
}

std::string value_of(xmlNode* node) {
    Owned<xmlChar> content(xmlNodeGetContent(node));
    return to_text(content.get());
}

std::string dump(xmlDoc* document, xmlNode* node) {
    if (node->type != XML_ELEMENT_NODE) return value_of(node);
    Owned<xmlBuffer> buffer(xmlBufferCreate());
    xmlNodeDump(buffer.get(), document, node, 0, 1);
    return to_text(xmlBufferContent(buffer.get()));
}

template <typename Describe>
std::vector<std::string> evaluate(std::string_view text, const std::string& expression, Describe describe) {
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS;
    Owned<xmlDoc> document(xmlReadMemory(text.data(), static_cast<int>(text.size()), "", nullptr, options));
    if (!document) throw Error(ErrorCode::xml_error, ErrorDomain::xml, "the document cannot be parsed");
    Owned<xmlXPathContext> context(xmlXPathNewContext(document.get()));
    context->error = nullptr;
    xmlSetStructuredErrorFunc(context.get(), [](void*, xmlError*) {});
    Owned<xmlXPathObject> found(xmlXPathEval(reinterpret_cast<const xmlChar*>(expression.c_str()), context.get()));
    xmlSetStructuredErrorFunc(nullptr, nullptr);
    if (!found) fail(ErrorCode::invalid_arg, ErrorDomain::xml, "'{}' is no XPath expression", expression);
    std::vector<std::string> results;
    if (found->type != XPATH_NODESET) {
        Owned<xmlChar> value(xmlXPathCastToString(found.get()));
        results.push_back(to_text(value.get()));
    } else if (found->nodesetval) {
        for (int i = 0; i < found->nodesetval->nodeNr; i++)
            results.push_back(describe(document.get(), found->nodesetval->nodeTab[i]));
    }
    return results;
}

}  // namespace

std::vector<std::string> find_nodes(std::string_view document, const std::string& expression) {
    return evaluate(document, expression, dump);
}

std::vector<std::string> find_texts(std::string_view document, const std::string& expression) {
    return evaluate(document, expression, [](xmlDoc*, xmlNode* node) { return value_of(node); });
}

}  // namespace virtue::xml
