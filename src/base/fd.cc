#include "base/fd.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>

#include "base/error.h"

namespace virtue {

void Fd::reset(int number) noexcept {
    if (number_ >= 0) ::close(number_);
    number_ = number;
}

Fd Fd::duplicate() const {
    int copy = ::fcntl(number_, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) throw Error::from_errno(errno, ErrorDomain::none, "cannot duplicate a file descriptor");
    return Fd(copy);
}

}  // namespace virtue
