// The beginning of a text that may be long, for messages that quote what somebody else wrote. Pure functions; any
// thread.
#pragma once
#include <cstddef>
#include <string_view>

namespace virtue {

/// The first `most` bytes, or up to three fewer: a UTF-8 letter stays whole, for clients and XML take nothing else.
std::string_view excerpt(std::string_view text, size_t most);

}  // namespace virtue
