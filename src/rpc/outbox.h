// Messages on their way to a peer: built in place, sent with one system call when the owner flushes, descriptors
// after the message that they belong to. Owned by one end of a connection; loop thread only.
#pragma once
#include <cstdint>
#include <deque>

#include "base/fd.h"
#include "io/socket.h"
#include "wire/message.h"

namespace virtue::rpc {

/// The outgoing queue of one connection. A message is begun, its payload is put into encoder(), and it is ended.
class Outbox {
public:
    /// Starts a message; returns where it starts.
    size_t begin(const wire::Header& header);
    wire::Encoder& encoder() { return bytes_; }
    /// Ends it. Throws Error(rpc) if it is beyond the protocol's limit; then it is cut off again.
    void end(size_t start);
    /// Takes back a message that was begun.
    void cut(size_t start) { bytes_.truncate(start); }
    /// The payload put so far.
    std::span<const uint8_t> payload(size_t start) const;
    /// Descriptors that follow the message just ended, each with a byte of its own.
    void attach(std::vector<Fd> fds);

    /// A whole message at once.
    void put(const wire::Header& header, std::span<const uint8_t> payload);
    void put_error(const wire::Header& header, const Error& error);

    /// Bytes and descriptors not sent yet.
    size_t queued() const { return bytes_.size() - sent_ + marks_.size(); }
    /// Sends what the socket takes; true when nothing is left. Throws system_error when the peer is gone.
    bool flush(io::Socket& socket);
    /// Drops everything.
    void clear();

private:
    bool send_until(io::Socket& socket, size_t end);
    void release();

    struct Mark {
        size_t at;  ///< offset in bytes_ behind which the descriptor goes
        Fd fd;
    };
    wire::Encoder bytes_;
    size_t sent_ = 0;
    std::deque<Mark> marks_;
};

}  // namespace virtue::rpc
