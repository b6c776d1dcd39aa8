// A connection from the caller's side: to drivers in this process or to a daemon. The C++ API, the shell and the
// C ABI stand on it; they see no difference between the two. Loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "driver/procedure_info.h"
#include "driver/stream.h"
#include "io/deadline.h"
#include "io/task.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace virtue::driver {

/// The caller's end of a stream that a call opened.
class ClientStream {
public:
    virtual ~ClientStream() = default;
    /// The next data; `end` after the last. Throws the error that the other side reported.
    virtual Task<StreamChunk> receive(io::Deadline deadline) = 0;
    virtual Task<void> send(std::span<const uint8_t> data, io::Deadline deadline) = 0;
    virtual Task<void> send_hole(int64_t length, io::Deadline deadline) = 0;
    /// Ends the stream in order; throws what the other side made of it.
    virtual Task<void> finish(io::Deadline deadline) = 0;
    /// Ends the stream at once.
    virtual void abort() noexcept = 0;
};

/// What goes with a call besides its arguments, and what comes back besides its result.
struct CallExtras {
    std::vector<const Fd*> send_fds;
    std::vector<Fd> received_fds;
    std::unique_ptr<ClientStream> stream;  ///< set for procedures that open a stream
};

/// An event that arrived: decode it by its procedure's message struct.
struct EventPacket {
    wire::Program program;
    int32_t procedure;
    std::vector<uint8_t> body;
};

/// An open connection.
class Connection {
public:
    virtual ~Connection() = default;

    /// Calls a procedure. Throws the Error that it answered, operation_timeout at the deadline, or rpc when the
    /// connection is lost.
    template <typename P>
    Task<typename P::Ret> call(typename P::Args arguments, io::Deadline deadline, CallExtras* extras = nullptr) {
        wire::Encoder encoder;
        wire::encode(encoder, arguments);
        std::vector<uint8_t> request = encoder.take();
        std::vector<uint8_t> reply = co_await exchange(info<P>(), std::move(request), deadline, extras);
        wire::Decoder decoder(reply);
        typename P::Ret result{};
        wire::decode(decoder, result);
        co_return result;
    }

    /// The same with encoded arguments and result.
    virtual Task<std::vector<uint8_t>> exchange(const proc::ProcedureInfo& procedure, std::vector<uint8_t> arguments,
                                                io::Deadline deadline, CallExtras* extras) = 0;
    /// Who hears the events of this connection; an empty function stops it.
    virtual void on_event(std::function<void(const EventPacket&)> callback) = 0;
    /// Called once when the connection is lost or closed by the other side, with the reason in words.
    virtual void on_lost(std::function<void(const std::string&)> callback) = 0;
    /// Closes in order.
    virtual Task<void> close(io::Deadline deadline) = 0;
};

}  // namespace virtue::driver
