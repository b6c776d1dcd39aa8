// The daemon's end of a stream that a call opened: a console, a screenshot, a volume's content. The driver makes
// one and attaches it to the Call; the connection pumps it and destroys it. Loop thread only.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "io/deadline.h"
#include "io/task.h"

namespace virtue::driver {

/// What a stream gives next: bytes, or a hole of so many bytes, or its end.
struct StreamChunk {
    std::vector<uint8_t> data;
    int64_t hole = 0;
    bool end = false;
};

/// Both directions of an open stream; a stream that only reads or only writes leaves the other's default.
/// An Error thrown by any of these reaches the client as the stream's error and ends the stream.
class StreamEndpoint {
public:
    virtual ~StreamEndpoint() = default;
    /// True if the server sends (read() is pumped) / if the client may send (write() is called).
    virtual bool sends() const = 0;
    virtual bool receives() const = 0;
    /// True if the call asked for holes: then read() may give them and write_hole() is called; otherwise a hole from
    /// the client breaks the protocol.
    virtual bool is_sparse() const { return false; }
    /// Waits for the next data, at most `limit` bytes. Called again only after the former chunk was sent.
    virtual Task<StreamChunk> read(size_t limit, io::Deadline deadline);
    /// Takes all of `data`. Default: operation_invalid "this stream cannot be written".
    virtual Task<void> write(std::span<const uint8_t> data, io::Deadline deadline);
    /// Takes a hole of a sparse upload.
    virtual Task<void> write_hole(int64_t length, io::Deadline deadline);
    /// The client is done: make what it wrote durable. An error here is the answer to its finish.
    virtual Task<void> finish(io::Deadline deadline);
    /// The client gave up or went away: wake and end what is under way. Must not throw.
    virtual void abort() noexcept {}
};

}  // namespace virtue::driver
