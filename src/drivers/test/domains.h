// What the groups of domain calls share: finding guests, definitions, starting and stopping, events. Functions of an
// Instance; loop thread only.
#pragma once
#include <optional>
#include <string>

#include "drivers/test/instance.h"

namespace virtue::test {

/// The guest that a client's handle means. Errors: no_domain.
Guest& guest_of(Instance& in, const proc::DomainRef& reference);

/// Reads a domain document as this driver wants it: complete, with addresses, MACs and interface names.
/// Errors: those of model::Domain.
model::Domain read_definition(Instance& in, std::string_view text, bool inactive = true);
/// The same for a parsed one.
void complete(Instance& in, model::Domain& domain);
/// A document as virDomainGetXMLDesc answers it.
std::string write_definition(const model::Domain& domain, uint32_t flags);

/// Puts a definition in: a new guest, a new definition of an old one, or with `live` what an old one will run with
/// until it stops. Errors: operation_failed for a name or UUID that is taken, operation_invalid when it runs already.
Guest& assign(Instance& in, model::Domain domain, bool live);
/// Takes the guest out.
void forget(Instance& in, Guest& guest);

/// Marks as running under the next id.
void start(Instance& in, Guest& guest, int reason);
/// Marks as shut off, and puts the lasting definition back. The guest stays in the table even if transient.
void stop(Guest& guest, int reason);
/// Takes a transient guest out once it is off; the reference is dead afterwards.
void drop_if_transient(Instance& in, Guest& guest);

/// Whether a guest passes a filter of VIR_CONNECT_LIST_DOMAINS_… flags.
bool is_listed(const Guest& guest, uint32_t flags);

/// Gives out a lifecycle event.
void tell(Instance& in, const Guest& guest, uint32_t event, uint32_t detail);

}  // namespace virtue::test
