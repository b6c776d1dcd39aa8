// The connection to one QEMU's monitor (QMP). Commands are pipelined and answered by id; a guest that hangs makes
// only its own commands fail. Owned by a guest (or by a capability probe); loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "drivers/qemu/monitor/json.h"
#include "drivers/qemu/monitor/qmp_reader.h"
#include "io/condition.h"
#include "io/socket.h"

namespace virtue::qemu {

/// Something that QEMU told on its own.
struct MonitorEvent {
    std::string name;     ///< "SHUTDOWN"
    Json data;            ///< an object, or null when the event carries none
    int64_t seconds = 0;  ///< wall clock of QEMU; -1 where the host could not tell
    int64_t micros = 0;
};

/// What QEMU said of itself in its greeting.
struct MonitorGreeting {
    int major = 0;
    int minor = 0;
    int micro = 0;
    std::string package;
};

/// What was asked of a guest cannot be had because its QEMU has ended: an error to the client who asked, and nothing
/// that the driver's own work in the background has to tell anybody.
class GuestEnded : public Error {
public:
    using Error::Error;
};

/// A QMP connection.
class Monitor {
public:
    /// Who hears of events and of the end. Both are called on the loop, never from inside command(). Set `on_lost`
    /// to be told once when QEMU closed the connection or sent something that is no QMP; `reason` is a sentence.
    struct Callbacks {
        std::function<void(const MonitorEvent&)> on_event;
        std::function<void(const std::string& reason)> on_lost;
    };

    /// Waits for the greeting and leaves capability negotiation, on a connected socket. `guest` names the guest in
    /// errors. Throws operation_timeout, or internal_error when QEMU closed the connection.
    static Task<std::unique_ptr<Monitor>> open(io::Loop& loop, std::unique_ptr<io::Socket> socket, std::string guest,
                                               Callbacks callbacks, io::Deadline deadline);
    /// Connects to `path` and does the same; tries again while the socket is not there or refuses, until the
    /// deadline (a QEMU that makes the socket itself).
    static Task<std::unique_ptr<Monitor>> connect(io::Loop& loop, std::string path, std::string guest,
                                                  Callbacks callbacks, io::Deadline deadline);
    ~Monitor();
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    /// Runs a command and gives the content of "return". `arguments` is an object, or null for none.
    /// Throws QEMU's own error as monitor_error() words it; operation_timeout when the answer does not come in time
    /// (the answer is dropped when it comes later); operation_aborted when the deadline's source was cancelled;
    /// internal_error when the connection is or gets lost.
    Task<Json> command(std::string name, Json arguments, io::Deadline deadline);
    /// The same, with descriptors for QEMU attached to the message (getfd, add-fd).
    Task<Json> command_with_fds(std::string name, Json arguments, std::vector<const Fd*> fds, io::Deadline deadline);
    /// QEMU's class of error as a value instead of a throw: the whole reply, {"return":…} or {"error":…}.
    Task<Json> exchange(std::string name, Json arguments, io::Deadline deadline);
    /// virDomainQemuMonitorCommand: `text` is a JSON object with "execute"; the reply goes back as text, an "error"
    /// reply too. Its "id" is replaced on the way and put back into the reply. Throws internal_error for bad JSON.
    Task<std::string> raw_command(std::string text, io::Deadline deadline);
    /// A command of the human monitor; gives what it printed.
    Task<std::string> human_command(std::string line, io::Deadline deadline);

    const MonitorGreeting& greeting() const { return greeting_; }
    /// Commands sent that have no answer yet, those included whose callers gave up: QEMU still obeys them.
    size_t pending() const { return pending_.size(); }
    /// When QEMU last said anything; for marking state that may be stale.
    io::TimePoint last_heard() const { return last_heard_; }
    /// True after the connection was lost or closed.
    bool is_lost() const { return lost_; }
    /// Closes: commands under way fail, on_lost is not called.
    void close();

private:
    struct Outgoing {
        std::string text;
        size_t sent = 0;
        std::vector<Fd> fds;
    };
    using Pending = std::shared_ptr<io::Completion<Json>>;

    Monitor(io::Loop& loop, std::unique_ptr<io::Socket> socket, std::string guest, Callbacks callbacks);
    Task<Json> send(std::string name, Json message, std::vector<Fd> fds, io::Deadline deadline);
    Task<Json> wait_reply(std::string name, Pending pending, io::Deadline deadline);
    void readable();
    void handle(std::string_view text);
    void flush();
    void lose(const std::string& reason, bool has_ended);
    [[noreturn]] void fail_lost(std::string_view name) const;

    io::Loop& loop_;
    std::unique_ptr<io::Socket> socket_;
    std::string guest_;
    Callbacks callbacks_;
    QmpReader reader_;
    MonitorGreeting greeting_;
    io::Completion<bool> greeted_;
    std::map<std::string, Pending, std::less<>> pending_;
    std::vector<Outgoing> outgoing_;
    uint64_t next_id_ = 1;
    io::TimePoint last_heard_;
    bool lost_ = false;
    std::string lost_reason_;
    bool has_ended_ = false;  // lost because QEMU closed it, or we did
    std::shared_ptr<bool> alive_;
};

/// The Error for an "error" reply of QEMU to `command`, in libvirt's words: "internal error: unable to execute QEMU
/// command 'x': DESC". Class DeviceNotFound etc. stay internal_error, as libvirt has it.
Error monitor_error(std::string_view command, const Json& error);

}  // namespace virtue::qemu
