#include "drivers/qemu/terminal_stream.h"

#include <fcntl.h>
#include <termios.h>

#include "base/error.h"

namespace virtue::qemu {

std::unique_ptr<TerminalStream> TerminalStream::open_pty(io::Loop& loop, const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!fd) throw Error::from_errno(errno, ErrorDomain::streams, "Unable to open stream for '" + path + "'");
    termios settings{};
    if (::tcgetattr(fd.get(), &settings) == 0) {
        // The client's terminal does the echo and the line editing, if it wants any.
        ::cfmakeraw(&settings);
        ::tcsetattr(fd.get(), TCSANOW, &settings);
    }
    return std::make_unique<TerminalStream>(loop, std::make_unique<io::Socket>(loop, std::move(fd)));
}

TerminalStream::TerminalStream(io::Loop&, std::unique_ptr<io::Socket> socket)
    : socket_(std::move(socket)), seat_(std::make_shared<Seat>(Seat{this, false})) {}

TerminalStream::~TerminalStream() {
    seat_->user = nullptr;
}

void TerminalStream::evict(std::string why) {
    why_ = std::move(why);
    seat_ = std::make_shared<Seat>();
    evicted_.cancel();
}

// Frees the seat and wakes read(), which would otherwise wait for a quiet guest beyond the end of the stream.
Task<void> TerminalStream::finish(io::Deadline) {
    evict({});
    co_return;
}

void TerminalStream::abort() noexcept {
    evict({});
}

void TerminalStream::require_seat() const {
    if (evicted_.is_cancelled()) {
        throw Error(ErrorCode::operation_failed, ErrorDomain::streams, why_.empty() ? "the stream was closed" : why_);
    }
}

Task<driver::StreamChunk> TerminalStream::read(size_t limit, io::Deadline deadline) {
    driver::StreamChunk chunk;
    deadline.cancel = &evicted_;
    while (true) {
        require_seat();
        chunk.data.resize(std::min<size_t>(limit, 65536));
        io::Socket::Moved moved;
        try {
            moved = socket_->try_read(chunk.data);
        } catch (const Error& error) {
            // A pty whose other side was closed gives EIO: the guest is gone, and that is the stream's end.
            if (error.code() != ErrorCode::system_error || error.int1() != EIO) throw;
            moved.end_of_stream = true;
        }
        chunk.data.resize(moved.bytes);
        chunk.end = moved.end_of_stream;
        if (moved.bytes > 0 || moved.end_of_stream) break;
        io::WakeReason reason = co_await socket_->wait_readable(deadline);
        if (reason == io::WakeReason::deadline) io::require_notified(reason, "the guest's terminal");
    }
    co_return chunk;
}

Task<void> TerminalStream::write(std::span<const uint8_t> data, io::Deadline deadline) {
    deadline.cancel = &evicted_;
    while (!data.empty()) {
        require_seat();
        io::Socket::Moved moved = socket_->try_write(data);
        data = data.subspan(moved.bytes);
        if (!moved.would_block) continue;
        io::WakeReason reason = co_await socket_->wait_writable(deadline);
        if (reason == io::WakeReason::deadline) io::require_notified(reason, "the guest's terminal");
    }
}

}  // namespace virtue::qemu
