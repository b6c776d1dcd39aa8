// Small texts, kept small: zlib's format with our length before it. Value functions; any thread.
#pragma once
#include <string>
#include <string_view>

namespace virtue {

/// The text in about a quarter of its room, if it is XML; never empty. A few tens of microseconds for a definition.
std::string deflate(std::string_view text);

/// Whether a text is what deflate() returned. Nothing that a person writes begins as it does.
bool is_deflated(std::string_view text);

/// The text that deflate() was given. Throws internal_error if it is not whole.
std::string inflate(std::string_view deflated);

}  // namespace virtue
