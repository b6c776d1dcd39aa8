// The checks between a message and its handler, in libvirtd's order, with its errors. Stateless; loop thread only.
#pragma once
#include "rpc/server_session.h"

namespace virtue::rpc {

/// The procedure that a call names, if this client may call it now. Throws rpc: unknown program or procedure, a wrong
/// status, "authentication required".
const proc::ProcedureInfo& check_call(ServerSession& client, const wire::Header& header);

/// Who answers it. Throws internal_error before CONNECT_OPEN, operation_denied on a read-only connection, no_support
/// when the driver has no such call, rpc when the arguments cannot be decoded.
const driver::Handler& handler_for(ServerSession& client, const proc::ProcedureInfo& procedure,
                                   std::span<const uint8_t> arguments);

}  // namespace virtue::rpc
