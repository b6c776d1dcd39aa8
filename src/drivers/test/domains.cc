#include "drivers/test/domains.h"

#include "drivers/test/refusals.h"
#include "protocol/remote/event_domain.h"
#include "protocol/remote/event_domain_callback.h"
#include "xml/mapper.h"

namespace virtue::test {

Guest& guest_of(Instance& in, const proc::DomainRef& reference) {
    if (Guest* guest = in.guests.find(reference.uuid)) return *guest;
    refuse(ErrorCode::no_domain, "no domain with matching uuid '{}' ({})", reference.uuid.to_string(), reference.name);
}

Guest& assign(Instance& in, model::Domain domain, bool live) {
    Guest* guest = in.guests.find(*domain.uuid);
    if (guest && guest->name() != domain.name)
        fail(ErrorCode::operation_failed, ErrorDomain::domain, "domain '{}' is already defined with uuid {}",
             guest->name(), guest->uuid().to_string());
    if (guest && live && guest->is_active())
        fail(ErrorCode::operation_invalid, ErrorDomain::domain, "domain '{}' is already active", guest->name());
    if (!guest) {
        if (Guest* other = in.guests.find(domain.name))
            fail(ErrorCode::operation_failed, ErrorDomain::domain, "domain '{}' already exists with uuid {}",
                 other->name(), other->uuid().to_string());
        Guest& added = in.guests.insert(std::make_shared<Guest>(std::move(domain)));
        added.persistent = !live;
        return added;
    }
    if (live) {
        guest->next = std::move(guest->current);
        guest->current = std::move(domain);
    } else if (guest->is_active()) {
        guest->next = std::move(domain);
    } else {
        guest->current = std::move(domain);
    }
    if (!live) guest->persistent = true;
    return *guest;
}

void forget(Instance& in, Guest& guest) {
    in.guests.erase(guest.uuid());
}

void start(Instance& in, Guest& guest, int reason) {
    if (guest.persistent && !guest.next) guest.next = guest.current;
    guest.state = api::domain_running;
    guest.reason = reason;
    guest.current.id = in.next_id++;
    guest.live_pins.clear();
    guest.has_managed_save = false;
}

void stop(Guest& guest, int reason) {
    guest.current.id = -1;
    if (guest.next) {
        guest.current = std::move(*guest.next);
        guest.next.reset();
        guest.current.id = -1;
    }
    guest.state = api::domain_shutoff;
    guest.reason = reason;
    guest.live_pins.clear();
}

void drop_if_transient(Instance& in, Guest& guest) {
    if (!guest.persistent && !guest.is_active()) forget(in, guest);
}

void tell(Instance& in, const Guest& guest, uint32_t event, uint32_t detail) {
    proc::DomainEventLifecycle::Msg message;
    message.domain = guest.reference();
    message.event = static_cast<int32_t>(event);
    message.detail = static_cast<int32_t>(detail);
    in.events.publish<proc::DomainEventLifecycle, proc::DomainEventCallbackLifecycle>(guest.uuid().to_string(),
                                                                                      message);
}

std::string write_definition(const model::Domain& domain, uint32_t flags) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.inactive = flags & api::domain_xml_inactive;
    options.secure = flags & api::domain_xml_secure;
    options.migratable = flags & api::domain_xml_migratable;
    return xml::format(domain, options);
}

}  // namespace virtue::test
