// Writes XML exactly as libvirt lays it out: two spaces a level, single quotes, empty elements as <x/>, a newline at
// the end. Owned by whoever formats; one thread at a time.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace virtue::xml {

class TreeBuilder;

/// A growing text with a stack of open elements.
class Writer {
public:
    /// Everything stands `indent` levels deeper than usual.
    explicit Writer(int indent = 0) : indent_(indent) {}
    /// Makes a Tree instead of text; take() gives nothing then.
    explicit Writer(TreeBuilder& tree) : tree_(&tree), indent_(0) {}
    bool to_tree() const { return tree_ != nullptr; }

    /// `repeated`: one of several of that name, even if it is the only one.
    void begin(std::string_view name, bool repeated = false);
    /// `number`: the value is an integer, for formats that tell it from text.
    void attribute(std::string_view name, std::string_view value, bool number = false);
    /// The text of the innermost element, which has no child elements then.
    void text(std::string_view value, bool number = false);
    /// A subtree that is XML already, on a line of its own.
    void raw(std::string_view name, std::string_view xml);
    /// The innermost element gets an end tag of its own even if it stays empty: <x> newline </x>.
    void keep_open();
    /// Closes the innermost element. One without attributes and content vanishes again if `drop_empty`.
    void end(bool drop_empty = false);

    int depth() const { return indent_ + static_cast<int>(open_.size()); }
    /// True if the innermost element has got an attribute or content.
    bool has_content() const;
    std::string take() { return std::move(text_); }

private:
    struct Open {
        std::string_view name;
        size_t start;
        bool parent_was_closed;
        bool closed = false;  // its start tag has its '>'
        bool has_text = false;
        bool has_attributes = false;
    };
    void close_start_tag();
    void escape(std::string_view value);

    TreeBuilder* tree_ = nullptr;
    std::string text_;
    std::vector<Open> open_;
    int indent_;
};

}  // namespace virtue::xml
