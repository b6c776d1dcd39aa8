// Base64 (RFC 4648, with padding). Pure functions; any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace virtue {

std::string to_base64(std::string_view bytes);
/// White space is passed over; nothing for what is no base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace virtue
