// The client's end of a stream over the wire. Owned by the caller; it may outlive its connection, then it only
// reports the loss. Loop thread only.
#pragma once
#include <deque>

#include "base/error.h"
#include "client/remote_connection.h"

namespace virtue::client {

/// Packets of one serial, both ways.
class RemoteStream final : public driver::ClientStream {
public:
    RemoteStream(RemoteConnection& connection, const proc::ProcedureInfo& procedure, uint32_t serial);
    ~RemoteStream() override;

    Task<driver::StreamChunk> receive(io::Deadline deadline) override;
    Task<void> send(std::span<const uint8_t> data, io::Deadline deadline) override;
    Task<void> send_hole(int64_t length, io::Deadline deadline) override;
    Task<void> finish(io::Deadline deadline) override;
    void abort() noexcept override;

private:
    friend class RemoteConnection;
    void accept(Frame& frame);
    void lose(const std::string& reason);
    void detach();
    void require_alive() const;
    void send_packet(wire::MessageType type, wire::MessageStatus status, std::span<const uint8_t> payload);
    Task<void> wait_for_room(io::Deadline deadline);

    RemoteConnection* connection_;
    const proc::ProcedureInfo& procedure_;
    uint32_t serial_;
    std::deque<driver::StreamChunk> received_;
    io::Condition arrived_;
    std::optional<Error> error_;
    bool ended_ = false;
    bool confirmed_ = false;
};

}  // namespace virtue::client
