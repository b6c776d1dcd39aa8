// The procedures by which clients subscribe and unsubscribe, the same for every driver with a hub.
#include "base/error.h"
#include "driver/event_hub.h"
#include "protocol/qemu/qemu.h"
#include "protocol/remote/event_register.h"

namespace virtue::driver {
namespace {

/// Legacy registration knows only the events of its time.
constexpr int32_t legacy_domain_events = 16;

struct EventCount {
    EventClass event_class;
    int32_t count;
};
constexpr EventCount known_events[] = {
    {EventClass::domain, 30},     {EventClass::network, 2}, {EventClass::storage_pool, 2},
    {EventClass::node_device, 2}, {EventClass::secret, 2},
};

void require_known(EventClass event_class, int32_t event_id, int32_t limit = INT32_MAX) {
    for (const EventCount& known : known_events) {
        if (known.event_class == event_class) limit = std::min(limit, known.count);
    }
    if (event_id < 0 || event_id >= limit) {
        fail(ErrorCode::internal_error, ErrorDomain::rpc, "unsupported event ID {}", event_id);
    }
}

int32_t subscribe(EventHub& hub, Call& call, EventClass event_class, int32_t event_id, std::string object,
                  bool legacy) {
    require_known(event_class, event_id, legacy ? legacy_domain_events : INT32_MAX);
    return hub.subscribe({.callback_id = -1,
                          .event_class = event_class,
                          .event_id = event_id,
                          .object = std::move(object),
                          .legacy = legacy,
                          .session = &call.session,
                          .filter = {}});
}

std::string key(const std::optional<proc::DomainRef>& domain) {
    return domain ? domain->uuid.to_string() : "";
}
std::string key(const std::optional<proc::NetworkRef>& network) {
    return network ? network->uuid.to_string() : "";
}
std::string key(const std::optional<proc::StoragePoolRef>& pool) {
    return pool ? pool->uuid.to_string() : "";
}
std::string key(const std::optional<proc::NodeDeviceRef>& device) {
    return device ? device->name : "";
}
std::string key(const std::optional<proc::SecretRef>& secret) {
    return secret ? secret->uuid.to_string() : "";
}

/// Binds a register procedure whose object argument is `member`, and its deregister procedure.
template <typename Register, typename Deregister, auto Member>
void bind_pair(HandlerTable& on, EventHub& hub, EventClass event_class) {
    on.call<Register>([&hub, event_class](Call& call, typename Register::Args&& arguments) {
        int32_t id = subscribe(hub, call, event_class, arguments.event_id, key(arguments.*Member), false);
        return typename Register::Ret{.callback_id = id};
    });
    on.call<Deregister>([&hub, event_class](Call& call, typename Deregister::Args&& arguments) {
        hub.unsubscribe(call.session, event_class, arguments.callback_id);
        return wire::Void{};
    });
}

void bind_legacy_domain_events(HandlerTable& on, EventHub& hub) {
    on.call<proc::ConnectDomainEventRegister>([&hub](Call& call, wire::Void&&) {
        subscribe(hub, call, EventClass::domain, 0, "", true);
        return proc::ConnectDomainEventRegister::Ret{.cb_registered = 1};
    });
    on.call<proc::ConnectDomainEventDeregister>([&hub](Call& call, wire::Void&&) {
        hub.unsubscribe_legacy(call.session, EventClass::domain, 0);
        return proc::ConnectDomainEventDeregister::Ret{.cb_registered = 0};
    });
    on.call<proc::ConnectDomainEventRegisterAny>(
        [&hub](Call& call, proc::ConnectDomainEventRegisterAny::Args&& arguments) {
            subscribe(hub, call, EventClass::domain, arguments.event_id, "", true);
            return wire::Void{};
        });
    on.call<proc::ConnectDomainEventDeregisterAny>(
        [&hub](Call& call, proc::ConnectDomainEventDeregisterAny::Args&& arguments) {
            hub.unsubscribe_legacy(call.session, EventClass::domain, arguments.event_id);
            return wire::Void{};
        });
}

}  // namespace

void EventHub::bind(HandlerTable& on, EventClass event_class) {
    switch (event_class) {
        case EventClass::domain:
            bind_legacy_domain_events(on, *this);
            bind_pair<proc::ConnectDomainEventCallbackRegisterAny, proc::ConnectDomainEventCallbackDeregisterAny,
                      &proc::ConnectDomainEventCallbackRegisterAny::Args::domain>(on, *this, event_class);
            break;
        case EventClass::network:
            bind_pair<proc::ConnectNetworkEventRegisterAny, proc::ConnectNetworkEventDeregisterAny,
                      &proc::ConnectNetworkEventRegisterAny::Args::network>(on, *this, event_class);
            break;
        case EventClass::storage_pool:
            bind_pair<proc::ConnectStoragePoolEventRegisterAny, proc::ConnectStoragePoolEventDeregisterAny,
                      &proc::ConnectStoragePoolEventRegisterAny::Args::pool>(on, *this, event_class);
            break;
        case EventClass::node_device:
            bind_pair<proc::ConnectNodeDeviceEventRegisterAny, proc::ConnectNodeDeviceEventDeregisterAny,
                      &proc::ConnectNodeDeviceEventRegisterAny::Args::device>(on, *this, event_class);
            break;
        case EventClass::secret:
            bind_pair<proc::ConnectSecretEventRegisterAny, proc::ConnectSecretEventDeregisterAny,
                      &proc::ConnectSecretEventRegisterAny::Args::secret>(on, *this, event_class);
            break;
        case EventClass::qemu_monitor:
            break;  // its filter by name is the QEMU driver's business: it calls subscribe() itself
    }
}

}  // namespace virtue::driver
