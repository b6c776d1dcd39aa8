// The definition of a guest that a snapshot or checkpoint holds. Loop thread only.
#pragma once
#include <string>

#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// What a guest is at this moment, as a definition: of a running one its live definition.
Task<std::shared_ptr<model::Domain>> definition_now(Core& core, DomainOwner domain, io::Deadline deadline);
/// The same of any definition.
Task<std::shared_ptr<model::Domain>> definition_copy(Core& core, const model::Domain& from, io::Deadline deadline);
/// Fills in what a definition from a client leaves open, as define does.
Task<void> complete_inner(Core& core, model::Domain& inner, io::Deadline deadline);
/// Throws invalid_arg when the definition inside is of another guest. `kind`: "snapshot".
void require_same_guest(const Domain& domain, const std::optional<model::Domain>& inner, ErrorDomain part,
                        const char* kind, const std::string& name);

}  // namespace virtue::qemu
