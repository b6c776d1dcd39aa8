// How the checks of complete() refuse: one sentence, libvirt's code and part. Pure functions.
#pragma once
#include <fmt/format.h>

#include "base/error.h"

namespace virtue::model {

/// config_unsupported from the QEMU part, as libvirt's qemu_validate does.
template <typename... Arguments>
[[noreturn]] void unsupported(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// config_unsupported from the part that knows domains.
template <typename... Arguments>
[[noreturn]] void contradiction(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// Any other code, from the part that knows domains.
template <typename... Arguments>
[[noreturn]] void refuse(ErrorCode code, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    throw Error(code, ErrorDomain::domain, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace virtue::model
