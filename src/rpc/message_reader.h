// Cuts a client's bytes into messages, with the descriptors that travel outside them. Owned by one end of a
// connection; loop thread only. It reads what is there with one system call and keeps only an unfinished tail, so an
// idle connection holds no memory.
#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "base/fd.h"
#include "wire/message.h"

namespace virtue::rpc {

/// A whole message. `payload` points into the reader and dies with the next call of next(), fill() or settle().
struct Incoming {
    wire::Header header;
    std::span<const uint8_t> payload;
    std::vector<Fd> fds;  ///< as many as the message announced
};

/// The reader of one direction of one connection.
class MessageReader {
public:
    enum class Fill : uint8_t { data, would_block, ended };
    /// One recvmsg(). `scratch` (shared between connections, at least 4 KiB) takes the bytes unless the tail of an
    /// unfinished message waits for its rest. Throws system_error.
    Fill fill(int fd, std::span<uint8_t> scratch);

    /// `broken` means that the peer does not speak the protocol: the connection has to be closed without an answer.
    enum class Next : uint8_t { message, incomplete, broken };
    Next next(Incoming& out);

    /// Moves what is unfinished out of the scratch memory; to be called before anybody else uses that.
    void settle();
    /// Bytes that wait here.
    size_t buffered() const { return window_.size(); }

private:
    struct Carried {
        uint64_t at;  ///< position in the stream of the byte after the one that the descriptor came with
        Fd fd;
    };
    bool take_fds(uint32_t count, uint64_t first_byte, std::vector<Fd>& fds);
    size_t wanted() const;

    std::vector<uint8_t> pending_;     // holds the window when the scratch memory does not
    std::span<const uint8_t> window_;  // what is not consumed yet
    std::deque<Carried> carried_;
    uint64_t received_ = 0;  // bytes ever received
};

}  // namespace virtue::rpc
