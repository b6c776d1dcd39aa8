#include "base/error.h"

#include <cstring>

#include "base/error_text.h"

namespace virtue {

Error::Error(ErrorCode code, ErrorDomain domain, std::string detail, std::string hint)
    : code_(code), domain_(domain), detail_(std::move(detail)), hint_(std::move(hint)) {
    compose();
}

Error Error::with_message(ErrorCode code, ErrorDomain domain, std::string message) {
    Error error(code, domain, message);
    error.message_ = std::move(message);
    return error;
}

Error Error::from_errno(int number, ErrorDomain domain, std::string_view detail) {
    char buffer[256];
    Error error(ErrorCode::system_error, domain,
                fmt::format("{}: {}", detail, strerror_r(number, buffer, sizeof buffer)));
    error.int1_ = number;
    return error;
}

const char* Error::format() const noexcept {
    ErrorText text = error_text(code_);
    return detail_.empty() ? text.alone : text.with_detail;
}

Error&& Error::in(std::string_view context) && {
    detail_ = detail_.empty() ? std::string(context) : fmt::format("{}: {}", context, detail_);
    compose();
    return std::move(*this);
}

void Error::compose() {
    ErrorText text = error_text(code_);
    if (detail_.empty()) {
        message_ = text.alone;
    } else {
        message_ = text.with_detail;
        message_.replace(message_.find("%s"), 2, detail_);
    }
    if (!hint_.empty()) message_ += "; " + hint_;
}

}  // namespace virtue
