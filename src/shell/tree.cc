#include "shell/tree.h"

namespace virtue::shell {
namespace {

class Drawing {
public:
    explicit Drawing(const std::vector<TreeItem>& items) : items_(items) {}

    Values draw_roots(std::string& text) const {
        Values roots;
        for (const TreeItem& item : items_) {
            bool has_parent = false;
            for (const TreeItem& other : items_) has_parent |= item.parent && other.name == *item.parent;
            if (has_parent) continue;
            text += item.name + "\n";
            roots.push_back(draw_below(item, "  ", text));
        }
        return roots;
    }

private:
    // What is below `item`, each line behind `margin`.
    Value draw_below(const TreeItem& item, const std::string& margin, std::string& text) const {
        std::vector<const TreeItem*> children;
        for (const TreeItem& other : items_) {
            if (other.parent && *other.parent == item.name) children.push_back(&other);
        }
        Values below;
        if (!children.empty()) text += margin + "|\n";
        for (const TreeItem* child : children) {
            bool last = child == children.back();
            text += margin + "+- " + child->name + "\n";
            below.push_back(draw_below(*child, margin + (last ? "    " : "|   "), text));
            if (last) text += margin + "  \n";
        }
        return Value(Record{{"name", item.name}, {"children", std::move(below)}});
    }

    const std::vector<TreeItem>& items_;
};

}  // namespace

Result tree_result(const std::vector<TreeItem>& items) {
    std::string text;
    Values roots = Drawing(items).draw_roots(text);
    return Custom{std::move(text), Value(std::move(roots))};
}

}  // namespace virtue::shell
