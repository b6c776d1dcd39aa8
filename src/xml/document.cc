#include "xml/document.h"

#include <climits>
#include <cstring>

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include "base/error.h"
#include "base/excerpt.h"
#include "xml/document_tree.h"

namespace virtue::xml {

namespace {

std::string_view view(const xmlChar* text) {
    return text == nullptr ? std::string_view{} : std::string_view{reinterpret_cast<const char*>(text)};
}

xmlNode* node_of(void* handle) {
    return static_cast<xmlNode*>(handle);
}

xmlNode* skip_to_element(xmlNode* node) {
    while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

std::string_view uri_of(const xmlNs* space) {
    return space == nullptr ? std::string_view{} : view(space->href);
}

struct Fault {
    std::string message;
    int line = 0;
    std::string context;
    bool set = false;
    bool has_doctype = false;
    bool too_deep = false;
    bool too_many = false;
    const Limits* limits = nullptr;
    size_t nodes = 0;  ///< elements and attributes so far
};

// The line that the parser stands in, and a second one that points at the column.
std::string context_of(const xmlParserInput* input) {
    if (input == nullptr || input->cur == nullptr || input->base == nullptr) return {};
    const xmlChar* at = input->cur;
    while (at > input->base && (at == input->end || *at == '\n' || *at == '\r' || *at == 0)) at--;
    while (at > input->base && *at != '\n' && *at != '\r') at--;
    if (*at == '\n' || *at == '\r') at++;
    const auto column = static_cast<size_t>(input->cur > at ? input->cur - at : 0);
    const xmlChar* end = at;
    while (end < input->end && *end != 0 && *end != '\n' && *end != '\r') end++;
    constexpr size_t widest = 200;
    if (column > widest) return {};
    const std::string_view line(reinterpret_cast<const char*>(at), static_cast<size_t>(end - at));
    return fmt::format("{}\n{}^", excerpt(line, widest), std::string(column, '-'));
}

void on_error(void* user, xmlErrorPtr error) {
    auto* context = static_cast<xmlParserCtxt*>(user);
    auto* fault = static_cast<Fault*>(context->_private);
    if (fault->set || error == nullptr || error->level != XML_ERR_FATAL) return;
    fault->set = true;
    fault->message = error->message == nullptr ? "malformed document" : error->message;
    while (!fault->message.empty() && fault->message.back() == '\n') fault->message.pop_back();
    fault->line = error->line;
    fault->context = context_of(context->input);
}

void on_doctype(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
    auto* context = static_cast<xmlParserCtxt*>(user);
    static_cast<Fault*>(context->_private)->has_doctype = true;
    xmlStopParser(context);
}

void on_start(void* user, const xmlChar* name, const xmlChar* prefix, const xmlChar* uri, int namespace_count,
              const xmlChar** namespaces, int attribute_count, int default_count, const xmlChar** attributes) {
    auto* context = static_cast<xmlParserCtxt*>(user);
    auto* fault = static_cast<Fault*>(context->_private);
    fault->nodes += 1 + static_cast<size_t>(attribute_count);
    fault->too_deep = context->nameNr > fault->limits->depth;
    fault->too_many = fault->nodes > fault->limits->nodes;
    // What is too much is not read to its end.
    if (fault->too_deep || fault->too_many) {
        xmlStopParser(context);
        return;
    }
    xmlSAX2StartElementNs(user, name, prefix, uri, namespace_count, namespaces, attribute_count, default_count,
                          attributes);
}

struct NodeDeleter {
    void operator()(xmlNode* node) const { xmlFreeNode(node); }
};
struct BufferDeleter {
    void operator()(xmlBuffer* buffer) const { xmlBufferFree(buffer); }
};
struct ContextDeleter {
    void operator()(xmlParserCtxt* context) const { xmlFreeParserCtxt(context); }
};

[[noreturn]] void fail_too_many(const Limits& limits, ErrorDomain domain) {
    fail(ErrorCode::xml_error, domain, "the document has more than {} nodes", limits.nodes);
}

// Counts what stands below `root`, and finds the depth, without recursion: the text decides how deep it goes.
void check_limits(xmlNode* root, const Limits& limits, ErrorDomain domain) {
    size_t nodes = 0;
    int depth = 1;
    for (xmlNode* at = root; at != nullptr;) {
        nodes++;
        for (const xmlAttr* a = at->type == XML_ELEMENT_NODE ? at->properties : nullptr; a != nullptr; a = a->next)
            nodes++;
        if (nodes > limits.nodes) fail_too_many(limits, domain);
        if (at->type == XML_ELEMENT_NODE && at->children != nullptr) {
            at = at->children;
            if (++depth > limits.depth + 1)
                fail(ErrorCode::xml_error, domain, "elements are nested more than {} deep", limits.depth);
            continue;
        }
        while (at != root && at->next == nullptr) {
            at = at->parent;
            depth--;
        }
        if (at == root) return;
        at = at->next;
    }
}

}  // namespace

Document::Owned::~Owned() {
    xmlFreeDoc(doc);
}

Document::Document(std::unique_ptr<Owned> tree) : tree_(std::move(tree)) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Document Document::parse(std::string_view text, std::string_view source, ErrorDomain domain, const Limits& limits) {
    if (text.size() > limits.bytes || text.size() > INT_MAX / 2)
        fail(ErrorCode::xml_error, domain, "the document has {} bytes, more than the {} allowed", text.size(),
             limits.bytes);
    static const bool prepared = [] {
        xmlInitParser();
        return true;
    }();
    static_cast<void>(prepared);
    Fault fault;
    fault.limits = &limits;
    std::unique_ptr<xmlParserCtxt, ContextDeleter> context(xmlNewParserCtxt());
    if (!context) throw std::bad_alloc();
    context->_private = &fault;
    context->sax->serror = on_error;
    context->sax->initialized = XML_SAX2_MAGIC;
    context->sax->internalSubset = on_doctype;
    context->sax->startElementNs = on_start;
    const std::string name(source);
    auto tree = std::make_unique<Owned>(
        xmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()), name.c_str(), nullptr,
                          XML_PARSE_NONET | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS | XML_PARSE_COMPACT));
    if (fault.has_doctype)
        fail(ErrorCode::xml_error, domain, "{}: a document type declaration (<!DOCTYPE>) is not accepted", source);
    if (fault.too_deep)
        fail(ErrorCode::xml_error, domain, "{}: elements are nested more than {} deep", source, limits.depth);
    if (fault.too_many) fail_too_many(limits, domain);
    if (tree->doc == nullptr || fault.set) {
        if (!fault.set) fault.message = "the document is empty or cannot be read";
        throw Error(ErrorCode::xml_detail, domain,
                    fmt::format("{}:{}: {}\n{}", source, fault.line, fault.message, fault.context));
    }
    xmlNode* root = xmlDocGetRootElement(tree->doc);
    if (root == nullptr) fail(ErrorCode::xml_error, domain, "{}: missing root element", source);
    check_limits(root, limits, domain);
    return Document(std::move(tree));
}

Element Document::root() const {
    return Element(xmlDocGetRootElement(tree_->doc));
}

namespace {
// Most names that are compared differ in their first letter, and few documents are read for anything else.
bool is_called(const xmlChar* own, std::string_view name) {
    const char* text = reinterpret_cast<const char*>(own);
    if (name.empty() || text[0] != name[0]) return false;
    return std::strncmp(text, name.data(), name.size()) == 0 && text[name.size()] == '\0';
}
}  // namespace

std::string_view Element::name() const {
    return view(node_of(node_)->name);
}
std::string_view Element::namespace_uri() const {
    return uri_of(node_of(node_)->ns);
}
int Element::line() const {
    return static_cast<int>(xmlGetLineNo(node_of(node_)));
}

std::string Element::path() const {
    std::string result;
    for (xmlNode* at = node_of(node_); at != nullptr && at->type == XML_ELEMENT_NODE; at = at->parent) {
        int index = 1;
        bool shared = false;
        for (xmlNode* s = at->prev; s != nullptr; s = s->prev)
            if (s->type == XML_ELEMENT_NODE && xmlStrEqual(s->name, at->name)) index++;
        for (xmlNode* s = at->next; s != nullptr && !shared; s = s->next)
            shared = s->type == XML_ELEMENT_NODE && xmlStrEqual(s->name, at->name);
        const std::string number = shared || index > 1 ? fmt::format("[{}]", index) : std::string();
        result = fmt::format("/{}{}{}", view(at->name), number, result);
    }
    return result;
}

std::optional<std::string_view> Element::attribute(std::string_view name) const {
    for (const xmlAttr* a = node_of(node_)->properties; a != nullptr; a = a->next) {
        if (a->ns != nullptr || !is_called(a->name, name)) continue;
        if (a->children == nullptr) return std::string_view{};
        // One text node is all there can be: without a document type no entity stands for itself.
        return view(a->children->content);
    }
    return of_tree() ? settle_attribute(name) : std::nullopt;
}

std::string Element::text() const {
    xmlChar* content = xmlNodeGetContent(node_of(node_));
    std::string result(view(content));
    xmlFree(content);
    return result;
}

bool Element::has_content() const {
    return node_of(node_)->properties != nullptr || node_of(node_)->children != nullptr;
}

Element Element::parent() const {
    xmlNode* up = node_of(node_)->parent;
    return up != nullptr && up->type == XML_ELEMENT_NODE ? Element(up) : Element();
}

Element Element::first_child() const {
    return Element(skip_to_element(node_of(node_)->children));
}
Element Element::next() const {
    return Element(skip_to_element(node_of(node_)->next));
}

Element Element::child(std::string_view name, std::string_view uri) const {
    for (Element e = first_child(); e; e = e.next())
        if (is_called(node_of(e.node_)->name, name) && e.namespace_uri() == uri) return e;
    return {};
}

Element Element::next_same() const {
    const std::string_view own = name();
    for (Element e = next(); e; e = e.next())
        if (is_called(node_of(e.node_)->name, own) && e.namespace_uri() == namespace_uri()) return e;
    return {};
}

size_t Element::count(std::string_view name) const {
    size_t total = 0;
    for (Element e = child(name); e; e = e.next_same()) total++;
    return total;
}

const void* Element::first_attribute() const {
    return node_of(node_)->properties;
}
const void* Element::next_attribute(const void* attribute) {
    return static_cast<const xmlAttr*>(attribute)->next;
}
std::string_view Element::attribute_name(const void* attribute) {
    return view(static_cast<const xmlAttr*>(attribute)->name);
}
std::string_view Element::attribute_uri(const void* attribute) {
    return uri_of(static_cast<const xmlAttr*>(attribute)->ns);
}

std::string Element::outer_xml(int level) const {
    // A copy declares the prefixes that it uses, also those that an element further up declared.
    const std::unique_ptr<xmlNode, NodeDeleter> copy(xmlDocCopyNode(node_of(node_), node_of(node_)->doc, 1));
    const std::unique_ptr<xmlBuffer, BufferDeleter> buffer(xmlBufferCreate());
    if (!copy || !buffer) throw std::bad_alloc();
    xmlNodeDump(buffer.get(), copy->doc, copy.get(), level < 0 ? 0 : level, level < 0 ? 0 : 1);
    return std::string(view(xmlBufferContent(buffer.get())));
}

}  // namespace virtue::xml
