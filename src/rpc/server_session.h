// One client's connection: reads its messages, answers calls, sends events, runs keepalive and streams. Owned by its
// Server, until the connection has ended and every call under way has come back. Loop thread only.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

#include "driver/call.h"
#include "driver/handler_table.h"
#include "io/condition.h"
#include "io/gate.h"
#include "io/socket.h"
#include "io/timer.h"
#include "rpc/message_reader.h"
#include "rpc/outbox.h"
#include "rpc/server.h"

namespace virtue::rpc {

class ServerStream;

/// A call that knows which connection it came over, for the handlers in this folder.
struct ClientCall : driver::Call {
    ServerSession& client;
};

/// A client.
class ServerSession final : public driver::EventSink, public std::enable_shared_from_this<ServerSession> {
public:
    ServerSession(Server& server, uint64_t id, Fd connection, Entrance entrance);
    ~ServerSession() override;

    void start();
    /// Ends the connection now; `why` goes to the log.
    void disconnect(const std::string& why);
    /// Ends the connection once the reply to the present call, and all that waits before it, has been sent.
    void disconnect_after_reply() { closing_ = true; }
    /// Waits for the calls under way and lets the drivers forget this client. The server calls it once.
    Task<void> join();

    void send_event(wire::Program program, int32_t procedure, std::vector<uint8_t> body) override;

    Server& server() const { return server_; }
    driver::Session& session() { return session_; }
    uint64_t id() const { return id_; }
    std::chrono::system_clock::time_point connected_since() const { return connected_since_; }
    bool is_authenticated() const { return authenticated_; }
    void set_authenticated();
    Authenticator& authenticator() const { return *entrance_.authenticator; }
    void start_keepalive();

    /// For streams: the queue of outgoing messages, to be followed by sent_something().
    Outbox& outbox() { return outbox_; }
    void sent_something();
    /// True while a stream should not send: the client does not read as fast.
    bool is_congested() const;
    /// Waits until the client has read, or the connection ends.
    Task<void> wait_for_room(io::Deadline deadline);
    /// A stream's inbox grew beyond, or fell below, what may wait there.
    void stream_congested(bool congested);
    void forget_ended_stream(uint32_t serial);
    size_t stream_count() const { return streams_.size(); }
    io::Gate& gate() { return gate_; }
    bool is_open() const { return open_; }

private:
    struct Work;
    void on_readable();
    void process();
    bool may_process() const;
    void turn();
    void schedule_turn();
    void flush();
    void update_watching();
    void handle(Incoming& message);
    void handle_keepalive(const wire::Header& header);
    void handle_call(Incoming& message);
    void handle_stream(const Incoming& message);
    void answer_now(Incoming& message, const driver::Handler& handler);
    void start_work(ClientCall call, Incoming& message, const driver::Handler& handler);
    Task<void> run_work(std::unique_ptr<Work> work, wire::Decoder arguments);
    void send_reply(const wire::Header& reply, driver::Call& call, std::span<const uint8_t> result);
    void open_stream(const wire::Header& call_header, driver::Call& call);
    io::Deadline call_deadline();
    void on_keepalive_timer();

    Server& server_;
    const uint64_t id_;
    const Entrance entrance_;
    const std::chrono::system_clock::time_point connected_since_ = std::chrono::system_clock::now();
    io::Socket socket_;
    MessageReader reader_;
    Incoming incoming_;
    Outbox outbox_;
    driver::Session session_;
    io::Gate gate_;
    io::Condition room_;
    std::unordered_map<uint32_t, std::unique_ptr<ServerStream>> streams_;
    std::unique_ptr<io::Timer> keepalive_timer_;
    uint32_t unanswered_pings_ = 0;
    uint32_t calls_under_way_ = 0;
    uint32_t congested_streams_ = 0;
    bool heard_ = false;
    bool open_ = true;
    bool closing_ = false;
    bool authenticated_ = false;
    bool watching_reads_ = false;
    bool watching_writes_ = false;
    bool turn_scheduled_ = false;
    bool in_processing_ = false;
};

}  // namespace virtue::rpc
