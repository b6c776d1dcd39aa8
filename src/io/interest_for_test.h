// For tests: which descriptors the kernel watches for a loop, as /proc shows it.
#pragma once
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>
#include <string>

#include <uv.h>

#include "base/fd.h"
#include "io/loop.h"

namespace virtue::io {

/// Reads the interest list of a loop's epoll; opens its file once, so that it works without free descriptors.
class Interest {
public:
    explicit Interest(Loop& loop)
        : fd_(::open(fmt::format("/proc/self/fdinfo/{}", uv_backend_fd(loop.raw())).c_str(), O_RDONLY | O_CLOEXEC)) {}
    bool contains(int number) const {
        std::string text(1 << 16, '\0');
        ssize_t size = ::pread(fd_.get(), text.data(), text.size(), 0);
        text.resize(size > 0 ? static_cast<size_t>(size) : 0);
        return text.find(fmt::format("tfd: {:8} ", number)) != std::string::npos;
    }

private:
    Fd fd_;
};

}  // namespace virtue::io
