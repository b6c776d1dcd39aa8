#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>
#include <string>

#include <uv.h>

#include "io/interest_for_test.h"

namespace virtue::io {

Interest::Interest(Loop& loop)
    : fd_(::open(fmt::format("/proc/self/fdinfo/{}", uv_backend_fd(loop.raw())).c_str(), O_RDONLY | O_CLOEXEC)) {}

bool Interest::contains(int number) const {
    std::string text(1 << 16, '\0');
    ssize_t size = ::pread(fd_.get(), text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return text.find(fmt::format("tfd: {:8} ", number)) != std::string::npos;
}

}  // namespace virtue::io
