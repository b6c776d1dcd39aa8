// The tree that a test program runs in: unit tests read files of it.
#pragma once
#include <cstdlib>
#include <filesystem>

namespace virtue {

/// A file or folder of the tree by its path in it, above the working folder or VIRTUE_ROOT; empty if it is not there.
inline std::filesystem::path find_in_tree(const char* path) {
    const char* root = std::getenv("VIRTUE_ROOT");
    for (auto at = root != nullptr ? std::filesystem::path(root) : std::filesystem::current_path();;
         at = at.parent_path()) {
        if (std::filesystem::exists(at / path)) return at / path;
        if (!at.has_relative_path()) return {};
    }
}

}  // namespace virtue
