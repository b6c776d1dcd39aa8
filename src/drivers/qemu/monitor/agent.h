// The connection to the agent inside a guest, over the virtio channel org.qemu.guest_agent.0. The guest decides what
// comes back, so everything is checked, limited and has a deadline. Owned by a guest; loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "drivers/qemu/monitor/json.h"
#include "drivers/qemu/monitor/qmp_reader.h"
#include "io/condition.h"
#include "io/socket.h"

namespace virtue::qemu {

/// How guest-shutdown ends.
enum class AgentShutdown : uint8_t { powerdown, reboot, halt };

/// A guest agent. One command at a time; each begins with a synchronisation, so that an answer to a command that was
/// given up earlier is never taken for the present one's.
class Agent {
public:
    /// Connects to the channel's socket, which QEMU serves even when no agent runs in the guest. `on_lost` is called
    /// once when QEMU closes it. Throws system_error naming the path, or operation_timeout.
    static Task<std::unique_ptr<Agent>> connect(io::Loop& loop, std::string path, std::string guest,
                                                std::function<void(const std::string& reason)> on_lost,
                                                io::Deadline deadline);
    Agent(io::Loop& loop, std::unique_ptr<io::Socket> socket, std::string guest,
          std::function<void(const std::string& reason)> on_lost);
    ~Agent();
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    /// Runs a command and gives the content of "return". Throws agent_unresponsive at the deadline or when the channel
    /// is lost, operation_aborted when cancelled, agent_command_failed/internal_error with the agent's own words.
    Task<Json> command(std::string name, Json arguments, io::Deadline deadline);
    /// The whole reply instead: {"return":…} or {"error":…}; throws for all but the agent's refusals.
    Task<Json> try_command(std::string name, Json arguments, io::Deadline deadline);
    /// guest-ping
    Task<void> ping(io::Deadline deadline);
    /// guest-shutdown: returns when the command was handed to a responsive agent, which does not answer it.
    Task<void> shutdown(AgentShutdown mode, io::Deadline deadline);
    /// virDomainQemuAgentCommand: a JSON text in, the whole reply as text out.
    Task<std::string> raw_command(std::string text, io::Deadline deadline);
    /// guest-get-time / guest-set-time, in nanoseconds since the epoch. Without a value the agent reads the RTC.
    Task<int64_t> get_time(io::Deadline deadline);
    Task<void> set_time(std::optional<int64_t> nanoseconds, io::Deadline deadline);

    /// The guest's end was closed by QEMU's event VSERPORT_CHANGE; calls fail at once until it opens again.
    void set_guest_connected(bool connected) { guest_connected_ = connected; }
    bool is_lost() const { return lost_; }
    void close();

private:
    Task<Json> exchange(std::string name, std::string text, bool wants_reply, io::Deadline deadline);
    Task<void> synchronize(io::Deadline deadline);
    Task<Json> next_reply(std::string name, io::Deadline deadline);
    void require_usable() const;
    [[noreturn]] void lose(const std::string& reason);

    io::Loop& loop_;
    std::unique_ptr<io::Socket> socket_;
    std::string guest_;
    std::function<void(const std::string&)> on_lost_;
    QmpReader reader_;
    io::Semaphore turn_;
    uint64_t next_sync_;
    bool guest_connected_ = true;
    bool lost_ = false;
};

}  // namespace virtue::qemu
