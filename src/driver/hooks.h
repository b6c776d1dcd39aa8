// The administrator's hook programs: KIND and KIND.d/* in the hooks folder of the daemon's configuration, called as
// libvirt calls them. Loop thread only.
#pragma once
#include <string>
#include <vector>

#include "io/process.h"

namespace virtue::driver {

/// One moment at which hooks are called: with OBJECT OPERATION STEP EXTRA.
struct HookCall {
    std::string folder;  ///< "/etc/libvirt/hooks"
    std::string kind;    ///< "qemu", "network", "daemon"
    std::string object = "-";
    std::string operation;
    std::string step = "-";
    std::string extra = "-";
    std::string input;  ///< what they can read
};

/// The programs of a kind that there are, in the order in which they are called.
std::vector<std::string> hook_programs(const std::string& folder, const std::string& kind);

/// Calls one after the other and gives what the last one that printed anything printed. Throws hook_script_failed when
/// one fails, operation_timeout when one takes longer than five minutes, operation_aborted.
Task<std::string> run_hooks(io::Loop& loop, HookCall call, io::Deadline deadline);

}  // namespace virtue::driver
