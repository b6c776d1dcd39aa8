// table
// Signs of life. A ping is answered by a pong at once, even before authentication.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/procedure.h"

namespace virtue::proc {

/// Asks the peer for a pong.
struct KeepalivePing : Procedure<1, Program::keepalive> {};

/// The answer to a ping.
struct KeepalivePong : Procedure<2, Program::keepalive> {};

/// Every procedure of this file, for the registry.
using KeepaliveProcedures = Procedures<KeepalivePing, KeepalivePong>;

}  // namespace virtue::proc
