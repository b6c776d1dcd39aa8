// CRC-32 of bytes that lie on a disk or come from one: it tells what was cut off or torn from what is whole. No
// protection against somebody who means harm. Plain functions; any thread.
#pragma once
#include <cstdint>
#include <string_view>

namespace virtue {

/// The CRC-32 of zlib and Ethernet; `before` is that of what came before `bytes`.
uint32_t checksum(std::string_view bytes, uint32_t before = 0);

}  // namespace virtue
