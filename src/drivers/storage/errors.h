// The errors of the storage driver under short names, worded as libvirt's. Pure functions.
#pragma once
#include "base/error.h"

namespace virtue::storage {

constexpr ErrorDomain here = ErrorDomain::storage;

template <typename... Arguments>
[[noreturn]] void refuse(ErrorCode code, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    throw Error(code, here, fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// system_error with errno's sentence.
template <typename... Arguments>
[[noreturn]] void refuse_errno(int number, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    throw Error::from_errno(number, here, fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// Throws invalid_arg "unsupported flags (0x…) in function …" for flags beyond `known`.
inline void require_flags(uint32_t flags, uint32_t known, const char* function) {
    if ((flags & ~known) == 0) return;
    throw Error::with_message(ErrorCode::invalid_arg, here,
                              fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

/// Throws invalid_arg when two flags that exclude each other are both set.
inline void require_exclusive(uint32_t flags, uint32_t first, const char* first_name, uint32_t second,
                              const char* second_name) {
    if ((flags & first) == 0 || (flags & second) == 0) return;
    refuse(ErrorCode::invalid_arg, "Flags '{}' and '{}' are mutually exclusive", first_name, second_name);
}

}  // namespace virtue::storage
