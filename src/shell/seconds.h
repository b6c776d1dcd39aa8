// Options that say how long to wait. Pure functions; loop thread only.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shell/command.h"

namespace virtue::shell {

/// Seconds, `least` or more, that can be counted as an int of milliseconds, as virsh counts them. Throws a usage error
/// for others: "Numeric value '…' for <option> option is malformed or out of range".
std::optional<std::chrono::milliseconds> find_seconds(const Arguments& arguments, std::string_view option,
                                                      int64_t least = 1);

}  // namespace virtue::shell
