// The one exception type of the manager: what went wrong, where, and what the reader can do about it.
// Thrown by value, caught at three places only: the C ABI edge, the RPC dispatcher, the root of a spawned task.
#pragma once
#include <exception>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "base/error_code.h"

namespace virtue {

/// An error as libvirt's clients know it (virError), plus a hint for people.
class Error : public std::exception {
public:
    /// `detail` is what follows libvirt's fixed sentence for `code`; empty gives the sentence alone.
    Error(ErrorCode code, ErrorDomain domain, std::string detail, std::string hint = {});

    /// An error whose whole message is given (one received from a peer, for example).
    static Error with_message(ErrorCode code, ErrorDomain domain, std::string message);

    /// An error from errno: "`detail`: strerror(number)", code system_error, int1 = number.
    static Error from_errno(int number, ErrorDomain domain, std::string_view detail);

    ErrorCode code() const noexcept { return code_; }
    ErrorDomain domain() const noexcept { return domain_; }
    const std::string& detail() const noexcept { return detail_; }
    /// What to do next, in words; may be empty. Appended to the message as "; hint".
    const std::string& hint() const noexcept { return hint_; }
    /// The whole message as a client sees it: libvirt's sentence, the detail, the hint.
    const std::string& message() const noexcept { return message_; }
    const char* what() const noexcept override { return message_.c_str(); }

    /// libvirt's printf format for this code ("invalid argument: %s"), which it sends as str1.
    const char* format() const noexcept;
    int int1() const noexcept { return int1_; }
    void set_int1(int value) noexcept { int1_ = value; }
    void set_domain(ErrorDomain domain) noexcept { domain_ = domain; }

    /// Adds what was being done: "context: detail". Each step adds its context once.
    Error&& in(std::string_view context) &&;

private:
    void compose();

    ErrorCode code_;
    ErrorDomain domain_;
    int int1_ = -1;
    std::string detail_;
    std::string hint_;
    std::string message_;
};

/// Throws an Error with a formatted detail: `fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "flags {:#x}", flags)`.
template <typename... Arguments>
[[noreturn]] void fail(ErrorCode code, ErrorDomain domain, fmt::format_string<Arguments...> format,
                       Arguments&&... arguments) {
    throw Error(code, domain, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace virtue
