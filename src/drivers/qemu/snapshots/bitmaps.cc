#include "drivers/qemu/snapshots/bitmaps.h"

#include <algorithm>
#include <charconv>

namespace virtue::qemu {

uint32_t number_of_node(std::string_view node) {
    constexpr std::string_view prefix = "libvirt-";
    uint32_t number = 0;
    if (!node.starts_with(prefix)) return 0;
    node.remove_prefix(prefix.size());
    std::from_chars(node.data(), node.data() + node.size(), number);
    return number;
}

uint32_t BlockNodes::highest_number() const {
    uint32_t highest = 0;
    for (const auto& [name, node] : nodes_) highest = std::max(highest, number_of_node(name));
    return highest;
}

std::vector<std::string> BlockNodes::numbered_except(const std::set<uint32_t>& keeps) const {
    std::vector<std::string> formats;
    std::vector<std::string> others;
    for (const auto& [name, node] : nodes_) {
        const uint32_t number = number_of_node(name);
        if (number == 0 || keeps.contains(number)) continue;
        (name.ends_with("-format") ? formats : others).push_back(name);
    }
    formats.insert(formats.end(), others.begin(), others.end());
    return formats;
}

Task<BlockNodes> BlockNodes::ask(std::shared_ptr<Monitor> monitor, io::Deadline deadline) {
    Json flat = Json::object({{"flat", true}});
    Json answer = co_await monitor->command("query-named-block-nodes", std::move(flat), deadline);
    BlockNodes nodes;
    for (const Json& told : answer.items()) {
        Node& node = nodes.nodes_[told.string_or("node-name", "")];
        if (const Json* image = told.find("image")) node.size = image->uint_or("virtual-size", 0);
        const Json* bitmaps = told.find("dirty-bitmaps");
        if (!bitmaps) continue;
        for (const Json& bitmap : bitmaps->items()) {
            DirtyBitmap one;
            one.name = bitmap.string_or("name", "");
            one.granularity = bitmap.uint_or("granularity", 0);
            one.count = bitmap.uint_or("count", 0);
            one.recording = bitmap.bool_or("recording", false);
            one.persistent = bitmap.bool_or("persistent", false);
            one.inconsistent = bitmap.bool_or("inconsistent", false);
            if (!one.name.empty()) node.bitmaps.push_back(std::move(one));
        }
    }
    co_return nodes;
}

std::optional<uint64_t> BlockNodes::size(const std::string& node) const {
    auto found = nodes_.find(node);
    if (found == nodes_.end()) return std::nullopt;
    return found->second.size;
}

const std::vector<DirtyBitmap>& BlockNodes::bitmaps(const std::string& node) const {
    static const std::vector<DirtyBitmap> none;
    auto found = nodes_.find(node);
    return found == nodes_.end() ? none : found->second.bitmaps;
}

const DirtyBitmap* BlockNodes::find(const std::string& node, const std::string& bitmap) const {
    for (const DirtyBitmap& one : bitmaps(node)) {
        if (one.name == bitmap) return &one;
    }
    return nullptr;
}

namespace {

Json action(const char* type, Json data) {
    return Json::object({{"type", type}, {"data", std::move(data)}});
}

}  // namespace

Json add_bitmap_action(const std::string& node, const std::string& name, bool persistent, bool disabled,
                       uint64_t granularity) {
    Json data = Json::object({{"node", node}, {"name", name}, {"persistent", persistent}, {"disabled", disabled}});
    if (granularity != 0) data.set("granularity", granularity);
    return action("block-dirty-bitmap-add", std::move(data));
}

Json remove_bitmap_action(const std::string& node, const std::string& name) {
    return action("block-dirty-bitmap-remove", Json::object({{"node", node}, {"name", name}}));
}

Json merge_bitmaps_action(const std::string& node, const std::string& target, const std::vector<BitmapPlace>& from) {
    Json bitmaps = Json::array();
    for (const BitmapPlace& place : from) bitmaps.add(Json::object({{"node", place.node}, {"name", place.name}}));
    return action("block-dirty-bitmap-merge",
                  Json::object({{"node", node}, {"target", target}, {"bitmaps", std::move(bitmaps)}}));
}

}  // namespace virtue::qemu
