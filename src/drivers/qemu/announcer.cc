#include "drivers/qemu/announcer.h"

#include "driver/constants.h"
#include "protocol/qemu/qemu.h"
#include "protocol/remote/event_domain.h"
#include "protocol/remote/event_domain_callback.h"

namespace virtue::qemu {
namespace {

proc::DomainRef name_of(const Domain& domain) {
    return {domain.name(), domain.uuid(), domain.id()};
}

/// An event with both forms.
template <typename Old, typename New>
void tell(driver::EventHub& hub, const Domain& domain, typename Old::Msg message = {}) {
    message.domain = name_of(domain);
    hub.publish<Old, New>(domain.uuid().to_string(), message);
}

/// An event of the newer form only.
template <typename New>
void tell_new(driver::EventHub& hub, const Domain& domain, typename New::Msg message = {}) {
    message.domain = name_of(domain);
    hub.publish<New>(domain.uuid().to_string(), message);
}

/// The sleep events, which have a reason in the newer form; libvirt always sends 0.
template <typename New>
void tell_sleep(driver::EventHub& hub, const Domain& domain) {
    typename New::Msg message;
    message.msg.domain = name_of(domain);
    hub.publish<New>(domain.uuid().to_string(), message);
}

}  // namespace

void Announcer::lifecycle(const Domain& domain, uint32_t event, uint32_t detail) {
    proc::DomainEventLifecycle::Msg message;
    message.event = static_cast<int32_t>(event);
    message.detail = static_cast<int32_t>(detail);
    tell<proc::DomainEventLifecycle, proc::DomainEventCallbackLifecycle>(hub_, domain, std::move(message));
}

// As in libvirt the event names the guest without the id that it had: it is gone.
void Announcer::stopped(const Domain& domain, uint32_t detail) {
    proc::DomainEventLifecycle::Msg message;
    message.domain = name_of(domain);
    message.domain.id = -1;
    message.event = api::domain_event_stopped;
    message.detail = static_cast<int32_t>(detail);
    hub_.publish<proc::DomainEventLifecycle, proc::DomainEventCallbackLifecycle>(domain.uuid().to_string(), message);
}

void Announcer::stopped_to(int32_t callback_id, const proc::DomainRef& domain, uint32_t detail) {
    proc::DomainEventLifecycle::Msg message;
    message.domain = domain;
    message.domain.id = -1;
    message.event = api::domain_event_stopped;
    message.detail = static_cast<int32_t>(detail);
    hub_.publish_to<proc::DomainEventLifecycle, proc::DomainEventCallbackLifecycle>(callback_id,
                                                                                    domain.uuid.to_string(), message);
}

void Announcer::reboot(const Domain& domain) {
    tell<proc::DomainEventReboot, proc::DomainEventCallbackReboot>(hub_, domain);
}

void Announcer::rtc_change(const Domain& domain, int64_t offset) {
    proc::DomainEventRtcChange::Msg message;
    message.offset = offset;
    tell<proc::DomainEventRtcChange, proc::DomainEventCallbackRtcChange>(hub_, domain, std::move(message));
}

void Announcer::watchdog(const Domain& domain, uint32_t action) {
    proc::DomainEventWatchdog::Msg message;
    message.action = static_cast<int32_t>(action);
    tell<proc::DomainEventWatchdog, proc::DomainEventCallbackWatchdog>(hub_, domain, std::move(message));
}

void Announcer::io_error(const Domain& domain, const std::string& source, const std::string& device, uint32_t action,
                         const std::string& reason) {
    proc::DomainEventIoError::Msg plain;
    plain.src_path = source;
    plain.dev_alias = device;
    plain.action = static_cast<int32_t>(action);
    tell<proc::DomainEventIoError, proc::DomainEventCallbackIoError>(hub_, domain, std::move(plain));
    proc::DomainEventIoErrorReason::Msg with_reason;
    with_reason.src_path = source;
    with_reason.dev_alias = device;
    with_reason.action = static_cast<int32_t>(action);
    with_reason.reason = reason;
    tell<proc::DomainEventIoErrorReason, proc::DomainEventCallbackIoErrorReason>(hub_, domain, std::move(with_reason));
}

void Announcer::control_error(const Domain& domain) {
    tell<proc::DomainEventControlError, proc::DomainEventCallbackControlError>(hub_, domain);
}

void Announcer::graphics(const Domain& domain, uint32_t phase, const GraphicsAddress& local,
                         const GraphicsAddress& remote, const std::string& scheme,
                         const std::vector<GraphicsIdentity>& subject) {
    proc::DomainEventGraphics::Msg message;
    message.phase = static_cast<int32_t>(phase);
    message.local.family = static_cast<int32_t>(local.family);
    message.local.node = local.node;
    message.local.service = local.service;
    message.remote.family = static_cast<int32_t>(remote.family);
    message.remote.node = remote.node;
    message.remote.service = remote.service;
    message.auth_scheme = scheme;
    for (const GraphicsIdentity& identity : subject) {
        proc::GraphicsIdentity item;
        item.type = identity.type;
        item.name = identity.name;
        message.subject.push_back(std::move(item));
    }
    tell<proc::DomainEventGraphics, proc::DomainEventCallbackGraphics>(hub_, domain, std::move(message));
}

void Announcer::block_job(const Domain& domain, const std::string& path, const std::string& device, uint32_t type,
                          uint32_t status) {
    proc::DomainEventBlockJob::Msg by_path;
    by_path.path = path;
    by_path.type = static_cast<int32_t>(type);
    by_path.status = static_cast<int32_t>(status);
    tell<proc::DomainEventBlockJob, proc::DomainEventCallbackBlockJob>(hub_, domain, std::move(by_path));
    proc::DomainEventBlockJob2::Msg by_target;
    by_target.dst = device;
    by_target.type = static_cast<int32_t>(type);
    by_target.status = static_cast<int32_t>(status);
    tell_new<proc::DomainEventBlockJob2>(hub_, domain, std::move(by_target));
}

void Announcer::tray_change(const Domain& domain, const std::string& device, uint32_t reason) {
    proc::DomainEventTrayChange::Msg message;
    message.dev_alias = device;
    message.reason = static_cast<int32_t>(reason);
    tell<proc::DomainEventTrayChange, proc::DomainEventCallbackTrayChange>(hub_, domain, std::move(message));
}

void Announcer::pm_wakeup(const Domain& domain) {
    tell_sleep<proc::DomainEventCallbackPmwakeup>(hub_, domain);
}

void Announcer::pm_suspend(const Domain& domain) {
    tell_sleep<proc::DomainEventCallbackPmsuspend>(hub_, domain);
}

void Announcer::pm_suspend_disk(const Domain& domain) {
    tell_sleep<proc::DomainEventCallbackPmsuspendDisk>(hub_, domain);
}

void Announcer::balloon_change(const Domain& domain, uint64_t actual_kib) {
    proc::DomainEventBalloonChange::Msg message;
    message.actual = actual_kib;
    tell<proc::DomainEventBalloonChange, proc::DomainEventCallbackBalloonChange>(hub_, domain, std::move(message));
}

void Announcer::device_removed(const Domain& domain, const std::string& alias) {
    proc::DomainEventDeviceRemoved::Msg message;
    message.dev_alias = alias;
    tell<proc::DomainEventDeviceRemoved, proc::DomainEventCallbackDeviceRemoved>(hub_, domain, std::move(message));
}

void Announcer::device_added(const Domain& domain, const std::string& alias) {
    proc::DomainEventCallbackDeviceAdded::Msg message;
    message.dev_alias = alias;
    tell_new<proc::DomainEventCallbackDeviceAdded>(hub_, domain, std::move(message));
}

void Announcer::device_removal_failed(const Domain& domain, const std::string& alias) {
    proc::DomainEventCallbackDeviceRemovalFailed::Msg message;
    message.dev_alias = alias;
    tell_new<proc::DomainEventCallbackDeviceRemovalFailed>(hub_, domain, std::move(message));
}

void Announcer::agent_lifecycle(const Domain& domain, uint32_t state, uint32_t reason) {
    proc::DomainEventCallbackAgentLifecycle::Msg message;
    message.state = static_cast<int32_t>(state);
    message.reason = static_cast<int32_t>(reason);
    tell_new<proc::DomainEventCallbackAgentLifecycle>(hub_, domain, std::move(message));
}

void Announcer::metadata_change(const Domain& domain, uint32_t type, const std::string& uri) {
    proc::DomainEventCallbackMetadataChange::Msg message;
    message.type = static_cast<int32_t>(type);
    if (!uri.empty()) message.nsuri = uri;
    tell_new<proc::DomainEventCallbackMetadataChange>(hub_, domain, std::move(message));
}

void Announcer::block_threshold(const Domain& domain, const std::string& device, const std::string& path,
                                uint64_t threshold, uint64_t excess) {
    proc::DomainEventBlockThreshold::Msg message;
    message.dev = device;
    if (!path.empty()) message.path = path;
    message.threshold = threshold;
    message.excess = excess;
    tell_new<proc::DomainEventBlockThreshold>(hub_, domain, std::move(message));
}

void Announcer::tunable(const Domain& domain, std::vector<wire::TypedParameter> parameters) {
    proc::DomainEventCallbackTunable::Msg message;
    message.params = std::move(parameters);
    tell_new<proc::DomainEventCallbackTunable>(hub_, domain, std::move(message));
}

void Announcer::memory_failure(const Domain& domain, uint32_t recipient, uint32_t action, uint32_t flags) {
    proc::DomainEventMemoryFailure::Msg message;
    message.recipient = static_cast<int32_t>(recipient);
    message.action = static_cast<int32_t>(action);
    message.flags = flags;
    tell_new<proc::DomainEventMemoryFailure>(hub_, domain, std::move(message));
}

void Announcer::memory_device_size_change(const Domain& domain, const std::string& alias, uint64_t size) {
    proc::DomainEventMemoryDeviceSizeChange::Msg message;
    message.alias = alias;
    message.size = size;
    tell_new<proc::DomainEventMemoryDeviceSizeChange>(hub_, domain, std::move(message));
}

void Announcer::job_completed(const Domain& domain, const std::vector<wire::TypedParameter>& parameters) {
    proc::DomainEventCallbackJobCompleted::Msg message;
    message.params = parameters;
    tell_new<proc::DomainEventCallbackJobCompleted>(hub_, domain, std::move(message));
}

void Announcer::monitor_event(const Domain& domain, const std::string& event, int64_t seconds, uint32_t micros,
                              const std::string& details) {
    if (!hub_.wanted(driver::EventClass::qemu_monitor, 0)) return;
    proc::QemuDomainMonitorEvent::Msg message;
    message.domain = name_of(domain);
    message.event = event;
    message.seconds = seconds;
    message.micros = micros;
    if (!details.empty()) message.details = details;
    hub_.publish_monitor(event, domain.uuid().to_string(), message);
}

}  // namespace virtue::qemu
