// A named server of the daemon ("libvirtd", "admin"): its clients, their limits, and what it can answer. main() owns
// it; listeners feed it. Loop thread only.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "driver/backend.h"
#include "driver/handler_table.h"
#include "io/gate.h"
#include "io/timer.h"
#include "rpc/authenticator.h"

namespace virtue::rpc {

class ServerSession;

/// The bounds of everything that clients can make grow.
struct ServerLimits {
    uint32_t max_clients = 5000;
    uint32_t max_anonymous_clients = 20;             ///< connected but not yet authenticated
    uint32_t max_client_requests = 64;               ///< calls under way of one client; then it is not read
    uint32_t max_client_streams = 256;               ///< open streams of one client
    size_t max_queued_bytes = 128U << 20U;           ///< a client with so much unread is disconnected
    int keepalive_interval = 5;                      ///< seconds of silence until a ping; -1 never
    uint32_t keepalive_count = 5;                    ///< unanswered pings until the client counts as gone
    io::Milliseconds call_timeout{6 * 3600 * 1000};  ///< 0 means none
};

/// What a server can answer.
struct Service {
    std::vector<wire::Program> programs;
    const driver::HandlerTable* own_calls = nullptr;  ///< what the server answers without a driver
    std::vector<driver::Backend*> backends;           ///< what CONNECT_OPEN tries, in this order
};

/// Where a client came in.
struct Entrance {
    bool read_only = false;
    Authenticator* authenticator = nullptr;
};

/// What the threadpool calls of the admin program show and set. We have no worker threads: the loop serves all
/// clients; the figures are kept so that tools which read and write them go on working.
struct WorkerFigures {
    uint32_t min_workers = 5;
    uint32_t max_workers = 20;
    uint32_t priority_workers = 5;
};

/// A server.
class Server {
public:
    Server(io::Loop& loop, std::string name, ServerLimits limits, Service service);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Takes over an accepted connection.
    void add_client(Fd connection, Entrance entrance);
    /// Listeners give a function that stops (false) and resumes (true) accepting at the client limits.
    void on_accepting(std::function<void(bool)> callback);
    /// Called whenever the number of clients changed.
    void on_change(std::function<void()> callback) { on_change_ = std::move(callback); }

    io::Loop& loop() const { return loop_; }
    const std::string& name() const { return name_; }
    const Service& service() const { return service_; }
    const ServerLimits& limits() const { return limits_; }
    /// Throws invalid_arg as libvirt does.
    void set_client_limits(std::optional<uint32_t> clients, std::optional<uint32_t> anonymous);
    WorkerFigures& workers() { return workers_; }

    size_t client_count() const { return clients_.size(); }
    size_t anonymous_count() const;
    ServerSession* find_client(uint64_t id) const;
    void for_each_client(const std::function<void(ServerSession&)>& function) const;

    /// Disconnects everybody and waits until their calls have ended.
    Task<void> close();

    /// For sessions: shared memory for reading, a session that ended, one that is now authenticated.
    std::span<uint8_t> scratch() { return {scratch_.get(), scratch_size}; }
    wire::Encoder& result_scratch() { return result_scratch_; }
    void client_ended(uint64_t id);
    void client_authenticated();

private:
    Task<void> bury(std::shared_ptr<ServerSession> session);
    void update_accepting();

    io::Loop& loop_;
    std::string name_;
    ServerLimits limits_;
    Service service_;
    WorkerFigures workers_;
    static constexpr size_t scratch_size = 256U << 10U;
    std::unique_ptr<uint8_t[]> scratch_;
    wire::Encoder result_scratch_;
    std::map<uint64_t, std::shared_ptr<ServerSession>> clients_;
    std::vector<std::function<void(bool)>> accepting_;
    std::function<void()> on_change_;
    uint64_t next_id_ = 1;
    bool is_accepting_ = true;
    bool is_closing_ = false;
    io::Gate burials_;
};

}  // namespace virtue::rpc
