// Starts the user's own daemon when nobody listens on its socket. Two clients that find none at once start one: a lock
// file decides, the other waits. Loop thread only.
#pragma once
#include <string>

#include "io/loop.h"

namespace virtue::client {

/// Returns when something listens on `socket`. Throws operation_failed with what the daemon said when it ended, or
/// operation_timeout after 30 s.
Task<void> ensure_session_daemon(io::Loop& loop, std::string socket, io::Deadline deadline);

}  // namespace virtue::client
