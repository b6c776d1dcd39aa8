#include "drivers/test/refusals.h"

namespace virtue::test {

void check_flags(uint32_t flags, uint32_t known, const char* function) {
    if (uint32_t unknown = flags & ~known) {
        throw Error::with_message(ErrorCode::invalid_arg, here,
                                  fmt::format("unsupported flags ({:#x}) in function {}", unknown, function));
    }
}

void exclude_flags(uint32_t flags, uint32_t one, const char* one_name, uint32_t other, const char* other_name,
                   ErrorDomain domain) {
    if ((flags & one) && (flags & other)) {
        throw Error::with_message(ErrorCode::invalid_arg, domain,
                                  fmt::format("Flags '{}' and '{}' are mutually exclusive", one_name, other_name));
    }
}

void require_flag(uint32_t flags, uint32_t flag, const char* flag_name, uint32_t needed, const char* needed_name,
                  ErrorDomain domain) {
    if ((flags & flag) && !(flags & needed)) {
        throw Error::with_message(ErrorCode::invalid_arg, domain,
                                  fmt::format("Flag '{}' is required by flag '{}'", needed_name, flag_name));
    }
}

}  // namespace virtue::test
