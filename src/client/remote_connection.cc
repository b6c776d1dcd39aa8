#include "client/remote_connection.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "client/remote_stream.h"
#include "protocol/keepalive.h"
#include "protocol/remote/auth.h"
#include "protocol/remote/connect.h"

namespace virtue::client {
namespace {

constexpr ErrorDomain here = ErrorDomain::rpc;
constexpr int32_t feature_keepalive = 10;
constexpr int32_t auth_none = 0;
constexpr int32_t auth_polkit = 2;
constexpr int32_t keepalive_ping = 1;
constexpr int32_t keepalive_pong = 2;
constexpr int keepalive_interval_default = 5;
constexpr int keepalive_count_default = 6;

}  // namespace

RemoteConnection::RemoteConnection(io::Loop& loop, std::unique_ptr<io::Socket> socket)
    : loop_(loop), socket_(std::move(socket)), reader_(*socket_), drained_(loop) {
    socket_->on_readable([this] { read(); });
}

RemoteConnection::~RemoteConnection() {
    on_lost_ = nullptr;
    on_event_ = nullptr;
    lose("the connection was closed");
}

Task<void> RemoteConnection::open(std::string uri, bool read_only, io::Deadline deadline) {
    co_await authenticate(deadline);
    proc::ConnectSupportsFeature::Args keepalive{.feature = feature_keepalive};
    proc::ConnectSupportsFeature::Ret supported = co_await call<proc::ConnectSupportsFeature>(keepalive, deadline);
    keepalive_ = supported.supported != 0;
    proc::ConnectOpen::Args arguments;
    if (!uri.empty()) arguments.name = std::move(uri);
    arguments.flags = read_only ? 1 : 0;
    co_await call<proc::ConnectOpen>(std::move(arguments), deadline);
    opened_ = true;
}

Task<void> RemoteConnection::authenticate(io::Deadline deadline) {
    const wire::Void nothing;
    proc::AuthList::Ret list = co_await call<proc::AuthList>(nothing, deadline);
    int32_t type = list.types.empty() ? auth_none : static_cast<int32_t>(list.types.front());
    if (type == auth_none) co_return;
    if (type == auth_polkit) {
        co_await call<proc::AuthPolkit>(nothing, deadline);
        co_return;
    }
    throw Error(ErrorCode::auth_unavailable, ErrorDomain::rpc,
                fmt::format("the server asks for authentication of type {}", type),
                "this client answers servers on UNIX sockets with no authentication or polkit");
}

Task<std::vector<uint8_t>> RemoteConnection::exchange(const proc::ProcedureInfo& procedure,
                                                      std::vector<uint8_t> arguments, io::Deadline deadline,
                                                      driver::CallExtras* extras) {
    if (!is_open()) throw Error(ErrorCode::rpc, here, lost_reason_.empty() ? "the connection is closed" : lost_reason_);
    uint32_t serial = next_serial_++;
    bool with_descriptors = extras && !extras->send_fds.empty();
    wire::Header header{
        .program = static_cast<uint32_t>(procedure.program),
        .procedure = procedure.number,
        .type = with_descriptors ? wire::MessageType::call_with_fds : wire::MessageType::call,
        .serial = serial,
    };
    wire::Encoder message = wire::begin_message(header, arguments.size());
    if (with_descriptors) message.put(static_cast<uint32_t>(extras->send_fds.size()));
    message.raw(arguments);
    auto pending = std::make_shared<Pending>(loop_);
    pending_.emplace(serial, pending);
    std::unique_ptr<RemoteStream> stream;
    // Its packets may come right behind the reply.
    if (procedure.stream.direction != proc::StreamDirection::none) stream = attach(procedure, serial);
    std::span<const Fd* const> descriptors;
    if (with_descriptors) descriptors = extras->send_fds;
    send(wire::finish_message(std::move(message)), descriptors);

    struct Forget {
        std::map<uint32_t, std::shared_ptr<Pending>>& pending;
        uint32_t serial;
        ~Forget() { pending.erase(serial); }
    };
    Forget forget{pending_, serial};
    Reply reply = co_await pending->reply.take(deadline, "the daemon's answer");
    if (reply.is_error) {
        if (stream) stream->confirmed_ = true;
        wire::MessageError error = wire::decode_as<wire::MessageError>(reply.payload);
        throw error.to_error();
    }
    if (extras) {
        extras->received_fds = std::move(reply.descriptors);
        extras->stream = std::move(stream);
    }
    co_return std::move(reply.payload);
}

std::unique_ptr<RemoteStream> RemoteConnection::attach(const proc::ProcedureInfo& procedure, uint32_t serial) {
    auto stream = std::make_unique<RemoteStream>(*this, procedure, serial);
    streams_.emplace(serial, stream.get());
    return stream;
}

Task<void> RemoteConnection::close(io::Deadline deadline) {
    if (!is_open()) co_return;
    if (opened_) {
        opened_ = false;
        const wire::Void nothing;
        co_await call<proc::ConnectClose>(nothing, deadline);
    }
    on_lost_ = nullptr;
    lose("the connection was closed");
}

void RemoteConnection::start_keepalive(int interval, int count) {
    keepalive_interval_ = interval < 0 ? keepalive_interval_default : interval;
    keepalive_count_ = count < 0 ? keepalive_count_default : count;
    if (!keepalive_ || keepalive_interval_ == 0) return;
    keepalive_timer_ = std::make_unique<io::Timer>(loop_, [this] { keepalive_due(); });
    keepalive_timer_->start_after(std::chrono::seconds(keepalive_interval_));
}

void RemoteConnection::keepalive_due() {
    if (!is_open()) return;
    if (silent_pings_ >= std::max(keepalive_count_, 1)) {
        int seconds = keepalive_interval_ * (silent_pings_ + 1);
        lose(fmt::format("connection closed due to keepalive timeout: nothing heard for {} s", seconds));
        return;
    }
    silent_pings_++;
    wire::Header ping{.program = static_cast<uint32_t>(wire::Program::keepalive),
                      .procedure = keepalive_ping,
                      .type = wire::MessageType::message};
    send(wire::finish_message(wire::begin_message(ping)));
    if (keepalive_timer_) keepalive_timer_->start_after(std::chrono::seconds(keepalive_interval_));
}

void RemoteConnection::read() {
    try {
        bool open = reader_.read_available([this](Frame& frame) { return accept(frame); });
        if (!open) lose("the daemon closed the connection");
    } catch (const Error& error) {
        lose(error.message());
    }
}

bool RemoteConnection::accept(Frame& frame) {
    const wire::Header& header = frame.header;
    silent_pings_ = 0;
    if (header.is(wire::Program::keepalive)) {
        if (header.procedure == keepalive_ping) {
            wire::Header pong{.program = static_cast<uint32_t>(wire::Program::keepalive),
                              .procedure = keepalive_pong,
                              .type = wire::MessageType::message};
            send(wire::finish_message(wire::begin_message(pong)));
        }
        return is_open();
    }
    switch (header.type) {
        case wire::MessageType::reply:
        case wire::MessageType::reply_with_fds:
            accept_reply(frame);
            break;
        case wire::MessageType::stream:
        case wire::MessageType::stream_hole:
            accept_stream(frame);
            break;
        case wire::MessageType::message:
            if (on_event_) {
                driver::EventPacket event{static_cast<wire::Program>(header.program),
                                          header.procedure,
                                          {frame.payload.begin(), frame.payload.end()}};
                on_event_(event);
            }
            break;
        default:
            break;
    }
    return is_open();
}

void RemoteConnection::accept_reply(Frame& frame) {
    auto found = pending_.find(frame.header.serial);
    if (found == pending_.end()) return;  // its caller gave up at the deadline
    Reply reply{frame.header.status == wire::MessageStatus::error,
                {frame.payload.begin(), frame.payload.end()},
                std::move(frame.descriptors)};
    found->second->reply.set(std::move(reply));
}

void RemoteConnection::accept_stream(Frame& frame) {
    auto found = streams_.find(frame.header.serial);
    if (found != streams_.end()) found->second->accept(frame);
}

void RemoteConnection::send(std::vector<uint8_t> message, std::span<const Fd* const> descriptors) {
    Outgoing next{std::move(message), 0, {}};
    for (const Fd* descriptor : descriptors) next.descriptors.push_back(descriptor->duplicate());
    outgoing_.push_back(std::move(next));
    flush();
}

void RemoteConnection::flush() {
    try {
        while (!outgoing_.empty()) {
            Outgoing& first = outgoing_.front();
            io::Socket::Moved moved;
            if (first.sent < first.bytes.size()) {
                moved = socket_->try_write(std::span(first.bytes).subspan(first.sent));
                first.sent += moved.bytes;
            } else if (!first.descriptors.empty()) {
                moved = socket_->try_write_fd(first.descriptors.front());
                if (!moved.would_block) first.descriptors.erase(first.descriptors.begin());
            }
            if (moved.would_block) {
                socket_->on_writable([this] { flush(); });
                return;
            }
            if (first.sent == first.bytes.size() && first.descriptors.empty()) outgoing_.pop_front();
        }
        socket_->on_writable({});
        drained_.notify_all();
    } catch (const Error& error) {
        lose(error.message());
    }
}

void RemoteConnection::lose(const std::string& reason) {
    if (!is_open()) return;
    lost_reason_ = reason;
    socket_->close();
    outgoing_.clear();
    auto error = std::make_exception_ptr(Error(ErrorCode::rpc, here, reason));
    for (auto& [serial, pending] : pending_) pending->reply.set_error(error);
    for (auto& [serial, stream] : streams_) stream->lose(reason);
    streams_.clear();
    drained_.notify_all();
    if (on_lost_) on_lost_(reason);
}

}  // namespace virtue::client
