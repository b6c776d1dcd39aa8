// The procedures at run time: what a dispatcher, an access check or a tracer must know of a number it has just read.
// Built from the structs; nothing is said twice. Constant data; usable from any thread.
#pragma once
#include <span>

#include "protocol/procedure.h"

namespace virtue::proc {

/// One procedure. The fields mean what they mean in `Procedure`.
struct ProcedureInfo {
    Program program;
    int32_t number;
    std::string_view name;  ///< the struct's name: "DomainSetTime"
    std::string_view api;   ///< the C function: "virDomainSetTime"; empty for events and authentication
    std::string_view since;
    DriverKind kind;
    std::span<const AccessRule> access;
    Permission filter;
    bool read_only_allowed;
    Condition read_only_denied_if;
    Priority priority;
    StreamUse stream;
    FdCount call_fds;
    FdCount reply_fds;
    EventForm event_form;
    int32_t event_id;
    bool is_event;

    /// Decodes the arguments and gives what conditions look at; for procedures that nobody handles. Errors: rpc.
    ConditionInput (*inspect_args)(std::span<const uint8_t>);
    /// Decodes, encodes again and gives the bytes: of the arguments (of an event: the message), and of the result.
    /// Equal to the input when that was in canonical form. Errors: rpc.
    std::vector<uint8_t> (*round_trip_args)(std::span<const uint8_t>);
    std::vector<uint8_t> (*round_trip_ret)(std::span<const uint8_t>);
    /// wire::schema_of the same two.
    std::string (*args_schema)();
    std::string (*ret_schema)();
};

/// The procedure of that number, or null: unknown number, unknown program.
const ProcedureInfo* find(uint32_t program, int32_t number);

/// All procedures of a program, by number.
std::span<const ProcedureInfo> all(Program program);

/// The event that a registration for `id` on objects of `kind` delivers in that form, or null. Legacy forms exist for
/// the domain events 0 to 15 only.
const ProcedureInfo* find_event(DriverKind kind, int32_t id, EventForm form);

/// The part of libvirt that errors of this call name (read-only, unsupported): the source file of the C function.
ErrorDomain error_domain(const ProcedureInfo& procedure);

/// Throws what libvirt throws when a read-only connection makes a call that it may not make:
/// operation_denied, "operation forbidden: read only access prevents virDomainSuspend".
void require_writable(const ProcedureInfo& procedure, const ConditionInput& in);

/// "remote", "qemu", "lxc", "admin", "keepalive"; empty for another number.
std::string_view program_name(uint32_t program);

}  // namespace virtue::proc
