// What the handlers of the QEMU driver share: flags, live and persistent, references. Loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "drivers/qemu/core.h"
#include "protocol/references.h"

namespace virtue::model {
class Platform;
}

namespace virtue::qemu {

/// How clients name the guest.
inline proc::DomainRef ref(const Domain& domain) {
    return {domain.name(), domain.uuid(), domain.id()};
}

/// Throws invalid_arg "unsupported flags (0x…) in function …" for flags beyond `known`.
void require_flags(uint32_t flags, uint32_t known, const char* function);
/// Throws invalid_arg when two flags that exclude each other are both set.
void require_exclusive(uint32_t flags, uint32_t first, const char* first_name, uint32_t second, const char* second_name,
                       ErrorDomain by = ErrorDomain::qemu);

/// Which definitions a call is about.
struct Scope {
    bool live = false;
    bool config = false;
};
/// Reads VIR_DOMAIN_AFFECT_*: no flag means the live one of a running guest, else the persistent one. Throws
/// operation_invalid "domain is not running" or "transient domains do not have any persistent config".
Scope scope_of(const Domain& domain, uint32_t flags);
/// The definition that a reading call is about; throws as scope_of().
const model::Domain& definition_for(const Domain& domain, uint32_t flags);

/// Replaces the persistent definition: on disk first, then in memory. Throws system_error; then all is as before.
Task<void> replace_definition(Core& core, DomainOwner domain, std::shared_ptr<const model::Domain> definition);

/// Changes a copy of the persistent definition, which then takes its place as above.
Task<void> change_definition(Core& core, DomainOwner domain, std::function<void(model::Domain&)> change);

/// Throws operation_invalid "domain is not running" as the calls to a guest's agent and process do.
void require_running(const Domain& domain);

/// Ends a change of a live definition: noted as changed and saved.
Task<void> live_changed(Core& core, DomainOwner domain);

/// Reads XML from a client, fills in what it leaves open as libvirt does, and checks it against the emulator.
/// `source` names it in errors.
Task<std::shared_ptr<model::Domain>> read_definition(Core& core, std::string xml, bool validate, io::Deadline deadline);

/// A copy by way of the document, as libvirt makes it: devices stand in the order of their kinds then.
std::shared_ptr<model::Domain> read_again(const model::Domain& definition, const model::Platform& platform);

/// Throws operation_failed when the name or UUID belongs to another guest.
void require_no_clash(const Core& core, const model::Domain& definition);

/// `domain` may not be gone after a wait. Throws no_domain.
void require_known(const Domain& domain);

}  // namespace virtue::qemu
