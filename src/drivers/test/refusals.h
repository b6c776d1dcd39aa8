// The errors of the test driver under short names, worded as libvirt's. Pure functions.
#pragma once
#include "base/error.h"

namespace virtue::test {

constexpr ErrorDomain here = ErrorDomain::test;

/// Throws invalid_arg "unsupported flags (0x4) in function testDomainX" when there are flags beyond `known`.
void check_flags(uint32_t flags, uint32_t known, const char* function);
/// Throws invalid_arg when both flags are set; `domain` is the part that libvirt's message comes from.
void exclude_flags(uint32_t flags, uint32_t one, const char* one_name, uint32_t other, const char* other_name,
                   ErrorDomain domain);
/// Throws invalid_arg when `flag` is set without the one that it needs.
void require_flag(uint32_t flags, uint32_t flag, const char* flag_name, uint32_t needed, const char* needed_name,
                  ErrorDomain domain);

template <typename... Arguments>
[[noreturn]] void refuse(ErrorCode code, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    throw Error(code, here, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace virtue::test
