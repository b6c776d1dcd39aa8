#include "base/checksum.h"

#include <zlib.h>

namespace virtue {

uint32_t checksum(std::string_view bytes, uint32_t before) {
    const uLong sum = ::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    return static_cast<uint32_t>(sum);
}

}  // namespace virtue
