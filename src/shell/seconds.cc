#include "shell/seconds.h"

#include <fmt/format.h>

namespace virtue::shell {

std::optional<std::chrono::milliseconds> find_seconds(const Arguments& arguments, std::string_view option,
                                                      int64_t least) {
    constexpr int64_t most = INT32_MAX / 1000;
    const std::optional<int64_t> number = arguments.find_number(option);
    if (!number) return std::nullopt;
    if (*number < least || *number > most)
        throw UsageError{fmt::format("Numeric value '{}' for <{}> option is malformed or out of range",
                                     arguments.text(option), option)};
    return std::chrono::seconds(*number);
}

}  // namespace virtue::shell
