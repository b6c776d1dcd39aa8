// Whatever text comes in, a UUID that was read prints as text that reads as the same UUID.
#include <cstdlib>
#include <string_view>

#include "base/uuid.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto uuid = virtue::Uuid::parse(text);
    if (!uuid) return 0;
    const auto again = virtue::Uuid::parse(uuid->to_string());
    if (!again || *again != *uuid) std::abort();
    return 0;
}
