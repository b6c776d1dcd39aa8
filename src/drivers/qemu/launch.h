// The making of a guest's process: folders, sockets, ownership, log, command line, exec. The first half of a start.
// Loop thread only.
#pragma once
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// A process that was started and its log.
struct Launched {
    int64_t log_position = 0;  ///< where QEMU's own words begin in the log
    std::string log_path;
    std::unique_ptr<io::Socket> monitor;  ///< connected; QEMU will greet
};

/// Makes everything and starts QEMU with its vCPUs stopped. `run` gets what must be undone. Throws.
Task<Launched> launch(Core& core, const DomainOwner& domain, Run& run, bool reset_nvram, io::Deadline deadline);

/// What QEMU printed since `position`, at most the last lines of it; empty if nothing.
std::string log_tail(const std::string& path, int64_t position);

/// Appends a line of ours to a guest's log, with the time. Problems are ignored: a full disk must not end a guest.
void note_in_log(const std::string& path, const std::string& text);

/// Notes that a running guest is beyond support now, once: in its log, its status and its messages.
void taint_guest(Core& core, const DomainOwner& domain, Taint taint);

/// Everything of a command line that the daemon's settings and environment tell; nothing is opened.
LaunchContext launch_context(const Core& core, const model::Domain& domain, int id, CapabilitiesRef capabilities);

/// "2026-11-21 13:32:44.593+0000"
std::string log_time();

}  // namespace virtue::qemu
