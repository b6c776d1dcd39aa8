// Who may use a file: <permissions>, as pools and volumes write it. Value types.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "xml/mapper.h"

namespace virtue::model {

/// What is absent is left to the driver.
struct Permissions {
    std::optional<uint32_t> mode;
    std::optional<uint32_t> owner;
    std::optional<uint32_t> group;
    std::string label;
    bool operator==(const Permissions&) const = default;
};
void map(xml::Mapper& m, Permissions& permissions);

/// Without doubled slashes and a trailing one; two leading slashes (not three) stay, as POSIX gives them a meaning.
/// libvirt: virFileSanitizePath.
std::string clean_path(std::string_view path);

}  // namespace virtue::model
