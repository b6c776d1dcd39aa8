#include "rpc/server_stream.h"

#include "rpc/server_session.h"

namespace virtue::rpc {

namespace {

// A client is not read on while so much of what it sent waits for the stream's endpoint.
constexpr size_t inbox_mark = 1U << 20U;

struct Packet {
    enum class Kind : uint8_t { data, hole, finish } kind = Kind::data;
    std::vector<uint8_t> data;
    int64_t hole = 0;
};

}  // namespace

struct ServerStream::State : std::enable_shared_from_this<ServerStream::State> {
    State(ServerSession& owner, const wire::Header& reply, std::unique_ptr<driver::StreamEndpoint> end)
        : client(owner), header(reply), endpoint(std::move(end)), arrived(owner.server().loop()) {
        header.type = wire::MessageType::stream;
    }

    ServerSession& client;
    wire::Header header;
    std::unique_ptr<driver::StreamEndpoint> endpoint;
    io::CancelSource cancel;
    io::Condition arrived;
    std::deque<Packet> inbox;
    size_t inbox_bytes = 0;
    bool congested = false;
    bool open = true;

    io::Deadline deadline() { return io::Deadline::never().with_cancel(cancel); }
    void send(wire::MessageStatus status, std::span<const uint8_t> payload);
    void send_hole(int64_t length);
    void push(Packet packet);
    void set_congested(bool now);
    bool close();
    void fail(const Error& error);
    Task<void> pump_out();
    Task<void> pump_in();
    static Task<void> run_out(std::shared_ptr<State> state);
    static Task<void> run_in(std::shared_ptr<State> state);
};

void ServerStream::State::send(wire::MessageStatus status, std::span<const uint8_t> payload) {
    wire::Header packet = header;
    packet.status = status;
    client.outbox().put(packet, payload);
    client.sent_something();
}

void ServerStream::State::send_hole(int64_t length) {
    wire::Header packet = header;
    packet.type = wire::MessageType::stream_hole;
    packet.status = wire::MessageStatus::proceed;
    wire::Encoder body;
    wire::encode(body, wire::StreamHole{length, 0});
    client.outbox().put(packet, body.view());
    client.sent_something();
}

void ServerStream::State::set_congested(bool now) {
    if (now == congested) return;
    congested = now;
    client.stream_congested(now);
}

// Ends the stream; false if it has ended already. The endpoint is told, the pumps wake and leave.
bool ServerStream::State::close() {
    if (!open) return false;
    open = false;
    set_congested(false);
    inbox.clear();
    cancel.cancel();
    arrived.notify_all();
    return true;
}

void ServerStream::State::fail(const Error& error) {
    if (!close()) return;
    endpoint->abort();
    client.outbox().put_error(header, error);
    client.sent_something();
}

void ServerStream::State::push(Packet packet) {
    inbox_bytes += packet.data.size() + sizeof(Packet);
    inbox.push_back(std::move(packet));
    set_congested(inbox_bytes > inbox_mark);
    arrived.notify_all();
}

Task<void> ServerStream::State::pump_out() {
    while (open) {
        co_await client.wait_for_room(deadline());
        if (!open) co_return;
        driver::StreamChunk chunk = co_await endpoint->read(wire::stream_payload_max, deadline());
        if (!open) co_return;
        if (chunk.hole > 0) {
            if (!endpoint->is_sparse()) {
                throw Error(ErrorCode::internal_error, ErrorDomain::streams, "a hole on a stream that has none");
            }
            send_hole(chunk.hole);
        }
        if (!chunk.data.empty()) send(wire::MessageStatus::proceed, chunk.data);
        if (chunk.end) {
            send(wire::MessageStatus::proceed, {});
            co_return;
        }
    }
}

Task<void> ServerStream::State::pump_in() {
    while (open) {
        if (inbox.empty()) {
            co_await arrived.wait(deadline());
            continue;
        }
        Packet packet = std::move(inbox.front());
        inbox.pop_front();
        switch (packet.kind) {
            case Packet::Kind::data:
                co_await endpoint->write(packet.data, deadline());
                break;
            case Packet::Kind::hole:
                co_await endpoint->write_hole(packet.hole, deadline());
                break;
            case Packet::Kind::finish:
                co_await endpoint->finish(deadline());
                if (close()) send(wire::MessageStatus::ok, {});
                co_return;
        }
        if (!open) co_return;
        inbox_bytes -= packet.data.size() + sizeof(Packet);
        set_congested(inbox_bytes > inbox_mark);
    }
}

Task<void> ServerStream::State::run_out(std::shared_ptr<State> state) {
    try {
        co_await state->pump_out();
    } catch (const Error& error) {
        state->fail(error);
    }
}

Task<void> ServerStream::State::run_in(std::shared_ptr<State> state) {
    try {
        co_await state->pump_in();
    } catch (const Error& error) {
        state->fail(error);
    }
    if (ServerSession& client = state->client; client.is_open()) client.forget_ended_stream(state->header.serial);
}

ServerStream::ServerStream(ServerSession& client, const wire::Header& reply,
                           std::unique_ptr<driver::StreamEndpoint> endpoint)
    : state_(std::make_shared<State>(client, reply, std::move(endpoint))) {}

ServerStream::~ServerStream() = default;

void ServerStream::start() {
    if (state_->endpoint->sends()) state_->client.gate().spawn(State::run_out(state_));
    state_->client.gate().spawn(State::run_in(state_));
}

bool ServerStream::is_for(const wire::Header& header) const {
    return header.program == state_->header.program && header.procedure == state_->header.procedure;
}

bool ServerStream::take(const Incoming& message) {
    std::shared_ptr<State> state = state_;
    if (!state->open) return true;
    if (message.header.type == wire::MessageType::stream_hole) {
        if (!state->endpoint->is_sparse()) return false;
        auto hole = wire::decode_as<wire::StreamHole>(message.payload);
        if (hole.length < 0 || hole.flags != 0) {
            state->fail(Error(ErrorCode::invalid_arg, ErrorDomain::streams, "a hole of impossible length or flags"));
        } else {
            state->push({Packet::Kind::hole, {}, hole.length});
        }
        return true;
    }
    switch (message.header.status) {
        case wire::MessageStatus::proceed:
            if (!message.payload.empty()) {
                state->push({Packet::Kind::data, {message.payload.begin(), message.payload.end()}, 0});
            }
            break;
        case wire::MessageStatus::ok:
            state->push({Packet::Kind::finish, {}, 0});
            break;
        case wire::MessageStatus::error:
            if (state->close()) {
                state->endpoint->abort();
                state->send(wire::MessageStatus::ok, {});
            }
            break;
    }
    return true;
}

bool ServerStream::has_ended() const {
    return !state_->open;
}

void ServerStream::connection_lost() {
    if (state_->close()) state_->endpoint->abort();
}

}  // namespace virtue::rpc
