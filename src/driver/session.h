// One client's connection as drivers see it: who it is, what it may do, which drivers it opened, what it is
// subscribed to. Owned by the RPC server (or by the local connection of a library user). Loop thread only.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "driver/identity.h"
#include "io/loop.h"
#include "protocol/registry.h"

namespace virtue::driver {

class HandlerTable;

/// Slots of a table by proc::DriverKind, `none` included.
constexpr size_t driver_kind_count = static_cast<size_t>(proc::DriverKind::state) + 1;

/// The drivers that a connection's URI opened: one handler table a kind, empty where there is none.
struct Route {
    std::array<const HandlerTable*, driver_kind_count> tables{};
    std::string uri;              ///< canonical, as virConnectGetURI answers it: "qemu:///system"
    std::shared_ptr<void> owner;  ///< keeps the drivers of this connection alive

    const HandlerTable* table(proc::DriverKind kind) const { return tables[static_cast<size_t>(kind)]; }
};

/// Where events for a client go: the RPC server frames them, the local connection hands them to callbacks.
class EventSink {
public:
    virtual ~EventSink() = default;
    /// `body` is the message struct in XDR, complete. Must not block and must not throw; a client that does not
    /// read its events is the sink's to disconnect.
    virtual void send_event(wire::Program program, int32_t procedure, std::vector<uint8_t> body) = 0;
};

/// A client.
class Session {
public:
    Session(io::Loop& loop, EventSink& sink, Identity identity, bool read_only);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    io::Loop& loop() const { return loop_; }
    EventSink& sink() const { return sink_; }
    const Identity& identity() const { return identity_; }
    void set_identity(Identity identity) { identity_ = std::move(identity); }
    bool is_read_only() const { return read_only_; }
    void set_read_only() { read_only_ = true; }

    /// The open connection; nothing before CONNECT_OPEN and after CONNECT_CLOSE.
    const Route* route() const { return route_ ? &*route_ : nullptr; }
    void open(Route route) { route_ = std::move(route); }
    /// Ends subscriptions and whatever drivers tied to this connection, newest first.
    void close();

    /// Ties something to this connection: `undo` is called when it closes (autodestroy guests, subscriptions).
    /// Returns a key for forget().
    uint64_t on_close(std::function<void()> undo);
    /// Unties it without calling it.
    void forget(uint64_t key);

private:
    io::Loop& loop_;
    EventSink& sink_;
    Identity identity_;
    bool read_only_;
    std::optional<Route> route_;
    std::map<uint64_t, std::function<void()>> undo_;
    uint64_t next_key_ = 1;
};

}  // namespace virtue::driver
