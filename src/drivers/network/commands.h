// Programs that the network driver runs to their end: nft, iptables, tc, dnsmasq, hooks. Loop thread only.
#pragma once
#include <string>
#include <vector>

#include "io/process.h"

namespace virtue::network {

struct CommandOptions {
    std::string input;
    std::vector<std::string> environment;  ///< besides PATH and the like; shown before the command in errors
    bool may_fail = false;                 ///< then a failure gives what was printed, no error
};

/// Runs a program and returns what it printed. Throws internal_error "Child process (…) unexpected exit status N: …",
/// libvirt's words, or operation_timeout.
Task<std::string> run_tool(io::Loop& loop, std::vector<std::string> command, CommandOptions options,
                           io::Milliseconds patience);

}  // namespace virtue::network
