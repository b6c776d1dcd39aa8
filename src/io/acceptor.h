// Accepts connections on a listening socket of any family: what UnixListener and TcpListener share. Owned by the
// listener; loop thread only.
#pragma once
#include <functional>

#include "base/fd.h"
#include "io/timer.h"
#include "io/watch.h"

namespace virtue::io {

/// Hands out accepted connections (non-blocking, close-on-exec). It may be destroyed inside the callback.
class Acceptor {
public:
    /// `listening` must already listen. Throws system_error if it cannot be watched.
    Acceptor(Loop& loop, Fd listening, std::function<void(Fd)> on_connection);
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;
    /// Stops and resumes accepting; connections wait in the backlog.
    void set_accepting(bool accepting);
    int fd() const { return listening_.get(); }

private:
    void update();
    void accept_some();

    Fd listening_;
    std::function<void(Fd)> on_connection_;
    FdWatch watch_;
    Timer pause_;
    bool accepting_ = true;
    bool paused_ = false;
    bool* gone_ = nullptr;  // tells accept_some() that the callback destroyed us
};

}  // namespace virtue::io
