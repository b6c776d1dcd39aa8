// Cuts what arrives on a socket into whole messages, with the descriptors that follow some of them. Owned by a
// connection; loop thread only.
#pragma once
#include <functional>
#include <vector>

#include "base/fd.h"
#include "io/socket.h"
#include "wire/message.h"

namespace virtue::client {

/// A whole message: header, payload after it (a view, valid until the next read), descriptors.
struct Frame {
    wire::Header header;
    std::span<const uint8_t> payload;
    std::vector<Fd> descriptors;
};

/// Reads frames from a socket without waiting.
class FrameReader {
public:
    explicit FrameReader(io::Socket& socket) : socket_(socket) {}
    /// Reads what is there and calls `on_frame` for each whole message. False at the end of the stream.
    /// Throws rpc for what breaks the framing's rules, system_error for a broken socket. `on_frame` returns false to
    /// stop (the connection was closed in it).
    bool read_available(const std::function<bool(Frame&)>& on_frame);

private:
    enum class Step { more, wait, end, stop };
    Step deliver_buffered(const std::function<bool(Frame&)>& on_frame);
    Step receive_descriptors();

    io::Socket& socket_;
    std::vector<uint8_t> buffer_;
    size_t filled_ = 0;
    uint32_t descriptors_wanted_ = 0;
    std::vector<Fd> descriptors_;
};

}  // namespace virtue::client
