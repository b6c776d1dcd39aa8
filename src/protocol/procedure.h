// What every procedure struct derives from: its number, and the facts that hold unless the struct says otherwise.
// A procedure is a type only; nobody makes objects of it. Constant data; usable from any thread.
#pragma once
#include <string_view>

#include "protocol/access.h"
#include "protocol/event_id.h"
#include "protocol/limits.h"
#include "wire/message.h"

namespace virtue::proc {

using wire::CharArray;
using wire::CharList;
using wire::fds_max;
using wire::List;
using wire::Opaque;
using wire::Program;
using wire::TypedParameter;
using wire::Void;

/// Which of the eight kinds of driver answers. `none`: the session or the daemon itself.
enum class DriverKind : uint8_t {
    none,
    hypervisor,
    network,
    interface,
    storage,
    node_device,
    secret,
    nwfilter,
    state,
};

/// High ones answer from memory and may overtake the others.
enum class Priority : uint8_t { low, high };

/// Which way stream data flows after the reply, seen from the client. Consoles and channels are `read` and go both
/// ways.
enum class StreamDirection : uint8_t { none, read, write };

/// The stream of a procedure: direction, its place among the C function's parameters, the flag that allows holes.
struct StreamUse {
    StreamDirection direction = StreamDirection::none;
    int32_t position = 0;
    uint32_t sparse_flag = 0;
};

/// How many descriptors travel with a message.
struct FdCount {
    uint32_t least = 0;
    uint32_t most = 0;
};

/// How an event reaches the client: without a callback id (legacy), or with it.
enum class EventForm : uint8_t { none, legacy, callback };

/// A call. The struct adds `api` (the C function, used in error texts), `since` (libvirt's first release with it) and
/// whatever differs from the defaults here.
template <int32_t Number, Program In>
struct Procedure {
    static constexpr int32_t number = Number;
    static constexpr Program program = In;
    static constexpr std::string_view api{};
    static constexpr std::string_view since{};
    static constexpr DriverKind kind = DriverKind::none;
    static constexpr Access access{};
    /// What is asked for each object before it goes into a list or an event.
    static constexpr Permission filter = Permission::none;
    /// Whether a read-only connection may call it, and with which arguments it may not after all.
    static constexpr bool read_only_allowed = false;
    static constexpr Condition read_only_denied_if = Condition::never();
    static constexpr Priority priority = Priority::low;
    static constexpr StreamUse stream{};
    static constexpr FdCount call_fds{};
    static constexpr FdCount reply_fds{};
    static constexpr EventForm event_form = EventForm::none;
    static constexpr int32_t event_id = -1;
    static constexpr bool is_event = false;
    using Args = Void;
    using Ret = Void;
};

/// A message that only the server sends.
template <int32_t Number, Program In>
struct Event : Procedure<Number, In> {
    static constexpr bool is_event = true;
    using Msg = Void;
};

constexpr DriverKind kind_of(DomainEventId) {
    return DriverKind::hypervisor;
}
constexpr DriverKind kind_of(NetworkEventId) {
    return DriverKind::network;
}
constexpr DriverKind kind_of(StoragePoolEventId) {
    return DriverKind::storage;
}
constexpr DriverKind kind_of(NodeDeviceEventId) {
    return DriverKind::node_device;
}
constexpr DriverKind kind_of(SecretEventId) {
    return DriverKind::secret;
}

/// An event of the old form.
template <int32_t Number, auto Id>
struct LegacyEvent : Event<Number, Program::remote> {
    static constexpr EventForm event_form = EventForm::legacy;
    static constexpr DriverKind kind = kind_of(Id);
    static constexpr int32_t event_id = static_cast<int32_t>(Id);
};

/// An event whose message starts with the callback id.
template <int32_t Number, auto Id>
struct CallbackEvent : LegacyEvent<Number, Id> {
    static constexpr EventForm event_form = EventForm::callback;
};

/// A list of procedures, as each header ends with.
template <class... P>
struct Procedures {};

/// What the conditions of P look at, out of its arguments.
template <class Args>
ConditionInput condition_input(const Args& args) {
    ConditionInput in;
    if constexpr (requires { args.flags; }) in.flags = static_cast<uint64_t>(args.flags);
    if constexpr (requires { args.source; }) {
        if constexpr (std::is_integral_v<decltype(args.source)>) in.source = static_cast<uint32_t>(args.source);
    }
    return in;
}

/// Whether a read-only connection may make this very call.
template <class P>
bool allowed_read_only(const typename P::Args& args) {
    return P::read_only_allowed && !P::read_only_denied_if.holds(condition_input(args));
}

}  // namespace virtue::proc
