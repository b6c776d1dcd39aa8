// A guest as the driver knows it: its definition, its run (if it runs), its state, and the lanes for changes of it.
// Owned by the driver's table and held by calls under way; loop thread only.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "driver/constants.h"
#include "driver/job.h"
#include "drivers/qemu/figures.h"
#include "drivers/qemu/kept_definition.h"
#include "drivers/qemu/monitor/agent.h"
#include "drivers/qemu/monitor/monitor.h"
#include "drivers/qemu/perf_counters.h"
#include "drivers/qemu/ports.h"
#include "drivers/qemu/security/dac.h"
#include "drivers/qemu/taints.h"
#include "drivers/qemu/terminal_stream.h"
#include "io/gate.h"
#include "io/process.h"

namespace virtue::model {
struct Cpu;
struct Domain;
}  // namespace virtue::model

namespace virtue::host {
class ControlGroup;
}

namespace virtue::qemu {

struct Moments;
struct BlockJob;
struct FdGroup;

/// virDomainState and the reason that goes with it.
struct GuestState {
    uint32_t state = api::domain_shutoff;
    uint32_t reason = api::domain_shutoff_unknown;
    bool operator==(const GuestState&) const = default;
};

/// "running", "paused", …: libvirt's names in status files and messages.
const char* state_name(uint32_t state);
const char* reason_name(GuestState state);
std::optional<uint32_t> find_state(std::string_view name);
std::optional<uint32_t> find_reason(uint32_t state, std::string_view name);

/// One run of a guest, from before its process is started until everything of it is cleaned away.
struct Run {
    Run();
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    int id = -1;
    std::shared_ptr<model::Domain> domain;            ///< the live definition
    std::shared_ptr<const host::ControlGroup> group;  ///< it runs in; null where guests have none
    std::unique_ptr<io::Process> process;
    std::shared_ptr<Monitor> monitor;  ///< shared by those who wait for its answers
    std::shared_ptr<Agent> agent;
    std::string agent_path;         ///< socket of the agent's channel; empty without one
    bool agent_connected = false;   ///< the guest's end is open
    std::vector<int> vcpu_threads;  ///< by vCPU number; 0 for one that is offline
    std::string first_cpu;          ///< of vCPU 0 in QEMU's object tree
    std::vector<PortRange::Port> ports;
    std::vector<OwnedFile> files;  ///< given to the guest's user
    std::string folder;            ///< domain-ID-NAME, with the monitor's socket
    std::string channel_folder;
    std::string monitor_path;
    std::string incoming;                         ///< -incoming of its command line; empty for a fresh start
    std::vector<std::string> sockets;             ///< socket files to remove at the end
    std::shared_ptr<const model::Cpu> asked_cpu;  ///< before QEMU told what it made of it; null if it did not
    std::vector<std::string> capability_flags;    ///< of a guest that libvirtd started, kept for it
    Figures figures;                              ///< last known answers of its monitor
    Taints taints;
    std::unique_ptr<io::Process> tpm_emulator;
    std::vector<std::unique_ptr<io::Process>> helpers;  ///< virtiofsd and the like
    std::string tpm_socket;
    std::vector<PerfCounter> perf_counters;
    std::vector<std::string> deprecations;  ///< what it uses and QEMU will drop

    uint32_t pause_reason = api::domain_paused_unknown;     ///< for the next STOP event
    uint32_t resume_reason = api::domain_running_unpaused;  ///< for the next RESUME event
    bool images_opened = false;                             ///< by the daemon: their owners are left alone
    bool fake_reboot = false;                               ///< the next shutdown of the guest becomes a reset
    bool ready = false;                                     ///< the start is over: events count
    bool stopping = false;                                  ///< somebody ends it; what its process does now is no news
    bool shutting_down = false;  ///< the guest shut itself down, its process is being told to end
    bool panicked = false;
    bool status_queued = false;         ///< save_status_soon() will write
    std::shared_ptr<void> session_tie;  ///< of autodestroy: unties it from the client's session when the run ends
    /// Devices that the guest was asked to let go of, by alias: true when one is gone, false when the guest refused.
    std::map<std::string, std::shared_ptr<io::Completion<bool>>> unplugging;
    /// Block jobs that QEMU has or had until just now, by their names.
    std::map<std::string, std::shared_ptr<BlockJob>> block_jobs;
    uint32_t last_node = 0;  ///< the highest number that a layer of a disk got so far
    std::map<std::string, std::weak_ptr<TerminalStream::Seat>> terminals;  ///< path → its present user
};

/// A guest.
class Domain {
public:
    Domain(io::Loop& loop, PackTimer& timer, Uuid uuid, std::string name);
    ~Domain();
    Domain(const Domain&) = delete;
    Domain& operator=(const Domain&) = delete;

    const Uuid& uuid() const { return uuid_; }
    const std::string& name() const { return name_; }
    void set_name(std::string name) { name_ = std::move(name); }
    /// The id of a running guest, else -1.
    int id() const { return run_ ? run_->id : -1; }
    bool is_active() const { return run_ != nullptr && run_->id >= 0; }
    bool is_persistent() const { return static_cast<bool>(definition_); }

    /// The persistent definition; null for a transient guest.
    const std::shared_ptr<const model::Domain>& persistent() const { return definition_.model(); }
    const KeptDefinition& definition() const { return definition_; }
    /// `text` is what was saved of it.
    void set_persistent(std::shared_ptr<const model::Domain> domain, std::string text);
    /// One as found on disk, not read yet.
    void set_unread(std::string text);
    void take_figures(DefinitionFigures figures) { definition_.take_figures(std::move(figures)); }
    void clear_persistent();
    /// Lets go of the model of the definition, unless somebody holds it.
    void ease() { definition_.ease(); }
    /// Lets go of what can be had again from the text; true if there is nothing more to let go of.
    bool pack();
    /// The live definition of a running guest, else the persistent one.
    const model::Domain& current() const;
    /// The definition that the next start takes.
    const model::Domain& next() const;

    Run* run() { return run_.get(); }
    const Run* run() const { return run_.get(); }
    /// The run, which must be. Throws operation_invalid "domain is not running".
    Run& running();
    /// Its monitor. Throws operation_invalid when it does not run or its monitor is lost.
    std::shared_ptr<Monitor> monitor();
    /// Its guest agent. Throws argument_unsupported without a channel for one, agent_unresponsive when it is not
    /// connected, operation_invalid when the guest does not run.
    std::shared_ptr<Agent> agent();
    void begin_run(std::unique_ptr<Run> run) { run_ = std::move(run); }
    std::unique_ptr<Run> take_run() { return std::move(run_); }
    void require_inactive() const;

    GuestState state() const { return state_; }
    void set_state(uint32_t state, uint32_t reason) { state_ = GuestState{state, reason}; }

    driver::JobQueue& jobs() { return jobs_; }
    io::Semaphore files;  ///< held while its files on disk are written or removed

    /// Descriptors that clients handed over for its images, by the name that disks use.
    std::map<std::string, std::shared_ptr<FdGroup>> fd_groups;
    /// virDomainAgentSetResponseTimeout, in seconds; -2 waits as configured. It outlives a run, but not the daemon.
    int agent_timeout = -2;
    bool autostart = false;
    bool autostart_once = false;
    bool updated = false;   ///< virDomainIsUpdated: the live definition was changed
    bool removed = false;   ///< no longer in the table; whoever holds it must not bring it back
    bool starting = false;  ///< its run is being made; other calls see it as inactive

    std::shared_ptr<Moments> moments;  ///< snapshots and checkpoints; null while it never had one

    /// Formatted definitions, kept while unchanged: what XML calls answer with.
    mutable std::map<uint32_t, std::shared_ptr<const std::string>> formatted;
    void changed() { formatted.clear(); }

private:
    Uuid uuid_;
    std::string name_;
    KeptDefinition definition_;
    std::unique_ptr<Run> run_;
    GuestState state_;
    driver::JobQueue jobs_;
};

}  // namespace virtue::qemu
