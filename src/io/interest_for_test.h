// For tests: which descriptors the kernel watches for a loop, as /proc shows it.
#pragma once
#include "base/fd.h"
#include "io/loop.h"

namespace virtue::io {

/// Reads the interest list of a loop's epoll; opens its file once, so that it works without free descriptors.
class Interest {
public:
    explicit Interest(Loop& loop);
    bool contains(int number) const;

private:
    Fd fd_;
};

}  // namespace virtue::io
