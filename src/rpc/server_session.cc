#include "rpc/server_session.h"

#include "base/log.h"
#include "rpc/dispatch.h"
#include "rpc/server_stream.h"

namespace virtue::rpc {

namespace {

constinit log::Module logger("rpc.session");

// A stream waits, and no further call is taken, while so much waits for the client to read it.
constexpr size_t congestion_mark = 1U << 20U;
constexpr size_t keep_scratch = 65536;  // a longer answer does not leave its memory behind
constexpr int32_t keepalive_ping = 1;
constexpr int32_t keepalive_pong = 2;

driver::Identity identity_of(const io::Socket& socket) {
    driver::Identity identity;
    io::PeerCredentials peer = socket.peer();
    if (peer.pid < 0) return identity;
    identity.pid = peer.pid;
    identity.uid = peer.uid;
    identity.gid = peer.gid;
    return identity;
}

wire::Header keepalive_header(int32_t procedure) {
    return {static_cast<uint32_t>(wire::Program::keepalive),
            wire::program_version,
            procedure,
            wire::MessageType::message,
            0,
            wire::MessageStatus::ok};
}

wire::Header reply_header(const wire::Header& call) {
    wire::Header reply = call;
    reply.type = wire::MessageType::reply;
    reply.status = wire::MessageStatus::ok;
    return reply;
}

}  // namespace

/// A call that waits for something.
struct ServerSession::Work {
    ClientCall call;
    wire::Header reply;
    const driver::Handler& handler;
    std::shared_ptr<void> drivers;  ///< the connection may close its drivers while the call is under way
    wire::Encoder result;
};

ServerSession::ServerSession(Server& server, uint64_t id, Fd connection, Entrance entrance)
    : server_(server),
      id_(id),
      entrance_(entrance),
      socket_(server.loop(), std::move(connection)),
      session_(server.loop(), *this, identity_of(socket_), entrance.read_only),
      gate_(server.loop(), [](std::exception_ptr error) { logger.error("{}", log::describe(error)); }),
      room_(server.loop()),
      authenticated_(entrance.authenticator->is_open()) {}

ServerSession::~ServerSession() = default;

void ServerSession::start() {
    update_watching();
}

void ServerSession::set_authenticated() {
    if (authenticated_) return;
    authenticated_ = true;
    server_.client_authenticated();
}

// ---- reading

void ServerSession::on_readable() {
    std::shared_ptr<ServerSession> alive = shared_from_this();
    MessageReader::Fill filled;
    try {
        filled = reader_.fill(socket_.fd(), server_.scratch());
    } catch (const Error& error) {
        return disconnect(error.message());
    }
    if (filled == MessageReader::Fill::ended) return disconnect("the client closed the connection");
    if (filled == MessageReader::Fill::data) process();
    reader_.settle();
    flush();
    update_watching();
}

bool ServerSession::may_process() const {
    return open_ && !closing_ && calls_under_way_ < server_.limits().max_client_requests && !is_congested() &&
           congested_streams_ == 0;
}

void ServerSession::process() {
    in_processing_ = true;
    while (may_process()) {
        MessageReader::Next next = reader_.next(incoming_);
        if (next == MessageReader::Next::incomplete) break;
        if (next == MessageReader::Next::broken) {
            disconnect("the client sent something that is no message");
            break;
        }
        handle(incoming_);
    }
    in_processing_ = false;
}

// What happens outside on_readable() is gathered: one pass over waiting messages and one send, at the end of the turn.
void ServerSession::schedule_turn() {
    if (turn_scheduled_ || in_processing_) return;
    turn_scheduled_ = true;
    server_.loop().defer([weak = weak_from_this()] {
        if (std::shared_ptr<ServerSession> alive = weak.lock()) alive->turn();
    });
}

void ServerSession::turn() {
    turn_scheduled_ = false;
    if (!open_) return;
    if (reader_.buffered() > 0) {
        process();
        reader_.settle();
    }
    flush();
    update_watching();
}

void ServerSession::update_watching() {
    if (!open_) return;
    bool reads = may_process();
    bool writes = outbox_.queued() > 0;
    if (reads != watching_reads_) {
        watching_reads_ = reads;
        if (reads) {
            socket_.on_readable([this] { on_readable(); });
        } else {
            socket_.on_readable({});
        }
    }
    if (writes == watching_writes_) return;
    watching_writes_ = writes;
    if (writes) {
        socket_.on_writable([this] {
            std::shared_ptr<ServerSession> alive = shared_from_this();
            turn();
        });
    } else {
        socket_.on_writable({});
    }
}

// ---- sending

bool ServerSession::is_congested() const {
    return outbox_.queued() > congestion_mark;
}

void ServerSession::sent_something() {
    if (outbox_.queued() > server_.limits().max_queued_bytes) {
        return disconnect(fmt::format("the client left {} bytes unread", outbox_.queued()));
    }
    schedule_turn();
}

void ServerSession::flush() {
    if (!open_ || outbox_.queued() == 0) return;
    bool was_congested = is_congested();
    bool empty = false;
    try {
        empty = outbox_.flush(socket_);
    } catch (const Error& error) {
        return disconnect(error.message());
    }
    if (was_congested && !is_congested()) {
        room_.notify_all();
        if (reader_.buffered() > 0) schedule_turn();
    }
    if (empty && closing_) disconnect("closed as asked");
}

Task<void> ServerSession::wait_for_room(io::Deadline deadline) {
    while (open_ && is_congested()) {
        io::WakeReason reason = co_await room_.wait(deadline);
        if (reason != io::WakeReason::notified) break;
    }
}

void ServerSession::send_event(wire::Program program, int32_t procedure, std::vector<uint8_t> body) {
    if (!open_ || closing_) return;
    try {
        outbox_.put({static_cast<uint32_t>(program), wire::program_version, procedure, wire::MessageType::message,
                     wire::event_serial, wire::MessageStatus::ok},
                    body);
    } catch (const Error& error) {
        logger.error("client {}: an event is lost: {}", id_, error.message());
        return;
    }
    sent_something();
}

// ---- the end

void ServerSession::disconnect(const std::string& why) {
    if (!open_) return;
    logger.debug("client {} of {}: {}", id_, server_.name(), why);
    open_ = false;
    if (keepalive_timer_) keepalive_timer_->stop();
    socket_.close();
    outbox_.clear();
    for (auto& [serial, stream] : streams_) stream->connection_lost();
    room_.notify_all();
    server_.client_ended(id_);
}

Task<void> ServerSession::join() {
    co_await gate_.close();
    streams_.clear();
    session_.close();
}

// ---- keepalive

void ServerSession::start_keepalive() {
    if (keepalive_timer_ || server_.limits().keepalive_interval <= 0) return;
    keepalive_timer_ = std::make_unique<io::Timer>(server_.loop(), [this] { on_keepalive_timer(); });
    keepalive_timer_->start_after(std::chrono::seconds(server_.limits().keepalive_interval));
}

void ServerSession::on_keepalive_timer() {
    // While we do not read, the client's answers wait in the socket: its silence is ours.
    if (heard_ || !may_process()) {
        unanswered_pings_ = 0;
    } else if (unanswered_pings_ >= server_.limits().keepalive_count) {
        return disconnect(fmt::format("no sign of life after {} pings", unanswered_pings_));
    } else {
        unanswered_pings_++;
        outbox_.put(keepalive_header(keepalive_ping), {});
        sent_something();
    }
    heard_ = false;
    if (open_) keepalive_timer_->start_after(std::chrono::seconds(server_.limits().keepalive_interval));
}

void ServerSession::handle_keepalive(const wire::Header& header) {
    if (header.procedure != keepalive_ping) return;
    outbox_.put(keepalive_header(keepalive_pong), {});
    sent_something();
}

// ---- messages

void ServerSession::handle(Incoming& message) {
    heard_ = true;
    const wire::Header& header = message.header;
    switch (header.type) {
        case wire::MessageType::call:
        case wire::MessageType::call_with_fds:
            return handle_call(message);
        case wire::MessageType::stream:
        case wire::MessageType::stream_hole:
            return handle_stream(message);
        case wire::MessageType::message:
            if (header.is(wire::Program::keepalive)) handle_keepalive(header);
            return;
        case wire::MessageType::reply:
        case wire::MessageType::reply_with_fds:
            return;
    }
    // Other types get no answer and do no harm.
}

io::Deadline ServerSession::call_deadline() {
    io::Milliseconds timeout = server_.limits().call_timeout;
    io::Deadline deadline = timeout.count() > 0 ? io::Deadline::after(timeout) : io::Deadline::never();
    return deadline.with_cancel(gate_.cancel_source());
}

void ServerSession::handle_call(Incoming& message) {
    std::optional<Error> failure;
    try {
        const proc::ProcedureInfo& procedure = check_call(*this, message.header);
        const driver::Handler& handler = handler_for(*this, procedure, message.payload);
        answer_now(message, handler);
        return;
    } catch (const Error& error) {
        failure = error;
    } catch (const std::exception& error) {
        failure = Error(ErrorCode::internal_error, ErrorDomain::rpc, error.what());
    }
    outbox_.put_error(reply_header(message.header), *failure);
    sent_something();
}

void ServerSession::answer_now(Incoming& message, const driver::Handler& handler) {
    ClientCall call{{session_, handler.procedure, call_deadline(), std::move(message.fds), {}, {}}, *this};
    wire::Decoder arguments(message.payload);
    // A memory of its own: the handler may send events over this connection before its result is complete.
    wire::Encoder& result = server_.result_scratch();
    result.truncate(0);
    if (!handler.run_now(call, arguments, result)) return start_work(std::move(call), message, handler);
    if (!open_) return;  // it ended while it was answered: no stream may be opened for it any more
    send_reply(reply_header(message.header), call, result.view());
    if (result.size() > keep_scratch) result.take();
}

void ServerSession::send_reply(const wire::Header& reply, driver::Call& call, std::span<const uint8_t> result) {
    wire::Header header = reply;
    if (!call.reply.empty()) header.type = wire::MessageType::reply_with_fds;
    size_t start = outbox_.begin(header);
    if (!call.reply.empty()) outbox_.encoder().put(static_cast<uint32_t>(call.reply.size()));
    outbox_.encoder().raw(result);
    outbox_.end(start);
    outbox_.attach(std::move(call.reply));
    open_stream(reply, call);
    sent_something();
}

void ServerSession::start_work(ClientCall call, Incoming& message, const driver::Handler& handler) {
    std::shared_ptr<void> drivers = session_.route() ? session_.route()->owner : nullptr;
    std::unique_ptr<Work> work(
        new Work{std::move(call), reply_header(message.header), handler, std::move(drivers), {}});
    calls_under_way_++;
    // The arguments are decoded before the handler first waits, while the bytes are still there.
    gate_.spawn(run_work(std::move(work), wire::Decoder(message.payload)));
}

Task<void> ServerSession::run_work(std::unique_ptr<Work> work, wire::Decoder arguments) {
    std::optional<Error> failure;
    try {
        co_await work->handler.run(work->call, arguments, work->result);
        if (open_) send_reply(work->reply, work->call, work->result.view());
    } catch (const Error& error) {
        failure = error;
    } catch (const std::exception& error) {
        failure = Error(ErrorCode::internal_error, ErrorDomain::rpc, error.what());
    }
    // Once, whether the answer, its encoding or the refusal to send it failed.
    calls_under_way_--;
    if (!open_) co_return;
    if (failure) outbox_.put_error(work->reply, *failure);
    sent_something();
}

// ---- streams

void ServerSession::open_stream(const wire::Header& reply, driver::Call& call) {
    if (!call.stream) return;
    auto stream = std::make_unique<ServerStream>(*this, reply, std::move(call.stream));
    ServerStream& started = *stream;
    if (auto old = streams_.find(reply.serial); old != streams_.end()) old->second->replaced();
    streams_[reply.serial] = std::move(stream);
    started.start();
}

void ServerSession::handle_stream(const Incoming& message) {
    auto found = streams_.find(message.header.serial);
    if (found == streams_.end() || !found->second->is_for(message.header)) return;
    try {
        if (!found->second->take(message)) disconnect("a hole on a stream that has none");
    } catch (const Error& error) {
        disconnect(error.message());
    }
}

void ServerSession::stream_congested(bool congested) {
    congested_streams_ += congested ? 1U : UINT32_MAX;
    if (!congested) schedule_turn();
}

void ServerSession::forget_ended_stream(uint32_t serial) {
    auto found = streams_.find(serial);
    if (found != streams_.end() && found->second->has_ended()) streams_.erase(found);
}

}  // namespace virtue::rpc
