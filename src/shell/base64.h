// Base64 and passwords for the commands about secrets. No state; any thread.
#pragma once
#include <string>
#include <string_view>

#include "base/base64.h"

namespace virtue::shell {

using virtue::to_base64;
/// Throws Failure for what is no base64; white space is passed over.
std::string from_base64(std::string_view text);
/// A line typed without echo.
std::string read_password(const std::string& prompt);

}  // namespace virtue::shell
