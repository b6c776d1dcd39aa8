// Events of one driver: who wants which, and the giving out. Each driver instance owns a hub; subscriptions belong
// to sessions and end with them. Loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "driver/handler_table.h"
#include "driver/session.h"
#include "protocol/qemu/qemu.h"

namespace virtue::driver {

/// The classes of objects that have events (libvirt counts event ids for each apart).
enum class EventClass : uint8_t { domain, network, storage_pool, node_device, secret, qemu_monitor };

/// Keeps subscriptions and gives out events. Callback ids count up per hub and are never reused.
class EventHub {
public:
    /// What a client asked for.
    struct Subscription {
        int32_t callback_id;
        EventClass event_class;
        int32_t event_id;
        std::string object;  ///< key of the one object wanted (uuid text, or device name); empty for all
        bool legacy;         ///< asked by the old calls: answered with the old messages, without an id
        Session* session;
        std::function<bool(const std::string&)> filter;  ///< for qemu_monitor: which event names; may be empty
    };

    EventHub() = default;
    EventHub(const EventHub&) = delete;
    EventHub& operator=(const EventHub&) = delete;

    /// Binds the register and deregister procedures of an object class to this hub.
    void bind(HandlerTable& on, EventClass event_class);

    /// Adds a subscription; returns its callback id. Throws invalid_arg "event callback already tracked" when this
    /// session asked for the same before.
    int32_t subscribe(Subscription subscription);
    /// Throws invalid_arg when this session has no such subscription.
    void unsubscribe(Session& session, EventClass event_class, int32_t callback_id);
    void unsubscribe_legacy(Session& session, EventClass event_class, int32_t event_id);
    bool wanted(EventClass event_class, int32_t event_id) const;

    /// Gives an event to all who want it. `Old` and `New` are the event's legacy and callback procedures
    /// (`proc::DomainEventReboot, proc::DomainEventCallbackReboot`); `message` is the legacy one.
    template <typename Old, typename New>
    void publish(const std::string& object, const typename Old::Msg& message) {
        static_assert(Old::event_id == New::event_id);
        if (!wanted(class_of(Old::kind), Old::event_id)) return;
        wire::Encoder body;
        body.put(int32_t{0});
        wire::encode(body, message);
        give_out({class_of(Old::kind), Old::event_id, Old::number, New::number, New::program}, object, body);
    }
    /// The same for an event that has the callback form only; its message begins with the callback id.
    template <typename New>
    void publish(const std::string& object, const typename New::Msg& message) {
        if (!wanted(class_of(New::kind), New::event_id)) return;
        wire::Encoder body;
        wire::encode(body, message);
        give_out({class_of(New::kind), New::event_id, 0, New::number, New::program}, object, body);
    }
    /// The same for one subscription only: what it missed.
    template <typename Old, typename New>
    void publish_to(int32_t callback_id, const std::string& object, const typename Old::Msg& message) {
        wire::Encoder body;
        body.put(int32_t{0});
        wire::encode(body, message);
        give_out({class_of(Old::kind), Old::event_id, Old::number, New::number, New::program}, object, body, nullptr,
                 callback_id);
    }
    /// Called after each new subscription.
    void on_subscribed(std::function<void(const Subscription&)> callback) { on_subscribed_ = std::move(callback); }
    /// An event of a QEMU monitor, for those whose filter takes its name.
    void publish_monitor(const std::string& event_name, const std::string& object,
                         const proc::QemuDomainMonitorEvent::Msg& message);

private:
    struct Numbers {
        EventClass event_class;
        int32_t event_id;
        int32_t legacy;
        int32_t callback;
        wire::Program program;
    };
    static EventClass class_of(proc::DriverKind kind);
    /// `body` begins with four bytes for the callback id.
    void give_out(const Numbers& numbers, const std::string& object, wire::Encoder& body,
                  const std::string* monitor_event = nullptr, int32_t only = -1);
    void drop(int32_t callback_id);

    struct Entry {
        Subscription subscription;
        uint64_t undo_key;
    };
    std::map<int32_t, Entry> subscriptions_;
    std::map<std::pair<EventClass, int32_t>, int> counts_;
    std::function<void(const Subscription&)> on_subscribed_;
    int32_t next_id_ = 0;
};

}  // namespace virtue::driver
