// libvirt's words for what events carry as numbers; "unknown" for numbers of later releases. Constant data.
#pragma once
#include <cstdint>
#include <string_view>

namespace virtue::shell {

std::string_view lifecycle_word(int32_t event);
std::string_view lifecycle_detail_word(int32_t event, int32_t detail);
std::string_view watchdog_word(int32_t action);
std::string_view io_error_word(int32_t action);
std::string_view graphics_word(int32_t phase);
std::string_view family_word(int32_t family);
std::string_view object_lifecycle_word(int32_t event);
std::string_view pool_lifecycle_word(int32_t event);
std::string_view device_lifecycle_word(int32_t event);

}  // namespace virtue::shell
