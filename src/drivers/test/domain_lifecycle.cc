// Starting, stopping and what lies between.
#include <chrono>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_guest.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/domain_stats.h"

namespace virtue::test {
namespace {

void create_guest(Instance& in, const proc::DomainRef& reference, uint32_t flags) {
    check_flags(flags, 0, "testDomainCreateWithFlags");
    Guest& guest = guest_of(in, reference);
    if (guest.is_active()) refuse(ErrorCode::internal_error, "Domain '{}' is already running", guest.name());
    start(in, guest, api::domain_running_booted);
    tell(in, guest, api::domain_event_started, api::domain_event_started_booted);
}

proc::DomainCreate::Ret create(Instance& in, proc::DomainCreate::Args args) {
    create_guest(in, args.domain, 0);
    return {};
}

proc::DomainCreateWithFlags::Ret create_with_flags(Instance& in, proc::DomainCreateWithFlags::Args args) {
    create_guest(in, args.domain, args.flags);
    return {guest_of(in, args.domain).reference()};
}

proc::DomainCreateWithFiles::Ret create_with_files(Instance& in, proc::DomainCreateWithFiles::Args args) {
    create_guest(in, args.domain, args.flags);
    return {guest_of(in, args.domain).reference()};
}

proc::DomainRef create_from(Instance& in, const std::string& xml, uint32_t flags) {
    check_flags(flags, api::domain_start_validate, "testDomainCreateXML");
    Guest& guest = assign(in, read_definition(in, xml), true);
    start(in, guest, api::domain_running_booted);
    tell(in, guest, api::domain_event_started, api::domain_event_started_booted);
    return guest.reference();
}

proc::DomainCreateXml::Ret create_xml(Instance& in, proc::DomainCreateXml::Args args) {
    return {create_from(in, args.xml_desc, args.flags)};
}

proc::DomainCreateXmlWithFiles::Ret create_xml_with_files(Instance& in, proc::DomainCreateXmlWithFiles::Args args) {
    return {create_from(in, args.xml_desc, args.flags)};
}

void destroy_guest(Instance& in, const proc::DomainRef& reference, uint32_t flags) {
    check_flags(flags, 1, "testDomainDestroyFlags");  // VIR_DOMAIN_DESTROY_GRACEFUL
    Guest& guest = guest_of(in, reference);
    guest.require_active();
    stop(guest, api::domain_shutoff_destroyed);
    tell(in, guest, api::domain_event_stopped, api::domain_event_stopped_destroyed);
    drop_if_transient(in, guest);
}

proc::DomainDestroy::Ret destroy(Instance& in, proc::DomainDestroy::Args args) {
    destroy_guest(in, args.domain, 0);
    return {};
}

proc::DomainDestroyFlags::Ret destroy_flags(Instance& in, proc::DomainDestroyFlags::Args args) {
    destroy_guest(in, args.domain, args.flags);
    return {};
}

proc::DomainSuspend::Ret suspend(Instance& in, proc::DomainSuspend::Args args) {
    Guest& guest = guest_of(in, args.domain);
    if (guest.state == api::domain_shutoff || guest.state == api::domain_paused)
        refuse(ErrorCode::internal_error, "domain '{}' not running", guest.name());
    guest.state = api::domain_paused;
    guest.reason = api::domain_paused_user;
    tell(in, guest, api::domain_event_suspended, api::domain_event_suspended_paused);
    return {};
}

proc::DomainResume::Ret resume(Instance& in, proc::DomainResume::Args args) {
    Guest& guest = guest_of(in, args.domain);
    if (guest.state != api::domain_paused) refuse(ErrorCode::internal_error, "domain '{}' not paused", guest.name());
    guest.state = api::domain_running;
    guest.reason = api::domain_running_unpaused;
    tell(in, guest, api::domain_event_resumed, api::domain_event_resumed_unpaused);
    return {};
}

/// What the guest does at a lifecycle action of its definition.
void act(Instance& in, Guest& guest, model::LifecycleAction action) {
    switch (action) {
        case model::LifecycleAction::restart:
        case model::LifecycleAction::rename_restart:
        case model::LifecycleAction::coredump_restart:
            guest.state = api::domain_running;
            guest.reason = api::domain_running_booted;
            return;
        default:
            stop(guest, api::domain_shutoff_shutdown);
            tell(in, guest, api::domain_event_stopped, api::domain_event_stopped_shutdown);
            drop_if_transient(in, guest);
    }
}

void shut_down(Instance& in, const proc::DomainRef& reference, uint32_t flags) {
    check_flags(flags, 0, "testDomainShutdownFlags");
    Guest& guest = guest_of(in, reference);
    if (guest.state == api::domain_shutoff) refuse(ErrorCode::internal_error, "domain '{}' not running", guest.name());
    act(in, guest, guest.current.on_poweroff);
}

proc::DomainShutdown::Ret shutdown(Instance& in, proc::DomainShutdown::Args args) {
    shut_down(in, args.domain, 0);
    return {};
}

proc::DomainShutdownFlags::Ret shutdown_flags(Instance& in, proc::DomainShutdownFlags::Args args) {
    shut_down(in, args.domain, args.flags);
    return {};
}

proc::DomainReboot::Ret reboot(Instance& in, proc::DomainReboot::Args args) {
    // VIR_DOMAIN_REBOOT_…: ACPI button, agent, init, signal, paravirt.
    check_flags(args.flags, 31, "testDomainReboot");
    Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    act(in, guest, guest.current.on_reboot);
    return {};
}

proc::DomainReset::Ret reset(Instance& in, proc::DomainReset::Args args) {
    check_flags(args.flags, 0, "testDomainReset");
    Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    guest.state = api::domain_running;
    guest.reason = api::domain_running_booted;
    return {};
}

proc::DomainSendProcessSignal::Ret send_signal(Instance& in, proc::DomainSendProcessSignal::Args args) {
    constexpr uint32_t signal_kill = 9;
    constexpr uint32_t signal_term = 15;
    constexpr uint32_t signal_last = 65;
    check_flags(args.flags, 0, "testDomainSendProcessSignal");
    if (args.pid_value != 1) refuse(ErrorCode::invalid_arg, "only sending a signal to pid 1 is supported");
    if (args.signum >= signal_last) refuse(ErrorCode::invalid_arg, "signum value {} is out of range", args.signum);
    Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    if (args.signum == signal_kill || args.signum == signal_term) act(in, guest, guest.current.on_poweroff);
    return {};
}

}  // namespace

void bind_domain_lifecycle(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainCreate>(on, in, create);
    bind<proc::DomainCreateWithFlags>(on, in, create_with_flags);
    bind<proc::DomainCreateWithFiles>(on, in, create_with_files);
    bind<proc::DomainCreateXml>(on, in, create_xml);
    bind<proc::DomainCreateXmlWithFiles>(on, in, create_xml_with_files);
    bind<proc::DomainDestroy>(on, in, destroy);
    bind<proc::DomainDestroyFlags>(on, in, destroy_flags);
    bind<proc::DomainSuspend>(on, in, suspend);
    bind<proc::DomainResume>(on, in, resume);
    bind<proc::DomainShutdown>(on, in, shutdown);
    bind<proc::DomainShutdownFlags>(on, in, shutdown_flags);
    bind<proc::DomainReboot>(on, in, reboot);
    bind<proc::DomainReset>(on, in, reset);
    bind<proc::DomainSendProcessSignal>(on, in, send_signal);
}

}  // namespace virtue::test
