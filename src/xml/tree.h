// A document as JSON and YAML know it: maps, lists and scalars. Between the text of such a document and the Mapper,
// which writes a Tree and reads one as it does XML. An attribute and an element with nothing but text are both `key:
// scalar`; who reads decides which of them it is. A plain value; usable from any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "xml/document.h"

namespace virtue::xml {

/// One value of a document.
struct Tree {
    enum class Kind : uint8_t { map, list, text, number };
    struct Member;

    Kind kind = Kind::map;
    std::string scalar;           ///< what a text or a number says
    std::vector<Member> members;  ///< of a map or a list, in their order
    int line = 0;                 ///< in the text that it was read from; 0: unknown

    Tree();
    Tree(Kind kind, std::string scalar);
    Tree(const Tree&);
    Tree(Tree&&) noexcept;
    Tree& operator=(Tree&&) noexcept;
    ~Tree();

    bool is_scalar() const { return kind == Kind::text || kind == Kind::number; }
    /// The member of that name; nullptr if there is none.
    const Tree* find(std::string_view name) const;
};

/// An entry of a map, or of a list (where it has no name).
struct Tree::Member {
    std::string name;
    Tree value;
    bool attribute = false;  ///< of an element; told where a child has the same name: it is then called "@name"
};

/// The key of an element's own text where the element has attributes too: {unit: KiB, text: 1024}.
inline constexpr std::string_view text_key = "text";

/// Builds a Tree from what a Writer is told. One that is being written owns it.
class TreeBuilder {
public:
    void begin(std::string_view name, bool repeated);
    void attribute(std::string_view name, std::string_view value, bool number);
    void text(std::string_view value, bool number);
    void raw(std::string_view name, std::string_view xml);
    void keep_open() { open_.back().kept = true; }
    void end(bool drop_empty);
    int depth() const { return static_cast<int>(open_.size()); }
    bool has_content() const { return open_.back().kept || !open_.back().tree.members.empty(); }
    /// The whole: a map with the root's name as its only key.
    Tree take() { return std::move(result_); }

private:
    struct Open {
        std::string name;
        Tree tree;
        bool repeated = false;
        bool kept = false;
    };
    static void add(Tree& to, Open done);

    std::vector<Open> open_;
    Tree result_;
};

/// The document as text, as people write it; both end in a newline.
std::string to_json(const Tree& tree);
std::string to_yaml(const Tree& tree);

/// Reads a document. `source` names it in errors. Throws Error of `domain`: xml_detail for malformed text (with the
/// line), xml_error over a limit, for a key that stands twice, for an alias, an anchor or a tag.
Tree parse_json(std::string_view text, std::string_view source, ErrorDomain domain, const Limits& limits = {});
Tree parse_yaml(std::string_view text, std::string_view source, ErrorDomain domain, const Limits& limits = {});

}  // namespace virtue::xml
