// A connection to a daemon: the client's half of the wire. Owned by whoever opened it; loop thread only.
#pragma once
#include <deque>
#include <map>
#include <memory>

#include "client/frame_reader.h"
#include "driver/connection.h"
#include "io/condition.h"
#include "io/socket.h"
#include "io/timer.h"

namespace virtue::client {

class RemoteStream;

/// Calls procedures over a socket that speaks libvirt's protocol.
class RemoteConnection final : public driver::Connection {
public:
    RemoteConnection(io::Loop& loop, std::unique_ptr<io::Socket> socket);
    ~RemoteConnection() override;

    /// Authenticates, asks for keepalive, and opens `uri` (the driver's URI, without transport and host; empty lets
    /// the daemon choose). Throws what the daemon answers.
    Task<void> open(std::string uri, bool read_only, io::Deadline deadline);
    /// Pings the server every `interval` seconds and counts the connection as lost after `count` silent ones, if the
    /// server knows keepalive. Negative values take libvirt's defaults (5 s, 6); an interval of 0 never pings.
    void start_keepalive(int interval, int count);

    Task<std::vector<uint8_t>> exchange(const proc::ProcedureInfo& procedure, std::vector<uint8_t> arguments,
                                        io::Deadline deadline, driver::CallExtras* extras) override;
    void on_event(std::function<void(const driver::EventPacket&)> callback) override {
        on_event_ = std::move(callback);
    }
    void on_lost(std::function<void(const std::string&)> callback) override { on_lost_ = std::move(callback); }
    Task<void> close(io::Deadline deadline) override;
    bool is_open() const { return socket_ && socket_->is_open(); }

private:
    friend class RemoteStream;

    struct Reply {
        bool is_error = false;
        std::vector<uint8_t> payload;
        std::vector<Fd> descriptors;
    };
    struct Pending {
        explicit Pending(io::Loop& loop) : reply(loop) {}
        io::Completion<Reply> reply;
    };

    void read();
    bool accept(Frame& frame);
    void accept_reply(Frame& frame);
    void accept_stream(Frame& frame);
    void send(std::vector<uint8_t> message, std::span<const Fd* const> descriptors = {});
    void flush();
    void lose(const std::string& reason);
    void keepalive_due();
    Task<void> authenticate(io::Deadline deadline);
    std::unique_ptr<RemoteStream> attach(const proc::ProcedureInfo& procedure, uint32_t serial);

    struct Outgoing {
        std::vector<uint8_t> bytes;
        size_t sent = 0;
        std::vector<Fd> descriptors;
    };

    io::Loop& loop_;
    std::unique_ptr<io::Socket> socket_;
    FrameReader reader_;
    std::map<uint32_t, std::shared_ptr<Pending>> pending_;
    std::map<uint32_t, RemoteStream*> streams_;
    std::deque<Outgoing> outgoing_;
    io::Condition drained_;
    std::function<void(const driver::EventPacket&)> on_event_;
    std::function<void(const std::string&)> on_lost_;
    std::string lost_reason_;
    uint32_t next_serial_ = 0;
    bool keepalive_ = false;
    std::unique_ptr<io::Timer> keepalive_timer_;
    int keepalive_interval_ = 0;
    int keepalive_count_ = 0;
    int silent_pings_ = 0;
    bool opened_ = false;
};

}  // namespace virtue::client
