// What the tools say is in place.
#include <algorithm>

#include "base/text.h"
#include "drivers/nwfilter/rules.h"

namespace virtue::nwfilter {

namespace {

/// The word after one of two others; empty if neither is there.
std::string_view word_after(const std::vector<std::string_view>& words, std::string_view one, std::string_view other) {
    for (size_t i = 0; i + 1 < words.size(); i++)
        if (words[i] == one || words[i] == other) return words[i + 1];
    return {};
}

}  // namespace

Listing::Listing(Tool tool, const std::string& text) : tool_(tool) {
    const std::string_view wanted = tool == Tool::ebtables ? "*nat" : "*filter";
    bool ours = false;
    for (std::string_view line : split_lines(text)) {
        if (line.starts_with('*')) ours = line == wanted;
        if (!ours) continue;
        const std::vector<std::string_view> words = split_words(line);
        if (line.starts_with(':') && !words.empty()) chains_.emplace(words[0].substr(1));
        if (words.size() < 4 || words[0] != "-A") continue;
        const std::string from(words[1]), target(word_after(words, "-j", "-g")), rest(line.substr(3));
        jumps_.emplace(target, Jump{from, rest});
        targets_.emplace(from, target);
        if (from == "libvirt-in-post")
            acceptances_.emplace(std::string(word_after(words, "--physdev-in", "--physdev-in")), rest);
    }
}

CardRules Listing::rules_of(const std::string& port) const {
    const bool frames = tool_ == Tool::ebtables;
    const std::vector<std::string> roots = frames ? std::vector<std::string>{"libvirt-I-" + port, "libvirt-O-" + port}
                                                  : std::vector<std::string>{"FI-" + port, "FO-" + port, "HI-" + port};
    CardRules found;
    const auto add = [&](const std::string& chain) {
        const bool known = std::find(found.chains.begin(), found.chains.end(), chain) != found.chains.end();
        if (!known && chains_.contains(chain)) found.chains.push_back(chain);
    };
    for (const std::string& root : roots) add(root);
    // Below the roots, the chains of protocols: "I-vnet0-arp". Another card may be called "vnet0-arp".
    for (const std::string& root : roots) {
        const auto [first, last] = targets_.equal_range(root);
        for (auto jump = first; jump != last; ++jump)
            if (jump->second.starts_with("I-" + port + "-") || jump->second.starts_with("O-" + port + "-"))
                add(jump->second);
    }
    for (const std::string& root : roots) {
        const auto [first, last] = jumps_.equal_range(root);
        for (auto jump = first; jump != last; ++jump) found.links.push_back(jump->second.line);
    }
    const auto [first, last] = acceptances_.equal_range(port);
    for (auto line = first; line != last && !frames; ++line) found.links.push_back(line->second);
    return found;
}

}  // namespace virtue::nwfilter
