#include "io/socket.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.h"
#include "io/unix_address.h"

namespace virtue::io {

namespace {

bool is_socket(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

bool must_wait(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

// A pipe has no MSG_NOSIGNAL: SIGPIPE is held back and taken off the thread instead.
ssize_t write_quietly(int fd, const void* data, size_t size) {
    sigset_t broken_pipe;
    sigset_t before;
    sigset_t pending;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
    ssize_t written = ::write(fd, data, size);
    int error = errno;
    if (written < 0 && error == EPIPE && !was_pending) {
        timespec at_once{};
        while (sigtimedwait(&broken_pipe, nullptr, &at_once) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return written;
}

union ControlBuffer {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

// The padding of the buffer has room for a second descriptor, which nobody asked for.
void take_descriptors(msghdr& message, Fd& into) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
            Fd received(number);
            if (!into) into = std::move(received);
        }
    }
}

}  // namespace

Socket::Socket(Loop& loop, Fd fd) : fd_(std::move(fd)), is_socket_(is_socket(fd_.get())), watch_(loop, fd_.get()) {}

Socket::~Socket() = default;

std::pair<Fd, Fd> Socket::pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
        throw Error::from_errno(errno, ErrorDomain::none, "cannot create a pair of sockets");
    }
    return {Fd(ends[0]), Fd(ends[1])};
}

Socket::Moved Socket::try_read(std::span<uint8_t> into) {
    ssize_t count;
    do {
        count = is_socket_ ? ::recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT)
                           : ::read(fd_.get(), into.data(), into.size());
    } while (count < 0 && errno == EINTR);
    if (count > 0) return {static_cast<size_t>(count), false, false};
    // The master of a pty says EIO when the last slave is closed.
    if (count == 0 || (errno == EIO && !is_socket_)) return {0, false, !into.empty()};
    if (must_wait(errno)) return {0, true, false};
    throw Error::from_errno(errno, ErrorDomain::none, "cannot read from a stream");
}

Socket::Moved Socket::try_write(std::span<const uint8_t> from) {
    ssize_t count;
    do {
        count = is_socket_ ? ::send(fd_.get(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                           : write_quietly(fd_.get(), from.data(), from.size());
    } while (count < 0 && errno == EINTR);
    if (count >= 0) return {static_cast<size_t>(count), false, false};
    if (must_wait(errno)) return {0, true, false};
    throw Error::from_errno(errno, ErrorDomain::none, "cannot write to a stream");
}

Socket::Moved Socket::try_read_fd(Fd& into) {
    uint8_t byte = 0;
    iovec data{&byte, 1};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    ssize_t count;
    do {
        count = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && must_wait(errno)) return {0, true, false};
    if (count < 0) throw Error::from_errno(errno, ErrorDomain::none, "cannot receive a file descriptor");
    into.reset();
    take_descriptors(message, into);
    return {static_cast<size_t>(count), false, count == 0};
}

Socket::Moved Socket::try_write_fd(const Fd& fd) {
    uint8_t byte = 0;
    iovec data{&byte, 1};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    int number = fd.get();
    std::memcpy(CMSG_DATA(part), &number, sizeof number);
    message.msg_controllen = CMSG_SPACE(sizeof(int));
    ssize_t count;
    do {
        count = ::sendmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count >= 0) return {static_cast<size_t>(count), false, false};
    if (must_wait(errno)) return {0, true, false};
    throw Error::from_errno(errno, ErrorDomain::none, "cannot send a file descriptor");
}

// After a wake that is no notification the socket may be closed or gone: nothing of it is touched then.
Task<size_t> Socket::read_some(std::span<uint8_t> into, Deadline deadline) {
    for (;;) {
        if (!is_open()) require_notified(WakeReason::cancelled, "data on a closed stream");
        Moved moved = try_read(into);
        if (!moved.would_block) co_return moved.bytes;
        WakeReason reason = co_await watch_.wait_readable(deadline);
        require_notified(reason, "data on a stream");
    }
}

Task<void> Socket::read_exactly(std::span<uint8_t> into, Deadline deadline) {
    while (!into.empty()) {
        if (!is_open()) require_notified(WakeReason::cancelled, "data on a closed stream");
        Moved moved = try_read(into);
        if (moved.end_of_stream) {
            fail(ErrorCode::system_error, ErrorDomain::none, "a stream ended {} bytes too early", into.size());
        }
        into = into.subspan(moved.bytes);
        if (!moved.would_block) continue;
        WakeReason reason = co_await watch_.wait_readable(deadline);
        require_notified(reason, "data on a stream");
    }
}

Task<void> Socket::write_all(std::span<const uint8_t> from, Deadline deadline) {
    while (!from.empty()) {
        if (!is_open()) require_notified(WakeReason::cancelled, "room on a closed stream");
        Moved moved = try_write(from);
        from = from.subspan(moved.bytes);
        if (!moved.would_block) continue;
        WakeReason reason = co_await watch_.wait_writable(deadline);
        require_notified(reason, "the reader of a stream");
    }
}

PeerCredentials Socket::peer() const {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) return {};
    if (credentials.pid == 0) return {};  // not a UNIX socket
    return {credentials.pid, credentials.uid, credentials.gid};
}

void Socket::shutdown_write() {
    ::shutdown(fd_.get(), SHUT_WR);
}

void Socket::close() {
    watch_.close();
    fd_.reset();
}

Task<std::unique_ptr<Socket>> Socket::connect_unix(Loop& loop, std::string path, Deadline deadline) {
    std::string context = fmt::format("cannot connect to '{}'", path);
    UnixAddress address(path);
    for (int attempt = 0;; ++attempt) {
        Fd fd = unix_stream_socket();
        int result = ::connect(fd.get(), address.get(), address.size());
        if (result == 0) co_return std::make_unique<Socket>(loop, std::move(fd));
        if (errno == EINTR) continue;
        // A full backlog: a UNIX socket cannot be waited on for its end, so it is asked again.
        if (errno != EAGAIN) throw Error::from_errno(errno, ErrorDomain::none, context);
        if (deadline.is_over()) require_notified(WakeReason::deadline, "the answer of a busy server");
        Deadline pause = deadline.within(Milliseconds(attempt < 10 ? 5 : 50));
        bool slept = co_await loop.sleep_until(pause);
        if (!slept) require_notified(WakeReason::cancelled, "the answer of a busy server");
    }
}

}  // namespace virtue::io
