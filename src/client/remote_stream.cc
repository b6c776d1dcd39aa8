#include "client/remote_stream.h"

#include <algorithm>

namespace virtue::client {
namespace {

// So much may wait in memory for a slow server before a sender waits.
constexpr size_t queued_messages_max = 16;

}  // namespace

RemoteStream::RemoteStream(RemoteConnection& connection, const proc::ProcedureInfo& procedure, uint32_t serial)
    : connection_(&connection), procedure_(procedure), serial_(serial), arrived_(connection.loop_) {}

RemoteStream::~RemoteStream() {
    if (connection_ && !confirmed_ && !error_) abort();
    detach();
}

void RemoteStream::detach() {
    if (connection_) connection_->streams_.erase(serial_);
    connection_ = nullptr;
}

void RemoteStream::require_alive() const {
    if (error_) throw Error(*error_);
    if (!connection_) throw Error(ErrorCode::operation_invalid, ErrorDomain::streams, "the stream has ended");
}

void RemoteStream::send_packet(wire::MessageType type, wire::MessageStatus status, std::span<const uint8_t> payload) {
    wire::Header header{.program = static_cast<uint32_t>(procedure_.program),
                        .procedure = procedure_.number,
                        .type = type,
                        .serial = serial_,
                        .status = status};
    wire::Encoder message = wire::begin_message(header, payload.size());
    message.raw(payload);
    connection_->send(wire::finish_message(std::move(message)));
}

Task<void> RemoteStream::wait_for_room(io::Deadline deadline) {
    while (connection_ && connection_->outgoing_.size() >= queued_messages_max) {
        io::WakeReason reason = co_await connection_->drained_.wait(deadline);
        io::require_notified(reason, "the server to take the stream's data");
    }
    require_alive();
}

Task<driver::StreamChunk> RemoteStream::receive(io::Deadline deadline) {
    while (received_.empty() && !ended_ && !error_) {
        io::WakeReason reason = co_await arrived_.wait(deadline);
        if (received_.empty() && !ended_ && !error_) io::require_notified(reason, "data of a stream");
    }
    if (!received_.empty()) {
        driver::StreamChunk chunk = std::move(received_.front());
        received_.pop_front();
        co_return chunk;
    }
    if (error_) throw Error(*error_);
    driver::StreamChunk end;
    end.end = true;
    co_return end;
}

Task<void> RemoteStream::send(std::span<const uint8_t> data, io::Deadline deadline) {
    while (!data.empty()) {
        co_await wait_for_room(deadline);
        size_t part = std::min<size_t>(data.size(), wire::stream_payload_max);
        send_packet(wire::MessageType::stream, wire::MessageStatus::proceed, data.first(part));
        data = data.subspan(part);
    }
}

Task<void> RemoteStream::send_hole(int64_t length, io::Deadline deadline) {
    co_await wait_for_room(deadline);
    wire::Encoder hole;
    wire::encode(hole, wire::StreamHole{.length = length});
    send_packet(wire::MessageType::stream_hole, wire::MessageStatus::proceed, hole.view());
}

Task<void> RemoteStream::finish(io::Deadline deadline) {
    require_alive();
    send_packet(wire::MessageType::stream, wire::MessageStatus::ok, {});
    while (!confirmed_ && !error_) {
        io::WakeReason reason = co_await arrived_.wait(deadline);
        if (!confirmed_ && !error_) io::require_notified(reason, "the server to finish the stream");
        received_.clear();
    }
    detach();
    if (error_) throw Error(*error_);
}

void RemoteStream::abort() noexcept {
    if (!connection_ || error_ || confirmed_) return;
    try {
        send_packet(wire::MessageType::stream, wire::MessageStatus::error, {});
    } catch (const std::exception&) {
        // The connection is going down; then the stream is gone without our word.
    }
    detach();
    error_ = Error(ErrorCode::operation_aborted, ErrorDomain::streams, "the stream was aborted");
    arrived_.notify_all();
}

void RemoteStream::accept(Frame& frame) {
    if (frame.header.status == wire::MessageStatus::error) {
        wire::MessageError error = wire::decode_as<wire::MessageError>(frame.payload);
        error_ = error.to_error();
    } else if (frame.header.status == wire::MessageStatus::ok) {
        confirmed_ = true;
    } else if (frame.header.type == wire::MessageType::stream_hole) {
        wire::StreamHole hole = wire::decode_as<wire::StreamHole>(frame.payload);
        driver::StreamChunk chunk;
        chunk.hole = hole.length;
        received_.push_back(std::move(chunk));
    } else if (frame.payload.empty()) {
        ended_ = true;
    } else {
        driver::StreamChunk chunk;
        chunk.data.assign(frame.payload.begin(), frame.payload.end());
        received_.push_back(std::move(chunk));
    }
    arrived_.notify_all();
}

void RemoteStream::lose(const std::string& reason) {
    error_ = Error(ErrorCode::rpc, ErrorDomain::rpc, reason);
    connection_ = nullptr;
    arrived_.notify_all();
}

}  // namespace virtue::client
