#include "shell/standard_input.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace virtue::shell {

StandardInput::StandardInput(io::Loop& loop) : own_(::open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC | O_NOCTTY)) {
    if (!own_) {
        // A socket cannot be opened again: share it, and give it back as it was.
        own_.reset(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
        restore_flags_ = ::fcntl(STDIN_FILENO, F_GETFL);
    }
    if (!own_) return;
    try {
        watch_ = std::make_unique<io::FdWatch>(loop, own_.get());
    } catch (const Error&) {
        watch_.reset();
    }
}

StandardInput::~StandardInput() {
    watch_.reset();
    if (restore_flags_ >= 0) ::fcntl(STDIN_FILENO, F_SETFL, restore_flags_);
}

Task<size_t> StandardInput::read(std::span<uint8_t> into, io::Deadline deadline) {
    for (;;) {
        if (watch_) {
            io::WakeReason reason = co_await watch_->wait_readable(deadline);
            io::require_notified(reason, "standard input");
        }
        ssize_t count = ::read(own_.get(), into.data(), into.size());
        if (count >= 0) co_return static_cast<size_t>(count);
        if (errno == EINTR || (errno == EAGAIN && watch_)) continue;
        co_return 0;  // a terminal that hung up
    }
}

}  // namespace virtue::shell
