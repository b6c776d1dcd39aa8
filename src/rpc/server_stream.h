// One open stream of a client: pumps a driver's StreamEndpoint to and from stream packets, no faster than either side
// takes them. Owned by its ServerSession; its two pumps run in the session's gate. Loop thread only.
#pragma once
#include <deque>
#include <memory>
#include <vector>

#include "driver/stream.h"
#include "io/condition.h"
#include "rpc/message_reader.h"

namespace virtue::rpc {

class ServerSession;

/// A stream. It is open until finished, aborted, failed, or its connection is lost; the pumps may outlive that by the
/// endpoint's last wait, which is why they share its state.
class ServerStream {
public:
    /// `reply` is the header of the reply that opened the stream.
    ServerStream(ServerSession& client, const wire::Header& reply, std::unique_ptr<driver::StreamEndpoint> endpoint);
    ~ServerStream();
    ServerStream(const ServerStream&) = delete;
    ServerStream& operator=(const ServerStream&) = delete;

    void start();
    bool is_for(const wire::Header& header) const;
    bool has_ended() const;
    /// A packet from the client. False if it breaks the protocol: a hole on a stream without
    /// holes. Throws rpc for what cannot be decoded.
    bool take(const Incoming& message);
    /// The connection is gone, or the client opened another stream under the same serial.
    void connection_lost();
    void replaced() { connection_lost(); }

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace virtue::rpc
