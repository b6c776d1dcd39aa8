#include "rpc/dispatch.h"

#include <algorithm>

#include "protocol/remote/auth.h"

namespace virtue::rpc {

namespace {

bool serves(const Service& service, const wire::Header& header) {
    return std::any_of(service.programs.begin(), service.programs.end(),
                       [&](wire::Program program) { return header.is(program); });
}

bool is_authentication(const proc::ProcedureInfo& procedure) {
    return procedure.program == wire::Program::remote && procedure.number >= proc::AuthList::number &&
           procedure.number <= proc::AuthPolkit::number;
}

}  // namespace

const proc::ProcedureInfo& check_call(ServerSession& client, const wire::Header& header) {
    if (!serves(client.server().service(), header)) {
        fail(ErrorCode::rpc, ErrorDomain::rpc, "Cannot find program {} version {}", header.program, header.version);
    }
    if (header.status != wire::MessageStatus::ok) {
        fail(ErrorCode::rpc, ErrorDomain::rpc, "Unexpected message status {}", static_cast<int32_t>(header.status));
    }
    const proc::ProcedureInfo* procedure = proc::find(header.program, header.procedure);
    if (!procedure || procedure->is_event) {
        // The C client recognizes this text and makes "not supported" of it.
        fail(ErrorCode::rpc, ErrorDomain::rpc, "unknown procedure: {}", header.procedure);
    }
    if (!client.is_authenticated() && !is_authentication(*procedure)) {
        throw Error(ErrorCode::rpc, ErrorDomain::rpc, "authentication required");
    }
    if (procedure->stream.direction != proc::StreamDirection::none &&
        client.stream_count() >= client.server().limits().max_client_streams) {
        fail(ErrorCode::operation_failed, ErrorDomain::streams, "{} streams are open on this connection, the limit",
             client.stream_count());
    }
    return *procedure;
}

const driver::Handler& handler_for(ServerSession& client, const proc::ProcedureInfo& procedure,
                                   std::span<const uint8_t> arguments) {
    const driver::HandlerTable* own = client.server().service().own_calls;
    if (const driver::Handler* handler = own ? own->find(procedure.program, procedure.number) : nullptr) {
        return *handler;
    }
    const driver::Session& session = client.session();
    if (!session.route()) {
        procedure.inspect_args(arguments);
        bool hypervisor = procedure.kind == proc::DriverKind::hypervisor || procedure.kind == proc::DriverKind::none;
        throw Error(ErrorCode::internal_error, ErrorDomain::rpc,
                    hypervisor ? "hypervisor connection not open" : "connection not open");
    }
    if (session.is_read_only()) proc::require_writable(procedure, procedure.inspect_args(arguments));
    const driver::HandlerTable* table = session.route()->table(procedure.kind);
    const driver::Handler* handler = table ? table->find(procedure.program, procedure.number) : nullptr;
    if (!handler) {
        procedure.inspect_args(arguments);
        throw driver::unsupported(procedure);
    }
    return *handler;
}

}  // namespace virtue::rpc
