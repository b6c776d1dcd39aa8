// Versions that the shell tells. Constant data.
#pragma once
#include <string_view>

namespace virtue::shell {

constexpr std::string_view version = "0.1.0";
/// The release of libvirt whose procedures we declare.
constexpr std::string_view libvirt_version = "9.0.0";

}  // namespace virtue::shell
