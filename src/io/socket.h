// A non-blocking byte stream on the loop: UNIX or TCP socket, pipe, pty. It also carries descriptors, which a
// stream of libuv cannot. Two styles over one object: callbacks for servers' hot paths, awaits for the rest.
// Owned by one owner; loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "io/acceptor.h"
#include "io/watch.h"

namespace virtue::io {

/// The credentials of the process at the other end of a UNIX socket (SO_PEERCRED).
struct PeerCredentials {
    int pid = -1;
    uint32_t uid = UINT32_MAX;
    uint32_t gid = UINT32_MAX;
};

/// A connected byte stream.
class Socket {
public:
    /// Takes over `fd` and makes it non-blocking. Throws system_error if it is nothing one can wait for.
    Socket(Loop& loop, Fd fd);
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// Connects to a UNIX socket. Throws system_error naming the path, or operation_timeout.
    static Task<std::unique_ptr<Socket>> connect_unix(Loop& loop, std::string path, Deadline deadline);
    /// Two connected UNIX stream sockets.
    static std::pair<Fd, Fd> pair();

    /// Result of a try: bytes moved; would_block and end_of_stream tell zero apart.
    struct Moved {
        size_t bytes = 0;
        bool would_block = false;
        bool end_of_stream = false;
    };
    /// One read without waiting. Throws system_error.
    Moved try_read(std::span<uint8_t> into);
    /// One write without waiting. Throws system_error (EPIPE when the peer is gone).
    Moved try_write(std::span<const uint8_t> from);
    /// Reads exactly one data byte that may carry one descriptor (libvirt's framing). The Fd is empty if none came.
    Moved try_read_fd(Fd& into);
    /// Sends one zero byte with `fd` attached.
    Moved try_write_fd(const Fd& fd);

    /// Callback style: called again and again while readable / writable; an empty function stops watching.
    void on_readable(std::function<void()> callback) { watch_.on_readable(std::move(callback)); }
    void on_writable(std::function<void()> callback) { watch_.on_writable(std::move(callback)); }

    /// Await style. read_some gives 0 at the end of the stream.
    Task<size_t> read_some(std::span<uint8_t> into, Deadline deadline);
    Task<void> read_exactly(std::span<uint8_t> into, Deadline deadline);
    Task<void> write_all(std::span<const uint8_t> from, Deadline deadline);
    Condition::Waiter wait_readable(Deadline deadline) { return watch_.wait_readable(deadline); }
    Condition::Waiter wait_writable(Deadline deadline) { return watch_.wait_writable(deadline); }

    PeerCredentials peer() const;
    /// Sends end-of-stream; reading goes on.
    void shutdown_write();
    /// Ends watching and closes; waits under way wake as cancelled. Safe from inside a callback.
    void close();
    bool is_open() const { return static_cast<bool>(fd_); }
    int fd() const { return fd_.get(); }

private:
    Fd fd_;
    bool is_socket_;
    FdWatch watch_;  // after fd_: it must stop before the descriptor is closed
};

/// A listening UNIX socket; the path is removed when it is destroyed (unless passed in by a service manager).
class UnixListener {
public:
    struct Options {
        std::string path;
        uint32_t mode = 0777;
        int backlog = 128;
        int group = -1;  ///< gid that owns the socket file, -1 leaves it
    };
    /// Binds and listens, replacing a stale socket file. Throws system_error naming the path.
    UnixListener(Loop& loop, const Options& options, std::function<void(Fd)> on_connection);
    /// Takes over a socket that already listens (socket activation).
    UnixListener(Loop& loop, Fd listening, std::function<void(Fd)> on_connection);
    ~UnixListener();
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;
    /// Stops and resumes accepting (client limit reached); connections wait in the backlog.
    void set_accepting(bool accepting);

private:
    void remove_file();
    std::string path_;  // empty for a socket that was passed in
    uint64_t device_ = 0;
    uint64_t inode_ = 0;
    std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace virtue::io
