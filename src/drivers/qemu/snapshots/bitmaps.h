// What QEMU tells of a guest's block nodes, and the actions on their dirty bitmaps. Loop thread only.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/monitor/monitor.h"

namespace virtue::qemu {

/// "libvirt-3-format" gives 3; 0 for names of another form.
uint32_t number_of_node(std::string_view node);

/// A dirty bitmap of a node.
struct DirtyBitmap {
    std::string name;
    uint64_t granularity = 0;  ///< bytes
    uint64_t count = 0;        ///< bytes that it notes as changed
    bool recording = false;
    bool persistent = false;
    bool inconsistent = false;  ///< its guest was not ended well: it tells nothing any more
};

/// The block nodes of one moment.
class BlockNodes {
public:
    static Task<BlockNodes> ask(std::shared_ptr<Monitor> monitor, io::Deadline deadline);

    /// The size that the guest sees, in bytes; nothing for a node that is not there.
    std::optional<uint64_t> size(const std::string& node) const;
    const std::vector<DirtyBitmap>& bitmaps(const std::string& node) const;
    const DirtyBitmap* find(const std::string& node, const std::string& bitmap) const;
    bool has(const std::string& node) const { return nodes_.contains(node); }
    /// The highest number in a name "libvirt-N-…"; 0 without any.
    uint32_t highest_number() const;
    /// All nodes of that form whose number `keeps` does not want, formats before what they stand on.
    std::vector<std::string> numbered_except(const std::set<uint32_t>& keeps) const;

private:
    struct Node {
        uint64_t size = 0;
        std::vector<DirtyBitmap> bitmaps;
    };
    std::map<std::string, Node> nodes_;
};

/// Actions for "transaction".
Json add_bitmap_action(const std::string& node, const std::string& name, bool persistent, bool disabled,
                       uint64_t granularity);
Json remove_bitmap_action(const std::string& node, const std::string& name);
/// One bitmap to be merged: where it is and its name.
struct BitmapPlace {
    std::string node;
    std::string name;
};
Json merge_bitmaps_action(const std::string& node, const std::string& target, const std::vector<BitmapPlace>& from);

}  // namespace virtue::qemu
