// Turns a list of procedure structs into rows of the registry. Included by the registry_*.cc files only: each row
// compiles the codecs of its procedure. Constant data; usable from any thread.
#pragma once
#include "protocol/registry.h"
#include "wire/schema.h"

namespace virtue::proc {

using Rows = std::span<const ProcedureInfo>;

/// One function a registry_*.cc file.
Rows connect_rows();
Rows domain_rows();
Rows domain_device_rows();
Rows domain_guest_rows();
Rows event_rows();
Rows object_rows();
Rows storage_rows();
Rows other_program_rows();

/// The name of the struct P, out of the compiler's own text "... [P = virtue::proc::DomainSetTime]".
template <class P>
constexpr std::string_view struct_name() {
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_suffix(text.size() - text.rfind(']'));
    text.remove_prefix(text.rfind(':') + 1);
    return text;
}

template <class P>
struct ArgumentsOf {
    using Type = typename P::Args;
};
template <class P>
    requires P::is_event
struct ArgumentsOf<P> {
    using Type = typename P::Msg;
};

template <class Args>
ConditionInput inspect(std::span<const uint8_t> bytes) {
    return condition_input(wire::decode_as<Args>(bytes));
}

template <class T>
std::vector<uint8_t> round_trip(std::span<const uint8_t> bytes) {
    wire::Encoder out;
    wire::encode(out, wire::decode_as<T>(bytes));
    return out.take();
}

template <class P>
constexpr ProcedureInfo row() {
    using Args = typename ArgumentsOf<P>::Type;
    return {
        .program = P::program,
        .number = P::number,
        .name = struct_name<P>(),
        .api = P::api,
        .since = P::since,
        .kind = P::kind,
        .access = P::access.view(),
        .filter = P::filter,
        .read_only_allowed = P::read_only_allowed,
        .read_only_denied_if = P::read_only_denied_if,
        .priority = P::priority,
        .stream = P::stream,
        .call_fds = P::call_fds,
        .reply_fds = P::reply_fds,
        .event_form = P::event_form,
        .event_id = P::event_id,
        .is_event = P::is_event,
        .inspect_args = inspect<Args>,
        .round_trip_args = round_trip<Args>,
        .round_trip_ret = round_trip<typename P::Ret>,
        .args_schema = wire::schema_of<Args>,
        .ret_schema = wire::schema_of<typename P::Ret>,
    };
}

/// The rows of several lists, in constant storage.
template <class... Lists>
struct Table;
template <class... P>
struct Table<Procedures<P...>> {
    static constexpr ProcedureInfo rows[] = {row<P>()...};
};
template <class... P, class... Q, class... More>
struct Table<Procedures<P...>, Procedures<Q...>, More...> : Table<Procedures<P..., Q...>, More...> {};

}  // namespace virtue::proc
