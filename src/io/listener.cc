#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/error.h"
#include "io/socket.h"
#include "io/unix_address.h"

namespace virtue::io {

UnixAddress::UnixAddress(const std::string& path) {
    constexpr size_t limit = sizeof address_.sun_path - 1;
    if (path.size() > limit) {
        throw Error::from_errno(ENAMETOOLONG, ErrorDomain::none,
                                fmt::format("the path of a socket, '{}', is longer than {} bytes", path, limit));
    }
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, path.data(), path.size());
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    if (!path.empty() && path[0] == '@') {
        address_.sun_path[0] = '\0';
        --size_;  // an abstract name has no end mark
    }
}

Fd unix_stream_socket() {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) throw Error::from_errno(errno, ErrorDomain::none, "cannot create a UNIX socket");
    return fd;
}

namespace {

[[noreturn]] void fail_with(int number, const char* what, const std::string& path) {
    throw Error::from_errno(number, ErrorDomain::none, fmt::format("{} '{}'", what, path));
}

/// Removes a socket file that nobody listens on. Throws if somebody does, or if it is no socket.
void remove_stale(const std::string& path, const UnixAddress& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) < 0) {
        if (errno == ENOENT) return;
        fail_with(errno, "cannot look at", path);
    }
    if (!S_ISSOCK(status.st_mode)) fail_with(EADDRINUSE, "there is something that is not a socket at", path);
    Fd probe = unix_stream_socket();
    if (::connect(probe.get(), address.get(), address.size()) == 0 || errno != ECONNREFUSED) {
        fail_with(EADDRINUSE, "a running server listens on", path);
    }
    if (::unlink(path.c_str()) < 0 && errno != ENOENT) fail_with(errno, "cannot remove the stale socket", path);
}

Fd bind_and_listen(const UnixListener::Options& options) {
    const std::string& path = options.path;
    UnixAddress address(path);
    Fd fd = unix_stream_socket();
    // The file is made with the mode of the socket's own inode: closed for others until all is set.
    ::fchmod(fd.get(), 0600);
    if (::bind(fd.get(), address.get(), address.size()) < 0) {
        if (errno != EADDRINUSE || path.starts_with('@')) fail_with(errno, "cannot bind the socket", path);
        remove_stale(path, address);
        if (::bind(fd.get(), address.get(), address.size()) < 0) fail_with(errno, "cannot bind the socket", path);
    }
    if (!path.starts_with('@')) {
        int error = 0;
        auto group = static_cast<gid_t>(options.group);
        if (options.group >= 0 && ::lchown(path.c_str(), static_cast<uid_t>(-1), group) < 0) error = errno;
        if (!error && ::chmod(path.c_str(), options.mode) < 0) error = errno;
        if (error) {
            ::unlink(path.c_str());
            fail_with(error, "cannot set owner and mode of the socket", path);
        }
    }
    if (::listen(fd.get(), options.backlog) < 0) {
        int error = errno;
        if (!path.starts_with('@')) ::unlink(path.c_str());
        fail_with(error, "cannot listen on the socket", path);
    }
    return fd;
}

}  // namespace

UnixListener::UnixListener(Loop& loop, const Options& options, std::function<void(Fd)> on_connection) {
    Fd listening = bind_and_listen(options);
    struct stat status {};
    if (!options.path.starts_with('@') && ::lstat(options.path.c_str(), &status) == 0) {
        path_ = options.path;
        device_ = status.st_dev;
        inode_ = status.st_ino;
    }
    acceptor_ = std::make_unique<Acceptor>(loop, std::move(listening), std::move(on_connection));
}

UnixListener::UnixListener(Loop& loop, Fd listening, std::function<void(Fd)> on_connection)
    : acceptor_(std::make_unique<Acceptor>(loop, std::move(listening), std::move(on_connection))) {}

UnixListener::~UnixListener() {
    remove_file();
}

// Only the file that we made: another server may have replaced it since.
void UnixListener::remove_file() {
    if (path_.empty()) return;
    struct stat status {};
    if (::lstat(path_.c_str(), &status) < 0) return;
    if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

void UnixListener::set_accepting(bool accepting) {
    acceptor_->set_accepting(accepting);
}

}  // namespace virtue::io
