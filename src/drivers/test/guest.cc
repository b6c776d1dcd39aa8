#include "drivers/test/guest.h"

#include "drivers/test/refusals.h"

namespace virtue::test {

void Guest::require_active() const {
    if (!is_active()) throw Error(ErrorCode::operation_invalid, ErrorDomain::domain, "domain is not running");
}

uint32_t Guest::impact(uint32_t flags) const {
    if (!(flags & (api::domain_affect_live | api::domain_affect_config)))
        flags |= is_active() ? api::domain_affect_live : api::domain_affect_config;
    if (flags & api::domain_affect_live) require_active();
    if ((flags & api::domain_affect_config) && !persistent)
        throw Error(ErrorCode::operation_invalid, ErrorDomain::domain,
                    "transient domains do not have any persistent config");
    return flags;
}

model::Domain& Guest::chosen(uint32_t flags) {
    exclude_flags(flags, api::domain_affect_live, "VIR_DOMAIN_AFFECT_LIVE", api::domain_affect_config,
                  "VIR_DOMAIN_AFFECT_CONFIG", ErrorDomain::domain);
    flags = impact(flags);
    return flags & api::domain_affect_live ? current : lasting();
}

std::pair<model::Domain*, model::Domain*> Guest::both(uint32_t flags) {
    flags = impact(flags);
    return {flags & api::domain_affect_live ? &current : nullptr,
            flags & api::domain_affect_config ? &lasting() : nullptr};
}

}  // namespace virtue::test
