// The address of a UNIX socket, for bind and connect. Values only; any thread.
#pragma once
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"

namespace virtue::io {

/// A path (or, starting with '@', a name in the abstract namespace) as the kernel takes it.
class UnixAddress {
public:
    /// Throws system_error (ENAMETOOLONG) naming the path and the limit.
    explicit UnixAddress(const std::string& path);
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
    socklen_t size() const { return size_; }

private:
    sockaddr_un address_{};
    socklen_t size_;
};

/// A non-blocking, close-on-exec UNIX stream socket. Throws system_error.
Fd unix_stream_socket();

}  // namespace virtue::io
