#include "base/excerpt.h"

#include <cstdint>

namespace virtue {

std::string_view excerpt(std::string_view text, size_t most) {
    if (text.size() <= most) return text;
    const auto is_inside_letter = [&](size_t at) { return (static_cast<uint8_t>(text[at]) & 0xc0U) == 0x80U; };
    size_t end = most;
    while (end > 0 && most - end < 3 && is_inside_letter(end)) end--;
    return text.substr(0, end);
}

}  // namespace virtue
