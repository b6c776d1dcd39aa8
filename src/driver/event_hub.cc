#include "driver/event_hub.h"

#include <algorithm>

#include "base/error.h"

namespace virtue::driver {

namespace {
// Of one client. Each event and each registration looks at all of them, and who may only read may register, too.
constexpr size_t most_subscriptions = 16384;
}  // namespace

int32_t EventHub::subscribe(Subscription subscription) {
    size_t of_session = 0;
    for (const auto& [id, entry] : subscriptions_) {
        const Subscription& other = entry.subscription;
        of_session += other.session == subscription.session ? 1 : 0;
        bool same = other.session == subscription.session && other.event_class == subscription.event_class &&
                    other.event_id == subscription.event_id && other.object == subscription.object &&
                    other.legacy == subscription.legacy;
        if (same && subscription.event_class != EventClass::qemu_monitor) {
            throw Error(ErrorCode::invalid_arg, ErrorDomain::none, "event callback already tracked");
        }
    }
    if (of_session >= most_subscriptions) {
        fail(ErrorCode::operation_failed, ErrorDomain::none,
             "{} event callbacks are registered on this connection, the limit", of_session);
    }
    int32_t id = next_id_++;
    subscription.callback_id = id;
    uint64_t undo_key = subscription.session->on_close([this, id] { drop(id); });
    counts_[{subscription.event_class, subscription.event_id}]++;
    auto added = subscriptions_.emplace(id, Entry{std::move(subscription), undo_key}).first;
    if (on_subscribed_) on_subscribed_(added->second.subscription);
    return id;
}

void EventHub::unsubscribe(Session& session, EventClass event_class, int32_t callback_id) {
    auto found = subscriptions_.find(callback_id);
    bool ours = found != subscriptions_.end() && found->second.subscription.session == &session &&
                found->second.subscription.event_class == event_class;
    if (!ours) fail(ErrorCode::invalid_arg, ErrorDomain::none, "event callback id {} not registered", callback_id);
    session.forget(found->second.undo_key);
    drop(callback_id);
}

void EventHub::unsubscribe_legacy(Session& session, EventClass event_class, int32_t event_id) {
    auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(), [&](const auto& item) {
        const Subscription& subscription = item.second.subscription;
        return subscription.session == &session && subscription.event_class == event_class &&
               subscription.event_id == event_id && subscription.legacy;
    });
    if (found == subscriptions_.end()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::none, "event callback id {} not registered", event_id);
    }
    int32_t id = found->first;
    session.forget(found->second.undo_key);
    drop(id);
}

bool EventHub::wanted(EventClass event_class, int32_t event_id) const {
    return counts_.contains({event_class, event_id});
}

EventClass EventHub::class_of(proc::DriverKind kind) {
    switch (kind) {
        case proc::DriverKind::network:
            return EventClass::network;
        case proc::DriverKind::storage:
            return EventClass::storage_pool;
        case proc::DriverKind::node_device:
            return EventClass::node_device;
        case proc::DriverKind::secret:
            return EventClass::secret;
        default:
            return EventClass::domain;
    }
}

void EventHub::publish_monitor(const std::string& event_name, const std::string& object,
                               const proc::QemuDomainMonitorEvent::Msg& message) {
    if (!wanted(EventClass::qemu_monitor, 0)) return;
    wire::Encoder body;
    wire::encode(body, message);
    Numbers numbers{EventClass::qemu_monitor, 0, 0, proc::QemuDomainMonitorEvent::number,
                    proc::QemuDomainMonitorEvent::program};
    give_out(numbers, object, body, &event_name);
}

void EventHub::give_out(const Numbers& numbers, const std::string& object, wire::Encoder& body,
                        const std::string* monitor_event, int32_t only) {
    for (const auto& [id, entry] : subscriptions_) {
        const Subscription& subscription = entry.subscription;
        bool matches = subscription.event_class == numbers.event_class && subscription.event_id == numbers.event_id &&
                       (subscription.object.empty() || subscription.object == object);
        if (!matches || (only >= 0 && id != only)) continue;
        if (monitor_event && subscription.filter && !subscription.filter(*monitor_event)) continue;
        body.patch(0, static_cast<uint32_t>(id));
        std::span<const uint8_t> bytes = body.view();
        if (subscription.legacy) bytes = bytes.subspan(sizeof(int32_t));
        int32_t procedure = subscription.legacy ? numbers.legacy : numbers.callback;
        subscription.session->sink().send_event(numbers.program, procedure, {bytes.begin(), bytes.end()});
    }
}

void EventHub::drop(int32_t callback_id) {
    auto found = subscriptions_.find(callback_id);
    if (found == subscriptions_.end()) return;
    auto count = counts_.find({found->second.subscription.event_class, found->second.subscription.event_id});
    if (--count->second == 0) counts_.erase(count);
    subscriptions_.erase(found);
}

}  // namespace virtue::driver
