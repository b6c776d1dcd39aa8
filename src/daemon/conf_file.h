// The syntax of libvirt's configuration files: `key = value`, where a value is a number, a string in quotes, or a list
// of strings in brackets; comments start with #. Free functions; usable from any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace virtue::daemon {

/// One line's value.
using ConfValue = std::variant<int64_t, std::string, std::vector<std::string>>;

/// One setting and the line it stands on.
struct ConfEntry {
    std::string key;
    ConfValue value;
    int line = 0;
};

/// All settings in their order. Throws conf_syntax: "NAME:LINE: what is wrong".
std::vector<ConfEntry> parse_conf(std::string_view text, const std::string& name);

}  // namespace virtue::daemon
