// A document that a program changes in place: what the shell does to one device of a domain, or to one interface,
// before it hands it on. Whoever makes it owns it; nodes live as long as it does. No thread affinity.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct _xmlDoc;
struct _xmlNode;

namespace virtue::xml {

/// A tree of elements that can be changed. Expressions are XPath.
class EditableXml {
public:
    using Node = _xmlNode*;

    /// Throws xml_error for malformed XML.
    explicit EditableXml(std::string_view text);

    Node root() const;
    /// The nodes that the expression finds, seen from `from` (the root when absent), in document order.
    std::vector<Node> find(const std::string& expression, Node from = nullptr) const;
    /// The first of them, or null.
    Node find_one(const std::string& expression, Node from = nullptr) const;
    /// The expression as a string; empty when it finds nothing.
    std::string text(const std::string& expression, Node from = nullptr) const;

    static std::string name(Node node);
    static std::optional<std::string> attribute(Node node, const char* name);
    static void set_attribute(Node node, const char* name, const std::string& value);
    static void set_text(Node node, const std::string& text);
    /// A new last child.
    static Node add_child(Node parent, const char* name);
    /// A new child before another one, on a line of its own where that one stands on one.
    static Node add_before(Node sibling, const char* name);
    /// Takes all attributes and children away.
    static void clear(Node node);
    /// Takes the node out, with all below it.
    static void remove(Node node);
    /// Makes the node the last child of another one.
    static void move(Node node, Node parent);

    /// One element with its tags, or all of the document.
    std::string to_text(Node node) const;
    std::string to_text() const;

private:
    struct Free {
        void operator()(_xmlDoc* document) const;
    };
    std::unique_ptr<_xmlDoc, Free> document_;
};

}  // namespace virtue::xml
