#include "rpc/authenticator.h"

#include <unistd.h>

#include "base/error.h"
#include "io/process.h"

namespace virtue::rpc {

Task<void> Authenticator::check_polkit(io::Loop&, driver::Identity, bool, io::Deadline) {
    throw Error(ErrorCode::auth_failed, ErrorDomain::rpc, "authentication failed");
    co_return;
}

Task<void> PolkitAuthentication::check_polkit(io::Loop& loop, driver::Identity peer, bool read_only,
                                              io::Deadline deadline) {
    if (::access(pkcheck_.c_str(), X_OK) != 0) {
        throw Error(ErrorCode::auth_unavailable, ErrorDomain::rpc, fmt::format("{} is not installed", pkcheck_),
                    "install polkit, or set auth_unix_rw and unix_sock_group in virtued.conf");
    }
    std::optional<uint64_t> started = io::process_start_time(peer.pid);
    if (!started || !peer.uid) throw Error(ErrorCode::auth_failed, ErrorDomain::rpc, "the client is gone");
    io::ProcessOptions options;
    options.arguments = {pkcheck_,
                         "--action-id",
                         read_only ? "org.libvirt.unix.monitor" : "org.libvirt.unix.manage",
                         "--process",
                         fmt::format("{},{},{}", peer.pid, *started, *peer.uid),
                         "--allow-user-interaction"};
    io::CommandResult result = co_await io::run_command(loop, std::move(options), std::string(), deadline, 4096);
    if (!result.status.success()) {
        throw Error(ErrorCode::auth_failed, ErrorDomain::rpc, "access denied by policy");
    }
}

}  // namespace virtue::rpc
