// A parsed XML document, small and read-only: the only place that knows which XML library does the work.
// A Document owns its tree; an Element is a handle into it and must not outlive it. No thread affinity.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error_code.h"

namespace virtue::xml {

/// What a document may at most be. At the limit parsing fails with xml_error, without reading the rest.
struct Limits {
    size_t bytes = size_t{32} << 20;
    int depth = 256;
    size_t nodes = 1u << 18;  ///< elements, attributes and texts
};

struct Tree;

/// A handle to one element; empty (false) where nothing was found.
class Element {
public:
    Element() = default;
    explicit operator bool() const { return node_ != nullptr; }
    bool operator==(const Element&) const = default;

    /// The local name, without prefix.
    std::string_view name() const;
    /// The URI of the element's namespace, empty for none.
    std::string_view namespace_uri() const;
    int line() const;
    /// "/domain/devices/disk[2]/source": numbers (from 1) only where siblings share the name.
    std::string path() const;

    /// The value of the attribute without namespace; nothing if absent. Valid as long as the document.
    std::optional<std::string_view> attribute(std::string_view name) const;
    /// All text below the element, joined (XPath's string()).
    std::string text() const;
    /// True if the element has any attribute, child element or text.
    bool has_content() const;

    Element parent() const;
    Element first_child() const;
    Element next() const;
    /// The first child element of that name in namespace `uri` (empty: in none).
    Element child(std::string_view name, std::string_view uri = {}) const;
    /// The next sibling of the same name and namespace.
    Element next_same() const;
    size_t count(std::string_view name) const;

    /// Calls `visit(name, namespace_uri)` for each attribute.
    template <typename Visit>
    void each_attribute(Visit visit) const {
        for (const void* a = first_attribute(); a != nullptr; a = next_attribute(a))
            visit(attribute_name(a), attribute_uri(a));
    }

    /// True in a document that was made from a Tree.
    bool of_tree() const;
    /// True for `key: scalar` of a Tree, which may be an element with text or an attribute.
    bool is_scalar() const;

    /// The subtree as text: as it came for level -1, else laid out as libvirt prints <metadata> `level` elements deep.
    std::string outer_xml(int level) const;

private:
    friend class Document;
    friend class Scratch;
    std::optional<std::string_view> settle_attribute(std::string_view name) const;
    explicit Element(void* node) : node_(node) {}
    const void* first_attribute() const;
    static const void* next_attribute(const void* attribute);
    static std::string_view attribute_name(const void* attribute);
    static std::string_view attribute_uri(const void* attribute);

    void* node_ = nullptr;
};

/// Owns a parsed tree.
class Document {
public:
    /// Parses UTF-8 text. `source` names it in errors: "(domain_definition)" gives "(domain_definition):3: Opening and
    /// ending tag mismatch: …". Throws Error: xml_detail of `domain` for malformed text, xml_error over a limit or for
    /// a document type declaration (which is refused, so no entity is ever expanded).
    static Document parse(std::string_view text, std::string_view source, ErrorDomain domain,
                          const Limits& limits = {});
    /// The same from a Tree, whose only key is the root's name. Throws Error (xml_error of `domain`) for what no XML
    /// document could hold, and over a limit.
    static Document from_tree(const Tree& from, std::string_view source, ErrorDomain domain, const Limits& limits = {});
    ~Document();
    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;

    Element root() const;

private:
    friend class Scratch;
    struct Owned;
    explicit Document(std::unique_ptr<Owned> tree);
    std::unique_ptr<Owned> tree_;
};

}  // namespace virtue::xml
