// Names below names, drawn as virsh draws trees. Values; any thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "shell/result.h"

namespace virtue::shell {

/// A name and the one above it.
struct TreeItem {
    std::string name;
    std::optional<std::string> parent;
};

/// The drawing; for programs a list of names with what is below them.
Result tree_result(const std::vector<TreeItem>& items);

}  // namespace virtue::shell
