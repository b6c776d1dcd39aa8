// The running daemon: servers, listeners, drivers and the reactions to signals. main() makes one and runs it; loop
// thread only.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "daemon/configuration.h"
#include "daemon/listeners.h"
#include "daemon/locks.h"
#include "daemon/options.h"
#include "driver/backend.h"
#include "driver/paths.h"
#include "io/signals.h"
#include "rpc/admin.h"
#include "rpc/server.h"

namespace virtue::daemon {

/// The daemon. Making it takes the locks and makes the drivers; run() serves until it is told to stop.
class Daemon {
public:
    /// Throws Error with the reason for which it cannot start.
    Daemon(io::Loop& loop, Options options, driver::Paths paths, Configuration configuration);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Opens the sockets, calls `ready`, and serves until SIGTERM, SIGINT, a call of the admin program, or the idle
    /// timeout. Guests keep running.
    void run(const std::function<void()>& ready);

private:
    rpc::AdminHooks hooks();
    void stop(const char* why);
    Task<void> stop_task();
    Task<void> call_hooks(std::string operation, std::string step, std::string extra);
    Task<void> end_all();
    void reload();
    void set_log(std::string log::Settings::*part, const std::string& text);
    void consider_leaving();
    void idle_expired();
    void clients_changed();
    bool is_busy() const;

    io::Loop& loop_;
    Options options_;
    driver::Paths paths_;
    Configuration configuration_;
    log::Settings log_;
    Locks locks_;
    std::vector<std::unique_ptr<driver::Backend>> backends_;
    driver::HandlerTable session_calls_;
    rpc::AdminService admin_service_;
    rpc::Server clients_;
    rpc::Server admin_;
    Listeners listeners_;
    io::Timer idle_timer_;
    io::Timer quiet_timer_;  // gives memory back a moment after clients came or went
    bool quiet_soon_ = false;
    uint32_t idle_timeout_ = 0;
    bool stopping_ = false;
    io::Gate gate_;
};

/// Where the daemon's files lie, by options and user.
driver::Paths choose_paths(const Options& options);
/// Reads the configuration file; a default one may be absent. Throws.
Configuration load_configuration(const Options& options, const driver::Paths& paths);
/// Log settings from the configuration and the command line.
log::Settings log_settings(const Configuration& configuration, const Options& options, const driver::Paths& paths);
/// Makes the folders that the daemon itself needs, with libvirt's modes.
void make_daemon_folders(const driver::Paths& paths);

}  // namespace virtue::daemon
