// The performance counters that <perf> knows. Constant data; any thread.
#pragma once
#include <span>
#include <string_view>

namespace virtue::model {

/// Their names, in the order in which they are stored and told.
std::span<const std::string_view> perf_event_names();

}  // namespace virtue::model
