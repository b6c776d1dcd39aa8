// TCP: listening and connecting. Names are looked up on the blocking pool. Loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/socket.h"

namespace virtue::io {

/// Connects to a host (name or number), trying each of its addresses. Throws system_error naming host and port, or
/// operation_timeout / operation_aborted.
Task<std::unique_ptr<Socket>> connect_tcp(Loop& loop, std::string host, uint16_t port, Deadline deadline);

/// Listens on every address of a host; an empty host means all of the machine's addresses.
class TcpListener {
public:
    /// Port 0 lets the kernel choose one. Throws system_error naming host and port. Blocks while a name is looked up.
    TcpListener(Loop& loop, const std::string& host, uint16_t port, std::function<void(Fd)> on_connection);
    ~TcpListener();
    TcpListener(const TcpListener&) = delete;
    TcpListener& operator=(const TcpListener&) = delete;
    /// The port listened on.
    uint16_t port() const { return port_; }
    void set_accepting(bool accepting);

private:
    uint16_t port_ = 0;
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

}  // namespace virtue::io
